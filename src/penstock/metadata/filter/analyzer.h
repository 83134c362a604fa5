#pragma once

#include <string_view>

#include "penstock/base/status.h"
#include "penstock/metadata/filter/expression.h"

namespace penstock::metadata::filter {

/// Finds the columns and types of `expression`, a filter over nodes of this kind. kInvalidArgument with the
/// position: an unknown name, field or function, or operands that do not fit. `columns` must outlive it.
Status Analyze(std::string_view query, NodeKind kind, const Columns& columns, Expression& expression);

}  // namespace penstock::metadata::filter
