#include "penstock/data/parquet/parquet_dataset.h"

#include <algorithm>
#include <exception>

#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/util/utf8.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/file_schema.h"
#include "penstock/data/parquet/column_conversion.h"
#include "penstock/data/sharded_dataset.h"

namespace penstock::data::parquet_format {
namespace {

/// Smaller row groups share a shard.
constexpr int64_t kMinShardRows = 65536;
/// Row groups above this are streamed page by page instead of being read by column.
constexpr int64_t kMaxBufferedRowGroupBytes = int64_t{64} << 20;
/// Batches of very many columns have fewer rows than asked for, but never fewer than this.
constexpr int64_t kMaxBatchCells = int64_t{8} << 20;
constexpr int64_t kMinBatchRows = 1024;

int64_t BatchRows(int64_t wanted, int64_t num_columns) {
  const int64_t fitting = std::max(kMinBatchRows, kMaxBatchCells / std::max<int64_t>(num_columns, 1));
  return std::min(wanted, fitting);
}

struct ParquetFile {
  FileSource source;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::vector<int> leaves;  // The leaf columns to read.
  bool has_large_row_group = false;
};

struct Shard {
  int file = 0;
  std::vector<int> row_groups;
  int64_t num_bytes = 0;
  int64_t num_rows = 0;  // As the footer says.
};

/// Shared by the dataset and its readers. Constant once opened.
struct Layout {
  std::vector<ParquetFile> files;
  std::vector<Shard> shards;
  std::shared_ptr<arrow::Schema> schema;
  int64_t max_batch_rows = 0;

  int64_t ShardBytes(const Shard& shard) const { return shard.num_bytes; }
};

Status Damaged(const FileSource& source, std::string_view what) {
  return DataLoss("The Parquet file is damaged or cut short: {} ({})", source.path(), what);
}

Status FromParquet(const FileSource& source, const arrow::Status& status) {
  if (status.IsOutOfMemory() || status.IsNotImplemented() || status.IsCancelled())
    return Annotate(FromArrow(status), fmt::format("Cannot read {}", source.path()));
  return Damaged(source, status.message());
}

/// Runs `work`, which may throw as the Parquet library does, and names the file in what it says.
template <class Work>
Status Guarded(const FileSource& source, const Work& work) {
  try {
    return work();
  } catch (const parquet::ParquetException& error) {
    return Damaged(source, error.what());
  } catch (const std::bad_alloc&) {
    // A damaged length asks for more than there is.
    return Damaged(source, "a length in it is out of bounds");
  } catch (const std::exception& error) {
    return Damaged(source, error.what());
  }
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenReader(const FileSource& source,
                                                               const ParquetFile* known, int64_t batch_rows) {
  PENSTOCK_ASSIGN_OR_RETURN(auto file, source.Open());
  parquet::ReaderProperties properties;
  properties.set_page_checksum_verification(true);
  if (known != nullptr && known->has_large_row_group) properties.enable_buffered_stream();
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_batch_size(batch_rows);
  arrow_properties.set_pre_buffer(false);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  PENSTOCK_RETURN_IF_ERROR(Guarded(source, [&]() -> Status {
    auto inner =
        parquet::ParquetFileReader::Open(file, properties, known == nullptr ? nullptr : known->metadata);
    auto made =
        parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(inner), arrow_properties);
    if (!made.ok()) return FromParquet(source, made.status());
    reader = std::move(made).ValueUnsafe();
    return OkStatus();
  }));
  return reader;
}

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.column_index >= 0) leaves.push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, leaves);
}

// The columns wanted of one file, in the order wanted, as batches hold them.
Result<std::shared_ptr<arrow::Schema>> SelectFields(const parquet::arrow::FileReader& reader,
                                                    const std::vector<std::string>& wanted,
                                                    ParquetFile& file) {
  const auto& fields = reader.manifest().schema_fields;
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.field->name());
  PENSTOCK_RETURN_IF_ERROR(CheckColumnNamesDiffer(file.source.path(), names));
  PENSTOCK_ASSIGN_OR_RETURN(const auto places, SelectColumns(names, wanted, file.source.path()));
  arrow::FieldVector selected;
  for (const int place : places) {
    const auto& field = fields[static_cast<size_t>(place)];
    auto type = BatchType(*field.field->type(), field.field->name());
    if (!type.ok()) return Annotate(type.status(), file.source.path());
    selected.push_back(arrow::field(field.field->name(), *type));
    CollectLeaves(field, file.leaves);
  }
  std::sort(file.leaves.begin(), file.leaves.end());
  return arrow::schema(std::move(selected));
}

