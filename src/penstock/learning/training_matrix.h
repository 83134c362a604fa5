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
  /// One an example; of kMultilabelClassification num_labels, one a class.
  std::vector<double> labels;
  int32_t num_labels = 1;
  std::vector<double> weights;  ///< Empty: every example counts as one.
  /// Of kRanking: examples of one query lie side by side, and here is where each query ends.
  std::vector<int64_t> query_ends;
  int64_t num_unlabeled = 0;  ///< Examples left out because label, weight or query is missing.

  int64_t num_rows() const { return static_cast<int64_t>(labels.size()) / num_labels; }
};

enum class Labels { kWanted, kNotWanted };

/// Reads all shards of `dataset` (transformed examples of `transform`), several at a time. Memory: the
/// matrix, for a moment twice. kInvalidArgument, with the split's name and the row in it: a label or weight
/// that is not finite, a weight below 0, a label that no example of the transform's task can have, no
/// labelled examples. kNotWanted: no label is read, all are 0. Of kRanking, rows are in the order in which
/// queries first appear; else in that of the shards.
Result<TrainingMatrix> ReadTrainingMatrix(const data::Dataset& dataset, const std::string& split_name,
                                          const transform::TransformGraph& transform,
                                          const ExecutionOptions& execution, Labels wanted = Labels::kWanted);

/// The refusal of a row, counted from 0 in its split.
Status RefuseRow(const std::string& split_name, int64_t row, const std::string& what);
/// OK where there are examples with a label.
Status CheckNumExamples(const std::string& split_name, int64_t num_read, int64_t num_labeled,
                        int64_t num_unlabeled);

}  // namespace penstock::learning
