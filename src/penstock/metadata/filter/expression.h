#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "penstock/metadata/filter/columns.h"

namespace penstock::metadata::filter {

enum class ExpressionKind {
  kName,     ///< `text`: an attribute or a neighbour.
  kField,    ///< `text` of the only child.
  kInteger,  ///< `text`: as written.
  kFloat,    ///< `text`: as written.
  kString,   ///< `text`: the value.
  kBytes,
  kBool,  ///< `text`: "true" or "false".
  kNull,
  kParameter,  ///< `text`: "p" of @p, or empty of a question mark.
  kAnd,        ///< Two children or more.
  kOr,         ///< Two children or more.
  kNot,
  kComparison,  ///< `text`: = != < <= > >=
  kLike,        ///< Two children.
  kIn,          ///< The value, then the list.
  kBetween,     ///< Value, low, high.
  kIs,          ///< `text`: NULL, TRUE, FALSE or UNKNOWN.
  kUnary,       ///< `text`: - + ~
  kBinary,      ///< `text`: + - * / || & | ^ << >>
  kCall,        ///< `text`: the function as written.
  kCast,        ///< `text`: the type as written.
  kCase         ///< [value,] when, then, ..., [otherwise]; see the flags.
};

/// A node of a parsed filter query; the analyzer fills in types and columns.
struct Expression {
  ExpressionKind kind = ExpressionKind::kNull;
  std::string text;
  std::vector<std::unique_ptr<Expression>> children;
  size_t offset = 0;           ///< Where messages say it begins.
  size_t operator_offset = 0;  ///< Of IN, BETWEEN, a field's name and a cast's type.
  bool is_negated = false;     ///< NOT IN, NOT LIKE, NOT BETWEEN, IS NOT.
  bool has_case_value = false;
  bool has_else = false;

  // Set by the analyzer.
  ValueType type = ValueType::kNull;
  const Column* column = nullptr;  ///< Of a name.
  const Field* field = nullptr;    ///< Of a field.
};

using ExpressionPointer = std::unique_ptr<Expression>;

}  // namespace penstock::metadata::filter
