#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/dataset.h"
#include "penstock/evaluation/evaluation_plan.h"
#include "penstock/evaluation/slicing.h"

namespace penstock::evaluation {

/// What has been seen of one slice.
struct SliceState {
  int64_t num_rows = 0;
  /// By group and computation of the plan.
  std::vector<std::vector<ComputationState>> groups;
  /// How many units of each group each resample has seen (jackknife: each partition).
  std::vector<std::vector<int64_t>> lane_units;
  /// The partition of the first unit, by group.
  std::vector<int> first_partition;
};

struct SliceStates {
  std::map<SliceFeatures, SliceState> slices;
  int64_t num_rows = 0;
  /// Rows that metrics had to leave out, for want of a label or a prediction.
  int64_t num_rows_left_out = 0;
  /// Documents without a query.
  int64_t num_rows_without_query = 0;
};

struct AccumulationOptions {
  Resampling resampling;
  int64_t max_slices = 100'000;
};

/// Reads everything once and sums it up by slice. Shards are read, predicted and turned into contributions in
/// parallel, a wave of shards at a time; then each slice takes its contributions in the order of the rows,
/// slices in parallel. So there is one state a slice whatever the number of threads, and results are
/// bit-equal. Memory: the states, and a wave. Rows of query keys are all kept until the end, because a
/// query's documents may lie anywhere.
///
/// kInvalidArgument where labels and predictions do not fit a metric (names shard and row), and for more
/// slices than max_slices; kNotFound for columns that are not there.
Result<SliceStates> AccumulateSlices(const EvaluationPlan& plan, const std::vector<Slicing>& slicings,
                                     const data::Dataset& examples, const AccumulationOptions& options,
                                     const ExecutionOptions& execution);

}  // namespace penstock::evaluation
