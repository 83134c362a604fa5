#include "penstock/data/tfrecord/tfrecord_dataset.h"

#include <arrow/util/utf8.h>
#include <algorithm>

#include "penstock/data/declared_features.h"
#include "penstock/data/sharded_dataset.h"
#include "penstock/data/tfrecord/example_decoder.h"
#include "penstock/data/tfrecord/feature_types.h"
#include "penstock/data/tfrecord/record_reader.h"

namespace penstock::data::tfrecord {
namespace {

constexpr int64_t kShardBytes = int64_t{4} << 20;
/// A batch ends when its records have this many bytes, so that large ones (images) stay bounded.
constexpr int64_t kMaxBatchBytes = int64_t{64} << 20;

struct Shard {
  int file = 0;
  bool is_gzip = false;
  int64_t begin = 0;  // Plain files: of the range's first record.
  int64_t end = 0;
  int64_t first_record = 1;
};

/// Shared by the dataset and its readers. Constant once opened.
struct Layout {
  std::vector<FileSource> files;
  std::vector<Shard> shards;
  ExampleColumns columns;
  std::shared_ptr<arrow::Schema> schema;
  int64_t max_batch_rows = 0;

  Result<std::unique_ptr<RecordReader>> Open(const Shard& shard) const {
    const FileSource& source = files[static_cast<size_t>(shard.file)];
    PENSTOCK_ASSIGN_OR_RETURN(
        auto stream, shard.is_gzip ? StreamGzip(source) : StreamRange(source, shard.begin, shard.end));
    return std::make_unique<RecordReader>(source.path(), std::move(stream), shard.begin, shard.first_record);
  }
  /// Examples shrink to about a quarter by gzip.
  int64_t ShardBytes(const Shard& shard) const { return (shard.end - shard.begin) * (shard.is_gzip ? 4 : 1); }
};

Status AboutRecord(const Layout& layout, const RecordPlace& place, std::string_view what) {
  return InvalidArgument("{}, record {}: {}", layout.files[static_cast<size_t>(place.file)].path(),
                         place.record_number, what);
}

// The shards of one file: by its lengths alone, the data is checked when it is read.
Result<std::vector<Shard>> CutFile(const FileSource& source, int file) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_gzip, IsGzip(source));
  if (is_gzip) return std::vector{Shard{file, true, 0, source.size(), 1}};
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, StreamRange(source, 0, source.size()));
  RecordReader reader(source.path(), std::move(stream));
  std::vector<Shard> shards;
  int64_t next_cut = 0;
  while (true) {
    if (reader.offset() >= next_cut && reader.offset() < source.size()) {
      shards.push_back({file, false, reader.offset(), source.size(), reader.record_number()});
      next_cut = (reader.offset() / kShardBytes + 1) * kShardBytes;
      if (shards.size() > 1) shards[shards.size() - 2].end = reader.offset();
    }
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_more, reader.Skip());
    if (!has_more) return shards;
  }
}

Result<RecordProfiles> ProfileShard(const Layout& layout, const Shard& shard,
                                    const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto reader, layout.Open(shard));
  FeatureProfiler profiler;
  constexpr int64_t kRecordsBetweenChecks = 4096;
  while (true) {
    const RecordPlace place{shard.file, reader->record_number()};
    if (place.record_number % kRecordsBetweenChecks == 0)
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const auto record, reader->Next());
    if (!record) return profiler.Finish();
    if (const char* const fault = profiler.Add(*record, place)) return AboutRecord(layout, place, fault);
  }
}

class TfRecordShardReader : public BatchReader {
 public:
  TfRecordShardReader(std::shared_ptr<const Layout> layout, const Shard& shard)
      : layout_(std::move(layout)), shard_(shard), decoder_(layout_->columns, layout_->schema) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }

  Result<std::optional<Batch>> Next() override {
    if (reader_ == nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(reader_, layout_->Open(shard_));
    }
    int64_t num_bytes = 0;
    while (decoder_.num_rows() < layout_->max_batch_rows && num_bytes < kMaxBatchBytes) {
      const RecordPlace place{shard_.file, reader_->record_number()};
      PENSTOCK_ASSIGN_OR_RETURN(const auto record, reader_->Next());
      if (!record) break;
      num_bytes += static_cast<int64_t>(record->size());
      const Status status = decoder_.Append(*record);
      if (!status.ok()) return AboutRecord(*layout_, place, std::string(status.message()));
    }
    if (decoder_.num_rows() == 0) return std::optional<Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(Batch batch, decoder_.Finish());
    return std::optional<Batch>(std::move(batch));
  }

 private:
  const std::shared_ptr<const Layout> layout_;
  const Shard& shard_;
  ExampleDecoder decoder_;
  std::unique_ptr<RecordReader> reader_;
};

using TfRecordDataset = ShardedDataset<Layout, TfRecordShardReader>;

Result<ExampleColumns> DecideColumns(const RecordProfiles& profiles, const std::vector<FileSource>& files,
                                     const DatasetOptions& options) {
  std::vector<std::string> paths;
  for (const FileSource& file : files) paths.push_back(file.path());
  // Examples without a feature are examples: they have no columns, and count. A split without examples is a
  // packed file of nothing, and what wants its columns hears that there are no examples.
  const bool is_split =
      std::all_of(files.begin(), files.end(), [](const auto& file) { return file.size() > 0; });
  if (profiles.num_records == 0 && (!is_split || !options.columns.empty()))
    return InvalidArgument("There are no examples in {}", ReadableList(paths));
  PENSTOCK_ASSIGN_OR_RETURN(const auto types,
                            DecideFeatureTypes(profiles.features, DeclaredFeatures(options.schema), paths));
  std::vector<std::string> names;
  for (const FeatureColumnType& type : types) names.push_back(type.name);
  if (profiles.has_feature_lists) names.push_back(kSequenceColumn);
  PENSTOCK_ASSIGN_OR_RETURN(const auto selected, SelectColumns(names, options.columns, paths.front()));
  ExampleColumns columns;
  for (size_t i = 0; i < selected.size(); ++i) {
    const auto place = static_cast<size_t>(selected[i]);
    if (place < types.size()) {
      columns.features.push_back(types[place]);
    } else {
      columns.sequence_place = i;
    }
  }
  if (columns.sequence_place.has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(columns.sequences, DecideFeatureTypes(profiles.sequences, {}, paths));
    // Steps of a sequence are lists whatever their length is: their nesting must not depend on the data.
    for (FeatureColumnType& type : columns.sequences) type.is_list = true;
  }
  return columns;
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenTfRecordDataset(std::vector<FileSource> files,
                                                     const DatasetOptions& options,
                                                     const ExecutionOptions& execution) {
  arrow::util::InitializeUTF8();
  auto layout = std::make_shared<Layout>();
  layout->files = std::move(files);
  layout->max_batch_rows = options.max_batch_rows;
  PENSTOCK_ASSIGN_OR_RETURN(layout->shards, CutFiles<Shard>(layout->files, execution, CutFile));
  PENSTOCK_ASSIGN_OR_RETURN(const auto profiles,
                            ProfileShards<RecordProfiles>(layout->shards, execution, [&](const Shard& shard) {
                              return ProfileShard(*layout, shard, execution);
                            }));
  PENSTOCK_ASSIGN_OR_RETURN(layout->columns, DecideColumns(profiles, layout->files, options));
  layout->schema = BatchSchema(layout->columns);
  return std::make_unique<TfRecordDataset>(std::move(layout));
}

}  // namespace penstock::data::tfrecord
