#include "penstock/data/splits.h"

#include <algorithm>
#include <atomic>
#include <set>

#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/declared_columns.h"
#include "penstock/data/row_hash.h"

namespace penstock::data {
namespace {

constexpr std::string_view kFolderPrefix = "Split-";
/// Consecutive shards share an output file until they have this many bytes: small enough to keep all cores
/// busy, large enough for full row groups.
constexpr int64_t kMinFileBytes = int64_t{16} << 20;
constexpr int64_t kMaxFiles = 1000;

/// Which split each bucket belongs to.
Result<std::vector<int>> BucketOwners(std::span<const Split> splits) {
  constexpr int kMaxBuckets = 1 << 20;
  if (splits.empty()) return InvalidArgument("No splits are named (for example train: 2, eval: 1)");
  std::vector<int> owners;
  std::set<std::string> names;
  for (size_t i = 0; i < splits.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(splits[i].name, "A split's name"));
    if (!names.insert(splits[i].name).second)
      return InvalidArgument("Two splits have the same name: '{}'", splits[i].name);
    if (splits[i].hash_buckets < 1 || splits[i].hash_buckets > kMaxBuckets)
      return InvalidArgument("Split '{}' has {} hash buckets; it needs 1 to {}", splits[i].name,
                             splits[i].hash_buckets, kMaxBuckets);
    owners.insert(owners.end(), static_cast<size_t>(splits[i].hash_buckets), static_cast<int>(i));
  }
  return owners;
}

/// The shards [begin, end) of a dataset that go to one file a split.
struct ShardRun {
  const Dataset* dataset = nullptr;
  int64_t begin = 0;
  int64_t end = 0;
};

void CutIntoFiles(const Dataset& dataset, std::vector<ShardRun>& runs) {
  int64_t total_bytes = 0;
  for (int64_t shard = 0; shard < dataset.num_shards(); ++shard) total_bytes += dataset.ShardBytes(shard);
  const int64_t file_bytes = std::max(kMinFileBytes, total_bytes / kMaxFiles + 1);
  runs.push_back({&dataset, 0, 0});
  int64_t num_bytes = 0;
  for (int64_t shard = 0; shard < dataset.num_shards(); ++shard) {
    if (num_bytes >= file_bytes) {
      runs.push_back({&dataset, shard, shard});
      num_bytes = 0;
    }
    num_bytes += dataset.ShardBytes(shard);
    runs.back().end = shard + 1;
  }
}

std::string FileName(PayloadFormat format, size_t file, size_t num_files) {
  const std::string numbers = fmt::format("{:05}-of-{:05}", file, num_files);
  switch (format) {
    case PayloadFormat::kParquet:
      return fmt::format("data_parquet-{}.parquet", numbers);
    case PayloadFormat::kTfRecord:
      return fmt::format("data_tfrecord-{}.tfrecord", numbers);
    case PayloadFormat::kArrow:
      return fmt::format("data_arrow-{}.arrow", numbers);
    case PayloadFormat::kJsonLines:
      return fmt::format("data_json-{}.jsonl", numbers);
    case PayloadFormat::kAvro:
      return fmt::format("data_avro-{}.avro", numbers);
    case PayloadFormat::kTfRecordGzip:
      break;
  }
  return fmt::format("data_tfrecord-{}.gz", numbers);
}

Result<Batch> TakeRows(const Batch& batch, const std::vector<int32_t>& rows) {
  if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return batch;
  const auto indices =
      std::make_shared<arrow::Int32Array>(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const arrow::Datum taken,
                                  arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                                       arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken.record_batch();
}

/// The row's first values, for a message.
std::string DescribeRow(const arrow::RecordBatch& batch, int64_t row) {
  constexpr int kMaxColumns = 5;
  constexpr size_t kMaxBytes = 300;
  std::string text;
  for (int i = 0; i < std::min(batch.num_columns(), kMaxColumns); ++i) {
    const auto value = batch.column(i)->GetScalar(row);
    if (value.ok())
      text +=
          fmt::format("{}{}={}", i == 0 ? "" : ", ", batch.schema()->field(i)->name(), (*value)->ToString());
  }
  return text.substr(0, kMaxBytes);
}

Result<RowHasher> MakeHasher(const arrow::Schema& schema, const std::string& partition_feature) {
  if (partition_feature.empty()) return RowHasher::Make(schema);
  PENSTOCK_ASSIGN_OR_RETURN(RowHasher hasher, RowHasher::MakeOfColumn(schema, partition_feature));
  auto type = schema.GetFieldByName(partition_feature)->type();
  if (type->id() == arrow::Type::LIST) type = static_cast<const arrow::ListType&>(*type).value_type();
  // Reals that print the same need not be the same: what looks like one group would fall apart.
  if (type->id() == arrow::Type::FLOAT || type->id() == arrow::Type::DOUBLE)
    return InvalidArgument("Column '{}' is {}: splits can be partitioned by integers or bytes only",
                           partition_feature, type->ToString());
  return hasher;
}

/// Shards the dataset's rows out to the splits' files. Constant after construction; `num_rows` counts.
class SplitWriter {
 public:
  SplitWriter(std::span<const Split> splits, std::vector<int> owners, RowHasher hasher,
              const std::string& partition_feature)
      : splits_(splits),
        owners_(std::move(owners)),
        hasher_(std::move(hasher)),
        partition_feature_(partition_feature),
        num_rows_(splits.size()) {}

  /// Writes the run's rows to paths[split].
  Status WriteFiles(const ShardRun& run, const std::vector<std::string>& paths, PayloadFormat format,
                    const ExecutionOptions& execution) {
    std::vector<std::unique_ptr<ExampleWriter>> writers;
    for (const std::string& path : paths) {
      PENSTOCK_ASSIGN_OR_RETURN(writers.emplace_back(),
                                OpenExampleWriter(path, run.dataset->schema(), format));
    }
    for (int64_t shard = run.begin; shard < run.end; ++shard) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto reader, run.dataset->ReadShard(shard));
      while (true) {
        PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
        PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
        if (!batch) break;
        PENSTOCK_RETURN_IF_ERROR(WriteBatch(*batch, writers));
      }
    }
    for (const auto& writer : writers) PENSTOCK_RETURN_IF_ERROR(writer->Close());
    return OkStatus();
  }

