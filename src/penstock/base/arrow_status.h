#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include "penstock/base/status.h"

namespace penstock {

/// Arrow's status in Penstock's vocabulary. For the data tower and base's own .cc
/// files: Arrow types never cross into the control tower.
Status FromArrow(const arrow::Status& status);

}  // namespace penstock

#define PENSTOCK_RETURN_IF_ARROW_ERROR(expression)                                        \
  do {                                                                                    \
    ::arrow::Status penstock_arrow_status = (expression);                                 \
    if (!penstock_arrow_status.ok()) return ::penstock::FromArrow(penstock_arrow_status); \
  } while (0)

#define PENSTOCK_ASSIGN_OR_RETURN_ARROW(lhs, expression) \
  PENSTOCK_ASSIGN_OR_RETURN_ARROW_INNER(PENSTOCK_CONCAT(penstock_arrow_result_, __LINE__), lhs, expression)
#define PENSTOCK_ASSIGN_OR_RETURN_ARROW_INNER(result, lhs, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return ::penstock::FromArrow(result.status());     \
  lhs = std::move(result).ValueUnsafe()
