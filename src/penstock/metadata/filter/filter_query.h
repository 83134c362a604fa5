#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::metadata::filter {

/// What a filter_query is about: it decides which names there are.
enum class NodeKind { kArtifact, kExecution, kContext };

using BoundValue = std::variant<int64_t, double, std::string>;

/// The alias of the node's own table in the clauses.
inline constexpr std::string_view kBaseAlias = "table_0";

/// A filter_query as parts of an SQL statement over ML Metadata's tables:
///   SELECT DISTINCT table_0.id FROM <from_clause> WHERE (<where_clause>)
/// Every value of the query, property names too, stands as `?` and is bound: first those of the from
/// clause, then those of the where clause.
struct CompiledFilter {
  std::string from_clause;
  std::string where_clause;
  std::vector<BoundValue> values;
  /// A field that ML Metadata lets a query name but whose column its joins lack ("table_1.external_id");
  /// such a query fails when it is run. Empty: none.
  std::string missing_column;
  /// The clauses with their values written out as ML Metadata does, for that failure's message alone.
  std::string shown_from_clause;
  std::string shown_where_clause;
};

/// Compiles a boolean expression of GoogleSQL over a node's attributes, its properties and its neighbours, as
/// ML Metadata 1.17 documents it for ListOperationOptions.filter_query:
///   state = LIVE AND (contexts_run.name = 'taxi' OR custom_properties.span.int_value > 3)
/// kInvalidArgument: "Invalid `filter_query`: ..." with the position, in that library's words. At most 1 MiB
/// and 150 parentheses deep. Pure; any thread.
Result<CompiledFilter> CompileFilter(NodeKind kind, const std::string& query);

}  // namespace penstock::metadata::filter
