// Search spaces from YAML.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <yaml-cpp/yaml.h>

#include "penstock/base/near_miss.h"
#include "penstock/base/yaml_fault.h"
#include "penstock/learning/tuning/search_space.h"

namespace penstock::learning {
namespace {

constexpr size_t kMaxParameters = 200;
constexpr size_t kMaxValues = 1000;

/// Reads nodes and says where one cannot be read.
class SpaceReader {
 public:
  explicit SpaceReader(const std::string& file_name) : file_name_(file_name) {}

  Result<SearchSpace> Read(const YAML::Node& root) const {
    if (!root.IsMap()) return Error(root, "a search space is a map with `learner` and `parameters`");
    PENSTOCK_RETURN_IF_ERROR(
        CheckKeys(root, {"learner", "algorithm", "max_trials", "parallel_trials", "seed", "stops_poor_trials",
                         "max_iterations", "reduction_factor", "parameters"}));
    SearchSpace space;
    PENSTOCK_RETURN_IF_ERROR(Take(root, "learner", space.learner, "a learner's name"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "algorithm", space.algorithm, "a name"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "max_trials", space.max_trials, "an integer"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "parallel_trials", space.parallel_trials, "an integer"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "seed", space.seed, "an integer"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "stops_poor_trials", space.stops_poor_trials, "true or false"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "max_iterations", space.max_iterations, "an integer"));
    PENSTOCK_RETURN_IF_ERROR(Take(root, "reduction_factor", space.reduction_factor, "an integer"));
    if (space.learner.empty()) return Error(root, "`learner` is missing: say which one is tuned");
    static const std::vector<std::string> kAlgorithms{"random", "grid", "tpe", "hyperband", "asha"};
    if (std::find(kAlgorithms.begin(), kAlgorithms.end(), space.algorithm) == kAlgorithms.end())
      return Error(root["algorithm"],
                   fmt::format("there is no algorithm named '{}'{} (there are: {})", space.algorithm,
                               DidYouMean(space.algorithm, kAlgorithms), fmt::join(kAlgorithms, ", ")));
    PENSTOCK_RETURN_IF_ERROR(CheckRange(root, "max_trials", space.max_trials, 1, 100000));
    PENSTOCK_RETURN_IF_ERROR(CheckRange(root, "parallel_trials", space.parallel_trials, 1, 256));
    PENSTOCK_RETURN_IF_ERROR(CheckRange(root, "seed", space.seed, 0, INT64_MAX));
    PENSTOCK_RETURN_IF_ERROR(CheckRange(root, "max_iterations", space.max_iterations, 0, 1000000));
    PENSTOCK_RETURN_IF_ERROR(CheckRange(root, "reduction_factor", space.reduction_factor, 2, 100));
    const YAML::Node parameters = root["parameters"];
    if (!parameters || !parameters.IsMap() || parameters.size() == 0)
      return Error(parameters ? parameters : root,
                   "the search space is empty: name at least one of the learner's "
                   "hyperparameters under `parameters`");
    if (parameters.size() > kMaxParameters) return Error(parameters, "too many parameters");
    std::set<std::string> names;
    for (const auto& entry : parameters) {
      PENSTOCK_ASSIGN_OR_RETURN(SearchParameter parameter, ReadParameter(entry.first, entry.second));
      if (!names.insert(parameter.name).second)
        return Error(entry.first, fmt::format("'{}' is there twice", parameter.name));
      space.parameters.push_back(std::move(parameter));
    }
    return space;
  }

 private:
  Status Error(const YAML::Node& node, std::string_view sentence) const {
    const YAML::Mark mark = node.IsDefined() ? node.Mark() : YAML::Mark();
    return InvalidArgument("{}:{}:{}: {}", file_name_, mark.line + 1, mark.column + 1, sentence);
  }

  Status CheckKeys(const YAML::Node& map, const std::vector<std::string>& known) const {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return Error(entry.first, "a key must be a word");
      const std::string& key = entry.first.Scalar();
      if (std::find(known.begin(), known.end(), key) == known.end())
        return Error(entry.first, fmt::format("there is no key '{}' here{} (there are: {})", key,
                                              DidYouMean(key, known), fmt::join(known, ", ")));
    }
    return OkStatus();
  }

