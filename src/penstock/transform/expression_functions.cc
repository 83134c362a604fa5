#include <algorithm>
#include <utility>

#include "penstock/base/near_miss.h"
#include "penstock/transform/expression_planner.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

struct ExpressionPlanner::Parameter {
  std::string_view name;
  bool is_required = true;
  /// TFT's own name for it, where that differs.
  std::string_view alias = "";
  /// So many numbers in a row would not be understood: give it by name.
  bool is_by_name_only = false;
};

struct ExpressionPlanner::Function {
  std::string_view name;
  std::string_view signature;
  std::vector<Parameter> parameters;  ///< Of a variadic function: those it must have at least.
  Method plan;
  bool is_variadic = false;
};

const std::vector<ExpressionPlanner::Function>& ExpressionPlanner::Functions() {
  using P = ExpressionPlanner;
  static const std::vector<Function> functions = {
      {"if", "if(condition, x, y)", {{"condition"}, {"x"}, {"y"}}, &P::PlanIf},
      {"log", "log(x)", {{"x"}}, &P::PlanNumericFunction},
      {"log1p", "log1p(x)", {{"x"}}, &P::PlanNumericFunction},
      {"exp", "exp(x)", {{"x"}}, &P::PlanNumericFunction},
      {"sqrt", "sqrt(x)", {{"x"}}, &P::PlanNumericFunction},
      {"is_nan", "is_nan(x)", {{"x"}}, &P::PlanNumericFunction},
      {"floor", "floor(x)", {{"x"}}, &P::PlanRounding},
      {"ceil", "ceil(x)", {{"x"}}, &P::PlanRounding},
      {"round", "round(x)", {{"x"}}, &P::PlanRounding},
      {"abs", "abs(x)", {{"x"}}, &P::PlanAbsolute},
      {"pow", "pow(x, y)", {{"x"}, {"y"}}, &P::PlanPower},
      {"min", "min(x, y, ...)", {{"x"}, {"y"}}, &P::PlanExtreme, true},
      {"max", "max(x, y, ...)", {{"x"}, {"y"}}, &P::PlanExtreme, true},
      {"is_missing", "is_missing(x)", {{"x"}}, &P::PlanIsMissing},
      {"int", "int(x)", {{"x"}}, &P::PlanConversion},
      {"float", "float(x)", {{"x"}}, &P::PlanConversion},
      {"string", "string(x)", {{"x"}}, &P::PlanConversion},
      {"bool", "bool(x)", {{"x"}}, &P::PlanConversion},
      {"impute", "impute(x, value)", {{"x"}, {"value"}}, &P::PlanImpute},
      {"scale_to_z_score", "scale_to_z_score(x)", {{"x"}}, &P::PlanZScore},
      {"scale_to_0_1", "scale_to_0_1(x)", {{"x"}}, &P::PlanMinMax},
      {"scale_by_min_max",
       "scale_by_min_max(x, output_min=0.0, output_max=1.0)",
       {{"x"}, {"output_min", false}, {"output_max", false}},
       &P::PlanMinMax},
      {"bucketize", "bucketize(x, num_buckets)", {{"x"}, {"num_buckets"}}, &P::PlanBucketize},
      {"compute_and_apply_vocabulary",
       "compute_and_apply_vocabulary(x, top_k=.., num_oov_buckets=0, default_value=-1, "
       "frequency_threshold=..)",
       {{"x"},
        {"top_k", false, "", true},
        {"num_oov_buckets", false, "", true},
        {"default_value", false, "", true},
        {"frequency_threshold", false, "", true}},
       &P::PlanVocabulary},
      {"hash_strings",
       "hash_strings(x, hash_buckets)",
       {{"x", true, "strings"}, {"hash_buckets"}},
       &P::PlanHash},
      {"one_hot", "one_hot(x, depth)", {{"x", true, "indices"}, {"depth"}}, &P::PlanOneHot},
      {"cross", "cross(x, y, ...)", {{"x"}, {"y"}}, &P::PlanCross, true},
  };
  return functions;
}

Status ExpressionPlanner::UnknownFunction(const Expression& call) const {
  std::vector<std::string> names;
  for (const Function& function : Functions()) names.emplace_back(function.name);
  return source_.ErrorAt(
      call.begin, call.begin + call.text.size(),
      fmt::format("there is no function named '{}'{}", call.text, DidYouMean(call.text, names)));
}

