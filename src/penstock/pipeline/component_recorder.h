#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component.h"

namespace penstock::pipeline {

/// Which output of which node.
struct OutputReference {
  std::string node;
  std::string output;
  auto operator<=>(const OutputReference&) const = default;
};

/// How the YAML front end may connect an input that the file does not name.
enum class Wiring { kByType, kByNameOnly };

/// The `node` that a component struct describes itself to:
///
///   struct StatisticsGen {
///     static constexpr std::string_view kType = "StatisticsGen";
///     Channel<Examples> examples;
///     int num_histogram_buckets = 10;
///     struct Outputs { Channel<Statistics> statistics; };
///     void Describe(auto& node, Outputs& outputs) const {
///       node.Help("Computes statistics of every column of every split.");
///       node.Version("1");
///       node.Input("examples", examples, "The examples to count.");
///       node.Parameter("num_histogram_buckets", num_histogram_buckets, "Buckets of standard histograms.");
///       node.Output("statistics", outputs.statistics, "One file per split.");
///     }
///   };
///
/// Records both what the struct is (its ComponentDescription; defaults are the values of a
/// default-constructed struct) and what this one instance says (wiring and values).
///
/// Parameter types: bool, integers, double, std::string, containers (a list or a struct by
/// their JSON), nlohmann::json. "Not given" is: std::nullopt, "", an empty container, null.
class ComponentRecorder {
 public:
  ComponentRecorder(std::string_view type, std::string node_id) : node_id_(std::move(node_id)) {
    description_.type = type;
  }

  void Help(std::string help) { description_.help = std::move(help); }
  void Version(std::string version) { description_.version = std::move(version); }
  /// The node acts outside the store: it runs every time.
  void NotCacheable() { description_.is_cacheable = false; }
  /// No executor: the launcher answers by `policy` (see ComponentDescription::resolver_policy).
  void Resolver(std::string policy) {
    description_.resolver_policy = std::move(policy);
    description_.is_cacheable = false;
  }

  template <ArtifactType Type>
  void Input(std::string name, const Channel<Type>& channel, std::string help) {
    AddInput(
        PortDescription{
            .name = std::move(name), .artifact_type = std::string(Type::kType), .help = std::move(help)},
        channel.producer(), channel.output());
  }
  template <ArtifactType Type>
  void OptionalInput(std::string name, const Channel<Type>& channel, std::string help,
                     Wiring wiring = Wiring::kByType) {
    AddInput(PortDescription{.name = std::move(name),
                             .artifact_type = std::string(Type::kType),
                             .help = std::move(help),
                             .is_optional = true,
                             .is_wired_by_name_only = wiring == Wiring::kByNameOnly},
             channel.producer(), channel.output());
  }
  template <ArtifactType Type>
  void Output(std::string name, Channel<Type>& channel, std::string help) {
    channel = Channel<Type>(node_id_, name);
    description_.outputs.push_back(PortDescription{
        .name = std::move(name), .artifact_type = std::string(Type::kType), .help = std::move(help)});
  }

  /// A parameter whose default is its value in a default-constructed struct.
  template <class Value>
  void Parameter(std::string name, const Value& value, std::string help) {
    nlohmann::json json = ToJson(value);
    const ParameterType type = TypeOf(value);
    AddParameter({.name = std::move(name), .type = type, .help = std::move(help), .default_value = json},
                 json);
  }
  /// No default: the pipeline must give it. `json_type` says what an nlohmann::json holds.
  template <class Value>
  void RequiredParameter(std::string name, const Value& value, std::string help,
                         ParameterType json_type = ParameterType::kStruct) {
    AddParameter({.name = std::move(name), .type = TypeOf(value, json_type), .help = std::move(help)},
                 GivenOrNull(value));
  }
  /// No default, and may be left out.
  template <class Value>
  void OptionalParameter(std::string name, const Value& value, std::string help,
                         ParameterType json_type = ParameterType::kStruct) {
    AddParameter({.name = std::move(name),
                  .type = TypeOf(value, json_type),
                  .help = std::move(help),
                  .is_optional = true},
                 GivenOrNull(value));
  }

