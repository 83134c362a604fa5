#include "penstock/transform/graph_codec.h"

#include "penstock/base/proto_io.h"
#include "penstock/transform.pb.h"
#include "penstock/transform/analysis_codec.h"

namespace penstock::transform {
namespace {

constexpr uint32_t kVersion = 1;

void EncodeNode(const Node& node, v1::Node& message) {
  message.set_operator_(std::string(NameOf(node.op)));
  message.set_type(std::string(NameOf(node.type)));
  for (const int32_t input : node.inputs) message.add_inputs(input);
  message.set_text(node.text);
  message.set_integer(node.integer);
  message.set_num_oov_buckets(node.num_oov_buckets);
  message.set_number(node.number);
  message.set_output_max(node.output_max);
  if (node.analysis >= 0) message.set_analysis(node.analysis);
  message.set_second_text(node.second_text);
  message.mutable_integers()->Add(node.integers.begin(), node.integers.end());
  message.mutable_numbers()->Add(node.numbers.begin(), node.numbers.end());
  message.set_is_list(node.is_list);
  message.set_is_narrow(node.is_narrow);
}

Status DecodeNode(const v1::Node& message, Node& node) {
  const std::optional<Operator> op = OperatorOf(message.operator_());
  if (!op.has_value()) return DataLoss("unknown operator '{}'", message.operator_());
  const std::optional<ValueType> type = ValueTypeOf(std::string_view(message.type()));
  if (!type.has_value()) return DataLoss("unknown type '{}'", message.type());
  node.op = *op;
  node.type = *type;
  node.inputs.assign(message.inputs().begin(), message.inputs().end());
  node.text = message.text();
  node.integer = message.integer();
  node.num_oov_buckets = message.num_oov_buckets();
  node.number = message.number();
  node.output_max = message.output_max();
  node.analysis = message.has_analysis() ? message.analysis() : -1;
  node.second_text = message.second_text();
  node.integers.assign(message.integers().begin(), message.integers().end());
  node.numbers.assign(message.numbers().begin(), message.numbers().end());
  node.is_list = message.is_list();
  node.is_narrow = message.is_narrow();
  return OkStatus();
}

Status DecodeMessage(const v1::TransformGraph& message, Program& program) {
  if (message.version() != kVersion) {
    return DataLoss("it is of format version {}; this program knows version {}", message.version(), kVersion);
  }
  program.nodes.resize(static_cast<size_t>(message.nodes_size()));
  for (int i = 0; i < message.nodes_size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(DecodeNode(message.nodes(i), program.nodes[static_cast<size_t>(i)]));
  }
  program.analyses.resize(static_cast<size_t>(message.analyses_size()));
  for (int i = 0; i < message.analyses_size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(DecodeAnalysis(message.analyses(i), program.analyses[static_cast<size_t>(i)]));
  }
  for (const v1::Output& output : message.features())
    program.features.push_back({output.name(), output.node()});
  for (const v1::Output& output : message.summaries())
    program.summaries.push_back({output.name(), output.node()});
  program.is_tft_compatible = message.is_tft_compatible();
  program.allows_any_output = message.allows_any_output();
  program.label = message.has_label() ? message.label() : -1;
  program.weight = message.has_weight() ? message.weight() : -1;
  program.query = message.has_query() ? message.query() : -1;
  program.class_names.assign(message.class_names().begin(), message.class_names().end());
  for (int i = 0; i < kNumTasks; ++i) {
    const auto task = static_cast<Task>(i);
    if (message.task() != NameOf(task)) continue;
    program.task = task;
    return CheckProgram(program, true);
  }
  return DataLoss("unknown task '{}'", message.task());
}

}  // namespace

std::string EncodeProgram(const Program& program) {
  v1::TransformGraph message;
  message.set_version(kVersion);
  for (const Node& node : program.nodes) EncodeNode(node, *message.add_nodes());
  for (const Analysis& analysis : program.analyses) EncodeAnalysis(analysis, *message.add_analyses());
  const auto encode = [](const Program::Output& output, v1::Output& stored) {
    stored.set_name(output.name);
    stored.set_node(output.node);
  };
  for (const Program::Output& feature : program.features) encode(feature, *message.add_features());
  for (const Program::Output& summary : program.summaries) encode(summary, *message.add_summaries());
  if (program.label >= 0) message.set_label(program.label);
  if (program.weight >= 0) message.set_weight(program.weight);
  if (program.query >= 0) message.set_query(program.query);
  for (const std::string& name : program.class_names) message.add_class_names(name);
  message.set_task(std::string(NameOf(program.task)));
  message.set_is_tft_compatible(program.is_tft_compatible);
  message.set_allows_any_output(program.allows_any_output);
  return SerializeDeterministically(message);
}

Result<Program> DecodeProgram(std::string_view bytes) {
  if (bytes.size() > kMaxGraphBytes)
    return DataLoss("The transform graph is larger than {} bytes", kMaxGraphBytes);
  v1::TransformGraph message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return DataLoss("The transform graph's {} bytes are damaged: they are not a TransformGraph message",
                    bytes.size());
  }
  Program program;
  const Status status = DecodeMessage(message, program);
  if (!status.ok()) return DataLoss("The transform graph is damaged: {}", status.message());
  return program;
}

}  // namespace penstock::transform
