#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/evaluation/analysis/forest_attributions.h"
#include "penstock/model/model.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::evaluation {

/// Columns that PredictedDataset adds.
inline constexpr char kModelPrediction[] = "__prediction";
inline constexpr char kBaselinePrediction[] = "__baseline_prediction";
inline constexpr char kModelLabel[] = "__label";
inline constexpr char kModelQuery[] = "__query";  ///< Of a model that ranks: whose examples compete.
/// The column of the predictions of a model by name.
inline std::string PredictionOf(const std::string& name) {
  return fmt::format("{}/{}", kModelPrediction, name);
}

/// A dataset of raw examples with what models say of them beside. Predicts as it is read, batch by batch, so
/// that predictions are never all in memory. The label is the one of the model's transform; examples without
/// one are left out. Safe from any thread.
class PredictedDataset : public data::Dataset {
 public:
  /// `baseline` may be null. All must outlive it. kInvalidArgument where the baseline has another task;
  /// kFailedPrecondition where `reads_label` and the model's transform defines none.
  static Result<std::unique_ptr<PredictedDataset>> Make(const data::Dataset& raw, const model::Model& model,
                                                        const model::Model* baseline, bool reads_label);
  /// Adds the predictions of another model as a column (PredictionOf of `name`). The model must outlive it;
  /// its task must be the first one's (kInvalidArgument).
  Status AddModel(const std::string& name, const model::Model& model);
  /// Adds columns of attributions too (kAttributionPrefix and the feature's name).
  void AddAttributions(std::shared_ptr<const ForestAttributions> attributions);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return raw_.num_shards(); }
  int64_t ShardBytes(int64_t shard) const override { return raw_.ShardBytes(shard); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override;
  Result<data::Batch> AddColumns(const data::Batch& raw) const;
  /// Examples left out because the model's transform gives them no label, of all shards read so far.
  int64_t num_without_label() const { return num_without_label_; }

 private:
  PredictedDataset(const data::Dataset& raw, const model::Model& model, const model::Model* baseline,
                   bool reads_label)
      : raw_(raw), model_(model), baseline_(baseline), reads_label_(reads_label) {}

  bool reads_query() const { return reads_label_ && model_.transform().has_query(); }

  const data::Dataset& raw_;
  const model::Model& model_;
  const model::Model* baseline_;
  const bool reads_label_;
  std::vector<std::pair<std::string, const model::Model*>> others_;  // By name.
  std::shared_ptr<const ForestAttributions> attributions_;           // May be null.
  std::shared_ptr<arrow::Schema> schema_;
  mutable std::atomic<int64_t> num_without_label_{0};
};

}  // namespace penstock::evaluation
