#include <algorithm>
#include <utility>

#include "penstock/transform/function_table.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddListFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  const std::vector<Function> own = {
      {"ngrams",
       "ngrams(tokens, ngram_range=[1, 2], separator=' ')",
       {{"tokens"}, {"ngram_range"}, {"separator", false}},
       &P::PlanNgrams,
       false,
       "tft.ngrams"},
      {"bag_of_words",
       "bag_of_words(tokens, ngram_range=[1, 2], separator=' ')",
       {{"tokens"}, {"ngram_range"}, {"separator", false}},
       &P::PlanNgrams,
       false,
       "tft.bag_of_words"},
      {"word_count",
       "word_count(tokens)",
       {{"x", true, "tokens"}},
       &P::PlanListFunction,
       false,
       "tft.word_count"},
      {"deduplicate",
       "deduplicate(x)",
       {{"x", true, "input_tensor"}},
       &P::PlanListFunction,
       false,
       "tft.deduplicate_tensor_per_row"},
      {"position", "position(x)", {{"x"}}, &P::PlanListFunction},
      {"segment_indices",
       "segment_indices(x)",
       {{"x", true, "segment_ids"}},
       &P::PlanListFunction,
       false,
       "tft.segment_indices, within a batch"},
      {"left_align",
       "left_align(x)",
       {{"x", true, "sparse_tensor"}},
       &P::PlanListFunction,
       false,
       "tft.sparse_tensor_left_align"},
      {"drop_first", "drop_first(x)", {{"x"}}, &P::PlanListFunction},
      {"pad",
       "pad(x, size, default_value=0)",
       {{"x"}, {"size"}, {"default_value", false}},
       &P::PlanPad,
       false,
       "tft.sparse_tensor_to_dense_with_shape"},
      {"concat", "concat(x, y, ...)", {{"x"}, {"y"}}, &P::PlanListOfAll, true, "tf.concat of lists"},
      {"list", "list(x, ...)", {{"x"}}, &P::PlanListOfAll, true, "tf.stack, tf.expand_dims"},
      {"element", "element(x, index)", {{"x"}, {"index"}}, &P::PlanElement, false, "tf.gather"},
      {"list_size", "list_size(x)", {{"x"}}, &P::PlanListFunction},
      {"list_sum", "list_sum(x)", {{"x"}}, &P::PlanListFunction, false, "tf.reduce_sum"},
      {"list_mean", "list_mean(x)", {{"x"}}, &P::PlanListFunction, false, "tf.reduce_mean"},
      {"list_minimum", "list_minimum(x)", {{"x"}}, &P::PlanListFunction, false, "tf.reduce_min"},
      {"list_maximum", "list_maximum(x)", {{"x"}}, &P::PlanListFunction, false, "tf.reduce_max"},
      {"list_product", "list_product(x)", {{"x"}}, &P::PlanListFunction, false, "tf.reduce_prod"},
      {"list_argmax", "list_argmax(x)", {{"x"}}, &P::PlanListFunction, false, "tf.argmax"},
      {"list_argmin", "list_argmin(x)", {{"x"}}, &P::PlanListFunction, false, "tf.argmin"},
      {"only", "only(x)", {{"x"}}, &P::PlanListFunction, false, "tf.squeeze"},
      {"matmul",
       "matmul(x, pca(..))",
       {{"x", true, "a"}, {"y", true, "b"}},
       &P::PlanMatrixMultiply,
       false,
       "tf.matmul"},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

Result<Value> ExpressionPlanner::PlanNgrams(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kText, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> range, NumbersLiteral(arguments[1], "ngram_range"));
  const bool is_range = range.size() == 2 && range[0] >= 1 && range[1] >= range[0] && range[1] <= kMaxNgram;
  if (!is_range) return Error(*arguments[1], "ngram_range must be [least, most], at least 1 and at most 100");
  Node node{.op = Operator::kNgrams, .inputs = {x}};
  node.integers = {static_cast<int64_t>(range[0]), static_cast<int64_t>(range[1])};
  PENSTOCK_ASSIGN_OR_RETURN(node.second_text, TextLiteral(arguments[2], "separator", " "));
  PENSTOCK_ASSIGN_OR_RETURN(const Value ngrams, Make(std::move(node), call));
  if (call.text == "ngrams") return ngrams;
  return Make({.op = Operator::kDeduplicate, .inputs = {ngrams.node}}, call);
}

Result<Value> ExpressionPlanner::PlanListFunction(const Expression& call, const Arguments& arguments) {
  const std::string name = call.text == "word_count"        ? "list_size"
                           : call.text == "segment_indices" ? "segment"
                                                            : call.text;
  const Operator op = *OperatorOf(name);
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  ValueType type = x.type == ValueType::kAny ? ValueType::kNumber : x.type;
  const bool is_of_numbers = op == Operator::kListSum || op == Operator::kListMean ||
                             op == Operator::kListMinimum || op == Operator::kListMaximum ||
                             op == Operator::kListArgmax || op == Operator::kListArgmin;
  const bool is_product = op == Operator::kListProduct && type != ValueType::kInteger;
  if (is_of_numbers || is_product || type == ValueType::kVector) type = ValueType::kNumber;
  if (op == Operator::kSegment) type = ValueType::kInteger;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, As(type, x, *arguments[0], call.text));
  if (call.text == "word_count" && !builder_.node(node).is_list)
    return Error(*arguments[0], "word_count takes a list of words, as split(..) makes them");
  PENSTOCK_ASSIGN_OR_RETURN(const Value result, Make({.op = op, .inputs = {node}}, call));
  const bool is_whole = x.type == ValueType::kInteger && is_of_numbers && result.type == ValueType::kNumber;
  if (!is_whole || op == Operator::kListMean) return result;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t whole, Cast(result.node, ValueType::kInteger, false, call));
  return ValueOf(whole);
}

Result<Value> ExpressionPlanner::PlanListOfAll(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<int32_t> nodes, UnifyAll(call, arguments));
  if (call.text == "list") return Make({.op = Operator::kStack, .inputs = std::move(nodes)}, call);
  Value all = ValueOf(nodes[0]);
  for (size_t i = 1; i < nodes.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(all,
                              Make({.op = Operator::kConcatenate, .inputs = {all.node, nodes[i]}}, call));
  }
  return all;
}

Result<Value> ExpressionPlanner::PlanPad(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value x, Plan(*arguments[0]));
  Node node{.op = Operator::kPad};
  PENSTOCK_ASSIGN_OR_RETURN(node.integer, IntegerLiteral(arguments[1], "size", 0, 0, kMaxPaddedSize));
  Expression zero;
  zero.kind = x.type == ValueType::kText ? Expression::Kind::kText : Expression::Kind::kInteger;
  zero.begin = call.begin;
  zero.end = call.end;
  const Expression& filler = arguments[2] == nullptr ? zero : *arguments[2];
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, Plan(filler));
  PENSTOCK_ASSIGN_OR_RETURN(const auto nodes, Unify(x, *arguments[0], value, filler, call.text, false));
  node.inputs = {nodes.first, nodes.second};
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanElement(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t index, PlanAs(ValueType::kInteger, *arguments[1], call.text));
  return Make({.op = Operator::kElement, .inputs = {x, index}}, call);
}

Result<Value> ExpressionPlanner::PlanMatrixMultiply(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t y, PlanAs(ValueType::kNumber, *arguments[1], call.text));
  return Make({.op = Operator::kMatrixMultiply, .inputs = {x, y}}, call);
}

}  // namespace penstock::transform
