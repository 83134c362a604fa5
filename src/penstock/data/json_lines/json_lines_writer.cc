#include "penstock/data/json_lines/json_lines_writer.h"

#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/file_access.h"
#include "penstock/data/json_lines/json_text.h"

namespace penstock::data::json_lines {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;

class JsonLinesExampleWriter : public ExampleWriter {
 public:
  JsonLinesExampleWriter(std::string path, std::shared_ptr<arrow::io::OutputStream> stream,
                         std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)), stream_(std::move(stream)), schema_(std::move(schema)) {}

  Status Write(const Batch& batch) override {
    if (!batch->schema()->Equals(*schema_, /*check_metadata=*/false))
      return InvalidArgument("Cannot write {}: the batch has other columns than the file: {}", path_,
                             batch->schema()->ToString());
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      AppendJsonRow(*batch, row, text_);
      if (text_.size() >= kBufferBytes) PENSTOCK_RETURN_IF_ERROR(WriteOut());
    }
    return OkStatus();
  }

  Status Close() override {
    PENSTOCK_RETURN_IF_ERROR(WriteOut());
    return CloseDurably(*stream_, path_);
  }

 private:
  Status WriteOut() {
    const arrow::Status status = stream_->Write(text_);
    text_.clear();
    return status.ok() ? OkStatus() : AboutFile(status, "write", path_);
  }

  const std::string path_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::string text_;  // Not yet written.
};

}  // namespace

Result<std::unique_ptr<ExampleWriter>> OpenJsonLinesWriter(const std::string& path,
                                                           const std::shared_ptr<arrow::Schema>& schema) {
  for (const auto& field : schema->fields())
    if (!IsJsonType(*field->type()))
      return InvalidArgument(
          "Cannot write {}: column '{}' is {}, which JSON lines cannot hold (write Parquet, or leave it out)",
          path, field->name(), field->type()->ToString());
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, OpenOutput(path));
  return std::make_unique<JsonLinesExampleWriter>(path, std::move(stream), schema);
}

}  // namespace penstock::data::json_lines
