#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/metadata/filter/columns.h"

namespace penstock::metadata::filter {

/// A filter_query made ready for the parser: enum names are numbers, `properties.x.` is the one name
/// `properties_x.`, and the neighbours it mentions are declared. Positions of errors count in `text`, as they
/// do in ML Metadata, which goes the same way.
struct RewrittenQuery {
  std::string text;
  Columns columns;
};

/// kInvalidArgument: an enum predicate with a name that the enum does not have. String literals are left
/// alone.
Result<RewrittenQuery> RewriteQuery(NodeKind kind, const std::string& query);

}  // namespace penstock::metadata::filter
