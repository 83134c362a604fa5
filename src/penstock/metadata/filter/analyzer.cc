#include "penstock/metadata/filter/analyzer.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>

#include "penstock/metadata/filter/functions.h"
#include "penstock/metadata/filter/lexer.h"

namespace penstock::metadata::filter {
namespace {

bool IsNumber(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kUint64 || type == ValueType::kDouble;
}

bool AreComparable(ValueType left, ValueType right) {
  if (left == ValueType::kNull || right == ValueType::kNull) return true;
  if (left == ValueType::kNeighbour || right == ValueType::kNeighbour) return false;
  return left == right || (IsNumber(left) && IsNumber(right));
}

class Analysis {
 public:
  Analysis(std::string_view query, NodeKind kind, const Columns& columns)
      : query_(query), kind_(kind), columns_(columns) {}

  Status Run(Expression& expression) {
    if (expression.kind == ExpressionKind::kName) return Name(expression);
    for (auto& child : expression.children) PENSTOCK_RETURN_IF_ERROR(Run(*child));
    switch (expression.kind) {
      case ExpressionKind::kField:
        return FieldOf(expression);
      case ExpressionKind::kInteger:
        return Integer(expression);
      case ExpressionKind::kParameter:
        return Parameter(expression);
      case ExpressionKind::kFloat:
        return Yield(expression, ValueType::kDouble);
      case ExpressionKind::kString:
        return Yield(expression, ValueType::kString);
      case ExpressionKind::kBytes:
        return Yield(expression, ValueType::kBytes);
      case ExpressionKind::kNull:
        return Yield(expression, ValueType::kNull);
      case ExpressionKind::kUnary:
        return Unary(expression);
      case ExpressionKind::kBinary:
        return Binary(expression);
      case ExpressionKind::kCall:
        return Call(expression);
      case ExpressionKind::kCast:
        return Cast(expression);
      case ExpressionKind::kCase:
        return Case(expression);
      default:
        PENSTOCK_RETURN_IF_ERROR(Predicate(expression));
        return Yield(expression, ValueType::kBool);
    }
  }

 private:
  static Status Yield(Expression& expression, ValueType type) {
    expression.type = type;
    return OkStatus();
  }
  Status Error(size_t offset, std::string_view message) const { return ErrorAt(query_, offset, message); }

  std::string TypeOf(const Expression& expression) const {
    if (expression.type != ValueType::kNeighbour) return std::string(TypeName(expression.type));
    return StructName(FieldsOf(expression.column->neighbour, kind_));
  }
  std::string TypesOf(const Expression& expression) const {
    std::string types;
    for (const auto& child : expression.children) types += (types.empty() ? "" : ", ") + TypeOf(*child);
    return types;
  }
  Status NoSignature(const Expression& expression, std::string_view what, std::string_view supported) const {
    return Error(expression.offset, fmt::format("No matching signature for {} for argument types: {}. {}",
                                                what, TypesOf(expression), supported));
  }
  Status RefuseNull(const Expression& expression, std::string_view symbol) const {
    for (const auto& child : expression.children) {
      if (child->kind != ExpressionKind::kNull) continue;
      return Error(child->offset, fmt::format("Operands of {} cannot be literal NULL", symbol));
    }
    return OkStatus();
  }

  Status Name(Expression& expression) {
    const auto column = columns_.find(absl::AsciiStrToLower(expression.text));
    if (column == columns_.end()) {
      return Error(expression.offset, "Unrecognized name: " + IdentifierText(expression.text));
    }
    expression.column = &column->second;
    return Yield(expression, column->second.type);
  }

  Status FieldOf(Expression& expression) {
    const Expression& base = *expression.children[0];
    const std::string name = IdentifierText(expression.text);
    if (base.type != ValueType::kNeighbour) {
      return Error(expression.operator_offset,
                   fmt::format("Cannot access field {} on a value with type {}", name, TypeOf(base)));
    }
    const std::string wanted = absl::AsciiStrToLower(expression.text);
    for (const Field& field : FieldsOf(base.column->neighbour, kind_)) {
      if (field.name != wanted) continue;
      expression.field = &field;
      return Yield(expression, field.type);
    }
    return Error(expression.operator_offset,
                 fmt::format("Field name {} does not exist in {}", name, TypeOf(base)));
  }

  Status Integer(Expression& expression) {
    std::string_view digits = expression.text;
    const bool is_negative = digits[0] == '-';
    if (is_negative) digits.remove_prefix(1);
    const bool is_hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (is_hex) digits.remove_prefix(2);
    uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
    const uint64_t limit = uint64_t{1} << 63;
    if (error != std::errc() || (is_negative && value > limit)) {
      return Error(expression.offset, "Invalid integer literal: " + expression.text);
    }
    if (!is_negative && value >= limit) {
      expression.text = std::to_string(value);
      return Yield(expression, ValueType::kUint64);
    }
    expression.text = std::to_string(static_cast<int64_t>(is_negative ? ~value + 1 : value));
    return Yield(expression, ValueType::kInt64);
  }

