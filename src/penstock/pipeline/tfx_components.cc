#include "penstock/pipeline/tfx_components.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

namespace penstock::pipeline {
namespace {

using google::protobuf::Struct;
using ml_pipelines::ComponentSpec;
using ml_pipelines::PipelineTaskSpec;
using ml_pipelines::TaskInputsSpec;
using nlohmann::json;

/// A parameter of a TFX task: the constant it is, or where it comes from.
struct Source {
  json constant;  ///< Null: not a constant.
  const TaskInputsSpec::InputParameterSpec* elsewhere = nullptr;
};
using Sources = std::map<std::string, Source>;

/// What becomes of one: the native component's parameters, by name.
struct NativeParameters {
  std::map<std::string, json> constants;
  std::map<std::string, const TaskInputsSpec::InputParameterSpec*>
      texts;  ///< Text from elsewhere, handed on.
};
/// `arguments`: of the container's command, where Beam's options stand.
using Translate = bool (*)(const Sources&, const json& arguments, NativeParameters&);

Source ReadSource(const TaskInputsSpec::InputParameterSpec& spec) {
  Source source;
  using Value = ml_pipelines::ValueOrRuntimeParameter;
  const Value& value = spec.runtime_value();
  if (spec.kind_case() != TaskInputsSpec::InputParameterSpec::kRuntimeValue ||
      value.value_case() == Value::kRuntimeParameter) {
    source.elsewhere = &spec;
    return source;
  }
  if (value.value_case() == Value::kConstant) {
    const auto& constant = value.constant();
    if (constant.has_string_value()) source.constant = constant.string_value();
    if (constant.has_bool_value()) source.constant = constant.bool_value();
    if (constant.has_number_value()) source.constant = constant.number_value();
    return source;
  }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const ml_pipelines::Value& old = value.constant_value();
#pragma GCC diagnostic pop
  if (old.value_case() == ml_pipelines::Value::kIntValue) source.constant = old.int_value();
  if (old.value_case() == ml_pipelines::Value::kDoubleValue) source.constant = old.double_value();
  if (old.value_case() == ml_pipelines::Value::kStringValue) source.constant = old.string_value();
  return source;
}

/// JSON that TFX hands on as text. Nothing where there is no such parameter; discarded where it is not that.
json JsonOf(const Sources& sources, const std::string& name) {
  const auto found = sources.find(name);
  if (found == sources.end()) return nullptr;
  if (!found->second.constant.is_string()) return json(json::value_t::discarded);
  return json::parse(found->second.constant.get_ref<const std::string&>(), nullptr, false);
}

bool IsNothing(const Sources& sources, const std::string& name) {
  const auto found = sources.find(name);
  if (found == sources.end()) return true;
  const json& value = found->second.constant;
  return value.is_string() && (value == "" || value == "null" || value == "{}");
}

bool KnowsOnly(const Sources& sources, std::initializer_list<std::string_view> names) {
  for (const auto& [name, source] : sources)
    if (std::find(names.begin(), names.end(), name) == names.end()) return false;
  return true;
}

bool TakeText(const Sources& sources, const std::string& from, const std::string& to,
              NativeParameters& native) {
  const auto found = sources.find(from);
  if (found == sources.end()) return false;
  if (found->second.elsewhere != nullptr) {
    native.texts[to] = found->second.elsewhere;
    return true;
  }
  native.constants[to] = found->second.constant;
  return found->second.constant.is_string();
}

bool TakeExcludedSplits(const Sources& sources, NativeParameters& native) {
  const json splits = JsonOf(sources, "exclude_splits");
  if (splits.is_discarded()) return false;
  if (splits.is_array() && !splits.empty()) native.constants["exclude_splits"] = splits;
  return splits.is_array() || splits.is_null();
}

bool TranslateStatisticsGen(const Sources& sources, const json&, NativeParameters& native) {
  return KnowsOnly(sources, {"exclude_splits", "stats_options_json", "sharded_stats_output"}) &&
         IsNothing(sources, "stats_options_json") && TakeExcludedSplits(sources, native);
}

bool TranslateSchemaGen(const Sources& sources, const json&, NativeParameters& native) {
  if (!KnowsOnly(sources, {"exclude_splits", "infer_feature_shape"})) return false;
  if (const auto shape = sources.find("infer_feature_shape"); shape != sources.end()) {
    const json& value = shape->second.constant;
    if (!value.is_number() && !value.is_boolean()) return false;
    native.constants["infer_feature_shape"] =
        value.is_boolean() ? value.get<bool>() : value.get<double>() != 0;
  }
  return TakeExcludedSplits(sources, native);
}

bool TranslateImportSchemaGen(const Sources& sources, const json&, NativeParameters& native) {
  return KnowsOnly(sources, {"schema_file"}) && TakeText(sources, "schema_file", "schema_file", native);
}

bool TranslateExampleValidator(const Sources& sources, const json&, NativeParameters& native) {
  return KnowsOnly(sources, {"exclude_splits", "custom_validation_config"}) &&
         IsNothing(sources, "custom_validation_config") && TakeExcludedSplits(sources, native);
}

bool TranslatePusher(const Sources& sources, const json&, NativeParameters& native) {
  if (!KnowsOnly(sources, {"push_destination", "custom_config"}) || !IsNothing(sources, "custom_config"))
    return false;
  const json destination = JsonOf(sources, "push_destination");
  if (!destination.is_object() || !destination.contains("filesystem")) return false;
  const json& filesystem = destination["filesystem"];
  for (const char* name : {"base_directory", "baseDirectory"})
    if (filesystem.is_object() && filesystem.contains(name))
      native.constants["destination"] = filesystem[name];
  return native.constants.contains("destination");
}

bool TranslateInputConfig(const json& config, NativeParameters& native) {
  if (config.is_null()) return true;
  if (!config.is_object() || !config.contains("splits") || !config["splits"].is_array())
    return config == json::object();
  json splits = json::array();
  for (const json& split : config["splits"]) {
    if (!split.is_object() || !split.contains("pattern")) return false;
    splits.push_back({{"name", split.value("name", "")}, {"pattern", split["pattern"]}});
  }
  const bool is_everything = splits.size() == 1 && splits[0]["pattern"] == "*";
  if (!is_everything) native.constants["input_splits"] = std::move(splits);
  return true;
}

bool TranslateOutputConfig(const json& config, NativeParameters& native) {
  if (config.is_null() || config == json::object()) return true;
  if (!config.is_object()) return false;
  for (const char* section : {"split_config", "splitConfig"}) {
    if (!config.contains(section)) continue;
    const json& split_config = config[section];
    json shares = json::object();
    for (const json& split : split_config.value("splits", json::array()))
      for (const char* name : {"hash_buckets", "hashBuckets"})
        if (split.contains(name)) shares[split.value("name", "")] = split[name];
    if (!shares.empty()) native.constants["splits"] = std::move(shares);
    for (const char* name : {"partition_feature_name", "partitionFeatureName"})
      if (split_config.contains(name)) native.constants["partition_feature_name"] = split_config[name];
  }
  return true;
}

/// PayloadFormat and FileFormat as TFX has them unless it is told otherwise.
bool WritesTfExamples(const Sources& sources) {
  constexpr int kTfExample = 6, kGzippedTfRecords = 5;
  const auto is_left_at = [&](const std::string& name, int usual) {
    const auto format = sources.find(name);
    return format == sources.end() || format->second.constant == usual;
  };
  return is_left_at("output_data_format", kTfExample) && is_left_at("output_file_format", kGzippedTfRecords);
}

/// What all ExampleGens have: parts of the input, output splits, spans.
bool TranslateExampleGen(const Sources& sources, NativeParameters& native) {
  if (!IsNothing(sources, "custom_config") || !WritesTfExamples(sources)) return false;
  const json range = JsonOf(sources, "range_config");
  if (range.is_discarded()) return false;
  if (range.is_object() && !range.empty()) native.constants["range"] = range;
  const json input = JsonOf(sources, "input_config"), output = JsonOf(sources, "output_config");
  if (input.is_discarded() || output.is_discarded()) return false;
  // What TFX's other components and their Python code read.
  native.constants["payload_format"] = "tfrecord_gzip";
  return TranslateInputConfig(input, native) && TranslateOutputConfig(output, native);
}

/// CSV, TFRecord, Avro and Parquet: the files say which.
bool TranslateFileExampleGen(const Sources& sources, const json&, NativeParameters& native) {
  return KnowsOnly(sources, {"input_base", "input_config", "output_config", "output_data_format",
                             "output_file_format", "custom_config", "range_config"}) &&
         TakeText(sources, "input_base", "input", native) && TranslateExampleGen(sources, native);
}

/// The value of Beam's option --`name`, or "".
std::string BeamOption(const json& arguments, const std::string& name) {
  const std::string option = "--" + name;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].is_string()) continue;
    const auto& text = arguments[i].get_ref<const std::string&>();
    if (text.starts_with(option + "=")) return text.substr(option.size() + 1);
    if (text == option && i + 1 < arguments.size() && arguments[i + 1].is_string())
      return arguments[i + 1].get<std::string>();
  }
  return "";
}

