#include "penstock/evaluation/evaluation_config.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <nlohmann/json.hpp>

#include "penstock/base/near_miss.h"

namespace penstock::evaluation {
namespace {

using nlohmann::json;

std::string Below(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

// The object at `path` with only known keys; null stands for an empty one.
Status CheckKeys(const json& object, const std::string& path, std::initializer_list<const char*> known) {
  if (object.is_null()) return OkStatus();
  const std::string where = path.empty() ? "The evaluation" : fmt::format("'{}'", path);
  if (!object.is_object()) return InvalidArgument("{} must be a map, not {}", where, object.dump());
  const std::vector<std::string> names(known.begin(), known.end());
  for (const auto& [key, value] : object.items()) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    return InvalidArgument("{} has no key '{}'{} (keys: {})", where, key, DidYouMean(key, names),
                           fmt::join(names, ", "));
  }
  return OkStatus();
}

// The value at `key`; null where it is absent.
const json& At(const json& object, const std::string& key) {
  static const json kAbsent;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? kAbsent : *found;
}

Result<std::optional<double>> ReadNumber(const json& object, const std::string& path,
                                         const std::string& key) {
  const json& value = At(object, key);
  if (value.is_null()) return std::optional<double>();
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    return InvalidArgument("'{}' must be a number, not {}", Below(path, key), value.dump());
  }
  return std::optional<double>(value.get<double>());
}

Result<std::string> ReadText(const json& object, const std::string& key, const std::string& absent) {
  const json& value = At(object, key);
  if (value.is_null()) return absent;
  if (!value.is_string()) return InvalidArgument("'{}' must be a text, not {}", key, value.dump());
  return value.get<std::string>();
}

Result<int64_t> ReadPositive(const json& object, const std::string& key, int64_t absent) {
  const json& value = At(object, key);
  if (value.is_null()) return absent;
  if (!value.is_number_integer() || value.get<double>() < 1 || value.get<double>() > 1e15) {
    return InvalidArgument("'{}' must be a whole number above 0, not {}", key, value.dump());
  }
  return value.get<int64_t>();
}

Status CheckColumns(const std::vector<std::string>& columns, const std::string& path) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) return InvalidArgument("'{}' names an empty column", path);
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
        columns.begin() + static_cast<std::ptrdiff_t>(i)) {
      return InvalidArgument("'{}' names column '{}' twice", path, columns[i]);
    }
  }
  return OkStatus();
}

Result<std::vector<std::string>> ReadTexts(const json& value, const std::string& path) {
  std::vector<std::string> texts;
  if (value.is_null()) return texts;
  if (!value.is_array()) return InvalidArgument("'{}' must be a list, not {}", path, value.dump());
  for (const json& text : value) {
    if (!text.is_string()) return InvalidArgument("'{}' must hold texts only, not {}", path, text.dump());
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

Result<MetricSpec> ReadMetric(const std::string& name, const std::string& path) {
  Result<MetricSpec> metric = ParseMetric(name);
  if (!metric.ok()) return Annotate(metric.status(), fmt::format("'{}'", path));
  return metric;
}

Result<ValueThreshold> ReadValueThreshold(const json& limits, const std::string& path) {
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(limits, path, {"lower", "upper"}));
  ValueThreshold threshold;
  PENSTOCK_ASSIGN_OR_RETURN(threshold.lower, ReadNumber(limits, path, "lower"));
  PENSTOCK_ASSIGN_OR_RETURN(threshold.upper, ReadNumber(limits, path, "upper"));
  if (!threshold.lower.has_value() && !threshold.upper.has_value()) {
    return InvalidArgument("'{}' needs 'lower' or 'upper'", path);
  }
  if (threshold.lower.has_value() && threshold.upper.has_value() && *threshold.lower > *threshold.upper) {
    return InvalidArgument("'{}' has lower {} above upper {}", path, *threshold.lower, *threshold.upper);
  }
  return threshold;
}

Result<ChangeThreshold> ReadChangeThreshold(const json& limits, const std::string& path,
                                            const MetricSpec& metric) {
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(limits, path, {"direction", "absolute", "relative"}));
  ChangeThreshold threshold;
  const json& direction = At(limits, "direction");
  if (direction == "higher_is_better" || direction == "lower_is_better") {
    threshold.higher_is_better = direction == "higher_is_better";
  } else if (!direction.is_null()) {
    return InvalidArgument("'{}.direction' must be higher_is_better or lower_is_better, not {}", path,
                           direction.dump());
  } else if (metric.definition->direction == MetricDirection::kLowerIsBetter) {
    threshold.higher_is_better = false;
  } else if (metric.definition->direction != MetricDirection::kHigherIsBetter) {
    return InvalidArgument("'{}' needs 'direction': neither way is better for metric '{}' by itself", path,
                           metric.name);
  }
  PENSTOCK_ASSIGN_OR_RETURN(threshold.absolute, ReadNumber(limits, path, "absolute"));
  PENSTOCK_ASSIGN_OR_RETURN(threshold.relative, ReadNumber(limits, path, "relative"));
  if (!threshold.absolute.has_value() && !threshold.relative.has_value()) {
    return InvalidArgument("'{}' needs 'absolute' or 'relative'", path);
  }
  return threshold;
}

