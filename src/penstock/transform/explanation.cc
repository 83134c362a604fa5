#include "penstock/transform/explanation.h"

#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/transform/program.h"

namespace penstock::transform {
namespace {

constexpr int kMaxDepth = 8;

std::string TextOf(const Program& program, int32_t index, int depth = 0) {
  const Node& node = program.nodes[static_cast<size_t>(index)];
  switch (node.op) {
    case Operator::kColumn:
      return node.text;
    case Operator::kLiteral:
      if (node.type == ValueType::kText) return fmt::format("'{}'", node.text);
      if (node.type == ValueType::kNumber) return fmt::format("{}", node.number);
      if (node.type == ValueType::kBoolean) return node.integer != 0 ? "true" : "false";
      return fmt::format("{}", node.integer);
    case Operator::kCast:
      // Integers become numbers without anybody's asking.
      if (node.type == ValueType::kNumber) return TextOf(program, node.inputs[0], depth);
      break;
    default:
      break;
  }
  if (depth >= kMaxDepth) return "...";
  std::vector<std::string> inputs;
  for (const int32_t input : node.inputs) inputs.push_back(TextOf(program, input, depth + 1));
  return fmt::format("{}({})", NameOf(node.op), fmt::join(inputs, ", "));
}

std::string TextOf(const Program& program, const Analysis& analysis) {
  std::string text = fmt::format("{} of {}", NameOf(analysis.kind), TextOf(program, analysis.input));
  if (analysis.num_buckets > 0) text += fmt::format(" in {} buckets", analysis.num_buckets);
  if (analysis.key >= 0) text += fmt::format(" by {}", TextOf(program, analysis.key));
  if (analysis.weight >= 0) text += fmt::format(", weighted by {}", TextOf(program, analysis.weight));
  if (analysis.label >= 0) text += fmt::format(", by what it tells of {}", TextOf(program, analysis.label));
  if (analysis.vocabulary.top_k >= 0) text += fmt::format(", the first {}", analysis.vocabulary.top_k);
  return text;
}

std::vector<std::vector<std::string>> PassesOf(const Program& program) {
  std::vector<std::vector<std::string>> passes;
  const std::vector<int> stages = StagesOf(program);
  for (size_t i = 0; i < stages.size(); ++i) {
    const auto pass = static_cast<size_t>(stages[i]);
    if (passes.size() < pass) passes.resize(pass);
    if (pass > 0) passes[pass - 1].push_back(TextOf(program, program.analyses[i]));
  }
  return passes;
}

std::string TypeText(ValueType type, bool is_list) {
  return is_list ? fmt::format("list of {}", NameOf(type)) : std::string(NameOf(type));
}

std::string FeatureText(const FeatureSchema& feature) {
  if (feature.kind == FeatureKind::kVector) return fmt::format("vector of {}", feature.width);
  std::string text = TypeText(feature.type, feature.is_list);
  if (feature.kind != FeatureKind::kCategorical) return text;
  text = feature.is_list ? "list of ids" : "id";
  return feature.num_buckets > 0 ? fmt::format("{} below {}", text, feature.num_buckets) : text;
}

}  // namespace

std::string ExplainPlan(const TransformPlan& plan) {
  const Program& program = plan.program();
  std::string text = "Columns read\n";
  for (const InputColumn& column : plan.input_columns())
    text += fmt::format("  {:<30} {}\n", column.name, TypeText(column.type, column.is_list));
  const auto passes = PassesOf(program);
  text += fmt::format("Passes over the data: {}\n", passes.size());
  for (size_t pass = 0; pass < passes.size(); ++pass) {
    text += fmt::format("  Pass {}{}\n", pass + 1, pass > 0 ? ", over what the one before answered" : "");
    for (const std::string& analysis : passes[pass]) text += fmt::format("    {}\n", analysis);
  }
  text += "Features\n";
  for (const Program::Output& output : program.features) {
    text += fmt::format("  {:<30} {:<18} {}\n", output.name, FeatureText(SchemaOf(program, output)),
                        TextOf(program, output.node));
  }
  if (!program.summaries.empty()) text += "Summaries\n";
  for (const Program::Output& output : program.summaries)
    text += fmt::format("  {:<30} {}\n", output.name, TextOf(program, output.node));
  if (program.label >= 0)
    text += fmt::format("Label ({}): {}\n", NameOf(program.task), TextOf(program, program.label));
  if (program.weight >= 0) text += fmt::format("Weight: {}\n", TextOf(program, program.weight));
  return text;
}

std::string ExplainPlanAsJson(const TransformPlan& plan) {
  using Json = nlohmann::ordered_json;
  const Program& program = plan.program();
  Json json = {{"columns", Json::array()},
               {"passes", PassesOf(program)},
               {"features", Json::array()},
               {"summaries", Json::array()}};
  for (const InputColumn& column : plan.input_columns())
    json["columns"].push_back({{"name", column.name}, {"type", TypeText(column.type, column.is_list)}});
  for (const Program::Output& output : program.features) {
    json["features"].push_back({{"name", output.name},
                                {"type", FeatureText(SchemaOf(program, output))},
                                {"expression", TextOf(program, output.node)}});
  }
  for (const Program::Output& output : program.summaries)
    json["summaries"].push_back({{"name", output.name}, {"expression", TextOf(program, output.node)}});
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace penstock::transform