  int64_t num_rows(size_t split) const { return num_rows_[split].load(); }

 private:
  Status WriteBatch(const Batch& batch, const std::vector<std::unique_ptr<ExampleWriter>>& writers) {
    PENSTOCK_RETURN_IF_ERROR(CheckPartitioned(*batch));
    std::vector<std::vector<int32_t>> rows(splits_.size());
    const std::vector<uint64_t> hashes = hasher_.Hash(*batch);
    for (size_t row = 0; row < hashes.size(); ++row)
      rows[static_cast<size_t>(owners_[hashes[row] % owners_.size()])].push_back(static_cast<int32_t>(row));
    for (size_t split = 0; split < rows.size(); ++split) {
      if (rows[split].empty()) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const Batch part, TakeRows(batch, rows[split]));
      PENSTOCK_RETURN_IF_ERROR(writers[split]->Write(part));
      num_rows_[split] += part->num_rows();
    }
    return OkStatus();
  }

  Status CheckPartitioned(const arrow::RecordBatch& batch) const {
    if (partition_feature_.empty()) return OkStatus();
    const auto values = batch.GetColumnByName(partition_feature_);
    if (values->null_count() == 0) return OkStatus();
    int64_t row = 0;
    while (values->IsValid(row)) ++row;
    return InvalidArgument(
        "An example has no value of '{}', by which the splits are to be made (give it one, or partition by "
        "another "
        "feature): {}",
        partition_feature_, DescribeRow(batch, row));
  }

  const std::span<const Split> splits_;
  const std::vector<int> owners_;
  const RowHasher hasher_;
  const std::string partition_feature_;  // Empty: by the whole row.
  std::vector<std::atomic<int64_t>> num_rows_;
};

