#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::sql {

struct Expression;
using ExpressionPointer = std::shared_ptr<const Expression>;

/// A node of an SQL expression; what names mean is for who evaluates it. Immutable once parsed.
struct Expression {
  enum class Kind {
    kNull,
    kBool,
    kInteger,
    kReal,
    kText,
    kName,    ///< steps: fare, or feature.num_stats.max
    kNegate,  ///< - operands[0]
    kNot,     ///< NOT operands[0]
    kAnd,     ///< Of two or more operands.
    kOr,
    kArithmetic,  ///< text: + - * /
    kCompare,     ///< text: = != < <= > >=
    kIsNull,
    kIsBool,     ///< operands[0] IS TRUE (truth) or FALSE
    kIn,         ///< operands[0] among the others
    kInArray,    ///< operands[0] IN UNNEST(operands[1])
    kBetween,    ///< operands[0] from operands[1] to operands[2]
    kLike,       ///< operands[0] LIKE operands[1]
    kCall,       ///< text: the function's name in capitals
    kField,      ///< operands[0].text
    kElement,    ///< operands[0][OFFSET(operands[1])]
    kExists,     ///< (SELECT ... FROM UNNEST(operands[0]) AS text [WHERE operands[1]]) has a row
    kAggregate,  ///< SELECT steps[0](operands[2]) FROM UNNEST(operands[0]) AS text WHERE operands[1]
  };
  Kind kind = Kind::kNull;
  std::string text;
  std::vector<std::string> steps;
  std::vector<ExpressionPointer> operands;  ///< Of kExists and kAggregate some may be null.
  bool truth = false;
  int64_t integer = 0;
  double real = 0;
  size_t place = 0;  ///< In the text, from 1.
};

inline constexpr size_t kMaxTextBytes = size_t{1} << 16;
inline constexpr int kMaxDepth = 100;

/// Reads literals, names (`with backticks` where they hold other signs), arithmetic, comparisons, AND, OR,
/// NOT, IS [NOT] NULL, [NOT] IN, BETWEEN and LIKE, function calls, array elements, and sub-queries over an
/// array: EXISTS (SELECT 1 FROM UNNEST(a.b) AS x WHERE x.c > 0) and (SELECT SUM(x.c) FROM ...) with COUNT,
/// SUM, MIN, MAX and AVG. At most 64 KiB, nested 100 deep. kInvalidArgument says what was expected and where.
Result<ExpressionPointer> ParseExpression(std::string_view text);

/// SELECT STRUCT(column [AS name], ...) [FROM example.column [AS name], ...] [WHERE condition]: how TFDV and
/// TFMA slice by SQL.
struct StructQuery {
  struct Column {
    std::string name;  ///< In the data.
    std::string as;    ///< In the slice's key.
  };
  std::vector<Column> columns;
  ExpressionPointer where;  ///< Null: all. Its names are columns of the data.
};
/// As ParseExpression. "example.fare" and "fare" are one column.
Result<StructQuery> ParseStructQuery(std::string_view text);

/// The column that a name of a slicing query means: "example.fare" and "fare" are one.
std::string ColumnOf(const Expression& name);

/// SQL's LIKE: % is any text, _ any one byte.
bool IsLike(std::string_view text, std::string_view pattern);

}  // namespace penstock::sql
