#pragma once

#include <optional>
#include <string>
#include <vector>

#include "penstock/base/sql_expression.h"
#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::combine {

/// A condition of SQL's WHERE on the columns of a batch: comparisons (= == != <> < <= > >=) of columns with
/// columns, numbers and texts ('..' or ".."), IN (...), BETWEEN a AND b, IS [NOT] NULL, LIKE with % and _,
/// AND, OR, NOT and parentheses. A null compares as false. A list matches where one of its values does.
/// Immutable.
class RowFilter {
 public:
  /// kInvalidArgument says what was expected and where (from 1).
  static Result<RowFilter> Parse(const std::string& condition);
  /// The same of a parsed condition; kInvalidArgument where it is another expression.
  static Result<RowFilter> Make(sql::ExpressionPointer condition);

  /// One truth a row. kNotFound for columns that are not there.
  Result<std::vector<bool>> Holds(const data::Batch& batch) const;
  /// Those it reads, each once.
  std::vector<std::string> columns() const;

 private:
  explicit RowFilter(sql::ExpressionPointer root) : root_(std::move(root)) {}

  sql::ExpressionPointer root_;
};

/// How TFDV (slicing_sqls) and TFMA (slice_keys_sql) slice: SELECT STRUCT(column [AS name], ...) FROM
/// example.column, ... [WHERE condition].
struct SliceQuery {
  std::vector<std::string> columns;  ///< The features of the slices.
  std::vector<std::string> names;    ///< Of the same, in the slices' keys.
  std::optional<RowFilter> filter;
};
/// kInvalidArgument says what is not understood. At most 64 KiB and 100 nested parentheses.
Result<SliceQuery> ParseSliceQuery(const std::string& sql);

}  // namespace penstock::combine