/// A query where TFX has the pattern of its one split, one query a split where there are several. Beam's
/// project is the one that asks.
bool TranslateBigQueryExampleGen(const Sources& sources, const json& arguments, NativeParameters& native) {
  const std::string project = BeamOption(arguments, "project");
  if (project.empty() ||
      !KnowsOnly(sources, {"input_config", "output_config", "output_data_format", "output_file_format",
                           "custom_config", "range_config"}) ||
      !TranslateExampleGen(sources, native) || !native.constants.contains("input_splits"))
    return false;
  native.constants["connection"] = "bigquery:" + project;
  json& splits = native.constants["input_splits"];
  if (splits.size() == 1) {
    native.constants["query"] = splits[0]["pattern"];
    native.constants.erase("input_splits");
  }
  return true;
}

bool TranslateExampleDiff(const Sources& sources, const json&, NativeParameters& native) {
  const json config = JsonOf(sources, "example_diff_config"), pairs = JsonOf(sources, "include_split_pairs");
  if (!KnowsOnly(sources, {"example_diff_config", "include_split_pairs"}) || !config.is_object() ||
      pairs.is_discarded())
    return false;
  native.constants["config"] = config;
  if (pairs.is_array() && !pairs.empty()) native.constants["include_split_pairs"] = pairs;
  return true;
}

