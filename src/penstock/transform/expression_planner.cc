#include "penstock/transform/expression_planner.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::transform {
namespace {

using Value = ExpressionPlanner::Value;

bool IsNumeric(ValueType type) { return type == ValueType::kInteger || type == ValueType::kNumber; }

/// "'fare' is a number", or "this is a number" for more than a column.
std::string Describe(const Expression& at, ValueType type) {
  const std::string_view article = type == ValueType::kInteger                           ? "an "
                                   : type == ValueType::kText || type == ValueType::kAny ? ""
                                                                                         : "a ";
  const std::string subject = at.kind == Expression::Kind::kColumn ? fmt::format("'{}'", at.text) : "this";
  return fmt::format("{} is {}{}", subject, article, NameOf(type));
}

constexpr std::array<std::pair<std::string_view, Operator>, 10> kBinaryOperators = {
    {{"+", Operator::kAdd},
     {"-", Operator::kSubtract},
     {"*", Operator::kMultiply},
     {"/", Operator::kDivide},
     {"%", Operator::kModulo},
     {"<", Operator::kLess},
     {"<=", Operator::kLessEqual},
     {"==", Operator::kEqual},
     {"!=", Operator::kNotEqual},
     {"and", Operator::kAnd}}};

}  // namespace

Status ExpressionPlanner::Error(const Expression& at, std::string_view sentence) const {
  return source_.ErrorAt(at.begin, at.end, sentence);
}

Status ExpressionPlanner::TypeError(const Expression& at, ValueType is, std::string_view wanted,
                                    std::string_view hint) const {
  return Error(at, fmt::format("{}, but {}{}{}", wanted, Describe(at, is), hint.empty() ? "" : "; ", hint));
}

Result<Value> ExpressionPlanner::Make(Node node, const Expression& at) {
  Result<int32_t> added = builder_.Add(std::move(node));
  if (!added.ok())
    return Error(at, std::string_view(added.status().message().data(), added.status().message().size()));
  return Value{.node = *added, .type = builder_.node(*added).type, .column = ""};
}

Result<Value> ExpressionPlanner::Plan(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kColumn:
      return PlanColumn(expression);
    case Expression::Kind::kCall:
      return PlanCall(expression);
    default:
      return PlanLiteral(expression);
  }
}

Result<Value> ExpressionPlanner::PlanLiteral(const Expression& expression) {
  Node literal{.op = Operator::kLiteral};
  switch (expression.kind) {
    case Expression::Kind::kInteger:
      literal.type = ValueType::kInteger;
      break;
    case Expression::Kind::kNumber:
      literal.type = ValueType::kNumber;
      break;
    case Expression::Kind::kText:
      literal.type = ValueType::kText;
      break;
    default:
      literal.type = ValueType::kBoolean;
      break;
  }
  literal.integer = expression.integer;
  literal.number = expression.number;
  literal.text = expression.text;
  return Make(std::move(literal), expression);
}

Result<Value> ExpressionPlanner::PlanColumn(const Expression& expression) {
  Result<ValueType> type = builder_.TypeOfColumn(expression.text);
  if (!type.ok()) {
    const std::string signature = SignatureOf(expression.text);
    if (!builder_.HasColumn(expression.text) && !signature.empty() && !expression.is_quoted) {
      return Error(expression,
                   fmt::format("'{}' is a function; it is called as {}", expression.text, signature));
    }
    return Error(expression,
                 std::string_view(type.status().message().data(), type.status().message().size()));
  }
  if (*type == ValueType::kAny) return Value{.node = -1, .type = ValueType::kAny, .column = expression.text};
  Node column{.op = Operator::kColumn, .type = *type, .inputs = {}, .text = expression.text};
  column.is_list = builder_.IsListColumn(expression.text);
  return Make(std::move(column), expression);
}

