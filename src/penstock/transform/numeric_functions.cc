#include <array>
#include <limits>
#include <utility>

#include "penstock/transform/function_table.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddNumericFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  const std::vector<Function> own = {
      {"if", "if(condition, x, y)", {{"condition"}, {"x"}, {"y"}}, &P::PlanIf, false, "tf.where"},
      {"log", "log(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.log"},
      {"log1p", "log1p(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.log1p"},
      {"exp", "exp(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.exp"},
      {"expm1", "expm1(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.expm1"},
      {"sqrt", "sqrt(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.sqrt"},
      {"sigmoid", "sigmoid(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.sigmoid"},
      {"tanh", "tanh(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.tanh"},
      {"sin", "sin(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.sin"},
      {"cos", "cos(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.cos"},
      {"tan", "tan(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.tan"},
      {"erf", "erf(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.erf"},
      {"sign", "sign(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.sign"},
      {"is_nan", "is_nan(x)", {{"x"}}, &P::PlanNumericFunction, false, "tf.math.is_nan"},
      {"is_inf", "is_inf(x)", {{"x"}}, &P::PlanFiniteness, false, "tf.math.is_inf"},
      {"is_finite", "is_finite(x)", {{"x"}}, &P::PlanFiniteness, false, "tf.math.is_finite"},
      {"floor", "floor(x)", {{"x"}}, &P::PlanRounding, false, "tf.math.floor"},
      {"ceil", "ceil(x)", {{"x"}}, &P::PlanRounding, false, "tf.math.ceil"},
      {"round", "round(x)", {{"x"}}, &P::PlanRounding, false, "tf.math.round"},
      {"abs", "abs(x)", {{"x"}}, &P::PlanAbsolute, false, "tf.math.abs"},
      {"pow", "pow(x, y)", {{"x"}, {"y"}}, &P::PlanTwoNumbers, false, "tf.math.pow"},
      {"floor_divide", "floor_divide(x, y)", {{"x"}, {"y"}}, &P::PlanTwoNumbers, false, "tf.math.floordiv"},
      {"min", "min(x, y, ...)", {{"x"}}, &P::PlanExtreme, true, "tft.min, tf.math.minimum"},
      {"max", "max(x, y, ...)", {{"x"}}, &P::PlanExtreme, true, "tft.max, tf.math.maximum"},
      {"clip",
       "clip(x, least, most)",
       {{"x", true, "t"}, {"least", true, "clip_value_min"}, {"most", true, "clip_value_max"}},
       &P::PlanClip,
       false,
       "tf.clip_by_value"},
      {"is_missing", "is_missing(x)", {{"x"}}, &P::PlanIsMissing},
      {"int", "int(x)", {{"x"}}, &P::PlanConversion, false, "tf.cast to int64"},
      {"int32", "int32(x)", {{"x"}}, &P::PlanConversion, false, "tf.cast to int32"},
      {"float", "float(x)", {{"x"}}, &P::PlanConversion, false, "tf.cast to float64"},
      {"float32", "float32(x)", {{"x"}}, &P::PlanConversion, false, "tf.cast to float32"},
      {"string", "string(x)", {{"x"}}, &P::PlanConversion},
      {"bool", "bool(x)", {{"x"}}, &P::PlanConversion, false, "tf.cast to bool"},
      {"impute", "impute(x, value)", {{"x"}, {"value"}}, &P::PlanImpute},
      {"year", "year(seconds)", {{"seconds"}}, &P::PlanTime},
      {"month", "month(seconds)", {{"seconds"}}, &P::PlanTime},
      {"day", "day(seconds)", {{"seconds"}}, &P::PlanTime},
      {"hour", "hour(seconds)", {{"seconds"}}, &P::PlanTime},
      {"minute", "minute(seconds)", {{"seconds"}}, &P::PlanTime},
      {"second", "second(seconds)", {{"seconds"}}, &P::PlanTime},
      {"day_of_week", "day_of_week(seconds)", {{"seconds"}}, &P::PlanTime},
      {"day_of_year", "day_of_year(seconds)", {{"seconds"}}, &P::PlanTime},
      {"parse_time", "parse_time(x, format='%Y-%m-%d')", {{"x"}, {"format"}}, &P::PlanTime},
      {"format_time", "format_time(seconds, format='%Y-%m-%d')", {{"seconds"}, {"format"}}, &P::PlanTime},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

