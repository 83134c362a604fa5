#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "penstock/evaluation/vector_cells.h"

/// What Keras' metrics read out of a row of labels and scores.
namespace penstock::evaluation::keras {

using Row = LabelPredictionVectors::Row;

inline constexpr double kEpsilon = 1e-7;

inline double LabelOf(const Row& row, size_t i) {
  return row.label.size() == 1 ? row.label[0] : row.label[i];
}

inline size_t ArgMax(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

// The class the label names: a number, or the highest of a vector.
inline size_t ClassOf(const Row& row, bool is_sparse) {
  if (!is_sparse && row.label.size() == row.prediction.size()) return ArgMax(row.label);
  return static_cast<size_t>(std::max(row.label[0], 0.0));
}

inline Status CheckShapes(const Row& row, int64_t at, const std::string& metric) {
  if (row.label.size() == row.prediction.size() || row.label.size() == 1) return OkStatus();
  return InvalidArgument("Metric {}: row {} has {} labels for {} scores", metric, at + 1, row.label.size(),
                         row.prediction.size());
}

// Micro averages look at each score of a vector by itself.
inline std::vector<Row> PiecesOf(const Row& row) {
  std::vector<Row> pieces;
  for (size_t i = 0; i < row.prediction.size(); ++i) {
    const double label = row.label.size() == row.prediction.size() ? row.label[i]
                         : row.label[0] == static_cast<double>(i)  ? 1.0
                                                                   : 0.0;
    pieces.push_back({{label}, {row.prediction[i]}, row.weight, false});
  }
  return pieces;
}

// Cells that each row adds to by `add`, over whole vectors.
template <class F>
Computation RowSums(const std::string& algorithm, int64_t num_cells, const std::string& metric,
                    const PairSpec& pairs, F add) {
  return VectorCells(algorithm, num_cells, pairs,
                     [metric, is_flat = pairs.is_aggregated, add](const Row& row, int64_t at,
                                                                  Contributions& into) -> Status {
                       PENSTOCK_RETURN_IF_ERROR(CheckShapes(row, at, metric));
                       if (!is_flat) {
                         add(row, into);
                         return OkStatus();
                       }
                       for (const Row& piece : PiecesOf(row)) add(piece, into);
                       return OkStatus();
                     });
}

// Keras' axis: only the last is there.
inline Status CheckAxis(const MetricArguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t axis, arguments.Integer("axis", -1));
  if (axis == -1 || axis == 1) return OkStatus();
  return InvalidArgument("Metric {}: 'axis' must be -1, the scores of an example", arguments.metric());
}

/// Keras' metrics of classes: F-scores and intersections over unions.
void AddMatrixClasses(std::map<std::string, MetricClass>& classes);

}  // namespace penstock::evaluation::keras