Result<int32_t> ExpressionPlanner::As(ValueType wanted, const Value& value, const Expression& at,
                                      std::string_view who) {
  if (value.type == wanted) return value.node;
  if (value.type == ValueType::kAny) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const Value column,
        Make({.op = Operator::kColumn, .type = wanted, .inputs = {}, .text = value.column}, at));
    return column.node;
  }
  if (value.type == ValueType::kInteger && wanted == ValueType::kNumber) {
    const Node& node = builder_.node(value.node);
    Node number{.op = Operator::kCast, .type = wanted, .inputs = {value.node}};
    number.is_narrow = is_tft();
    if (node.op == Operator::kLiteral) {
      number = {.op = Operator::kLiteral, .type = wanted};
      number.number = static_cast<double>(node.integer);
    }
    PENSTOCK_ASSIGN_OR_RETURN(const Value cast, Make(std::move(number), at));
    return cast.node;
  }
  if (value.type == ValueType::kVector && wanted == ValueType::kNumber && is_tft()) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value values,
                              Make({.op = Operator::kVectorValues, .inputs = {value.node}}, at));
    return values.node;
  }
  std::string_view hint;
  if (value.type == ValueType::kVector)
    hint = "a one_hot can only be a feature as it is";
  else if (wanted == ValueType::kBoolean)
    hint = "make a comparison of it, such as x > 0";
  else if (wanted == ValueType::kNumber && value.type == ValueType::kBoolean)
    hint = "use int(..) to count true as 1";
  else if (wanted == ValueType::kNumber)
    hint = "use float(..) where the text holds numbers";
  else if (wanted == ValueType::kInteger && value.type == ValueType::kNumber)
    hint = "use floor(..) or int(..)";
  else if (wanted == ValueType::kInteger)
    hint = "use int(..) where it holds integers";
  const std::string_view article = wanted == ValueType::kInteger ? "an "
                                   : wanted == ValueType::kText  ? ""
                                                                 : "a ";
  return TypeError(at, value.type, fmt::format("{} takes {}{}", who, article, NameOf(wanted)), hint);
}

Result<int32_t> ExpressionPlanner::PlanAs(ValueType wanted, const Expression& expression,
                                          std::string_view who) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, Plan(expression));
  return As(wanted, value, expression, who);
}

Result<int32_t> ExpressionPlanner::Cast(int32_t node, ValueType type, bool is_narrow, const Expression& at) {
  Node cast{.op = Operator::kCast, .type = type, .inputs = {node}};
  cast.is_narrow = is_narrow;
  const bool is_truncated = type == ValueType::kInteger && builder_.node(node).type == ValueType::kNumber;
  if (is_tft() && is_truncated) cast.integer = kCastAsTensorFlow;
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, Make(std::move(cast), at));
  return value.node;
}

Result<int32_t> ExpressionPlanner::PlanAsTokens(const Expression& expression, std::string_view who) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, Plan(expression));
  return AsTokens(value, expression, who);
}

Result<int32_t> ExpressionPlanner::AsTokens(const Value& value, const Expression& at, std::string_view who) {
  if (value.type == ValueType::kInteger || value.type == ValueType::kBoolean)
    return Cast(value.node, ValueType::kText, false, at);
  if (value.type == ValueType::kNumber) {
    return TypeError(at, value.type, fmt::format("{} takes text or integers", who),
                     "use bucketize(..), floor(..) or string(..)");
  }
  return As(ValueType::kText, value, at, who);
}

Result<std::vector<int32_t>> ExpressionPlanner::UnifyAll(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(Value first, Plan(*arguments[0]));
  std::vector<Value> values = {first};
  for (size_t i = 1; i < arguments.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value next, Plan(*arguments[i]));
    PENSTOCK_ASSIGN_OR_RETURN(const auto nodes,
                              Unify(first, *arguments[0], next, *arguments[i], call.text, false));
    first = ValueOf(nodes.first);
    values.push_back(next);
  }
  const ValueType type = first.type == ValueType::kAny ? ValueType::kNumber : first.type;
  std::vector<int32_t> nodes;
  for (size_t i = 0; i < values.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, values[i], *arguments[i], call.text));
    nodes.push_back(node);
  }
  return nodes;
}

