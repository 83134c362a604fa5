#include "penstock/data/arrow_ipc/ipc_dataset.h"

#include <algorithm>

#include <arrow/compute/initialize.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/util/utf8.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/file_schema.h"
#include "penstock/data/parquet/column_conversion.h"
#include "penstock/data/sharded_dataset.h"

namespace penstock::data::arrow_ipc {
namespace {

constexpr int64_t kMinShardRows = 65536;
constexpr std::string_view kFileMagic = "ARROW1";
constexpr std::string_view kContinuation = "\xFF\xFF\xFF\xFF";

struct IpcFile {
  FileSource source;
  bool is_stream = false;
  std::vector<int> places;  // Of the dataset's columns among the file's.
};

struct Shard {
  int file = 0;
  int begin = 0;  // Record batches of a file; all of a stream.
  int end = 0;
  int64_t num_bytes = 0;
};

/// Shared by the dataset and its readers. Constant once opened.
struct Layout {
  std::vector<IpcFile> files;
  std::vector<Shard> shards;
  std::shared_ptr<arrow::Schema> schema;
  int64_t max_batch_rows = 0;

  int64_t ShardBytes(const Shard& shard) const { return shard.num_bytes; }
};

Status Damaged(const FileSource& source, const arrow::Status& status) {
  if (status.IsOutOfMemory() || status.IsNotImplemented()) return AboutFile(status, "read", source.path());
  return DataLoss("The Arrow file is damaged or cut short: {} ({})", source.path(), status.message());
}

arrow::ipc::IpcReadOptions ReadOptions(const std::vector<int>& places) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.max_recursion_depth = 16;
  options.included_fields = places;
  std::sort(options.included_fields.begin(), options.included_fields.end());
  return options;
}

/// Batch after batch of a file or a stream.
class IpcBatches {
 public:
  static Result<IpcBatches> Open(const FileSource& source, bool is_stream, const std::vector<int>& places) {
    IpcBatches batches;
    PENSTOCK_ASSIGN_OR_RETURN(const auto input, source.Open());
    if (is_stream) {
      auto stream = arrow::ipc::RecordBatchStreamReader::Open(input, ReadOptions(places));
      if (!stream.ok()) return Damaged(source, stream.status());
      batches.stream_ = std::move(stream).ValueUnsafe();
    } else {
      auto file = arrow::ipc::RecordBatchFileReader::Open(input, ReadOptions(places));
      if (!file.ok()) return Damaged(source, file.status());
      batches.file_ = std::move(file).ValueUnsafe();
    }
    return batches;
  }

