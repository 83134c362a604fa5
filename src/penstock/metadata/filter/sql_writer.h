#pragma once

#include "penstock/metadata/filter/expression.h"
#include "penstock/metadata/filter/filter_query.h"

namespace penstock::metadata::filter {

/// Turns an analyzed filter over nodes of this kind into the clauses of a statement.
CompiledFilter WriteSql(NodeKind kind, const Expression& expression);

}  // namespace penstock::metadata::filter
