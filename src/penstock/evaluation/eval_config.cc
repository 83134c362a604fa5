#include "penstock/evaluation/eval_config.h"

#include <algorithm>
#include <set>

#include <google/protobuf/util/json_util.h>
#include <yaml-cpp/yaml.h>
#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/proto_io.h"
#include "penstock/base/utf8.h"
#include "penstock/base/yaml_fault.h"

namespace penstock::evaluation {
namespace {

using nlohmann::json;

constexpr size_t kMaxText = size_t{1} << 20;
constexpr int kMaxDepth = 100;

json ScalarToJson(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // In quotes.
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  const json number = json::parse(text, nullptr, false);
  return number.is_number() ? number : json(text);
}

// Texts go into messages and JSON, which are UTF-8.
Status CheckText(std::string_view text, const YAML::Node& node) {
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) return InvalidArgument("the text in line {} is not UTF-8", node.Mark().line + 1);
    text.remove_prefix(length);
  }
  return OkStatus();
}

Result<json> NodeToJson(const YAML::Node& node, int depth) {
  if (depth > kMaxDepth) return InvalidArgument("more than {} levels", kMaxDepth);
  if (node.IsNull()) return json(nullptr);
  if (node.IsScalar()) {
    PENSTOCK_RETURN_IF_ERROR(CheckText(node.Scalar(), node));
    return ScalarToJson(node);
  }
  if (node.IsSequence()) {
    json list = json::array();
    for (const YAML::Node& each : node) {
      PENSTOCK_ASSIGN_OR_RETURN(json value, NodeToJson(each, depth + 1));
      list.push_back(std::move(value));
    }
    return list;
  }
  json map = json::object();
  for (const auto& entry : node) {
    if (!entry.first.IsScalar())
      return InvalidArgument("a key in line {} is no text", entry.first.Mark().line + 1);
    const std::string key = entry.first.Scalar();
    PENSTOCK_RETURN_IF_ERROR(CheckText(key, entry.first));
    if (map.contains(key)) return InvalidArgument("'{}' stands twice in one map", key);
    PENSTOCK_ASSIGN_OR_RETURN(json value, NodeToJson(entry.second, depth + 1));
    map[key] = std::move(value);
  }
  return map;
}

bool EndsWithOneOf(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

// The nearest field for names that the proto does not have.
std::string NearestField(const std::string& message) {
  const auto begin = message.find(": Cannot find field");
  if (begin == std::string::npos) return "";
  const std::string path = message.substr(0, begin);
  const auto dot = path.find_last_of(".: \"");
  const std::string word = dot == std::string::npos ? path : path.substr(dot + 1);
  std::vector<std::string> names;
  for (const auto* descriptor :
       {tfma::EvalConfig::descriptor(), tfma::ModelSpec::descriptor(), tfma::MetricsSpec::descriptor(),
        tfma::MetricConfig::descriptor(), tfma::Options::descriptor(), tfma::SlicingSpec::descriptor()})
    for (int i = 0; i < descriptor->field_count(); ++i) names.push_back(descriptor->field(i)->name());
  return DidYouMean(word, names);
}

Result<tfma::EvalConfig> FromProtoJson(const json& object, const std::string& name) {
  tfma::EvalConfig config;
  const auto status = google::protobuf::util::JsonStringToMessage(object.dump(), &config);
  if (!status.ok()) {
    const std::string message(status.message().data(), status.message().size());
    return InvalidArgument("{} is not an EvalConfig: {}{}", name, message, NearestField(message));
  }
  return config;
}

}  // namespace

Result<json> YamlToJson(const std::string& text, const std::string& name) {
  if (text.size() > kMaxText) return InvalidArgument("{} is larger than {} bytes", name, kMaxText);
  try {
    auto converted = NodeToJson(YAML::Load(text), 0);
    if (!converted.ok()) return Annotate(converted.status(), name);
    return converted;
  } catch (const YAML::Exception& error) {
    return InvalidArgument(
        "{}", DescribeYamlFault(name, text, error.mark.is_null() ? -1 : error.mark.line, error.mark.column,
                                fmt::format("not YAML: {}", error.msg)));
  }
}

Result<tfma::EvalConfig> ParseEvalConfig(const std::string& text, const std::string& name) {
  if (EndsWithOneOf(name, {".pbtxt", ".textproto", ".txt"})) {
    tfma::EvalConfig config;
    PENSTOCK_RETURN_IF_ERROR(ParseTextProto(text, name, config));
    return config;
  }
  json object;
  if (name.ends_with(".json")) {
    if (text.size() > kMaxText) return InvalidArgument("{} is larger than {} bytes", name, kMaxText);
    object = json::parse(text, nullptr, false);
    if (object.is_discarded()) return InvalidArgument("{} is not JSON", name);
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(object, YamlToJson(text, name));
  }
  if (object.is_null()) object = json::object();
  if (!object.is_object()) return InvalidArgument("{} must be a map", name);
  // TFMA's own eval_config.json wraps the configuration.
  if (object.contains("eval_config")) object = object["eval_config"];
  if (object.contains("evalConfig")) object = object["evalConfig"];
  if (!IsShortForm(object)) return FromProtoJson(object, name);
  const std::string task = object.value("task", json("")).is_string() ? object.value("task", "") : "";
  auto config = ShortToEvalConfig(object, task);
  if (!config.ok()) return Annotate(config.status(), name);
  return config;
}

