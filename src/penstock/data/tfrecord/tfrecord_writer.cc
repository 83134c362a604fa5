#include "penstock/data/tfrecord/tfrecord_writer.h"

#include "penstock/data/tfrecord/example_encoder.h"
#include "penstock/data/tfrecord/record_writer.h"

namespace penstock::data::tfrecord {
namespace {

class TfRecordExampleWriter : public ExampleWriter {
 public:
  TfRecordExampleWriter(std::string path, std::unique_ptr<RecordWriter> records, ExampleEncoder encoder,
                        std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)),
        records_(std::move(records)),
        encoder_(std::move(encoder)),
        schema_(std::move(schema)) {}

  Status Write(const Batch& batch) override {
    if (!batch->schema()->Equals(*schema_, /*check_metadata=*/false))
      return InvalidArgument("Cannot write {}: the batch has other columns than the file: {}", path_,
                             batch->schema()->ToString());
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const Status status = encoder_.Encode(*batch, row, record_);
      if (!status.ok()) return Annotate(status, fmt::format("Cannot write {}", path_));
      PENSTOCK_RETURN_IF_ERROR(records_->Write(record_));
    }
    return OkStatus();
  }

  Status Close() override { return records_->Close(); }

 private:
  const std::string path_;
  const std::unique_ptr<RecordWriter> records_;
  const ExampleEncoder encoder_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::string record_;
};

}  // namespace

Result<std::unique_ptr<ExampleWriter>> OpenTfRecordWriter(const std::string& path,
                                                          const std::shared_ptr<arrow::Schema>& schema,
                                                          bool is_gzip) {
  auto encoder = ExampleEncoder::Make(*schema);
  if (!encoder.ok()) return Annotate(encoder.status(), fmt::format("Cannot write {}", path));
  PENSTOCK_ASSIGN_OR_RETURN(auto records, RecordWriter::Open(path, is_gzip));
  return std::make_unique<TfRecordExampleWriter>(path, std::move(records), *std::move(encoder), schema);
}

}  // namespace penstock::data::tfrecord
