#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/model/feature_matrix.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// One split as learners take it: dense rows of float32 with labels and weights, in the
/// order of the shards. A plain value.
struct TrainingMatrix {
  std::vector<float> values;  ///< Row-major; NaN: missing.
  int32_t num_columns = 0;
  std::vector<double> labels;
  std::vector<double> weights;  ///< Empty: every example counts as one.
  int64_t num_unlabeled = 0;    ///< Examples left out because label or weight is missing.

  int64_t num_rows() const { return static_cast<int64_t>(labels.size()); }
};

enum class Labels { kWanted, kNotWanted };

/// Reads all shards of `dataset` (transformed examples of `transform`), several at a time. Memory: the
/// matrix, for a moment twice. kInvalidArgument, with the split's name and the row in it: a label or weight
/// that is not finite, a weight below 0, a label of binary classification other than 0 and 1, no labelled
/// examples. kNotWanted: no label is read, all are 0.
Result<TrainingMatrix> ReadTrainingMatrix(const data::Dataset& dataset, const std::string& split_name,
                                          const transform::TransformGraph& transform,
                                          const ExecutionOptions& execution, Labels wanted = Labels::kWanted);

}  // namespace penstock::learning