  template <class T>
  Status Take(const YAML::Node& map, const char* key, T& into, std::string_view wanted) const {
    const YAML::Node node = map[key];
    if (!node) return OkStatus();
    if (!node.IsScalar() || !YAML::convert<T>::decode(node, into))
      return Error(node, fmt::format("`{}` must be {}", key, wanted));
    return OkStatus();
  }

  Status CheckRange(const YAML::Node& map, const char* key, int64_t value, int64_t least,
                    int64_t most) const {
    if (value >= least && value <= most) return OkStatus();
    return Error(map[key], fmt::format("`{}` must be from {} to {}, not {}", key, least, most, value));
  }

  Result<nlohmann::json> ReadValue(const YAML::Node& node) const {
    if (!node.IsScalar()) return Error(node, "a value must be a number, true, false or a text");
    if (node.Tag() != "!") {  // A quoted one is a text.
      int64_t integer = 0;
      double number = 0;
      bool boolean = false;
      if (YAML::convert<int64_t>::decode(node, integer)) return nlohmann::json(integer);
      if (YAML::convert<double>::decode(node, number)) {
        if (!std::isfinite(number)) return Error(node, "a value must be finite");
        return nlohmann::json(number);
      }
      if (YAML::convert<bool>::decode(node, boolean)) return nlohmann::json(boolean);
    }
    return nlohmann::json(node.Scalar());
  }

  Result<SearchParameter> ReadParameter(const YAML::Node& name, const YAML::Node& node) const {
    SearchParameter parameter;
    if (!name.IsScalar()) return Error(name, "a hyperparameter's name must be a word");
    parameter.name = name.Scalar();
    if (node.IsScalar()) {  // A value alone is fixed.
      PENSTOCK_ASSIGN_OR_RETURN(auto value, ReadValue(node));
      parameter.values.push_back(std::move(value));
      return parameter;
    }
    if (node.IsSequence()) return ReadChoice(std::move(parameter), node, node);
    if (!node.IsMap() || !node["type"] || !node["type"].IsScalar())
      return Error(
          node, fmt::format("'{}' must be a value, a list of values, or a map with `type`", parameter.name));
    const std::string& type = node["type"].Scalar();
    if (type == "float" || type == "int") return ReadRange(std::move(parameter), node, type == "int");
    if (type == "choice") {
      PENSTOCK_RETURN_IF_ERROR(CheckKeys(node, {"type", "values"}));
      return ReadChoice(std::move(parameter), node, node["values"]);
    }
    if (type == "boolean") {
      PENSTOCK_RETURN_IF_ERROR(CheckKeys(node, {"type"}));
      parameter.kind = SearchParameter::Kind::kBoolean;
      parameter.values = {false, true};
      return parameter;
    }
    if (type == "fixed") {
      PENSTOCK_RETURN_IF_ERROR(CheckKeys(node, {"type", "value"}));
      if (!node["value"]) return Error(node, fmt::format("'{}' needs `value`", parameter.name));
      PENSTOCK_ASSIGN_OR_RETURN(auto value, ReadValue(node["value"]));
      parameter.values.push_back(std::move(value));
      return parameter;
    }
    static const std::vector<std::string> kTypes{"float", "int", "choice", "boolean", "fixed"};
    return Error(node["type"], fmt::format("there is no type '{}'{} (there are: {})", type,
                                           DidYouMean(type, kTypes), fmt::join(kTypes, ", ")));
  }

  Result<SearchParameter> ReadChoice(SearchParameter parameter, const YAML::Node& at,
                                     const YAML::Node& values) const {
    parameter.kind = SearchParameter::Kind::kChoice;
    if (!values || !values.IsSequence() || values.size() == 0 || values.size() > kMaxValues)
      return Error(at, fmt::format("'{}' needs a list of values to choose from", parameter.name));
    for (const auto& node : values) {
      PENSTOCK_ASSIGN_OR_RETURN(auto value, ReadValue(node));
      parameter.values.push_back(std::move(value));
    }
    return parameter;
  }