  Status Parameter(const Expression& expression) const {
    if (expression.text.empty()) return Error(expression.offset, "Positional parameters are not supported");
    return Error(expression.offset, fmt::format("Query parameter '{}' not found", expression.text));
  }

  Status Predicate(Expression& expression) {
    const auto& children = expression.children;
    switch (expression.kind) {
      case ExpressionKind::kBool:
        return OkStatus();
      case ExpressionKind::kAnd:
      case ExpressionKind::kOr:
        for (const auto& child : children) {
          if (child->type == ValueType::kBool || child->type == ValueType::kNull) continue;
          return NoSignature(expression, "operator " + expression.text,
                             fmt::format("Supported signature: BOOL {} ([BOOL, ...])", expression.text));
        }
        return OkStatus();
      case ExpressionKind::kNot:
        PENSTOCK_RETURN_IF_ERROR(RefuseNull(expression, "NOT"));
        if (children[0]->type == ValueType::kBool) return OkStatus();
        return NoSignature(expression, "operator NOT", "Supported signature: NOT (BOOL)");
      case ExpressionKind::kComparison:
        PENSTOCK_RETURN_IF_ERROR(RefuseNull(expression, expression.text));
        if (AreComparable(children[0]->type, children[1]->type)) return OkStatus();
        return NoSignature(
            expression, "operator " + expression.text,
            fmt::format("Supported signatures: ANY {0} ANY; INT64 {0} UINT64; UINT64 {0} INT64",
                        expression.text));
      case ExpressionKind::kLike:
        PENSTOCK_RETURN_IF_ERROR(RefuseNull(expression, "LIKE"));
        if (children[0]->type == ValueType::kString && children[1]->type == ValueType::kString)
          return OkStatus();
        return NoSignature(expression, "operator LIKE",
                           "Supported signatures: STRING LIKE STRING; BYTES LIKE BYTES");
      case ExpressionKind::kIn:
        return In(expression);
      case ExpressionKind::kBetween:
        if (AreComparable(children[0]->type, children[1]->type) &&
            AreComparable(children[0]->type, children[2]->type)) {
          return OkStatus();
        }
        return Error(
            expression.operator_offset,
            fmt::format("No matching signature for operator BETWEEN for argument types: {}. Supported "
                        "signature: (ANY) BETWEEN (ANY) AND (ANY)",
                        TypesOf(expression)));
      default:
        return Is(expression);
    }
  }

  Status In(const Expression& expression) const {
    const ValueType value = expression.children[0]->type;
    bool is_fitting = value != ValueType::kNeighbour;
    std::set<ValueType> types;
    for (size_t i = 1; i < expression.children.size(); ++i) {
      const ValueType type = expression.children[i]->type;
      types.insert(type == ValueType::kNull ? ValueType::kInt64 : type);
      is_fitting = is_fitting && AreComparable(value, type);
    }
    if (is_fitting) return OkStatus();
    std::string list;
    for (const ValueType type : types) list += fmt::format("{}{}", list.empty() ? "" : ", ", TypeName(type));
    return Error(expression.operator_offset,
                 fmt::format("No matching signature for operator IN for argument types {} and {{{}}}",
                             TypeOf(*expression.children[0]), list));
  }

  Status Is(const Expression& expression) const {
    const ValueType type = expression.children[0]->type;
    if (expression.text == "NULL" || type == ValueType::kBool || type == ValueType::kNull) {
      if (type != ValueType::kNeighbour) return OkStatus();
    }
    if (expression.text == "UNKNOWN") {
      return Error(expression.offset,
                   fmt::format("Operand of IS UNKNOWN must be coercible to BOOL, but has type {}",
                               TypeOf(*expression.children[0])));
    }
    return NoSignature(expression, "operator IS " + expression.text,
                       fmt::format("Supported signature: (BOOL) IS {}", expression.text));
  }

  Status Unary(Expression& expression) const {
    PENSTOCK_RETURN_IF_ERROR(RefuseNull(expression, expression.text));
    const ValueType type = expression.children[0]->type;
    if (expression.text == "~") {
      if (type == ValueType::kInt64) return Yield(expression, type);
      return NoSignature(expression, "operator ~",
                         "Supported signatures: ~INT32; ~INT64; ~UINT32; ~UINT64; ~BYTES");
    }
    if (type == ValueType::kInt64 || type == ValueType::kDouble) return Yield(expression, type);
    if (expression.text == "+")
      return NoSignature(expression, "operator +", "Supported signatures: +(INT64); +(DOUBLE)");
    return NoSignature(expression, "operator -",
                       "Supported signatures: -(INT32); -(INT64); -(FLOAT); -(DOUBLE)");
  }