std::string ExpressionPlanner::SignatureOf(std::string_view name) {
  const auto is_called = [&](const Function& function) { return function.name == name; };
  const auto function = std::find_if(Functions().begin(), Functions().end(), is_called);
  return function == Functions().end() ? "" : std::string(function->signature);
}

Result<Value> ExpressionPlanner::PlanCall(const Expression& call) {
  // The parser gives operators names that no function has.
  const char first = call.text.empty() ? ' ' : call.text[0];
  const bool is_word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' ||
                       static_cast<unsigned char>(first) >= 0x80;
  const auto is_called = [&](const Function& function) { return function.name == call.text; };
  const auto function = std::find_if(Functions().begin(), Functions().end(), is_called);
  if (function == Functions().end()) {
    const bool is_operator = !is_word || call.text == "and" || call.text == "or" || call.text == "not";
    return is_operator ? PlanOperator(call) : Result<Value>(UnknownFunction(call));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Arguments arguments, Bind(*function, call));
  return (this->*function->plan)(call, arguments);
}

Result<ExpressionPlanner::Arguments> ExpressionPlanner::Bind(const Function& function,
                                                             const Expression& call) {
  const std::vector<Parameter>& parameters = function.parameters;
  Arguments bound(parameters.size(), nullptr);
  size_t next = 0;
  for (const Expression::Argument& argument : call.arguments) {
    size_t place = next;
    if (argument.name.empty()) {
      if (place >= parameters.size() && function.is_variadic) bound.push_back(nullptr);
      if (place >= bound.size())
        return Error(argument.value, fmt::format("one argument too many for {}", function.signature));
      if (parameters.size() > place && parameters[place].is_by_name_only) {
        return Error(argument.value,
                     fmt::format("give this argument by its name, as in {}", function.signature));
      }
      ++next;
    } else {
      const auto is_named = [&](const Parameter& known) {
        return known.name == argument.name || known.alias == argument.name;
      };
      place = static_cast<size_t>(std::find_if(parameters.begin(), parameters.end(), is_named) -
                                  parameters.begin());
      const size_t name_end = argument.name_begin + argument.name.size();
      if (place == parameters.size()) {
        std::vector<std::string> names;
        for (const Parameter& parameter : parameters) names.emplace_back(parameter.name);
        return source_.ErrorAt(
            argument.name_begin, name_end,
            fmt::format("{} has no argument '{}'{}; it is called as {}", function.name, argument.name,
                        DidYouMean(argument.name, names), function.signature));
      }
      if (bound[place] != nullptr) {
        return source_.ErrorAt(argument.name_begin, name_end,
                               fmt::format("the argument '{}' is given twice", argument.name));
      }
    }
    if (bound[place] != nullptr) {
      return Error(argument.value, fmt::format("the argument '{}' is given twice", parameters[place].name));
    }
    bound[place] = &argument.value;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (bound[i] == nullptr && parameters[i].is_required) {
      return Error(call,
                   fmt::format("the argument '{}' is missing: {}", parameters[i].name, function.signature));
    }
  }
  return bound;
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
  return Make({.op = *OperatorOf(call.text), .inputs = {number}}, call);
}

Result<Value> ExpressionPlanner::PlanAbsolute(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  const ValueType type = x.type == ValueType::kInteger ? ValueType::kInteger : ValueType::kNumber;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, x, *arguments[0], call.text));
  return Make({.op = Operator::kAbsolute, .inputs = {node}}, call);
}

Result<Value> ExpressionPlanner::PlanPower(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t y, PlanAs(ValueType::kNumber, *arguments[1], call.text));
  return Make({.op = Operator::kPower, .inputs = {x, y}}, call);
}

Result<Value> ExpressionPlanner::PlanExtreme(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(Value extreme, Plan(*arguments[0]));
  for (size_t i = 1; i < arguments.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value next, Plan(*arguments[i]));
    PENSTOCK_ASSIGN_OR_RETURN(const auto nodes,
                              Unify(extreme, *arguments[i - 1], next, *arguments[i], call.text, true));
    const Operator op = call.text == "min" ? Operator::kMinimum : Operator::kMaximum;
    PENSTOCK_ASSIGN_OR_RETURN(extreme, Make({.op = op, .inputs = {nodes.first, nodes.second}}, call));
  }
  return extreme;
}

