#pragma once

#include <map>
#include <string>

#include "penstock/base/sql_expression.h"
#include "penstock/base/status.h"
#include "penstock/validation/sql_value_internal.h"

namespace penstock::validation {

/// What the names of an expression stand for.
using SqlNames = std::map<std::string, SqlValue>;

/// The value of an expression over messages, by the rules of GoogleSQL: a field of a message that is not
/// there is NULL (an unset number of a message that is there has its default); NULL in, NULL out; AND, OR and
/// NOT in three-valued logic; / gives a real number.
///
/// kInvalidArgument, with the place in the expression, for a field that a message lacks (with the near-miss
/// name), kinds that do not go together, a division by zero, an overflow, an element out of bounds, an
/// unknown function, and for more than kMaxSqlSteps steps (sub-queries inside sub-queries).
Result<SqlValue> EvaluateSql(const sql::Expression& expression, const SqlNames& names);

inline constexpr int64_t kMaxSqlSteps = 2'000'000;

/// A function's value; kInvalidArgument for one that there is not, or other arguments than it takes.
Result<SqlValue> CallSqlFunction(const std::string& name, const std::vector<SqlValue>& arguments);
/// Whether a and b (not null) are in order: below 0, 0 or above; 2 where one is NaN.
Result<int> CompareSql(const SqlValue& a, const SqlValue& b);

}  // namespace penstock::validation
