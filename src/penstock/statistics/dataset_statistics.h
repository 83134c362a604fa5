#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/combiner.h"
#include "penstock/combine/combiner_set.h"
#include "penstock/combine/moments.h"
#include "penstock/statistics/column_statistics.h"
#include "penstock/statistics/feature_tree.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// The statistics of all features of a dataset as one combiner (combine/combiner.h):
/// what ComputeStatistics folds, and what a stream window or a cache of daily spans keeps.
///
/// Immutable, so one value serves any number of threads; a State (which cannot be copied) belongs to one
/// thread.
/// Every batch must have the schema that the combiner was made for.
///
/// Bounds: counts, extremes, zeros, NaN and lengths are exact; mean and standard deviation
/// to rounding. Medians, quantile bounds and STANDARD bucket counts are exact while a
/// column has few values (see column_statistics.h), else within `epsilon` ranks. Uniques
/// and top values are exact while a column has at most kMaxExactDistinct distinct values. All that holds
/// while the features fit into options.memory_limit_bytes; beyond, the largest are halved, and their bounds
/// are those of the smaller sketches (combine/quantile_sketch.h, combine/frequencies.h).
class DatasetStatistics {
 public:
  struct State {
    int64_t num_examples = 0;
    combine::CompensatedSum weighted_num_examples;  ///< 0 without weight_feature.
    std::vector<ColumnStatistics> columns;          ///< As the features of the tree.
    combine::CombinerSet::State generated;
  };
  using Output = tensorflow::metadata::v0::DatasetFeatureStatistics;

  /// kInvalidArgument for options that make no sense and for columns whose type has no
  /// statistics; kNotFound for an allowlisted or weight feature that `schema` lacks.
  static Result<DatasetStatistics> Make(const arrow::Schema& schema, const StatisticsOptions& options);

  State NewState() const;
  Status Add(const combine::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  /// What `state` takes in memory where it grows with the data.
  int64_t StateBytes(const State& state) const;
  /// Shrinks the largest features until all take at most num_bytes (as far as that is possible). Add and
  /// Merge do so with a third of options.memory_limit_bytes.
  void FitInto(int64_t num_bytes, State& state) const;
  /// What all states of a fold may take together.
  int64_t memory_limit() const { return options_.memory_limit_bytes; }

  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  struct Weight {
    std::string name;
    int column;  ///< In the batches.
  };
  static constexpr int kNoWeight = -1;
  ColumnStatistics::Extras ExtrasOf(size_t feature) const;
  /// The index of the weight feature in weights_, entered where it is new.
  Result<int> WeightNamed(const std::string& name, const arrow::Schema& schema);
  Status FindWeights(const arrow::Schema& schema);

  // Constant after construction.
  StatisticsOptions options_;  // Without the schema, which need not outlive Make.
  FeatureTree tree_;
  combine::CombinerSet generated_;  // What is asked for beside the features.
  std::vector<Weight> weights_;
  std::vector<int> weight_of_feature_;  // Index into weights_, by feature; kNoWeight.
  int default_weight_ = kNoWeight;      // Of weight_feature.
  int num_columns_ = 0;                 // Of the batches.
};

}  // namespace penstock::statistics
