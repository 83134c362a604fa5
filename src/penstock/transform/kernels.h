#pragma once

#include <cstdint>
#include <span>

#include "penstock/base/status.h"
#include "penstock/transform/column.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// What each family of operators does to whole columns. Inputs are those of a checked
/// node, all of `num_rows`; a fault can only be one of memory.
using Inputs = std::span<const Column* const>;

Result<Column> ComputeLiteral(const Node& node, int64_t num_rows);
/// kAdd to kPower, kLog to kRound, kIsNan.
Result<Column> ComputeArithmetic(const Node& node, Inputs inputs);
/// kLess to kIf, kIsMissing, kCoalesce.
Result<Column> ComputeLogic(const Node& node, Inputs inputs);
Result<Column> ComputeCast(const Node& node, Inputs inputs);
/// kHash, kCross, kOneHot.
Result<Column> ComputeTokens(const Node& node, Inputs inputs);
/// kImputeMean to kVocabulary, with the resolved `analysis`.
Result<Column> ComputeAnalyzed(const Node& node, const Analysis& analysis, Inputs inputs);

}  // namespace penstock::transform