Status ReplaceFolders(std::span<const Split> splits, const std::string& output_uri) {
  for (const Split& split : splits) {
    const std::string folder = SplitDirectory(output_uri, split.name);
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  }
  return OkStatus();
}

Result<SplitSummary> WriteAllFiles(std::span<const Dataset* const> parts, std::span<const Split> splits,
                                   std::vector<int> owners, RowHasher hasher, const std::string& output_uri,
                                   PayloadFormat format, const ExecutionOptions& execution,
                                   const std::string& partition_feature) {
  PENSTOCK_RETURN_IF_ERROR(ReplaceFolders(splits, output_uri));
  std::vector<ShardRun> runs;
  for (const Dataset* part : parts) CutIntoFiles(*part, runs);
  SplitWriter writer(splits, std::move(owners), std::move(hasher), partition_feature);
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(runs.size()), execution, [&](int64_t i) -> Status {
        const auto file = static_cast<size_t>(i);
        std::vector<std::string> paths;
        for (const Split& split : splits)
          paths.push_back(
              fs::Join(SplitDirectory(output_uri, split.name), FileName(format, file, runs.size())));
        return writer.WriteFiles(runs[file], paths, format, execution);
      }));
  SplitSummary summary;
  summary.num_files = static_cast<int>(runs.size());
  for (size_t i = 0; i < splits.size(); ++i) summary.num_rows[splits[i].name] = writer.num_rows(i);
  return summary;
}

}  // namespace

Result<SplitSummary> WriteSplits(const Dataset& dataset, std::span<const Split> splits,
                                 const std::string& output_uri, PayloadFormat format,
                                 const ExecutionOptions& execution, const std::string& partition_feature) {
  const Dataset* const part = &dataset;
  return WriteSplits(std::span(&part, 1), splits, output_uri, format, execution, partition_feature);
}

Result<SplitSummary> WriteSplits(std::span<const Dataset* const> parts, std::span<const Split> splits,
                                 const std::string& output_uri, PayloadFormat format,
                                 const ExecutionOptions& execution, const std::string& partition_feature) {
  if (parts.empty()) return InvalidArgument("There are no examples to cut into splits");
  for (const Dataset* part : parts)
    if (!HaveEqualColumns(*part, *parts[0]))
      return Internal("Parts of the examples have different columns: {} and {}", part->schema()->ToString(),
                      parts[0]->schema()->ToString());
  PENSTOCK_RETURN_IF_ARROW_ERROR(arrow::compute::Initialize());
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<int> owners, BucketOwners(splits));
  PENSTOCK_ASSIGN_OR_RETURN(RowHasher hasher, MakeHasher(*parts[0]->schema(), partition_feature));
  if (parts[0]->schema()->num_fields() == 0) format = PayloadFormat::kTfRecordGzip;
  auto summary = WriteAllFiles(parts, splits, std::move(owners), std::move(hasher), output_uri, format,
                               execution, partition_feature);
  if (summary.ok()) return summary;
  // Best effort: what went wrong first is what the user has to know.
  for (const Split& split : splits) fs::RemoveAll(SplitDirectory(output_uri, split.name)).IgnoreError();
  return summary;
}

std::string SplitDirectory(const std::string& uri, const std::string& name) {
  return fs::Join(uri, std::string(kFolderPrefix) + name);
}

Result<std::vector<std::string>> ListSplits(const std::string& uri) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto entries, fs::List(uri));
  std::vector<std::string> names;
  for (const fs::FileEntry& entry : entries) {
    const std::string name = fs::BaseName(entry.path);
    if (entry.is_directory && name.starts_with(kFolderPrefix))
      names.push_back(name.substr(kFolderPrefix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace penstock::data
