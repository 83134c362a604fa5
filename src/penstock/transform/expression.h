#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::transform {

/// One expression's text and where it stands in its file, for messages. Immutable.
class ExpressionSource {
 public:
  struct Position {
    int64_t line = 1;    ///< From 1.
    int64_t column = 1;  ///< From 1, in characters.
  };
  ExpressionSource() = default;
  /// `what` says what the expression defines: "feature 'miles'". `positions` has one entry for
  /// each byte of `text` and one for its end.
  ExpressionSource(std::string file_name, std::string what, std::string text,
                   std::vector<Position> positions);
  /// Text that begins at `start` and has no line break of its own.
  static ExpressionSource OnOneLine(std::string file_name, std::string what, std::string text,
                                    Position start);

  const std::string& text() const { return text_; }
  const std::string& what() const { return what_; }
  Position PositionOf(size_t offset) const;
  /// kInvalidArgument:
  ///   features.yaml:4:31: feature 'miles': <sentence>
  ///     scale_to_z_score(impute(trip_mils, 0))
  ///                             ^^^^^^^^^
  /// with [begin, end) underlined.
  Status ErrorAt(size_t begin, size_t end, std::string_view sentence) const;

 private:
  std::string file_name_;
  std::string what_;
  std::string text_;
  std::vector<Position> positions_;
};

/// A parsed expression: a tree of calls, columns and literals. Operators are calls of
/// functions named "+", "<=", "and", "not"; "-" with one argument negates.
struct Expression {
  enum class Kind : uint8_t { kColumn, kInteger, kNumber, kText, kBoolean, kCall };
  struct Argument;

  Kind kind = Kind::kInteger;
  bool is_quoted = false;           ///< A column in backticks: never a keyword such as mean.
  std::string text;                 ///< The column's or function's name, or the text literal.
  int64_t integer = 0;              ///< Of kInteger; 0 or 1 of kBoolean.
  double number = 0;                ///< Of kNumber.
  std::vector<Argument> arguments;  ///< Of kCall.
  size_t begin = 0;                 ///< Bytes [begin, end) of the source.
  size_t end = 0;
  int depth = 1;  ///< Of the tree below and with this.
};

struct Expression::Argument {
  std::string name;  ///< "" when positional.
  size_t name_begin = 0;
  Expression value;
};

/// Bounds of what is parsed: beyond them the input is refused, whoever sent it.
inline constexpr size_t kMaxExpressionBytes = 64 * 1024;
inline constexpr int kMaxExpressionDepth = 128;
inline constexpr int kMaxExpressionNodes = 4096;

/// Parses one expression (docs/guides/feature-expressions.md). Names of columns and
/// functions are not looked up. Linear in the text. Errors are kInvalidArgument with position and caret.
Result<Expression> ParseExpression(const ExpressionSource& source);

}  // namespace penstock::transform
