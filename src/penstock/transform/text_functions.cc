#include <utility>

#include <re2/re2.h>

#include "penstock/transform/function_table.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddTextFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  const Parameter x = {"x", true, "input"};
  const std::vector<Function> own = {
      {"lower",
       "lower(x, encoding='')",
       {x, {"encoding", false}},
       &P::PlanTextFunction,
       false,
       "tf.strings.lower"},
      {"upper",
       "upper(x, encoding='')",
       {x, {"encoding", false}},
       &P::PlanTextFunction,
       false,
       "tf.strings.upper"},
      {"strip", "strip(x)", {x}, &P::PlanTextFunction, false, "tf.strings.strip"},
      {"length",
       "length(x, unit='BYTE')",
       {x, {"unit", false}},
       &P::PlanTextFunction,
       false,
       "tf.strings.length"},
      {"to_number",
       "to_number(x, out_type='float32')",
       {x, {"out_type", false}},
       &P::PlanToNumber,
       false,
       "tf.strings.to_number"},
      {"substr",
       "substr(x, pos, len, unit='BYTE')",
       {x, {"pos"}, {"len"}, {"unit", false}},
       &P::PlanSubstring,
       false,
       "tf.strings.substr"},
      {"regex_replace",
       "regex_replace(x, pattern, rewrite, replace_global=true)",
       {x, {"pattern"}, {"rewrite"}, {"replace_global", false}},
       &P::PlanRegex,
       false,
       "tf.strings.regex_replace"},
      {"regex_full_match",
       "regex_full_match(x, pattern)",
       {x, {"pattern"}},
       &P::PlanRegex,
       false,
       "tf.strings.regex_full_match"},
      {"as_string",
       "as_string(x, precision=-1, scientific=false, shortest=false, width=-1, fill='')",
       {x,
        {"precision", false},
        {"scientific", false},
        {"shortest", false},
        {"width", false},
        {"fill", false}},
       &P::PlanFormat,
       false,
       "tf.strings.as_string"},
      {"join",
       "join([x, y, ...], separator='')",
       {{"inputs"}, Option("separator")},
       &P::PlanJoin,
       false,
       "tf.strings.join"},
      {"reduce_join",
       "reduce_join(x, separator='')",
       {{"x", true, "inputs"}, Option("separator")},
       &P::PlanJoin,
       false,
       "tf.strings.reduce_join"},
      {"split",
       "split(x, sep='', maxsplit=-1)",
       {x, {"sep", false}, {"maxsplit", false}},
       &P::PlanSplit,
       false,
       "tf.strings.split"},
      {"split_any",
       "split_any(x, delimiter=' ', skip_empty=true)",
       {{"x", true, "source"}, {"delimiter", false}, {"skip_empty", false}},
       &P::PlanSplit,
       false,
       "tf.compat.v1.string_split"},
      {"bytes_split", "bytes_split(x)", {x}, &P::PlanSplit, false, "tf.strings.bytes_split"},
      {"characters", "characters(x)", {x}, &P::PlanSplit, false, "tf.strings.unicode_split"},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

Result<Value> ExpressionPlanner::PlanTextFunction(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
  if (call.text == "strip") return Make({.op = Operator::kStrip, .inputs = {x}}, call);
  const bool is_length = call.text == "length";
  PENSTOCK_ASSIGN_OR_RETURN(const size_t choice,
                            is_length ? ChoiceLiteral(arguments[1], "unit", {"BYTE", "UTF8_CHAR"})
                                      : ChoiceLiteral(arguments[1], "encoding", {"", "utf-8"}));
  Node node{.op = is_length              ? Operator::kTextLength
                  : call.text == "lower" ? Operator::kLower
                                         : Operator::kUpper,
            .inputs = {x}};
  node.integers = {static_cast<int64_t>(choice)};
  node.is_narrow = is_tft() && is_length;
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanToNumber(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(
      const size_t type, ChoiceLiteral(arguments[1], "out_type", {"float32", "float64", "int32", "int64"}));
  const bool is_narrow = is_tft() && (type == 0 || type == 2);
  Node node{.op = type >= 2 && is_tft() ? Operator::kParseInteger : Operator::kParseNumber, .inputs = {x}};
  node.is_narrow = is_narrow;
  // The bytes of an integer type.
  node.integer = type == 3 ? 8 : type == 2 ? 4 : 0;
  PENSTOCK_ASSIGN_OR_RETURN(const Value number, Make(std::move(node), call));
  if (type < 2 || is_tft()) return number;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t whole, Cast(number.node, ValueType::kInteger, is_narrow, call));
  return ValueOf(whole);
}

Result<Value> ExpressionPlanner::PlanSubstring(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t position,
                            IntegerLiteral(arguments[1], "pos", 0, INT64_MIN + 1, INT64_MAX));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t length,
                            IntegerLiteral(arguments[2], "len", 0, is_tft() ? INT64_MIN : 0, INT64_MAX));
  PENSTOCK_ASSIGN_OR_RETURN(const size_t unit, ChoiceLiteral(arguments[3], "unit", {"BYTE", "UTF8_CHAR"}));
  Node node{.op = Operator::kSubstring, .inputs = {x}};
  // In TensorFlow a length below 0 is all of the rest.
  node.integers = {position, length < 0 ? INT64_MAX : length, static_cast<int64_t>(unit)};
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanRegex(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
  Node node{.op = Operator::kRegexMatch, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(node.text, TextLiteral(arguments[1], "pattern", ""));
  if (call.text == "regex_replace") {
    node.op = Operator::kRegexReplace;
    PENSTOCK_ASSIGN_OR_RETURN(node.second_text, TextLiteral(arguments[2], "rewrite", ""));
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_global, BooleanLiteral(arguments[3], "replace_global", true));
    node.integer = is_global ? 1 : 0;
    // TensorFlow leaves the text alone where the rewrite asks for more than the pattern has.
    const RE2 pattern(node.text, RE2::Quiet);
    std::string error;
    if (is_tft() && pattern.ok() && !pattern.CheckRewriteString(node.second_text, &error)) return ValueOf(x);
  }
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanFormat(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t input, As(x.type == ValueType::kAny ? ValueType::kText : x.type, x,
                                                    *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t precision, IntegerLiteral(arguments[1], "precision", -1, -1, 1000));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_scientific, BooleanLiteral(arguments[2], "scientific", false));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_shortest, BooleanLiteral(arguments[3], "shortest", false));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t width, IntegerLiteral(arguments[4], "width", -1, -1, 100));
  Node node{.op = Operator::kFormat, .inputs = {input}};
  PENSTOCK_ASSIGN_OR_RETURN(node.second_text, TextLiteral(arguments[5], "fill", ""));
  if (node.second_text.size() > 1 ||
      std::string_view("0-+ ").find(node.second_text) == std::string_view::npos)
    return Error(*arguments[5], "fill must be '0', '-', '+' or ' '");
  if (is_scientific && is_shortest) return Error(call, "a number is either scientific or shortest");
  node.text = is_scientific ? "e" : is_shortest ? "g" : "f";
  node.integers = {width, precision};
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanJoin(const Expression& call, const Arguments& arguments) {
  Node node{.op = call.text == "join" ? Operator::kJoin : Operator::kListJoin};
  PENSTOCK_ASSIGN_OR_RETURN(node.second_text, TextLiteral(arguments[1], "separator", ""));
  if (node.op == Operator::kListJoin) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
    node.inputs = {x};
    return Make(std::move(node), call);
  }
  if (!IsListLiteral(*arguments[0]) || arguments[0]->arguments.empty())
    return Error(*arguments[0],
                 "join takes a list of texts, such as join([first_name, last_name], separator=' ')");
  for (const Expression::Argument& part : arguments[0]->arguments) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, part.value, call.text));
    node.inputs.push_back(x);
  }
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanSplit(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
  Node node{.op = Operator::kSplit, .inputs = {x}};
  node.integers = {call.text == "bytes_split" ? 3 : 4, -1};
  if (call.text == "split") {
    PENSTOCK_ASSIGN_OR_RETURN(node.text, TextLiteral(arguments[1], "sep", ""));
    PENSTOCK_ASSIGN_OR_RETURN(node.integers[1], IntegerLiteral(arguments[2], "maxsplit", -1, -1, INT64_MAX));
    node.integers[0] = node.text.empty() ? 1 : 0;
    if (is_tft() && node.text.empty() && node.integers[1] > 0) node.integers[0] = 5;
  } else if (call.text == "split_any") {
    PENSTOCK_ASSIGN_OR_RETURN(node.text, TextLiteral(arguments[1], "delimiter", " "));
    PENSTOCK_ASSIGN_OR_RETURN(const bool skips_empty, BooleanLiteral(arguments[2], "skip_empty", true));
    // Without a delimiter each byte stands alone, as in TensorFlow.
    node.integers[0] = node.text.empty() ? 3 : skips_empty ? 2 : 6;
  }
  return Make(std::move(node), call);
}

}  // namespace penstock::transform