// The numbers of rows in the footer must agree: a column chunk that is not nested has a value a row.
Status CheckRowCounts(const ParquetFile& file) {
  int64_t num_rows = 0;
  for (int i = 0; i < file.metadata->num_row_groups(); ++i) {
    const auto row_group = file.metadata->RowGroup(i);
    num_rows += row_group->num_rows();
    for (const int leaf : file.leaves) {
      const bool is_flat = file.metadata->schema()->Column(leaf)->max_repetition_level() == 0;
      const int64_t num_values = row_group->ColumnChunk(leaf)->num_values();
      if (row_group->num_rows() < 0 || (is_flat && num_values != row_group->num_rows()))
        return Damaged(file.source, fmt::format("row group {} has {} rows, but a column of {} values", i + 1,
                                                row_group->num_rows(), num_values));
    }
  }
  if (num_rows != file.metadata->num_rows())
    return Damaged(file.source, fmt::format("its row groups have {} rows, but its footer says {}", num_rows,
                                            file.metadata->num_rows()));
  return OkStatus();
}

void AddShards(int file_index, ParquetFile& file, std::vector<Shard>& shards) {
  int64_t num_rows = 0;
  for (int i = 0; i < file.metadata->num_row_groups(); ++i) {
    const auto row_group = file.metadata->RowGroup(i);
    // Files of some writers say nothing of the compressed size.
    const int64_t num_bytes = std::max(row_group->total_compressed_size(), row_group->total_byte_size() / 4);
    if (num_bytes > kMaxBufferedRowGroupBytes) file.has_large_row_group = true;
    if (i == 0 || num_rows >= kMinShardRows) {
      shards.push_back({file_index, {}, 0, 0});
      num_rows = 0;
    }
    shards.back().row_groups.push_back(i);
    shards.back().num_bytes += num_bytes;
    shards.back().num_rows += row_group->num_rows();
    num_rows += row_group->num_rows();
  }
}

class ParquetShardReader : public BatchReader {
 public:
  ParquetShardReader(std::shared_ptr<const Layout> layout, const Shard& shard)
      : layout_(std::move(layout)), shard_(shard), file_(layout_->files[static_cast<size_t>(shard.file)]) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }

  Result<std::optional<Batch>> Next() override {
    if (batches_ == nullptr) PENSTOCK_RETURN_IF_ERROR(Open());
    std::shared_ptr<arrow::RecordBatch> raw;
    PENSTOCK_RETURN_IF_ERROR(Guarded(file_.source, [&]() -> Status {
      const arrow::Status status = batches_->ReadNext(&raw);
      return status.ok() ? OkStatus() : FromParquet(file_.source, status);
    }));
    // Page headers and the footer carry no checksums: damage there can hide rows without any other sign.
    if (raw != nullptr) num_rows_ += raw->num_rows();
    if (raw == nullptr && num_rows_ != shard_.num_rows)
      return Damaged(file_.source,
                     fmt::format("{} rows were found where its footer says {}", num_rows_, shard_.num_rows));
    if (raw == nullptr) return std::optional<Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(Batch batch, ConvertToSchema(file_.source.path(), raw, layout_->schema));
    return std::optional<Batch>(std::move(batch));
  }

 private:
  Status Open() {
    PENSTOCK_ASSIGN_OR_RETURN(
        reader_,
        OpenReader(file_.source, &file_, BatchRows(layout_->max_batch_rows, std::ssize(file_.leaves))));
    return Guarded(file_.source, [&]() -> Status {
      auto batches = reader_->GetRecordBatchReader(shard_.row_groups, file_.leaves);
      if (!batches.ok()) return FromParquet(file_.source, batches.status());
      batches_ = std::move(batches).ValueUnsafe();
      return OkStatus();
    });
  }

  const std::shared_ptr<const Layout> layout_;
  const Shard& shard_;
  const ParquetFile& file_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;  // Must outlive `batches_`.
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  int64_t num_rows_ = 0;  // Read so far.
};

using ParquetDataset = ShardedDataset<Layout, ParquetShardReader>;

}  // namespace

Result<std::unique_ptr<Dataset>> OpenParquetDataset(std::vector<FileSource> files,
                                                    const DatasetOptions& options,
                                                    const ExecutionOptions& execution) {
  PENSTOCK_RETURN_IF_ARROW_ERROR(arrow::compute::Initialize());
  arrow::util::InitializeUTF8();
  auto layout = std::make_shared<Layout>();
  layout->max_batch_rows = options.max_batch_rows;
  for (FileSource& source : files) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    if (source.size() == 0) return DataLoss("The Parquet file is empty (0 bytes): {}", source.path());
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, OpenReader(source, nullptr, layout->max_batch_rows));
    ParquetFile file{std::move(source), reader->parquet_reader()->metadata(), {}};
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema, SelectFields(*reader, options.columns, file));
    if (layout->files.empty()) {
      layout->schema = schema;
    } else {
      PENSTOCK_RETURN_IF_ERROR(
          CheckSameSchema(*layout->schema, layout->files[0].source.path(), *schema, file.source.path()));
    }
    PENSTOCK_RETURN_IF_ERROR(Guarded(file.source, [&] { return CheckRowCounts(file); }));
    PENSTOCK_RETURN_IF_ERROR(Guarded(file.source, [&] {
      AddShards(static_cast<int>(layout->files.size()), file, layout->shards);
      return OkStatus();
    }));
    layout->files.push_back(std::move(file));
  }
  return std::make_unique<ParquetDataset>(std::move(layout));
}

}  // namespace penstock::data::parquet_format
