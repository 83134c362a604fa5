#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <arrow/array.h>

#include "penstock/data/dataset.h"
#include "penstock/evaluation/evaluation_config.h"

namespace penstock::evaluation {

/// What a raw batch gives: a number for each example, null where there is none.
struct RawPredictions {
  std::shared_ptr<arrow::DoubleArray> predictions;
  std::shared_ptr<arrow::DoubleArray> baseline_predictions;  ///< Null without a baseline.
  std::shared_ptr<arrow::DoubleArray> labels;
};
/// Must be safe from any thread.
using PredictBatch = std::function<Result<RawPredictions>(const data::Batch& raw_examples)>;

/// A dataset of raw examples as one of predictions, in the shape PredictionMetrics wants
/// (prediction_metrics.h), with the columns to slice by beside them. Predicts as it is read, shard by shard,
/// so that predictions are never all in memory. Examples without a label are left out.
class PredictionDataset : public data::Dataset {
 public:
  /// `raw` must outlive it. kNotFound names slice and weight columns that are not in the data.
  static Result<std::unique_ptr<PredictionDataset>> Make(const data::Dataset& raw, Task task,
                                                         PredictBatch predict,
                                                         std::vector<std::string> slice_columns,
                                                         std::string weight_column, bool has_baseline);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return raw_.num_shards(); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override;

  /// Of all shards read so far, each time.
  int64_t num_without_label() const { return num_without_label_; }

  /// One batch. `first_row` and `shard` say in messages where it comes from.
  Result<data::Batch> Convert(const data::Batch& raw_examples, int64_t shard, int64_t first_row) const;

 private:
  PredictionDataset(const data::Dataset& raw, Task task, PredictBatch predict)
      : raw_(raw), task_(task), predict_(std::move(predict)) {}

  const data::Dataset& raw_;
  Task task_;
  PredictBatch predict_;
  std::vector<std::string> slice_columns_;
  std::string weight_column_;
  std::shared_ptr<arrow::Schema> schema_;
  mutable std::atomic<int64_t> num_without_label_{0};
};

}  // namespace penstock::evaluation
