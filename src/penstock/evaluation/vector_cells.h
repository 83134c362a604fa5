#pragma once

#include <string>
#include <utility>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {

/// A computation over whole labels and predictions: `add(row, at, into)` returns a Status and is compiled
/// into the loop; `at` is the row's number. Rows without a label or a prediction are left out.
/// `num_cells` 0: as many as the data need.
template <class F>
Computation VectorCells(const std::string& algorithm, int64_t num_cells, const PairSpec& pairs, F add) {
  Computation made;
  made.name = algorithm + ":" + FingerprintOf(pairs);
  made.num_cells = num_cells;
  made.emit = [pairs, add = std::move(add)](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionVectors* found, cache.Vectors(pairs));
    const ExampleRows& rows = cache.rows();
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        const LabelPredictionVectors::Row& values = found->rows[static_cast<size_t>(row)];
        if (!values.is_missing) PENSTOCK_RETURN_IF_ERROR(add(values, row, into));
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

}  // namespace penstock::evaluation
