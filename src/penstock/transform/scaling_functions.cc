#include <utility>

#include "penstock/transform/function_table.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddScalingFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  const std::vector<Function> own = {
      {"scale_to_z_score",
       "scale_to_z_score(x, elementwise=false)",
       {{"x"}, Option("elementwise"), Option("output_dtype")},
       &P::PlanZScore,
       false,
       "tft.scale_to_z_score"},
      {"scale_to_0_1",
       "scale_to_0_1(x, elementwise=false)",
       {{"x"}, Option("elementwise")},
       &P::PlanMinMax,
       false,
       "tft.scale_to_0_1"},
      {"scale_by_min_max",
       "scale_by_min_max(x, output_min=0.0, output_max=1.0, elementwise=false)",
       {{"x"}, {"output_min", false}, {"output_max", false}, Option("elementwise")},
       &P::PlanMinMax,
       false,
       "tft.scale_by_min_max"},
      {"scale_to_z_score_per_key",
       "scale_to_z_score_per_key(x, key)",
       {{"x"}, {"key"}, Option("elementwise"), Option("key_vocabulary_filename"), Option("output_dtype")},
       &P::PlanPerKey,
       false,
       "tft.scale_to_z_score_per_key"},
      {"scale_to_0_1_per_key",
       "scale_to_0_1_per_key(x, key)",
       {{"x"}, {"key"}, Option("elementwise"), Option("key_vocabulary_filename")},
       &P::PlanPerKey,
       false,
       "tft.scale_to_0_1_per_key"},
      {"scale_by_min_max_per_key",
       "scale_by_min_max_per_key(x, key, output_min=0.0, output_max=1.0)",
       {{"x"},
        {"key"},
        Option("elementwise"),
        Option("key_vocabulary_filename"),
        {"output_min", false},
        {"output_max", false}},
       &P::PlanPerKey,
       false,
       "tft.scale_by_min_max_per_key"},
      {"scale_to_gaussian",
       "scale_to_gaussian(x, elementwise=false)",
       {{"x"}, Option("elementwise"), Option("output_dtype")},
       &P::PlanGaussian,
       false,
       "tft.scale_to_gaussian"},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

Result<bool> ExpressionPlanner::IsNarrowResult(const Expression* output_dtype, int32_t x) {
  if (output_dtype == nullptr) return is_tft() && builder_.node(x).is_narrow;
  PENSTOCK_ASSIGN_OR_RETURN(const std::string type, TextLiteral(output_dtype, "output_dtype", "float32"));
  if (type == "float32" || type == "float64") return is_tft() && type == "float32";
  return Error(*output_dtype, "output_dtype must be 'float32' or 'float64'");
}

Result<Value> ExpressionPlanner::MakeAnalyzed(Node node, Analysis analysis, const Expression& call) {
  analysis.input = node.inputs[0];
  if (node.inputs.size() == 2) {
    analysis.key = node.inputs[1];
    const Node& key = builder_.node(analysis.key);
    analysis.is_by_position =
        key.op == Operator::kCast && builder_.node(key.inputs[0]).op == Operator::kPosition;
  }
  node.analysis = builder_.AddAnalysis(std::move(analysis));
  return Make(std::move(node), call);
}

Result<int32_t> ExpressionPlanner::PlanPositionKey(int32_t x, const Expression& at) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value position, Make({.op = Operator::kPosition, .inputs = {x}}, at));
  return Cast(position.node, ValueType::kText, false, at);
}

Result<Value> ExpressionPlanner::PlanZScore(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_elementwise, BooleanLiteral(arguments[1], "elementwise", false));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_narrow, IsNarrowResult(arguments[2], x));
  Node node{.op = Operator::kZScore, .inputs = {x}};
  node.is_narrow = is_narrow;
  Analysis analysis{.is_narrow = is_narrow};
  if (is_elementwise && builder_.node(x).is_list) {
    node.op = Operator::kZScorePerKey;
    analysis.kind = AnalysisKind::kKeyedMoments;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanPositionKey(x, call));
    node.inputs.push_back(key);
  }
  return MakeAnalyzed(std::move(node), std::move(analysis), call);
}

