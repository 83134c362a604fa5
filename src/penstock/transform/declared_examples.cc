#include "penstock/transform/declared_examples.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/declared_features.h"

namespace penstock::transform {
namespace {

std::shared_ptr<arrow::DataType> TypeOf(const data::DeclaredFeature& feature) {
  const auto type = feature.kind == data::FeatureKind::kInteger ? arrow::int64()
                    : feature.kind == data::FeatureKind::kFloat ? arrow::float32()
                                                                : arrow::utf8();
  return feature.is_list.value_or(false) ? arrow::list(type) : type;
}

/// `batch` with columns of nothing behind its own, as `schema` has them.
Result<data::Batch> Extend(const data::Batch& batch, const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector columns = batch->columns();
  for (int i = batch->num_columns(); i < schema->num_fields(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> nothing,
                                    arrow::MakeArrayOfNull(schema->field(i)->type(), batch->num_rows()));
    columns.push_back(std::move(nothing));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

class ExtendedReader : public data::BatchReader {
 public:
  ExtendedReader(std::unique_ptr<data::BatchReader> reader, std::shared_ptr<arrow::Schema> schema)
      : reader_(std::move(reader)), schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<data::Batch>> Next() override {
    PENSTOCK_ASSIGN_OR_RETURN(std::optional<data::Batch> batch, reader_->Next());
    if (!batch.has_value()) return batch;
    PENSTOCK_ASSIGN_OR_RETURN(data::Batch extended, Extend(*batch, schema_));
    return std::optional<data::Batch>(std::move(extended));
  }

 private:
  const std::unique_ptr<data::BatchReader> reader_;
  const std::shared_ptr<arrow::Schema> schema_;
};

class ExtendedDataset : public data::Dataset {
 public:
  ExtendedDataset(std::unique_ptr<data::Dataset> dataset, std::shared_ptr<arrow::Schema> schema)
      : dataset_(std::move(dataset)), schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return dataset_->num_shards(); }
  int64_t ShardBytes(int64_t shard) const override { return dataset_->ShardBytes(shard); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override {
    PENSTOCK_ASSIGN_OR_RETURN(auto reader, dataset_->ReadShard(shard));
    return std::make_unique<ExtendedReader>(std::move(reader), schema_);
  }

 private:
  const std::unique_ptr<data::Dataset> dataset_;
  const std::shared_ptr<arrow::Schema> schema_;
};

/// Whether the patterns name files, and no byte is in them.
bool AreWithoutBytes(std::span<const std::string> patterns) {
  int64_t num_files = 0;
  for (const std::string& pattern : patterns) {
    const Result<std::vector<std::string>> paths = fs::Glob(pattern);
    if (!paths.ok()) return false;
    for (const std::string& path : *paths) {
      const Result<fs::FileEntry> entry = fs::Stat(path);
      if (!entry.ok() || entry->is_directory || entry->size != 0) return false;
      ++num_files;
    }
  }
  return num_files > 0;
}

}  // namespace

Result<std::unique_ptr<data::Dataset>> OpenDeclaredExamples(std::span<const std::string> patterns,
                                                            const data::DatasetOptions& options,
                                                            const ExecutionOptions& execution) {
  if (options.schema == nullptr) return data::OpenDataset(patterns, options, execution);
  std::unique_ptr<data::Dataset> dataset;
  if (AreWithoutBytes(patterns)) {
    dataset = data::MakeInMemoryDataset(arrow::schema(arrow::FieldVector()), {});
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(dataset, data::OpenDataset(patterns, options, execution));
  }
  arrow::FieldVector fields = dataset->schema()->fields();
  const size_t num_there = fields.size();
  for (const auto& [name, feature] : data::DeclaredFeatures(options.schema)) {
    const bool is_wanted =
        options.columns.empty() ||
        std::find(options.columns.begin(), options.columns.end(), name) != options.columns.end();
    if (is_wanted && dataset->schema()->GetFieldIndex(name) < 0)
      fields.push_back(arrow::field(name, TypeOf(feature)));
  }
  if (fields.size() == num_there) return dataset;
  return std::make_unique<ExtendedDataset>(std::move(dataset), arrow::schema(std::move(fields)));
}

}  // namespace penstock::transform
