#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/expression.h"

namespace penstock::transform {

/// A word of an expression.
struct Token {
  enum class Kind : uint8_t { kEnd, kInteger, kNumber, kText, kName, kQuotedName, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;  ///< Of names, symbols and text literals; escapes resolved.
  int64_t integer = 0;
  double number = 0;
  size_t begin = 0;  ///< Bytes [begin, end) of the source.
  size_t end = 0;

  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  bool IsName(std::string_view name) const { return kind == Kind::kName && text == name; }
};

/// All words of an expression, a kEnd last. Linear. Words of other languages (&&, =, **) are
/// refused with the word to write instead.
Result<std::vector<Token>> Tokenize(const ExpressionSource& source);

}  // namespace penstock::transform
