#pragma once

#include <compare>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "penstock/evaluation/example_columns.h"
#include "penstock/evaluation/metric_key.h"

namespace penstock::evaluation {

/// The columns of one output of one model.
struct TargetColumns {
  std::string label, prediction, weight;  ///< No weight: each example weighs 1.
  auto operator<=>(const TargetColumns&) const = default;
};

struct LabelPredictionPairs;
struct PairSpec;

/// Another way to pairs than a label against a prediction: boxes that are matched, sets that are compared.
struct PairMaker {
  std::string name;  ///< Equal names make equal pairs; "": the usual way.
  std::function<Result<LabelPredictionPairs>(const ExampleRows& rows, const PairSpec& spec)> make;

  bool operator==(const PairMaker& other) const { return name == other.name; }
  std::strong_ordering operator<=>(const PairMaker& other) const { return name <=> other.name; }
};

/// What of a prediction is compared with what of a label. Semantics are TFMA's
/// (metric_util.to_label_prediction_example_weight), of which the parity suite is the proof.
struct PairSpec {
  TargetColumns target;
  SubKey sub_key;
  bool is_aggregated = false;  ///< Micro: with top_k only the top classes count at all.
  std::map<int, float> class_weights;
  bool is_weighted = false;
  /// A label of 0.3 is 0.3 of a positive and 0.7 of a negative example; labels must lie in [0, 1].
  bool has_fractional_labels = false;
  /// Missing labels and predictions become NaN instead of leaving the row out.
  bool keeps_missing = false;
  PairMaker maker;
  auto operator<=>(const PairSpec&) const = default;
};

/// One number against one number, with its weight.
struct LabelPredictionPairs {
  std::vector<double> labels, predictions, weights;
  std::vector<int64_t> unit_offsets;  ///< Of each unit into the pairs, and the end.
  int64_t num_rows_left_out = 0;      ///< Rows without label or prediction.
};

/// Flattened: a vector of C scores gives C pairs, a class number becomes one-hot. kInvalidArgument where
/// label and prediction do not fit each other, for a class outside the scores, and for labels outside [0, 1]
/// where they are fractions; names the row from 1.
Result<LabelPredictionPairs> MakePairs(const ExampleRows& rows, const PairSpec& spec);

/// The vectors themselves after the choice of `sub_key`, for metrics of whole predictions.
struct LabelPredictionVectors {
  struct Row {
    std::vector<double> label, prediction;
    double weight = 1;
    bool is_missing = false;
  };
  std::vector<Row> rows;
};
Result<LabelPredictionVectors> MakeVectors(const ExampleRows& rows, const PairSpec& spec);

/// The weight of each row (all 1 where the spec says so); kInvalidArgument for rows with several weights.
Result<std::vector<double>> RowWeights(const ExampleRows& rows, const PairSpec& spec);

}  // namespace penstock::evaluation
