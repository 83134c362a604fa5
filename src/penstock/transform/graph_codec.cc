#include "penstock/transform/graph_codec.h"

#include "penstock/base/proto_io.h"
#include "penstock/transform.pb.h"

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
}

void EncodeResult(const Analysis& analysis, v1::Analysis& message) {
  if (const auto* moments = std::get_if<MomentsResult>(&analysis.result)) {
    message.mutable_moments()->set_num_values(moments->num_values);
    message.mutable_moments()->set_mean(moments->mean);
    message.mutable_moments()->set_variance(moments->variance);
    message.mutable_moments()->set_minimum(moments->minimum);
    message.mutable_moments()->set_maximum(moments->maximum);
  } else if (const auto* quantiles = std::get_if<QuantilesResult>(&analysis.result)) {
    v1::Quantiles& stored = *message.mutable_quantiles();
    stored.mutable_boundaries()->Add(quantiles->boundaries.begin(), quantiles->boundaries.end());
  } else if (const auto* median = std::get_if<MedianResult>(&analysis.result)) {
    v1::Median& stored = *message.mutable_median();
    if (median->median.has_value()) stored.set_value(*median->median);
  } else if (const auto* vocabulary = std::get_if<VocabularyResult>(&analysis.result)) {
    v1::Vocabulary& stored = *message.mutable_vocabulary();
    for (int64_t id = 0; id < (*vocabulary)->size(); ++id)
      stored.add_tokens(std::string((*vocabulary)->token(id)));
  }
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
  return OkStatus();
}

void DecodeResult(const v1::Analysis& message, Analysis& analysis) {
  switch (message.result_case()) {
    case v1::Analysis::kMoments: {
      const v1::Moments& stored = message.moments();
      analysis.result = MomentsResult{.num_values = stored.num_values(),
                                      .mean = stored.mean(),
                                      .variance = stored.variance(),
                                      .minimum = stored.minimum(),
                                      .maximum = stored.maximum()};
      break;
    }
    case v1::Analysis::kQuantiles: {
      const auto& boundaries = message.quantiles().boundaries();
      analysis.result = QuantilesResult{{boundaries.begin(), boundaries.end()}};
      break;
    }
    case v1::Analysis::kMedian: {
      const v1::Median& stored = message.median();
      analysis.result =
          MedianResult{stored.has_value() ? std::optional<double>(stored.value()) : std::nullopt};
      break;
    }
    case v1::Analysis::kVocabulary: {
      const auto& tokens = message.vocabulary().tokens();
      analysis.result =
          std::make_shared<const Vocabulary>(std::vector<std::string>(tokens.begin(), tokens.end()));
      break;
    }
    case v1::Analysis::RESULT_NOT_SET:
      break;
  }
}

Status DecodeAnalysis(const v1::Analysis& message, Analysis& analysis) {
  for (const AnalysisKind kind :
       {AnalysisKind::kMoments, AnalysisKind::kQuantiles, AnalysisKind::kMedian, AnalysisKind::kVocabulary}) {
    if (message.kind() != NameOf(kind)) continue;
    analysis.kind = kind;
    analysis.input = message.input();
    analysis.num_buckets = message.num_buckets();
    analysis.top_k = message.top_k();
    analysis.frequency_threshold = message.frequency_threshold();
    DecodeResult(message, analysis);
    return OkStatus();
  }
  return DataLoss("unknown analysis '{}'", message.kind());
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
  program.label = message.has_label() ? message.label() : -1;
  program.weight = message.has_weight() ? message.weight() : -1;
  for (const Task task : {Task::kNone, Task::kBinaryClassification, Task::kRegression}) {
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
  for (const Analysis& analysis : program.analyses) {
    v1::Analysis& stored = *message.add_analyses();
    stored.set_kind(std::string(NameOf(analysis.kind)));
    stored.set_input(analysis.input);
    stored.set_num_buckets(analysis.num_buckets);
    stored.set_top_k(analysis.top_k);
    stored.set_frequency_threshold(analysis.frequency_threshold);
    EncodeResult(analysis, stored);
  }
  for (const Program::Output& feature : program.features) {
    v1::Output& stored = *message.add_features();
    stored.set_name(feature.name);
    stored.set_node(feature.node);
  }
  if (program.label >= 0) message.set_label(program.label);
  if (program.weight >= 0) message.set_weight(program.weight);
  message.set_task(std::string(NameOf(program.task)));
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