struct Equivalent {
  std::string_view class_path;
  const char* component;
  Translate translate;
};
constexpr std::array<Equivalent, 11> kEquivalents = {
    {{"tfx.components.example_gen.csv_example_gen.executor.Executor", "ExampleGen", TranslateFileExampleGen},
     {"tfx.components.example_gen.import_example_gen.executor.Executor", "ExampleGen",
      TranslateFileExampleGen},
     {"tfx.components.example_gen.custom_executors.avro_executor.Executor", "ExampleGen",
      TranslateFileExampleGen},
     {"tfx.components.example_gen.custom_executors.parquet_executor.Executor", "ExampleGen",
      TranslateFileExampleGen},
     {"tfx.extensions.google_cloud_big_query.example_gen.executor.Executor", "ExampleGen",
      TranslateBigQueryExampleGen},
     {"tfx.components.example_diff.executor.Executor", "ExampleDiff", TranslateExampleDiff},
     {"tfx.components.statistics_gen.executor.Executor", "StatisticsGen", TranslateStatisticsGen},
     {"tfx.components.schema_gen.executor.Executor", "SchemaGen", TranslateSchemaGen},
     {"tfx.components.schema_gen.import_schema_executor.ImportSchemaExecutor", "ImportSchemaGen",
      TranslateImportSchemaGen},
     {"tfx.components.example_validator.executor.Executor", "ExampleValidator", TranslateExampleValidator},
     {"tfx.components.pusher.executor.Executor", "Pusher", TranslatePusher}}};

