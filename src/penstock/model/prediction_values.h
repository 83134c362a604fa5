#pragma once

#include <span>
#include <string>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::model {

/// The numbers of a prediction column, one an example; they live as long as `predictions`.
/// kInvalidArgument where there is no such column of doubles or one of them is missing.
Result<std::span<const double>> PredictionValues(const data::Batch& predictions, const std::string& column);

}  // namespace penstock::model
