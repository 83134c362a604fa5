#include "penstock/data/parquet/parquet_writer.h"

#include <exception>

#include <arrow/record_batch.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/file_access.h"
#include "penstock/data/file_schema.h"

namespace penstock::data::parquet_format {
namespace {

constexpr int64_t kRowGroupRows = 131072;

std::shared_ptr<parquet::WriterProperties> FileProperties() {
  parquet::WriterProperties::Builder builder;
  builder.compression(arrow::Compression::ZSTD);
  builder.compression_level(1);
  builder.max_row_group_length(kRowGroupRows);
  builder.enable_page_checksum();
  // A fixed name, so that the bytes do not change with the library's version string.
  builder.created_by("penstock");
  return builder.build();
}

template <class Work>
Status Guarded(const std::string& path, const Work& work) {
  try {
    const arrow::Status status = work();
    return status.ok() ? OkStatus() : AboutFile(status, "write", path);
  } catch (const std::exception& error) {
    return Internal("Cannot write {}: {}", path, error.what());
  }
}

class ParquetExampleWriter : public ExampleWriter {
 public:
  ParquetExampleWriter(std::string path, std::shared_ptr<arrow::io::OutputStream> stream,
                       std::unique_ptr<parquet::arrow::FileWriter> writer,
                       std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)),
        stream_(std::move(stream)),
        writer_(std::move(writer)),
        schema_(std::move(schema)) {}

  Status Write(const Batch& batch) override {
    PENSTOCK_RETURN_IF_ERROR(CheckBatchFits(batch, *schema_, path_));
    return Guarded(path_, [&] { return writer_->WriteRecordBatch(*batch); });
  }

  Status Close() override {
    PENSTOCK_RETURN_IF_ERROR(Guarded(path_, [&] { return writer_->Close(); }));
    return CloseDurably(*stream_, path_);
  }

 private:
  const std::string path_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::unique_ptr<parquet::arrow::FileWriter> writer_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::unique_ptr<ExampleWriter>> OpenParquetWriter(const std::string& path,
                                                         const std::shared_ptr<arrow::Schema>& schema) {
  // A row group's number of rows is that of its columns.
  if (schema->num_fields() == 0)
    return InvalidArgument("Parquet holds no examples without columns: write TFRecord instead");
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, OpenOutput(path));
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  PENSTOCK_RETURN_IF_ERROR(Guarded(path, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(writer, parquet::arrow::FileWriter::Open(
                                      *schema, arrow::default_memory_pool(), stream, FileProperties(),
                                      parquet::default_arrow_writer_properties()));
    return arrow::Status::OK();
  }));
  return std::make_unique<ParquetExampleWriter>(path, std::move(stream), std::move(writer), schema);
}

}  // namespace penstock::data::parquet_format