  Result<SearchParameter> ReadRange(SearchParameter parameter, const YAML::Node& node, bool is_int) const {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(node, {"type", "min", "max", "step", "sampling"}));
    parameter.kind = is_int ? SearchParameter::Kind::kInt : SearchParameter::Kind::kFloat;
    if (!node["min"] || !node["max"])
      return Error(node, fmt::format("'{}' needs `min` and `max`", parameter.name));
    parameter.step = is_int ? 1 : 0;
    PENSTOCK_RETURN_IF_ERROR(Take(node, "min", parameter.minimum, "a number"));
    PENSTOCK_RETURN_IF_ERROR(Take(node, "max", parameter.maximum, "a number"));
    PENSTOCK_RETURN_IF_ERROR(Take(node, "step", parameter.step, "a number"));
    std::string sampling = "linear";
    PENSTOCK_RETURN_IF_ERROR(Take(node, "sampling", sampling, "linear, log or reverse_log"));
    if (!(parameter.minimum <= parameter.maximum) || !std::isfinite(parameter.maximum - parameter.minimum))
      return Error(node, fmt::format("the range of '{}' is empty: {} to {}", parameter.name,
                                     parameter.minimum, parameter.maximum));
    const auto is_whole = [](double value) { return value == std::floor(value) && std::abs(value) < 1e15; };
    if (is_int && !(is_whole(parameter.minimum) && is_whole(parameter.maximum) && is_whole(parameter.step)))
      return Error(node, fmt::format("'{}' is an int: min, max and step must be whole", parameter.name));
    if (parameter.step < 0 || !std::isfinite(parameter.step) || (is_int && parameter.step < 1))
      return Error(node, fmt::format("the step of '{}' must be above 0", parameter.name));
    if (sampling == "log") {
      parameter.sampling = SearchParameter::Sampling::kLog;
    } else if (sampling == "reverse_log") {
      parameter.sampling = SearchParameter::Sampling::kReverseLog;
    } else if (sampling != "linear") {
      return Error(node["sampling"], "`sampling` must be linear, log or reverse_log");
    }
    if (parameter.sampling != SearchParameter::Sampling::kLinear && !(parameter.minimum > 0))
      return Error(node,
                   fmt::format("'{}' is sampled by logarithm: its min must be above 0", parameter.name));
    return parameter;
  }

  const std::string& file_name_;
};

}  // namespace

Result<SearchSpace> ParseSearchSpace(std::string_view yaml, const std::string& file_name) {
  if (yaml.size() > kMaxSearchSpaceBytes)
    return InvalidArgument("{}: larger than {} bytes", file_name, kMaxSearchSpaceBytes);
  // yaml-cpp descends once for each level: hostile nesting is refused before it sees it.
  if (std::count_if(yaml.begin(), yaml.end(), [](char c) { return c == '[' || c == '{'; }) > 4096)
    return InvalidArgument("{}: nested too deeply", file_name);
  try {
    return SpaceReader(file_name).Read(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return InvalidArgument("{}", DescribeYamlFault(file_name, yaml, error.mark.line, error.mark.column,
                                                   fmt::format("not YAML: {}", error.msg)));
  }
}

Status CheckSearchSpace(const SearchSpace& space, const std::vector<HyperparameterDescription>& known,
                        const std::string& file_name) {
  for (const SearchParameter& parameter : space.parameters) {
    const int64_t last = parameter.NumGridValues() - 1;
    for (int64_t i = 0; i <= last; i += std::max<int64_t>(last, 1)) {
      const Status status =
          ResolveHyperparameters({{parameter.name, parameter.GridValue(i)}}, known).status();
      if (!status.ok()) return Annotate(status, file_name);
    }
    for (const nlohmann::json& value : parameter.values) {
      const Status status = ResolveHyperparameters({{parameter.name, value}}, known).status();
      if (!status.ok()) return Annotate(status, file_name);
    }
  }
  return OkStatus();
}

}  // namespace penstock::learning