  Status Binary(Expression& expression) const {
    const std::string& symbol = expression.text;
    PENSTOCK_RETURN_IF_ERROR(RefuseNull(expression, symbol));
    const ValueType left = expression.children[0]->type, right = expression.children[1]->type;
    if (symbol == "||") {
      if (left == ValueType::kString && right == ValueType::kString)
        return Yield(expression, ValueType::kString);
      return NoSignature(expression, "operator ||",
                         "Supported signatures: STRING || STRING; BYTES || BYTES; ARRAY || ARRAY");
    }
    // No database here has it: ML Metadata hands it on, and the query fails.
    if (symbol == "^") return Error(expression.offset, "The operator ^ is not supported");
    const bool is_arithmetic = symbol == "+" || symbol == "-" || symbol == "*" || symbol == "/";
    if (!is_arithmetic) {
      if (left == ValueType::kInt64 && right == ValueType::kInt64)
        return Yield(expression, ValueType::kInt64);
      return NoSignature(
          expression, "operator " + symbol,
          fmt::format("Supported signatures: INT32 {0} INT32; INT64 {0} INT64; UINT32 {0} UINT32; "
                      "UINT64 {0} UINT64; BYTES {0} BYTES",
                      symbol));
    }
    if (IsNumber(left) && IsNumber(right)) {
      const bool is_double = symbol == "/" || left != ValueType::kInt64 || right != ValueType::kInt64;
      return Yield(expression, is_double ? ValueType::kDouble : ValueType::kInt64);
    }
    if (symbol == "/") return NoSignature(expression, "operator /", "Supported signature: DOUBLE / DOUBLE");
    return NoSignature(
        expression, "operator " + symbol,
        fmt::format("Supported signatures: INT64 {0} INT64; UINT64 {0} UINT64; DOUBLE {0} DOUBLE", symbol));
  }

  Status Call(Expression& expression) const {
    const Function* function = FindFunction(expression.text);
    if (function == nullptr) return Error(expression.offset, "Function not found: " + expression.text);
    std::vector<ValueType> types;
    for (const auto& child : expression.children) types.push_back(child->type);
    if (const auto type = function->TypeFor(types)) return Yield(expression, *type);
    const std::string what = fmt::format("function {}", function->name);
    if (types.empty()) {
      return Error(expression.offset, fmt::format("No matching signature for {} with no arguments. {}", what,
                                                  function->supported));
    }
    return NoSignature(expression, what, function->supported);
  }

  Status Cast(Expression& expression) const {
    const std::string name = absl::AsciiStrToUpper(expression.text);
    const ValueType from = expression.children[0]->type;
    const bool is_castable = from != ValueType::kNeighbour && from != ValueType::kBytes;
    const bool is_number = name == "INT64" || name == "DOUBLE" || name == "FLOAT64";
    if (is_number && is_castable) {
      return Yield(expression, name == "INT64" ? ValueType::kInt64 : ValueType::kDouble);
    }
    if (name == "STRING" && is_castable) return Yield(expression, ValueType::kString);
    if (is_number || name == "STRING") {
      return Error(expression.children[0]->offset,
                   fmt::format("Invalid cast from {} to {}", TypeOf(*expression.children[0]), name));
    }
    return Error(expression.operator_offset, "Type not found: " + expression.text);
  }

  Status Case(Expression& expression) const {
    const auto& children = expression.children;
    const size_t first = expression.has_case_value ? 1 : 0;
    const size_t end = children.size() - (expression.has_else ? 1 : 0);
    ValueType result = ValueType::kNull;
    const auto join = [&](ValueType type) {
      const bool is_fitting = AreComparable(result, type);
      if (result == ValueType::kNull || type == ValueType::kDouble) result = type;
      return is_fitting;
    };
    bool is_fitting = true;
    for (size_t i = first; i + 1 < end + 1 && i < end; i += 2) {
      const ValueType when = children[i]->type;
      is_fitting =
          is_fitting && (expression.has_case_value ? AreComparable(children[0]->type, when)
                                                   : when == ValueType::kBool || when == ValueType::kNull);
      is_fitting = is_fitting && join(children[i + 1]->type);
    }
    if (expression.has_else) is_fitting = is_fitting && join(children.back()->type);
    if (!is_fitting) {
      return NoSignature(expression, "operator CASE",
                         expression.has_case_value
                             ? "Supported signature: CASE ANY WHEN ANY THEN ANY ELSE ANY END"
                             : "Supported signature: CASE WHEN BOOL THEN ANY ELSE ANY END");
    }
    return Yield(expression, result);
  }

  std::string_view query_;
  NodeKind kind_;
  const Columns& columns_;
};

}  // namespace

Status Analyze(std::string_view query, NodeKind kind, const Columns& columns, Expression& expression) {
  return Analysis(query, kind, columns).Run(expression);
}

}  // namespace penstock::metadata::filter