Result<Value> ExpressionPlanner::PlanIf(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t condition,
                            PlanAs(ValueType::kBoolean, *arguments[0], "the condition of if"));
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[1]));
  PENSTOCK_ASSIGN_OR_RETURN(const Value y, Plan(*arguments[2]));
  PENSTOCK_ASSIGN_OR_RETURN(const auto nodes, Unify(x, *arguments[1], y, *arguments[2], "if", false));
  return Make({.op = Operator::kIf, .inputs = {condition, nodes.first, nodes.second}}, call);
}

Result<Value> ExpressionPlanner::PlanNumericFunction(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  // These have the same name in the stored form.
  return Make({.op = *OperatorOf(call.text), .inputs = {x}}, call);
}

Result<Value> ExpressionPlanner::PlanRounding(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  if (x.type == ValueType::kInteger) return x;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t number, As(ValueType::kNumber, x, *arguments[0], call.text));
  // TensorFlow's give floats, which can be infinite.
  const std::string name = is_tft() ? call.text + "_number" : call.text;
  return Make({.op = *OperatorOf(name), .inputs = {number}}, call);
}

Result<Value> ExpressionPlanner::PlanAbsolute(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  const ValueType type = x.type == ValueType::kInteger ? ValueType::kInteger : ValueType::kNumber;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, x, *arguments[0], call.text));
  return Make({.op = Operator::kAbsolute, .inputs = {node}}, call);
}

Result<Value> ExpressionPlanner::PlanTwoNumbers(const Expression& call, const Arguments& arguments) {
  if (call.text == "pow") {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t y, PlanAs(ValueType::kNumber, *arguments[1], call.text));
    return Make({.op = Operator::kPower, .inputs = {x, y}}, call);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(const Value y, Plan(*arguments[1]));
  PENSTOCK_ASSIGN_OR_RETURN(const auto nodes, Unify(x, *arguments[0], y, *arguments[1], call.text, true));
  Node node{.op = Operator::kFloorDivide, .inputs = {nodes.first, nodes.second}};
  node.integer = FailsAtZero(nodes.first);
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanExtreme(const Expression& call, const Arguments& arguments) {
  // Of one: over all examples, as tft.min.
  if (arguments.size() == 1) return PlanStatistic(call, {arguments[0], nullptr});
  PENSTOCK_ASSIGN_OR_RETURN(Value extreme, Plan(*arguments[0]));
  const Operator op = call.text == "min" ? Operator::kMinimum : Operator::kMaximum;
  for (size_t i = 1; i < arguments.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value next, Plan(*arguments[i]));
    PENSTOCK_ASSIGN_OR_RETURN(const auto nodes,
                              Unify(extreme, *arguments[i - 1], next, *arguments[i], call.text, true));
    PENSTOCK_ASSIGN_OR_RETURN(extreme, Make({.op = op, .inputs = {nodes.first, nodes.second}}, call));
  }
  return extreme;
}

Result<Value> ExpressionPlanner::PlanClip(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(Value value, Plan(*arguments[0]));
  for (const size_t bound : {size_t{2}, size_t{1}}) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value limit, Plan(*arguments[bound]));
    PENSTOCK_ASSIGN_OR_RETURN(const auto nodes,
                              Unify(value, *arguments[0], limit, *arguments[bound], call.text, true));
    const Operator op = bound == 1 ? Operator::kMaximum : Operator::kMinimum;
    PENSTOCK_ASSIGN_OR_RETURN(value, Make({.op = op, .inputs = {nodes.first, nodes.second}}, call));
  }
  return value;
}

Result<Value> ExpressionPlanner::PlanFiniteness(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const Value size, Make({.op = Operator::kAbsolute, .inputs = {x}}, call));
  Node literal{.op = Operator::kLiteral, .type = ValueType::kNumber};
  literal.number = std::numeric_limits<double>::infinity();
  PENSTOCK_ASSIGN_OR_RETURN(const Value infinity, Make(std::move(literal), call));
  const Operator op = call.text == "is_inf" ? Operator::kEqual : Operator::kLess;
  return Make({.op = op, .inputs = {size.node, infinity.node}}, call);
}