Result<std::pair<int32_t, int32_t>> ExpressionPlanner::Unify(const Value& left, const Expression& left_at,
                                                             const Value& right, const Expression& right_at,
                                                             std::string_view doing, bool is_numeric_only) {
  for (const auto& [value, at] : {std::pair(&left, &left_at), std::pair(&right, &right_at)}) {
    if (value->type != ValueType::kVector || !is_tft()) continue;
    // In TensorFlow a vector is as many numbers as any other list.
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t values, As(ValueType::kNumber, *value, *at, doing));
    return value == &left ? Unify(ValueOf(values), left_at, right, right_at, doing, is_numeric_only)
                          : Unify(left, left_at, ValueOf(values), right_at, doing, is_numeric_only);
  }
  ValueType type = left.type == ValueType::kAny ? right.type : left.type;
  if (IsNumeric(left.type) && IsNumeric(right.type) && left.type != right.type) type = ValueType::kNumber;
  if (type == ValueType::kAny) type = ValueType::kNumber;
  const bool is_allowed = IsNumeric(type) || (!is_numeric_only && type != ValueType::kVector);
  const bool fits = [&] {
    for (const ValueType given : {left.type, right.type}) {
      if (given != type && given != ValueType::kAny && !(IsNumeric(given) && IsNumeric(type))) return false;
    }
    return true;
  }();
  if (!is_allowed || !fits) {
    const bool left_is_wrong = left.type == ValueType::kVector ||
                               (is_numeric_only && !IsNumeric(left.type) && left.type != ValueType::kAny);
    const Expression& at = left_is_wrong ? left_at : right_at;
    return TypeError(
        at, left_is_wrong ? left.type : right.type,
        is_numeric_only || left_is_wrong
            ? fmt::format("{} takes numbers", doing)
            : fmt::format("{} takes two values of one type, and the first is {}", doing, NameOf(left.type)),
        "");
  }
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t first, As(type, left, left_at, doing));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t second, As(type, right, right_at, doing));
  return std::make_pair(first, second);
}

Result<Value> ExpressionPlanner::PlanBinary(Operator op, const Expression& call, const Expression& left,
                                            const Expression& right) {
  const std::string who = fmt::format("'{}'", call.text);
  if (op == Operator::kAnd || op == Operator::kOr || op == Operator::kDivide) {
    const ValueType type = op == Operator::kDivide ? ValueType::kNumber : ValueType::kBoolean;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t first, PlanAs(type, left, who));
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t second, PlanAs(type, right, who));
    return Make({.op = op, .inputs = {first, second}}, call);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Value first, Plan(left));
  PENSTOCK_ASSIGN_OR_RETURN(const Value second, Plan(right));
  const bool is_comparison = op == Operator::kLess || op == Operator::kLessEqual || op == Operator::kEqual ||
                             op == Operator::kNotEqual;
  PENSTOCK_ASSIGN_OR_RETURN(const auto nodes, Unify(first, left, second, right, who, !is_comparison));
  Node node{.op = op, .inputs = {nodes.first, nodes.second}};
  if (op == Operator::kModulo) node.integer = FailsAtZero(nodes.first);
  return Make(std::move(node), call);
}

int64_t ExpressionPlanner::FailsAtZero(int32_t dividend) const {
  return is_tft() && builder_.node(dividend).type == ValueType::kInteger ? kFailsAtZero : 0;
}

Result<Value> ExpressionPlanner::PlanOperator(const Expression& call) {
  if (call.text == "[")
    return Error(call, "a list in brackets can only be an argument, such as reserved_tokens=['a', 'b']");
  const Expression& left = call.arguments[0].value;
  if (call.text == "not") {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t operand, PlanAs(ValueType::kBoolean, left, "'not'"));
    return Make({.op = Operator::kNot, .inputs = {operand}}, call);
  }
  if (call.arguments.size() == 1) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value operand, Plan(left));
    const ValueType type = operand.type == ValueType::kInteger ? ValueType::kInteger : ValueType::kNumber;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, operand, left, "'-'"));
    return Make({.op = Operator::kNegate, .inputs = {node}}, call);
  }
  const Expression& right = call.arguments[1].value;
  if (call.text == "or") return PlanBinary(Operator::kOr, call, left, right);
  // a > b is b < a: one operator less to compute, with the same answer for NaN and missing values.
  if (call.text == ">") return PlanBinary(Operator::kLess, call, right, left);
  if (call.text == ">=") return PlanBinary(Operator::kLessEqual, call, right, left);
  for (const auto& [word, op] : kBinaryOperators) {
    if (word == call.text) return PlanBinary(op, call, left, right);
  }
  return Error(call, fmt::format("there is no operator '{}'", call.text));
}

}  // namespace penstock::transform