Result<tfma::EvalConfig> ReadEvalConfig(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(path));
  return ParseEvalConfig(text, path);
}

Status CheckEvalConfig(const tfma::EvalConfig& config) {
  std::set<std::string> names;
  int num_baselines = 0;
  for (const tfma::ModelSpec& spec : config.model_specs()) {
    if (!spec.label_key().empty() && !spec.label_keys().empty())
      return InvalidArgument("model_specs '{}': give label_key or label_keys, not both", spec.name());
    if (!spec.prediction_key().empty() && !spec.prediction_keys().empty())
      return InvalidArgument("model_specs '{}': give prediction_key or prediction_keys, not both",
                             spec.name());
    if (!spec.example_weight_key().empty() && !spec.example_weight_keys().empty()) {
      return InvalidArgument("model_specs '{}': give example_weight_key or example_weight_keys, not both",
                             spec.name());
    }
    if (!names.insert(spec.name()).second)
      return InvalidArgument("Two model_specs are named '{}'", spec.name());
    num_baselines += spec.is_baseline() ? 1 : 0;
  }
  if (num_baselines > 1) return InvalidArgument("Only one of model_specs can be the baseline");
  if (config.model_specs_size() > 1 && names.contains(""))
    return InvalidArgument("Each of several model_specs needs a name");
  for (const tfma::MetricsSpec& spec : config.metrics_specs()) {
    for (const auto& metric : spec.metrics())
      for (const auto& threshold : metric.per_slice_thresholds())
        if (threshold.slicing_specs().empty())
          return InvalidArgument("per_slice_thresholds of {} need slicing_specs", metric.class_name());
    for (const auto& [metric, thresholds] : spec.per_slice_thresholds())
      for (const auto& threshold : thresholds.thresholds())
        if (threshold.slicing_specs().empty())
          return InvalidArgument("per_slice_thresholds of {} need slicing_specs", metric);
  }
  return OkStatus();
}

namespace {

// Calls `visit` with each threshold of the configuration.
template <class Config, class Visit>
void VisitThresholds(Config& config, const Visit& visit) {
  for (auto& spec : config) {
    for (auto& metric : *spec.mutable_metrics()) {
      if (metric.has_threshold()) visit(*metric.mutable_threshold());
      for (auto& each : *metric.mutable_per_slice_thresholds()) visit(*each.mutable_threshold());
      for (auto& each : *metric.mutable_cross_slice_thresholds()) visit(*each.mutable_threshold());
    }
    for (auto& [name, threshold] : *spec.mutable_thresholds()) visit(threshold);
    for (auto& [name, thresholds] : *spec.mutable_per_slice_thresholds())
      for (auto& each : *thresholds.mutable_thresholds()) visit(*each.mutable_threshold());
    for (auto& [name, thresholds] : *spec.mutable_cross_slice_thresholds())
      for (auto& each : *thresholds.mutable_thresholds()) visit(*each.mutable_threshold());
  }
}

}  // namespace

bool HasChangeThreshold(const tfma::EvalConfig& config) {
  tfma::EvalConfig copy = config;
  bool has = false;
  VisitThresholds(*copy.mutable_metrics_specs(), [&](tfma::MetricThreshold& threshold) {
    has = has || (threshold.has_change_threshold() && threshold.change_threshold().ByteSizeLong() > 0);
  });
  return has;
}

Result<tfma::EvalConfig> CompleteEvalConfig(const tfma::EvalConfig& given, bool has_baseline_model,
                                            bool is_first_run) {
  tfma::EvalConfig config = given;
  if (config.model_specs().empty()) config.add_model_specs();
  auto& models = *config.mutable_model_specs();
  if (has_baseline_model && models.size() == 1 && !models[0].is_baseline()) {
    if (models[0].name().empty()) models[0].set_name("candidate");
    tfma::ModelSpec& baseline = *config.add_model_specs();
    baseline = config.model_specs(0);
    baseline.set_name("baseline");
    baseline.set_is_baseline(true);
  }
  const bool has_baseline = std::any_of(config.model_specs().begin(), config.model_specs().end(),
                                        [](const tfma::ModelSpec& spec) { return spec.is_baseline(); });
  if (!has_baseline && HasChangeThreshold(config)) {
    if (!is_first_run) {
      return InvalidArgument(
          "There are change thresholds, but the baseline is missing: give --baseline, or a model spec with "
          "is_baseline and a prediction_key");
    }
    VisitThresholds(*config.mutable_metrics_specs(),
                    [](tfma::MetricThreshold& threshold) { threshold.clear_change_threshold(); });
  }
  PENSTOCK_RETURN_IF_ERROR(CheckEvalConfig(config));
  if (config.options().compute_confidence_intervals().value() &&
      config.options().confidence_intervals().method() ==
          tfma::ConfidenceIntervalOptions::UNKNOWN_CONFIDENCE_INTERVAL_METHOD) {
    config.mutable_options()->mutable_confidence_intervals()->set_method(
        tfma::ConfidenceIntervalOptions::JACKKNIFE);
  }
  // The name of a single model says nothing.
  if (config.model_specs_size() == 1) config.mutable_model_specs(0)->clear_name();
  for (tfma::MetricsSpec& spec : *config.mutable_metrics_specs()) {
    if (config.model_specs_size() == 1) spec.clear_model_names();
    if (!spec.model_names().empty()) continue;
    for (const tfma::ModelSpec& model : config.model_specs()) spec.add_model_names(model.name());
  }
  return config;
}

}  // namespace penstock::evaluation