// The entry of `metric`, made where there is none.
MetricThresholds& EntryOf(const MetricSpec& metric, std::vector<MetricThresholds>& thresholds) {
  const auto found = std::find_if(thresholds.begin(), thresholds.end(),
                                  [&](const auto& each) { return each.metric == metric; });
  if (found != thresholds.end()) return *found;
  thresholds.push_back({metric, {}, {}});
  return thresholds.back();
}

// `thresholds` and `change_thresholds` of `object`.
Result<std::vector<MetricThresholds>> ReadThresholds(const json& object, const std::string& path) {
  std::vector<MetricThresholds> thresholds;
  for (const char* key : {"thresholds", "change_thresholds"}) {
    const json& limits_of = At(object, key);
    if (limits_of.is_null()) continue;
    const std::string below = Below(path, key);
    if (!limits_of.is_object())
      return InvalidArgument("'{}' must be a map from metrics to limits, not {}", below, limits_of.dump());
    for (const auto& [name, limits] : limits_of.items()) {
      PENSTOCK_ASSIGN_OR_RETURN(const MetricSpec metric, ReadMetric(name, below));
      MetricThresholds& entry = EntryOf(metric, thresholds);
      if (key == std::string_view("thresholds")) {
        PENSTOCK_ASSIGN_OR_RETURN(entry.value, ReadValueThreshold(limits, Below(below, name)));
      } else {
        PENSTOCK_ASSIGN_OR_RETURN(entry.change, ReadChangeThreshold(limits, Below(below, name), metric));
      }
    }
  }
  return thresholds;
}

Result<SliceThresholds> ReadSliceThresholds(const json& object, const std::string& path) {
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(object, path, {"slice", "thresholds", "change_thresholds"}));
  SliceThresholds slice;
  const json& features = At(object, "slice");
  if (features.is_object()) {
    for (const auto& [name, value] : features.items()) {
      if (value.is_null()) {
        slice.features.emplace_back(name, std::nullopt);
      } else if (value.is_string()) {
        slice.features.emplace_back(name, value.get<std::string>());
      } else if (value.is_number_float()) {
        slice.features.emplace_back(name, fmt::format("{}", value.get<double>()));
      } else if (value.is_primitive()) {
        slice.features.emplace_back(name, value.dump());
      } else {
        return InvalidArgument("'{}.slice.{}' must be one value, not {}", path, name, value.dump());
      }
    }
  } else if (!features.is_null()) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                              ReadTexts(features, Below(path, "slice")));
    PENSTOCK_RETURN_IF_ERROR(CheckColumns(names, Below(path, "slice")));
    for (const std::string& name : names) slice.features.emplace_back(name, std::nullopt);
  }
  PENSTOCK_ASSIGN_OR_RETURN(slice.thresholds, ReadThresholds(object, path));
  if (slice.thresholds.empty())
    return InvalidArgument("'{}' needs 'thresholds' or 'change_thresholds'", path);
  return slice;
}

}  // namespace

Result<EvaluationConfig> ParseEvaluationConfig(const json& object) {
  PENSTOCK_RETURN_IF_ERROR(
      CheckKeys(object, "",
                {"split", "metrics", "slices", "example_weight", "min_slice_size", "max_slices", "thresholds",
                 "change_thresholds", "per_slice_thresholds"}));
  EvaluationConfig config;
  PENSTOCK_ASSIGN_OR_RETURN(config.split, ReadText(object, "split", config.split));
  PENSTOCK_ASSIGN_OR_RETURN(config.example_weight, ReadText(object, "example_weight", ""));
  PENSTOCK_ASSIGN_OR_RETURN(config.min_slice_size,
                            ReadPositive(object, "min_slice_size", config.min_slice_size));
  PENSTOCK_ASSIGN_OR_RETURN(config.max_slices, ReadPositive(object, "max_slices", config.max_slices));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> metrics,
                            ReadTexts(At(object, "metrics"), "metrics"));
  for (const std::string& name : metrics) {
    PENSTOCK_ASSIGN_OR_RETURN(MetricSpec metric, ReadMetric(name, "metrics"));
    if (std::find(config.metrics.begin(), config.metrics.end(), metric) == config.metrics.end()) {
      config.metrics.push_back(std::move(metric));
    }
  }
  const json& slices = At(object, "slices");
  if (!slices.is_null() && !slices.is_array())
    return InvalidArgument("'slices' must be a list of lists of columns, not {}", slices.dump());
  for (const json& columns : slices) {
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<std::string> names, ReadTexts(columns, "slices"));
    PENSTOCK_RETURN_IF_ERROR(CheckColumns(names, "slices"));
    config.slices.push_back(std::move(names));
  }
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<MetricThresholds> overall, ReadThresholds(object, ""));
  if (!overall.empty()) config.thresholds.push_back({{}, std::move(overall)});
  const json& per_slice = At(object, "per_slice_thresholds");
  if (!per_slice.is_null() && !per_slice.is_array()) {
    return InvalidArgument("'per_slice_thresholds' must be a list, not {}", per_slice.dump());
  }
  for (size_t i = 0; i < per_slice.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(SliceThresholds slice,
                              ReadSliceThresholds(per_slice[i], fmt::format("per_slice_thresholds[{}]", i)));
    config.thresholds.push_back(std::move(slice));
  }
  return config;
}

}  // namespace penstock::evaluation