Result<Value> ExpressionPlanner::PlanIsMissing(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  const ValueType type = x.type == ValueType::kAny ? ValueType::kNumber : x.type;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, x, *arguments[0], call.text));
  return Make({.op = Operator::kIsMissing, .inputs = {node}}, call);
}

Result<Value> ExpressionPlanner::PlanConversion(const Expression& call, const Arguments& arguments) {
  const ValueType wanted = call.text == "int"     ? ValueType::kInteger
                           : call.text == "float" ? ValueType::kNumber
                           : call.text == "bool"  ? ValueType::kBoolean
                                                  : ValueType::kText;
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  const bool is_as_it_is = x.type == wanted || x.type == ValueType::kAny || x.type == ValueType::kVector;
  if (is_as_it_is) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(wanted, x, *arguments[0], call.text));
    return Value{.node = node, .type = wanted, .column = ""};
  }
  return Make({.op = Operator::kCast, .type = wanted, .inputs = {x.node}}, call);
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
    return Make(std::move(node), call);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(const Value y, Plan(filler));
  PENSTOCK_ASSIGN_OR_RETURN(const auto nodes, Unify(x, *arguments[0], y, filler, "impute", false));
  return Make({.op = Operator::kCoalesce, .inputs = {nodes.first, nodes.second}}, call);
}

Result<Value> ExpressionPlanner::PlanZScore(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  Node node{.op = Operator::kZScore, .inputs = {x}};
  node.analysis = builder_.AddAnalysis({.kind = AnalysisKind::kMoments, .input = x});
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanMinMax(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  Node node{.op = Operator::kMinMax, .inputs = {x}};
  node.output_max = 1;
  if (arguments.size() == 3) {
    PENSTOCK_ASSIGN_OR_RETURN(node.number, NumberLiteral(arguments[1], "output_min", 0));
    PENSTOCK_ASSIGN_OR_RETURN(node.output_max, NumberLiteral(arguments[2], "output_max", 1));
    if (!(node.number < node.output_max)) return Error(call, "output_min must be below output_max");
  }
  node.analysis = builder_.AddAnalysis({.kind = AnalysisKind::kMoments, .input = x});
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanBucketize(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  Analysis quantiles{.kind = AnalysisKind::kQuantiles, .input = x};
  PENSTOCK_ASSIGN_OR_RETURN(quantiles.num_buckets,
                            IntegerLiteral(arguments[1], "num_buckets", 0, 2, kMaxQuantileBuckets));
  Node node{.op = Operator::kBucketize, .inputs = {x}};
  node.analysis = builder_.AddAnalysis(std::move(quantiles));
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanVocabulary(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAsTokens(*arguments[0], call.text));
  Analysis vocabulary{.kind = AnalysisKind::kVocabulary, .input = x};
  Node node{.op = Operator::kVocabulary, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(vocabulary.top_k, IntegerLiteral(arguments[1], "top_k", -1, 1, INT64_MAX));
  PENSTOCK_ASSIGN_OR_RETURN(node.num_oov_buckets,
                            IntegerLiteral(arguments[2], "num_oov_buckets", 0, 0, kMaxOovBuckets));
  PENSTOCK_ASSIGN_OR_RETURN(node.integer,
                            IntegerLiteral(arguments[3], "default_value", -1, INT64_MIN, INT64_MAX));
  PENSTOCK_ASSIGN_OR_RETURN(vocabulary.frequency_threshold,
                            IntegerLiteral(arguments[4], "frequency_threshold", 0, 0, INT64_MAX));
  // It has no effect then, as in TFT; equal transforms shall be equal programs.
  if (node.num_oov_buckets > 0) node.integer = -1;
  node.analysis = builder_.AddAnalysis(std::move(vocabulary));
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanHash(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAsTokens(*arguments[0], call.text));
  Node node{.op = Operator::kHash, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(node.integer,
                            IntegerLiteral(arguments[1], "hash_buckets", 0, 1, kMaxHashBuckets));
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanOneHot(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kInteger, *arguments[0], call.text));
  Node node{.op = Operator::kOneHot, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(node.integer, IntegerLiteral(arguments[1], "depth", 0, 1, kMaxOneHotDepth));
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanCross(const Expression& call, const Arguments& arguments) {
  Node node{.op = Operator::kCross};
  for (const Expression* argument : arguments) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t part, PlanAsTokens(*argument, call.text));
    node.inputs.push_back(part);
  }
  return Make(std::move(node), call);
}

}  // namespace penstock::transform