/// The arguments of a container's command, in the deployment's JSON; an empty list where there is none.
json ArgumentsOf(const json& deployment, const std::string& label) {
  const auto executors = deployment.find("executors");
  if (executors == deployment.end() || !executors->contains(label)) return json::array();
  const json& executor = (*executors)[label];
  if (!executor.is_object() || !executor.contains("container")) return json::array();
  return executor["container"].value("args", json::array());
}

/// By the class path in a TFX container's arguments.
const Equivalent* FindEquivalent(const json& arguments) {
  for (size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != "--executor_class_path" || !arguments[i + 1].is_string()) continue;
    for (const Equivalent& equivalent : kEquivalents)
      if (arguments[i + 1].get_ref<const std::string&>() == equivalent.class_path) return &equivalent;
  }
  return nullptr;
}

ml_pipelines::ParameterType_ParameterTypeEnum TypeOf(const json& value) {
  using Type = ml_pipelines::ParameterType;
  if (value.is_boolean()) return Type::BOOLEAN;
  if (value.is_array()) return Type::LIST;
  return value.is_object() ? Type::STRUCT : Type::STRING;
}

void Rewrite(const NativeParameters& native, ComponentSpec& component, PipelineTaskSpec& task) {
  auto& declared = *component.mutable_input_definitions()->mutable_parameters();
  std::map<std::string, TaskInputsSpec::InputParameterSpec> handed_on;
  for (const auto& [name, source] : native.texts) handed_on[name] = *source;
  auto& given = *task.mutable_inputs()->mutable_parameters();
  declared.clear();
  given.clear();
  for (const auto& [name, value] : native.constants) {
    declared[name].set_parameter_type(TypeOf(value));
    // Any JSON is a protobuf Value; there is nothing to go wrong.
    (void)google::protobuf::util::JsonStringToMessage(
        value.dump(), given[name].mutable_runtime_value()->mutable_constant());
  }
  for (const auto& [name, source] : handed_on) {
    declared[name].set_parameter_type(ml_pipelines::ParameterType::STRING);
    given[name] = source;
  }
}

/// The tasks of one DAG: the root's, or those that an exit handler's "tfx-dag" holds.
void UseNative(ml_pipelines::DagSpec& dag, PipelineIr& ir, json& deployment,
               std::vector<std::string>& changed) {
  auto& components = *ir.pipeline.mutable_components();
  for (auto& [id, task] : *dag.mutable_tasks()) {
    const auto component = components.find(task.component_ref().name());
    if (component == components.end()) continue;
    const json arguments = ArgumentsOf(deployment, component->second.executor_label());
    const Equivalent* equivalent = FindEquivalent(arguments);
    if (equivalent == nullptr) continue;
    Sources sources;
    for (const auto& [name, spec] : task.inputs().parameters()) sources[name] = ReadSource(spec);
    NativeParameters native;
    if (!equivalent->translate(sources, arguments, native)) continue;
    Rewrite(native, component->second, task);
    deployment["executors"][component->second.executor_label()] = {
        {"container",
         {{"image", "penstock"},
          {"command", {"penstock", "component", equivalent->component}},
          {"args", {"--executor_input", "{{$}}"}}}}};
    changed.push_back(id);
  }
}

}  // namespace

std::vector<std::string> UseNativeTfxComponents(PipelineIr& ir) {
  std::vector<std::string> changed;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(ir.pipeline.deployment_spec(), &text).ok()) return changed;
  json deployment = json::parse(text, nullptr, false);
  if (!deployment.is_object()) return changed;
  UseNative(*ir.pipeline.mutable_root()->mutable_dag(), ir, deployment, changed);
  for (auto& [name, component] : *ir.pipeline.mutable_components())
    if (component.has_dag()) UseNative(*component.mutable_dag(), ir, deployment, changed);
  if (changed.empty()) return changed;
  Struct rewritten;
  if (!google::protobuf::util::JsonStringToMessage(deployment.dump(), &rewritten).ok()) return {};
  *ir.pipeline.mutable_deployment_spec() = std::move(rewritten);
  std::sort(changed.begin(), changed.end());
  return changed;
}

}  // namespace penstock::pipeline
