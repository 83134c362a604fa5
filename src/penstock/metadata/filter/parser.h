#pragma once

#include <string_view>

#include "penstock/base/status.h"
#include "penstock/metadata/filter/expression.h"

namespace penstock::metadata::filter {

/// Reads one GoogleSQL expression: the whole of `query`. kInvalidArgument: "Syntax error: ... [at 1:7]".
Result<ExpressionPointer> ParseExpression(std::string_view query);

}  // namespace penstock::metadata::filter