  std::shared_ptr<arrow::Schema> schema() const {
    return stream_ != nullptr ? stream_->schema() : file_->schema();
  }
  int num_batches() const { return file_ == nullptr ? 1 : file_->num_record_batches(); }
  /// Batch `i` of a file, the next one of a stream; null at a stream's end.
  Result<std::shared_ptr<arrow::RecordBatch>> Read(const FileSource& source, int i) {
    std::shared_ptr<arrow::RecordBatch> batch;
    arrow::Status status;
    if (stream_ != nullptr) {
      status = stream_->ReadNext(&batch);
    } else {
      status = file_->ReadRecordBatch(i).Value(&batch);
    }
    if (status.ok() && batch != nullptr) status = batch->ValidateFull();
    if (!status.ok()) return Damaged(source, status);
    return batch;
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;  // One of the two.
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> stream_;
};

Result<bool> IsStream(const FileSource& source) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  PaddedBytes head;
  PENSTOCK_RETURN_IF_ERROR(head.Read(source, *file, 0, std::min<int64_t>(source.size(), 8)));
  if (head.view().starts_with("FEA1"))
    return InvalidArgument(
        "The file is of the first Feather format, which Arrow has left behind: {} (write it again by a newer "
        "Arrow)",
        source.path());
  if (head.view().starts_with(kFileMagic)) return false;
  if (head.view().starts_with(kContinuation)) return true;
  return DataLoss("The file is no Arrow IPC file and no stream: {}", source.path());
}

Result<std::shared_ptr<arrow::Schema>> SelectFields(const arrow::Schema& schema,
                                                    const std::vector<std::string>& wanted, IpcFile& file) {
  const std::vector<std::string> names = schema.field_names();
  PENSTOCK_RETURN_IF_ERROR(CheckColumnNamesDiffer(file.source.path(), names));
  PENSTOCK_ASSIGN_OR_RETURN(file.places, SelectColumns(names, wanted, file.source.path()));
  arrow::FieldVector fields;
  for (const int place : file.places) {
    auto type = parquet_format::BatchType(*schema.field(place)->type(), schema.field(place)->name());
    if (!type.ok()) return Annotate(type.status(), file.source.path());
    fields.push_back(arrow::field(schema.field(place)->name(), *std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

Status AddShards(int file_index, IpcBatches& batches, const IpcFile& file, std::vector<Shard>& shards) {
  const int num_batches = batches.num_batches();
  if (file.is_stream) {
    shards.push_back({file_index, 0, 1, file.source.size()});
    return OkStatus();
  }
  // The footer does not say how many rows a batch has. As writers make them alike, the first one speaks for
  // all.
  int64_t first_rows = kMinShardRows;
  if (num_batches > 1) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto first, batches.Read(file.source, 0));
    first_rows = std::max<int64_t>(first->num_rows(), 1);
  }
  const auto step = static_cast<int>(std::max<int64_t>(1, (kMinShardRows + first_rows - 1) / first_rows));
  for (int begin = 0; begin < num_batches; begin += step) {
    const int end = std::min(begin + step, num_batches);
    shards.push_back({file_index, begin, end, file.source.size() * (end - begin) / num_batches});
  }
  return OkStatus();
}

class IpcShardReader : public BatchReader {
 public:
  IpcShardReader(std::shared_ptr<const Layout> layout, const Shard& shard)
      : layout_(std::move(layout)),
        shard_(shard),
        file_(layout_->files[static_cast<size_t>(shard.file)]),
        next_(shard.begin) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }

  Result<std::optional<Batch>> Next() override {
    while (batch_ == nullptr || row_ == batch_->num_rows()) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool has_more, ReadOne());
      if (!has_more) return std::optional<Batch>();
    }
    Batch part = batch_->Slice(row_, layout_->max_batch_rows);
    row_ += part->num_rows();
    return std::optional<Batch>(std::move(part));
  }

 private:
  Result<bool> ReadOne() {
    if (!batches_) {
      PENSTOCK_ASSIGN_OR_RETURN(batches_, IpcBatches::Open(file_.source, file_.is_stream, file_.places));
    }
    if (!file_.is_stream && next_ == shard_.end) return false;
    PENSTOCK_ASSIGN_OR_RETURN(const auto raw, batches_->Read(file_.source, next_));
    if (raw == nullptr) return false;
    ++next_;
    PENSTOCK_ASSIGN_OR_RETURN(batch_, ConvertToSchema(file_.source.path(), raw, layout_->schema));
    row_ = 0;
    return true;
  }

  const std::shared_ptr<const Layout> layout_;
  const Shard& shard_;
  const IpcFile& file_;
  int next_;
  std::optional<IpcBatches> batches_;
  Batch batch_;  // The one being handed out, from row_ on.
  int64_t row_ = 0;
};

using IpcDataset = ShardedDataset<Layout, IpcShardReader>;

}  // namespace

bool IsIpcHead(std::string_view head) {
  return head.starts_with(kFileMagic) || head.starts_with(kContinuation);
}

Result<std::unique_ptr<Dataset>> OpenIpcDataset(std::vector<FileSource> files, const DatasetOptions& options,
                                                const ExecutionOptions& execution) {
  PENSTOCK_RETURN_IF_ARROW_ERROR(arrow::compute::Initialize());
  arrow::util::InitializeUTF8();
  auto layout = std::make_shared<Layout>();
  layout->max_batch_rows = options.max_batch_rows;
  for (FileSource& source : files) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    IpcFile file{std::move(source), false, {}};
    PENSTOCK_ASSIGN_OR_RETURN(file.is_stream, IsStream(file.source));
    PENSTOCK_ASSIGN_OR_RETURN(auto batches, IpcBatches::Open(file.source, file.is_stream, {}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema, SelectFields(*batches.schema(), options.columns, file));
    if (layout->files.empty()) {
      layout->schema = schema;
    } else {
      PENSTOCK_RETURN_IF_ERROR(
          CheckSameSchema(*layout->schema, layout->files[0].source.path(), *schema, file.source.path()));
    }
    PENSTOCK_RETURN_IF_ERROR(
        AddShards(static_cast<int>(layout->files.size()), batches, file, layout->shards));
    layout->files.push_back(std::move(file));
  }
  return std::make_unique<IpcDataset>(std::move(layout));
}

}  // namespace penstock::data::arrow_ipc
