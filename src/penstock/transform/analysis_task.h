#pragma once

#include <string_view>

#include "penstock/base/status.h"
#include "penstock/transform/column.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// One analysis while it is made, and how it shall treat NaN, infinities and float32.
struct AnalysisTask {
  const Analysis* analysis = nullptr;
  bool is_tft = false;
};

/// What an analysis asks about, for one batch; null where it asks for no such thing.
struct AnalysisColumns {
  const Column* input = nullptr;
  const Column* key = nullptr;
  const Column* weight = nullptr;
  const Column* label = nullptr;
};

/// The values of `x`, one for each value of `input`: single ones are repeated for each of a list's.
/// kInvalidArgument names `what` where they are lists of other lengths.
Result<Column> AlignedWith(const Column& input, const Column& x, std::string_view what);

}  // namespace penstock::transform
