#include "penstock/metadata/filter/filter_query.h"

#include "penstock/metadata/filter/analyzer.h"
#include "penstock/metadata/filter/parser.h"
#include "penstock/metadata/filter/rewrite.h"
#include "penstock/metadata/filter/sql_writer.h"

namespace penstock::metadata::filter {
namespace {

constexpr size_t kMaxQueryBytes = size_t{1} << 20;
// What SQLite binds to one statement, less what a listing adds.
constexpr size_t kMaxValues = 32'000;

Result<CompiledFilter> Compile(NodeKind kind, const std::string& query) {
  if (query.size() > kMaxQueryBytes)
    return InvalidArgument("The query is longer than {} bytes", kMaxQueryBytes);
  PENSTOCK_ASSIGN_OR_RETURN(const RewrittenQuery rewritten, RewriteQuery(kind, query));
  PENSTOCK_ASSIGN_OR_RETURN(const ExpressionPointer expression, ParseExpression(rewritten.text));
  PENSTOCK_RETURN_IF_ERROR(Analyze(rewritten.text, kind, rewritten.columns, *expression));
  if (expression->type != ValueType::kBool) {
    return InvalidArgument("Given query string is not a valid boolean expression: {}", query);
  }
  CompiledFilter filter = WriteSql(kind, *expression);
  if (filter.values.size() > kMaxValues) {
    return InvalidArgument("The query has {} values, more than {}", filter.values.size(), kMaxValues);
  }
  return filter;
}

}  // namespace

Result<CompiledFilter> CompileFilter(NodeKind kind, const std::string& query) {
  Result<CompiledFilter> filter = Compile(kind, query);
  if (filter.ok()) return filter;
  return InvalidArgument("Invalid `filter_query`: {}", filter.status().message());
}

}  // namespace penstock::metadata::filter