  /// A path outside the pipeline whose content counts (digested into the cache key); a
  /// relative one is taken from the pipeline file's folder.
  void ExternalPath(std::string name, const std::string& value, std::string help) {
    AddParameter({.name = std::move(name),
                  .help = std::move(help),
                  .default_value = GivenOrNull(value),
                  .is_external_path = true},
                 GivenOrNull(value));
  }
  void OptionalExternalPath(std::string name, const std::string& value, std::string help) {
    AddParameter(
        {.name = std::move(name), .help = std::move(help), .is_optional = true, .is_external_path = true},
        GivenOrNull(value));
  }
  /// What a parameter of this kind does: ParameterDescription::is_live_source.
  void OptionalLiveSource(std::string name, const std::string& value, std::string help) {
    AddParameter(
        {.name = std::move(name), .help = std::move(help), .is_optional = true, .is_live_source = true},
        GivenOrNull(value));
  }
  /// A path that is only written to; relative like the above, never digested.
  void Destination(std::string name, const std::string& value, std::string help) {
    AddParameter({.name = std::move(name),
                  .help = std::move(help),
                  .default_value = GivenOrNull(value),
                  .is_destination = true},
                 GivenOrNull(value));
  }

  const ComponentDescription& description() const { return description_; }
  /// Of the inputs that are not open.
  const std::map<std::string, OutputReference>& wiring() const { return wiring_; }
  /// Of the parameters that are given, defaults included.
  const std::map<std::string, nlohmann::json>& values() const { return values_; }

 private:
  template <class Value>
  struct IsOptional : std::false_type {};
  template <class Value>
  struct IsOptional<std::optional<Value>> : std::true_type {};

  template <class Value>
  static nlohmann::json ToJson(const Value& value) {
    if constexpr (IsOptional<Value>::value) {
      return value.has_value() ? nlohmann::json(*value) : nlohmann::json();
    } else {
      return nlohmann::json(value);
    }
  }

  template <class Value>
  static nlohmann::json GivenOrNull(const Value& value) {
    nlohmann::json json = ToJson(value);
    const bool is_empty = (json.is_string() && json.get_ref<const std::string&>().empty()) ||
                          ((json.is_array() || json.is_object()) && json.empty());
    return is_empty ? nlohmann::json() : json;
  }

  template <class Value>
  static ParameterType TypeOf(const Value& value, ParameterType json_type = ParameterType::kStruct) {
    if constexpr (IsOptional<Value>::value) {
      return TypeOf(typename Value::value_type{}, json_type);
    } else if constexpr (std::is_same_v<Value, nlohmann::json>) {
      return value.is_array() ? ParameterType::kList : json_type;
    } else if constexpr (std::is_same_v<Value, bool>) {
      return ParameterType::kBoolean;
    } else if constexpr (std::is_integral_v<Value>) {
      return ParameterType::kInteger;
    } else if constexpr (std::is_floating_point_v<Value>) {
      return ParameterType::kDouble;
    } else if constexpr (std::is_convertible_v<Value, std::string_view>) {
      return ParameterType::kString;
    } else {
      return nlohmann::json(value).is_array() ? ParameterType::kList : ParameterType::kStruct;
    }
  }

  void AddInput(PortDescription port, const std::string& producer, const std::string& output) {
    if (!producer.empty()) wiring_[port.name] = OutputReference{producer, output};
    description_.inputs.push_back(std::move(port));
  }
  void AddParameter(ParameterDescription parameter, nlohmann::json value) {
    if (!value.is_null()) values_[parameter.name] = std::move(value);
    description_.parameters.push_back(std::move(parameter));
  }

  std::string node_id_;
  ComponentDescription description_;
  std::map<std::string, OutputReference> wiring_;
  std::map<std::string, nlohmann::json> values_;
};

/// A struct that can stand in a pipeline: it says its type and describes itself.
template <class C>
concept DescribedComponent = std::default_initializable<C> &&
    requires(const C& component, ComponentRecorder& node, typename C::Outputs& outputs) {
  { C::kType } -> std::convertible_to<std::string_view>;
  component.Describe(node, outputs);
};

/// What the catalog, the YAML front end and the docs know of `C`.
template <DescribedComponent C>
ComponentDescription DescribeComponent() {
  ComponentRecorder recorder(C::kType, "");
  typename C::Outputs outputs;
  C{}.Describe(recorder, outputs);
  return recorder.description();
}

}  // namespace penstock::pipeline
