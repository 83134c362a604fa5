#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::evaluation {

struct FilterNode;

/// A condition of SQL's WHERE on the columns of a batch: comparisons (= == != <> < <= > >=) of columns with
/// columns, numbers and texts ('..' or ".."), IN (...), BETWEEN a AND b, IS [NOT] NULL, LIKE with % and _,
/// AND, OR, NOT and parentheses. A null compares as false. A list matches where one of its values does.
/// Immutable.
class RowFilter {
 public:
  /// kInvalidArgument says what was expected and where (from 1).
  static Result<RowFilter> Parse(const std::string& condition);

  /// One truth a row. kNotFound for columns that are not there.
  Result<std::vector<bool>> Holds(const data::Batch& batch) const;
  /// Those it reads, each once.
  std::vector<std::string> columns() const;

 private:
  std::shared_ptr<const FilterNode> root_;
};

/// TFMA's slice_keys_sql: SELECT STRUCT(column, ...) FROM example.column, ... [WHERE condition].
struct SliceQuery {
  std::vector<std::string> columns;  ///< The features of the slices.
  std::optional<RowFilter> filter;
};
/// kInvalidArgument says what is not understood. At most 64 KiB and 100 nested parentheses.
Result<SliceQuery> ParseSliceQuery(const std::string& sql);

}  // namespace penstock::evaluation
