#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/model/model.h"

namespace penstock::model {

/// The numbers of a prediction column, `width` an example side by side (a list column has as many in every
/// row); they live as long as the batch they are of.
struct PredictionNumbers {
  std::span<const double> values;
  int64_t width = 1;
};

/// kInvalidArgument where there is no such column of doubles, or of lists of doubles of one length, or one of
/// them is missing.
Result<PredictionNumbers> PredictionValues(const data::Batch& predictions, const std::string& column);

/// Predictions of several classes with a list column kClassesColumn more: what the scores are of. Others as
/// they are.
Result<data::Batch> WithClassNames(const Signature& signature, const data::Batch& predictions);
/// The schema of what WithClassNames returns for predictions of such a model.
std::shared_ptr<arrow::Schema> OutputsWithClassNames(const Signature& signature);

}  // namespace penstock::model