Result<Value> ExpressionPlanner::PlanMinMax(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  Node node{.op = Operator::kMinMax, .inputs = {x}};
  node.is_narrow = is_tft();
  node.output_max = 1;
  if (arguments.size() == 4) {
    PENSTOCK_ASSIGN_OR_RETURN(node.number, NumberLiteral(arguments[1], "output_min", 0));
    PENSTOCK_ASSIGN_OR_RETURN(node.output_max, NumberLiteral(arguments[2], "output_max", 1));
    if (!(node.number < node.output_max)) return Error(call, "output_min must be below output_max");
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_elementwise,
                            BooleanLiteral(arguments.back(), "elementwise", false));
  Analysis analysis{.is_narrow = is_tft()};
  if (is_elementwise && builder_.node(x).is_list) {
    node.op = Operator::kMinMaxPerKey;
    analysis.kind = AnalysisKind::kKeyedMoments;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanPositionKey(x, call));
    node.inputs.push_back(key);
  }
  return MakeAnalyzed(std::move(node), std::move(analysis), call);
}

/// x, key, elementwise, key_vocabulary_filename, and then output_dtype, or output_min and output_max.
Result<Value> ExpressionPlanner::PlanPerKey(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(int32_t key, PlanAsTokens(*arguments[1], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_elementwise, BooleanLiteral(arguments[2], "elementwise", false));
  const bool is_z_score = call.text == "scale_to_z_score_per_key";
  Analysis analysis{.kind = AnalysisKind::kKeyedMoments, .is_narrow = is_tft()};
  PENSTOCK_ASSIGN_OR_RETURN(analysis.vocabulary.file_name,
                            TextLiteral(arguments[3], "key_vocabulary_filename", ""));
  if (is_elementwise && builder_.node(x).is_list) {
    // Every place of a list is a key of its own beside the given one.
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t position, PlanPositionKey(x, call));
    Node joined{.op = Operator::kJoin, .inputs = {key, position}};
    joined.second_text = '\0';
    PENSTOCK_ASSIGN_OR_RETURN(const Value both, Make(std::move(joined), call));
    key = both.node;
  }
  Node node{.op = is_z_score ? Operator::kZScorePerKey : Operator::kMinMaxPerKey, .inputs = {x, key}};
  if (is_z_score) {
    PENSTOCK_ASSIGN_OR_RETURN(analysis.is_narrow, IsNarrowResult(arguments[4], x));
  } else {
    node.output_max = 1;
  }
  if (arguments.size() == 6) {
    PENSTOCK_ASSIGN_OR_RETURN(node.number, NumberLiteral(arguments[4], "output_min", 0));
    PENSTOCK_ASSIGN_OR_RETURN(node.output_max, NumberLiteral(arguments[5], "output_max", 1));
    if (!(node.number < node.output_max)) return Error(call, "output_min must be below output_max");
  }
  node.is_narrow = analysis.is_narrow;
  return MakeAnalyzed(std::move(node), std::move(analysis), call);
}

Result<Value> ExpressionPlanner::PlanGaussian(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_elementwise, BooleanLiteral(arguments[1], "elementwise", false));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_narrow, IsNarrowResult(arguments[2], x));
  Node node{.op = Operator::kGaussian, .inputs = {x}};
  node.is_narrow = is_narrow;
  Analysis analysis{.is_narrow = is_narrow, .needs_tukey = true};
  if (is_elementwise && builder_.node(x).is_list) {
    node.op = Operator::kGaussianPerKey;
    analysis.kind = AnalysisKind::kKeyedMoments;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanPositionKey(x, call));
    node.inputs.push_back(key);
  }
  return MakeAnalyzed(std::move(node), std::move(analysis), call);
}

}  // namespace penstock::transform
