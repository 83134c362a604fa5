#include "penstock/data/dataset.h"

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/data/arrow_ipc/ipc_dataset.h"
#include "penstock/data/avro/avro_dataset.h"
#include "penstock/data/csv/csv_dataset.h"
#include "penstock/data/file_access.h"
#include "penstock/data/file_format.h"
#include "penstock/data/json_lines/json_lines_dataset.h"
#include "penstock/data/packed_file.h"
#include "penstock/data/parquet/parquet_dataset.h"
#include "penstock/data/tfrecord/tfrecord_dataset.h"

namespace penstock::data {
namespace {

class SequentialReader : public BatchReader {
 public:
  explicit SequentialReader(const Dataset& dataset) : dataset_(dataset) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return dataset_.schema(); }
  Result<std::optional<Batch>> Next() override {
    while (true) {
      if (reader_ == nullptr) {
        if (shard_ == dataset_.num_shards()) return std::optional<Batch>();
        PENSTOCK_ASSIGN_OR_RETURN(reader_, dataset_.ReadShard(shard_));
      }
      PENSTOCK_ASSIGN_OR_RETURN(auto batch, reader_->Next());
      if (batch) return batch;
      reader_ = nullptr;
      ++shard_;
    }
  }

 private:
  const Dataset& dataset_;
  int64_t shard_ = 0;
  std::unique_ptr<BatchReader> reader_;  // Of shard_; null before it is opened.
};

class SingleBatchReader : public BatchReader {
 public:
  SingleBatchReader(std::shared_ptr<arrow::Schema> schema, Batch batch)
      : schema_(std::move(schema)), batch_(std::move(batch)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<Batch>> Next() override { return std::exchange(batch_, std::nullopt); }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  std::optional<Batch> batch_;
};

class InMemoryDataset : public Dataset {
 public:
  InMemoryDataset(std::shared_ptr<arrow::Schema> schema, std::vector<Batch> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return static_cast<int64_t>(batches_.size()); }
  Result<std::unique_ptr<BatchReader>> ReadShard(int64_t shard) const override {
    return std::make_unique<SingleBatchReader>(schema_, batches_[static_cast<size_t>(shard)]);
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<Batch> batches_;
};

Result<std::vector<FileSource>> FindFiles(std::span<const std::string> patterns) {
  std::vector<FileSource> files;
  for (const std::string& pattern : patterns) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto paths, fs::Glob(pattern));
    for (const std::string& path : paths) {
      PENSTOCK_ASSIGN_OR_RETURN(files.emplace_back(), FileSource::Find(path));
    }
  }
  if (files.empty()) return InvalidArgument("No files are named to read examples from");
  return files;
}

Result<DataFormat> CommonFormat(const std::vector<FileSource>& files) {
  DataFormat common = DataFormat::kAuto;
  for (const FileSource& file : files) {
    PENSTOCK_ASSIGN_OR_RETURN(const DataFormat format, DetectFormat(file));
    if (common != DataFormat::kAuto && format != common)
      return InvalidArgument("The files are of different formats: {} is {}, {} is {}", files.front().path(),
                             FormatName(common), file.path(), FormatName(format));
    common = format;
  }
  return common;
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenDataset(std::span<const std::string> patterns,
                                             const DatasetOptions& options,
                                             const ExecutionOptions& execution) {
  if (options.max_batch_rows < 1)
    return InvalidArgument("max_batch_rows must be at least 1; it is {}", options.max_batch_rows);
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<FileSource> files, FindFiles(patterns));
  DataFormat format = options.format;
  if (format == DataFormat::kAuto) {
    PENSTOCK_ASSIGN_OR_RETURN(format, CommonFormat(files));
  }
  switch (format) {
    case DataFormat::kCsv:
      PENSTOCK_RETURN_IF_ERROR(UnpackFiles(files, execution));
      return csv::OpenCsvDataset(std::move(files), options, execution);
    case DataFormat::kParquet:
      return parquet_format::OpenParquetDataset(std::move(files), options, execution);
    case DataFormat::kTfRecord:
      return tfrecord::OpenTfRecordDataset(std::move(files), options, execution);
    case DataFormat::kJsonLines:
      PENSTOCK_RETURN_IF_ERROR(UnpackFiles(files, execution));
      return json_lines::OpenJsonLinesDataset(std::move(files), options, execution);
    case DataFormat::kArrow:
      return arrow_ipc::OpenIpcDataset(std::move(files), options, execution);
    case DataFormat::kAvro:
      return avro::OpenAvroDataset(std::move(files), options, execution);
    case DataFormat::kAuto:
      break;
  }
  return Internal("No such data format: {}", static_cast<int>(format));
}

std::unique_ptr<BatchReader> ReadSequentially(const Dataset& dataset) {
  return std::make_unique<SequentialReader>(dataset);
}

std::unique_ptr<Dataset> MakeInMemoryDataset(std::shared_ptr<arrow::Schema> schema,
                                             std::vector<Batch> batches) {
  return std::make_unique<InMemoryDataset>(std::move(schema), std::move(batches));
}

}  // namespace penstock::data