Result<Value> ExpressionPlanner::PlanIsMissing(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  const ValueType type = x.type == ValueType::kAny ? ValueType::kNumber : x.type;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, x, *arguments[0], call.text));
  return Make({.op = Operator::kIsMissing, .inputs = {node}}, call);
}

Result<Value> ExpressionPlanner::PlanConversion(const Expression& call, const Arguments& arguments) {
  const bool is_narrow = call.text == "int32" || call.text == "float32";
  const ValueType wanted = call.text == "int" || call.text == "int32"       ? ValueType::kInteger
                           : call.text == "float" || call.text == "float32" ? ValueType::kNumber
                           : call.text == "bool"                            ? ValueType::kBoolean
                                                                            : ValueType::kText;
  PENSTOCK_ASSIGN_OR_RETURN(Value x, Plan(*arguments[0]));
  if (x.type == ValueType::kVector && is_tft()) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t values, As(ValueType::kNumber, x, *arguments[0], call.text));
    x = ValueOf(values);
  }
  if (x.type == ValueType::kAny || x.type == ValueType::kVector) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(wanted, x, *arguments[0], call.text));
    return ValueOf(node);
  }
  if (x.type == ValueType::kNumber && wanted == ValueType::kBoolean && is_tft()) {
    // What is not 0, NaN too.
    PENSTOCK_ASSIGN_OR_RETURN(const Value zero,
                              Make({.op = Operator::kLiteral, .type = ValueType::kNumber}, call));
    return Make({.op = Operator::kNotEqual, .inputs = {x.node, zero.node}}, call);
  }
  if (x.type == wanted && builder_.node(x.node).is_narrow == is_narrow) return x;
  // Without widths there is but one of each type.
  if (x.type == wanted && !is_tft() && !is_narrow) return x;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t cast, Cast(x.node, wanted, is_narrow, call));
  return ValueOf(cast);
}

Result<Value> ExpressionPlanner::PlanImpute(const Expression& call, const Arguments& arguments) {
  const Expression& filler = *arguments[1];
  const bool is_word = filler.kind == Expression::Kind::kColumn && !filler.is_quoted;
  if (is_word && (filler.text == "mean" || filler.text == "median")) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0],
                                                      fmt::format("impute(.., {})", filler.text)));
    const bool is_mean = filler.text == "mean";
    const int32_t analysis =
        builder_.AddAnalysis({.kind = is_mean ? AnalysisKind::kMoments : AnalysisKind::kMedian, .input = x});
    Node node{.op = is_mean ? Operator::kImputeMean : Operator::kImputeMedian, .inputs = {x}};
    node.analysis = analysis;
    node.is_narrow = builder_.node(x).is_narrow;
    return Make(std::move(node), call);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(const Value y, Plan(filler));
  PENSTOCK_ASSIGN_OR_RETURN(const auto nodes, Unify(x, *arguments[0], y, filler, "impute", false));
  return Make({.op = Operator::kCoalesce, .inputs = {nodes.first, nodes.second}}, call);
}

Result<Value> ExpressionPlanner::PlanTime(const Expression& call, const Arguments& arguments) {
  if (call.text == "parse_time" || call.text == "format_time") {
    const bool is_parsing = call.text == "parse_time";
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(is_parsing ? ValueType::kText : ValueType::kInteger,
                                                      *arguments[0], call.text));
    Node node{.op = is_parsing ? Operator::kParseTime : Operator::kFormatTime, .inputs = {x}};
    PENSTOCK_ASSIGN_OR_RETURN(node.text, TextLiteral(arguments[1], "format", ""));
    return Make(std::move(node), call);
  }
  constexpr std::array<std::string_view, kNumTimeParts> kParts = {
      "year", "month", "day", "hour", "minute", "second", "day_of_week", "day_of_year"};
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kInteger, *arguments[0], call.text));
  Node node{.op = Operator::kTimePart, .inputs = {x}};
  while (kParts[static_cast<size_t>(node.integer)] != call.text) ++node.integer;
  return Make(std::move(node), call);
}

}  // namespace penstock::transform
