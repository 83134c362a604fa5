#include "penstock/data/arrow_ipc/ipc_writer.h"

#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/file_access.h"
#include "penstock/data/file_schema.h"

namespace penstock::data::arrow_ipc {
namespace {

class IpcExampleWriter : public ExampleWriter {
 public:
  IpcExampleWriter(std::string path, std::shared_ptr<arrow::io::OutputStream> stream,
                   std::shared_ptr<arrow::ipc::RecordBatchWriter> writer,
                   std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)),
        stream_(std::move(stream)),
        writer_(std::move(writer)),
        schema_(std::move(schema)) {}

  Status Write(const Batch& batch) override {
    PENSTOCK_RETURN_IF_ERROR(CheckBatchFits(batch, *schema_, path_));
    const arrow::Status status = writer_->WriteRecordBatch(*batch);
    return status.ok() ? OkStatus() : AboutFile(status, "write", path_);
  }

  Status Close() override {
    if (const arrow::Status status = writer_->Close(); !status.ok()) return AboutFile(status, "write", path_);
    return CloseDurably(*stream_, path_);
  }

 private:
  const std::string path_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::unique_ptr<ExampleWriter>> OpenIpcWriter(const std::string& path,
                                                     const std::shared_ptr<arrow::Schema>& schema) {
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, OpenOutput(path));
  auto writer = arrow::ipc::MakeFileWriter(stream, schema);
  if (!writer.ok()) return AboutFile(writer.status(), "write", path);
  return std::make_unique<IpcExampleWriter>(path, std::move(stream), std::move(writer).ValueUnsafe(), schema);
}

}  // namespace penstock::data::arrow_ipc
