#include "penstock/learning/transformed_dataset.h"

#include <arrow/array.h>

namespace penstock::learning {
namespace {

using transform::TransformGraph;

bool IsTransformed(const arrow::Schema& schema, const TransformGraph& graph) {
  const auto has = [&schema](std::string_view name) { return schema.GetFieldIndex(std::string(name)) >= 0; };
  if (graph.has_label() && !has(transform::kLabelColumn)) return false;
  if (graph.has_weight() && !has(transform::kWeightColumn)) return false;
  for (const transform::FeatureSchema& feature : graph.output_schema()) {
    if (!has(feature.name)) return false;
  }
  return graph.has_label() || graph.has_weight();
}

class TransformingReader final : public data::BatchReader {
 public:
  TransformingReader(std::unique_ptr<data::BatchReader> raw, std::shared_ptr<arrow::Schema> schema,
                     std::shared_ptr<const TransformGraph> graph)
      : raw_(std::move(raw)), schema_(std::move(schema)), graph_(std::move(graph)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<data::Batch>> Next() override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, raw_->Next());
    if (!batch) return std::optional<data::Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(data::Batch transformed, graph_->Apply(*batch));
    return std::optional<data::Batch>(std::move(transformed));
  }

 private:
  const std::unique_ptr<data::BatchReader> raw_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<const TransformGraph> graph_;
};

class TransformingDataset final : public data::Dataset {
 public:
  TransformingDataset(std::unique_ptr<data::Dataset> raw, std::shared_ptr<arrow::Schema> schema,
                      std::shared_ptr<const TransformGraph> graph)
      : raw_(std::move(raw)), schema_(std::move(schema)), graph_(std::move(graph)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return raw_->num_shards(); }
  int64_t ShardBytes(int64_t shard) const override { return raw_->ShardBytes(shard); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override {
    PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<data::BatchReader> reader, raw_->ReadShard(shard));
    return std::make_unique<TransformingReader>(std::move(reader), schema_, graph_);
  }

 private:
  const std::unique_ptr<data::Dataset> raw_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<const TransformGraph> graph_;
};

}  // namespace

Result<std::unique_ptr<data::Dataset>> TransformOnRead(std::unique_ptr<data::Dataset> raw,
                                                       std::shared_ptr<const TransformGraph> graph) {
  if (IsTransformed(*raw->schema(), *graph)) return raw;
  // The transform says best itself what it misses.
  arrow::ArrayVector columns;
  for (const auto& field : raw->schema()->fields()) {
    auto empty = arrow::MakeEmptyArray(field->type());
    if (!empty.ok()) return InvalidArgument("Column '{}' is of a type that cannot be read", field->name());
    columns.push_back(*std::move(empty));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch none,
                            graph->Apply(arrow::RecordBatch::Make(raw->schema(), 0, std::move(columns))));
  return std::make_unique<TransformingDataset>(std::move(raw), none->schema(), std::move(graph));
}

}  // namespace penstock::learning
