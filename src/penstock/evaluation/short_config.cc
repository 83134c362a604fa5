#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include <nlohmann/json.hpp>

#include "penstock/base/near_miss.h"
#include "penstock/evaluation/eval_config.h"
#include "penstock/evaluation/metric_class.h"
#include "penstock/evaluation/predicted_dataset.h"

namespace penstock::evaluation {
namespace {

using nlohmann::json;

constexpr const char* kKeys[] = {"label",
                                 "prediction",
                                 "baseline_prediction",
                                 "example_weight",
                                 "task",
                                 "split",
                                 "metrics",
                                 "slices",
                                 "thresholds",
                                 "change_thresholds",
                                 "per_slice_thresholds",
                                 "min_slice_size",
                                 "max_slices",
                                 "confidence_intervals",
                                 "fairness"};

std::string Below(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

// The object at `path` with only known keys; null stands for an empty one.
Status CheckKeys(const json& object, const std::string& path, std::vector<std::string> names) {
  if (object.is_null()) return OkStatus();
  const std::string where = path.empty() ? "The evaluation" : fmt::format("'{}'", path);
  if (!object.is_object()) return InvalidArgument("{} must be a map, not {}", where, object.dump());
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
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    return InvalidArgument("'{}' must be a number, not {}", Below(path, key), value.dump());
  return std::optional<double>(value.get<double>());
}

Result<std::string> ReadText(const json& object, const std::string& key) {
  const json& value = At(object, key);
  if (value.is_null()) return std::string();
  if (!value.is_string()) return InvalidArgument("'{}' must be a text, not {}", key, value.dump());
  return value.get<std::string>();
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

Status CheckColumns(const std::vector<std::string>& columns, const std::string& path) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) return InvalidArgument("'{}' names an empty column", path);
    const auto here = columns.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(columns.begin(), here, columns[i]) != here)
      return InvalidArgument("'{}' names column '{}' twice", path, columns[i]);
  }
  return OkStatus();
}

// A metric by the name of its value, or by its class.
struct Named {
  const MetricClass* metric_class = nullptr;
  double threshold = 0.5;
  bool has_threshold = false;
};

class ShortReader {
 public:
  explicit ShortReader(const std::string& task)
      : classes_(AllMetricClasses()),
        task_(task),
        is_regression_(task == "regression" || task == "ranking") {}

  Result<tfma::EvalConfig> Read(const json& object) {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(object, "", {std::begin(kKeys), std::end(kKeys)}));
    PENSTOCK_RETURN_IF_ERROR(ReadModels(object));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> metrics,
                              ReadTexts(At(object, "metrics"), "metrics"));
    for (const std::string& name : metrics) PENSTOCK_RETURN_IF_ERROR(EntryOf(name, "metrics").status());
    if (metrics.empty()) PENSTOCK_RETURN_IF_ERROR(AddUsualMetrics());
    PENSTOCK_RETURN_IF_ERROR(ReadSlices(object));
    PENSTOCK_RETURN_IF_ERROR(ReadThresholds(object, "", tfma::SlicingSpec()));
    const json& per_slice = At(object, "per_slice_thresholds");
    if (!per_slice.is_null() && !per_slice.is_array())
      return InvalidArgument("'per_slice_thresholds' must be a list, not {}", per_slice.dump());
    for (size_t i = 0; i < per_slice.size(); ++i)
      PENSTOCK_RETURN_IF_ERROR(ReadSliceThresholds(per_slice[i], fmt::format("per_slice_thresholds[{}]", i)));
    PENSTOCK_RETURN_IF_ERROR(ReadFairness(object));
    PENSTOCK_RETURN_IF_ERROR(ReadOptions(object));
    return std::move(config_);
  }

 private:
  Status ReadModels(const json& object) {
    tfma::ModelSpec& model = *config_.add_model_specs();
    PENSTOCK_ASSIGN_OR_RETURN(*model.mutable_label_key(), ReadText(object, "label"));
    PENSTOCK_ASSIGN_OR_RETURN(*model.mutable_prediction_key(), ReadText(object, "prediction"));
    PENSTOCK_ASSIGN_OR_RETURN(*model.mutable_example_weight_key(), ReadText(object, "example_weight"));
    PENSTOCK_ASSIGN_OR_RETURN(const std::string baseline, ReadText(object, "baseline_prediction"));
    if (baseline.empty()) return OkStatus();
    model.set_name("candidate");
    tfma::ModelSpec copy = model;
    copy.set_name("baseline");
    copy.set_is_baseline(true);
    copy.set_prediction_key(baseline);
    *config_.add_model_specs() = std::move(copy);
    return OkStatus();
  }

  Result<Named> FindMetric(const std::string& name, const std::string& path) const {
    const auto at = name.find('@');
    const std::string plain = name.substr(0, at);
    Named named;
    const auto by_class = classes_.find(plain);
    if (by_class != classes_.end()) named.metric_class = &by_class->second;
    std::vector<std::string> names;
    for (const auto& [class_name, each] : classes_) {
      names.push_back(each.name);
      if (named.metric_class == nullptr && each.name == plain) named.metric_class = &each;
    }
    for (const auto& [alias, class_name] : {std::pair("false_positive_rate", "FallOut"),
                                            {"false_negative_rate", "MissRate"},
                                            {"true_positive_rate", "Recall"},
                                            {"true_negative_rate", "Specificity"},
                                            {"accuracy", "BinaryAccuracy"}}) {
      names.emplace_back(alias);
      if (plain == alias) named.metric_class = &classes_.at(class_name);
    }
    if (named.metric_class == nullptr)
      return InvalidArgument("'{}': there is no metric '{}'{}", path, plain, DidYouMean(plain, names));
    named.has_threshold =
        std::any_of(
            named.metric_class->arguments.begin(), named.metric_class->arguments.end(),
            [](std::string_view argument) { return argument == "thresholds" || argument == "threshold"; }) &&
        named.metric_class->class_name.find("AUC") == std::string::npos;
    if (is_regression_ &&
        (named.has_threshold || plain.starts_with("auc") || plain == "binary_crossentropy")) {
      return InvalidArgument("Metric '{}' is for binary classification; the model's task is {}", name, task_);
    }
    if (at == std::string::npos) return named;
    const json threshold = json::parse(name.substr(at + 1), nullptr, false);
    if (!named.has_threshold || !threshold.is_number() || !(threshold.get<double>() >= 0) ||
        !(threshold.get<double>() <= 1)) {
      return InvalidArgument("'{}': metric '{}' needs a number from 0 to 1 after '@'{}", path, name,
                             named.has_threshold ? "" : ", and it has no threshold");
    }
    named.threshold = threshold.get<double>();
    return named;
  }

  // Where the metric stands in the configuration; made where it does not yet.
  Result<tfma::MetricConfig*> EntryOf(const std::string& name, const std::string& path) {
    PENSTOCK_ASSIGN_OR_RETURN(const Named named, FindMetric(name, path));
    const bool is_count = named.metric_class->class_name == "ExampleCount";
    const auto known = entries_.find(name);
    if (known != entries_.end()) return known->second;
    tfma::MetricConfig& metric = *SpecOf(is_count).add_metrics();
    entries_[name] = &metric;  // Messages of a repeated field stay where they are.
    metric.set_class_name(named.metric_class->class_name);
    json arguments = json::object();
    if (classes_.count(name) == 0) arguments["name"] = name;
    if (named.has_threshold)
      arguments[metric.class_name() == "BinaryAccuracy" ? "threshold" : "thresholds"] = named.threshold;
    if (!arguments.empty()) metric.set_config(arguments.dump());
    return &metric;
  }

  // Examples are counted, whatever they weigh.
  tfma::MetricsSpec& SpecOf(bool is_count) {
    for (tfma::MetricsSpec& spec : *config_.mutable_metrics_specs())
      if (spec.example_weights().unweighted() == is_count) return spec;
    tfma::MetricsSpec& spec = *config_.add_metrics_specs();
    if (is_count) spec.mutable_example_weights()->set_unweighted(true);
    return spec;
  }

  /// Metrics of rankings are of queries, in a spec of their own.
  void AddRankingMetrics() {
    tfma::MetricsSpec& spec = *config_.add_metrics_specs();
    spec.set_query_key(kModelQuery);
    tfma::MetricConfig& ndcg = *spec.add_metrics();
    ndcg.set_class_name("NDCG");
    ndcg.set_config(json({{"gain_key", kModelLabel}, {"top_k_list", {5, 10}}}).dump());
    spec.add_metrics()->set_class_name("MinLabelPosition");
    spec.add_metrics()->set_class_name("QueryStatistics");
  }

  Status AddUsualMetrics() {
    std::vector<const char*> names = {"example_count", "weighted_example_count"};
    if (task_ == "multiclass_classification" || task_ == "ranking") {
      if (task_ == "ranking") AddRankingMetrics();
      if (task_ != "ranking")
        for (const char* name :
             {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"})
          names.push_back(name);
      for (const char* name : names) PENSTOCK_RETURN_IF_ERROR(EntryOf(name, "metrics").status());
      return OkStatus();
    }
    if (!is_regression_)
      for (const char* name :
           {"auc", "auc_precision_recall", "accuracy", "precision", "recall", "true_positives",
            "false_positives", "true_negatives", "false_negatives", "binary_crossentropy"})
        names.push_back(name);
    for (const char* name : {"mean_squared_error", "root_mean_squared_error", "mean_absolute_error",
                             "mean_label", "mean_prediction", "calibration"})
      names.push_back(name);
    for (const char* name : names) PENSTOCK_RETURN_IF_ERROR(EntryOf(name, "metrics").status());
    return OkStatus();
  }

  Status ReadSlices(const json& object) {
    config_.add_slicing_specs();
    const json& slices = At(object, "slices");
    if (!slices.is_null() && !slices.is_array())
      return InvalidArgument("'slices' must be a list of lists of columns, not {}", slices.dump());
    for (const json& columns : slices) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, ReadTexts(columns, "slices"));
      PENSTOCK_RETURN_IF_ERROR(CheckColumns(names, "slices"));
      tfma::SlicingSpec& spec = *config_.add_slicing_specs();
      for (const std::string& name : names) spec.add_feature_keys(name);
    }
    return OkStatus();
  }

  static Status ReadValueThreshold(const json& limits, const std::string& path, tfma::MetricThreshold& into) {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(limits, path, {"lower", "upper"}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto lower, ReadNumber(limits, path, "lower"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto upper, ReadNumber(limits, path, "upper"));
    if (!lower && !upper) return InvalidArgument("'{}' needs 'lower' or 'upper'", path);
    if (lower && upper && *lower > *upper)
      return InvalidArgument("'{}' has lower {} above upper {}", path, *lower, *upper);
    auto& threshold = *into.mutable_value_threshold();
    if (lower) threshold.mutable_lower_bound()->set_value(*lower);
    if (upper) threshold.mutable_upper_bound()->set_value(*upper);
    return OkStatus();
  }

  Status ReadChangeThreshold(const json& limits, const std::string& path, const std::string& metric,
                             tfma::MetricThreshold& into) const {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(limits, path, {"direction", "absolute", "relative"}));
    auto& threshold = *into.mutable_change_threshold();
    const json& direction = At(limits, "direction");
    PENSTOCK_ASSIGN_OR_RETURN(const Named named, FindMetric(metric, path));
    const MetricDirection own = named.metric_class->direction;
    if (direction == "higher_is_better" || (direction.is_null() && own == MetricDirection::kHigherIsBetter)) {
      threshold.set_direction(tfma::HIGHER_IS_BETTER);
    } else if (direction == "lower_is_better" ||
               (direction.is_null() && own == MetricDirection::kLowerIsBetter)) {
      threshold.set_direction(tfma::LOWER_IS_BETTER);
    } else if (direction.is_null()) {
      return InvalidArgument("'{}' needs 'direction': neither way is better for metric '{}' by itself", path,
                             metric);
    } else {
      return InvalidArgument("'{}.direction' must be higher_is_better or lower_is_better, not {}", path,
                             direction.dump());
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto absolute, ReadNumber(limits, path, "absolute"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto relative, ReadNumber(limits, path, "relative"));
    if (!absolute && !relative) return InvalidArgument("'{}' needs 'absolute' or 'relative'", path);
    if (absolute) threshold.mutable_absolute()->set_value(*absolute);
    if (relative) threshold.mutable_relative()->set_value(*relative);
    return OkStatus();
  }

  // `thresholds` and `change_thresholds` of `object`, for one slice (or the slices of a column).
  Status ReadThresholds(const json& object, const std::string& path, const tfma::SlicingSpec& slice) {
    for (const char* key : {"thresholds", "change_thresholds"}) {
      const json& limits_of = At(object, key);
      if (limits_of.is_null()) continue;
      const std::string below = Below(path, key);
      if (!limits_of.is_object())
        return InvalidArgument("'{}' must be a map from metrics to limits, not {}", below, limits_of.dump());
      for (const auto& [name, limits] : limits_of.items()) {
        tfma::PerSliceMetricThreshold threshold;
        *threshold.add_slicing_specs() = slice;
        if (key == std::string_view("thresholds")) {
          PENSTOCK_RETURN_IF_ERROR(
              ReadValueThreshold(limits, Below(below, name), *threshold.mutable_threshold()));
        } else {
          PENSTOCK_RETURN_IF_ERROR(
              ReadChangeThreshold(limits, Below(below, name), name, *threshold.mutable_threshold()));
        }
        PENSTOCK_ASSIGN_OR_RETURN(tfma::MetricConfig * metric, EntryOf(name, below));
        *metric->add_per_slice_thresholds() = std::move(threshold);
      }
    }
    return OkStatus();
  }

  Status ReadSliceThresholds(const json& object, const std::string& path) {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(object, path, {"slice", "thresholds", "change_thresholds"}));
    tfma::SlicingSpec slice, slicing;
    const json& features = At(object, "slice");
    if (features.is_object()) {
      for (const auto& [name, value] : features.items()) {
        slicing.add_feature_keys(name);
        if (value.is_null()) {
          slice.add_feature_keys(name);
        } else if (value.is_primitive()) {
          (*slice.mutable_feature_values())[name] = value.is_string() ? value.get<std::string>()
                                                    : value.is_number_float()
                                                        ? fmt::format("{}", value.get<double>())
                                                        : value.dump();
        } else {
          return InvalidArgument("'{}.slice.{}' must be one value, not {}", path, name, value.dump());
        }
      }
    } else if (!features.is_null()) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                                ReadTexts(features, Below(path, "slice")));
      PENSTOCK_RETURN_IF_ERROR(CheckColumns(names, Below(path, "slice")));
      for (const std::string& name : names) {
        slice.add_feature_keys(name);
        slicing.add_feature_keys(name);
      }
    }
    if (At(object, "thresholds").is_null() && At(object, "change_thresholds").is_null())
      return InvalidArgument("'{}' needs 'thresholds' or 'change_thresholds'", path);
    *config_.add_slicing_specs() = std::move(slicing);
    return ReadThresholds(object, path, slice);
  }

  // {columns: [sex, race], baseline: {sex: Male}, threshold: 0.5, max_difference: {false_positive_rate:
  // 0.05}}
  Status ReadFairness(const json& object) {
    const json& fairness = At(object, "fairness");
    if (fairness.is_null()) return OkStatus();
    PENSTOCK_RETURN_IF_ERROR(
        CheckKeys(fairness, "fairness", {"columns", "baseline", "thresholds", "max_difference"}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto columns, ReadTexts(At(fairness, "columns"), "fairness.columns"));
    PENSTOCK_RETURN_IF_ERROR(CheckColumns(columns, "fairness.columns"));
    if (columns.empty()) return InvalidArgument("'fairness' needs 'columns': those that tell groups apart");
    tfma::MetricConfig& indicators = *SpecOf(false).add_metrics();
    indicators.set_class_name("FairnessIndicators");
    if (!At(fairness, "thresholds").is_null())
      indicators.set_config(json({{"thresholds", At(fairness, "thresholds")}}).dump());
    tfma::CrossSlicingSpec cross;
    const json& baseline = At(fairness, "baseline");
    for (const auto& [name, value] : baseline.items()) {
      if (!baseline.is_object() || !value.is_string())
        return InvalidArgument("'fairness.baseline' must be a map from a column to a text");
      (*cross.mutable_baseline_spec()->mutable_feature_values())[name] = value.get<std::string>();
    }
    for (const std::string& column : columns) {
      config_.add_slicing_specs()->add_feature_keys(column);
      cross.add_slicing_specs()->add_feature_keys(column);
    }
    *config_.add_cross_slicing_specs() = cross;
    return ReadLargestDifferences(At(fairness, "max_difference"), cross);
  }

  // Equal opportunity and the others are rates that may differ by so much from the baseline group's.
  Status ReadLargestDifferences(const json& limits, const tfma::CrossSlicingSpec& cross) {
    if (limits.is_null()) return OkStatus();
    if (!limits.is_object())
      return InvalidArgument("'fairness.max_difference' must be a map from metrics to numbers");
    for (const auto& [given, value] : limits.items()) {
      const std::string place = "fairness.max_difference." + given;
      PENSTOCK_ASSIGN_OR_RETURN(const auto limit, ReadNumber(limits, "fairness.max_difference", given));
      if (!limit || *limit < 0) return InvalidArgument("'{}' must be a number of at least 0", place);
      std::vector<std::string> names = {given};
      if (given == "equal_opportunity") names = {"true_positive_rate"};
      if (given == "demographic_parity") names = {"predicted_positive_rate"};
      if (given == "equalized_odds" || given == "equalised_odds")
        names = {"true_positive_rate", "false_positive_rate"};
      for (const std::string& name : names) {
        PENSTOCK_ASSIGN_OR_RETURN(tfma::MetricConfig * metric, EntryOf(name, place));
        tfma::CrossSliceMetricThreshold& threshold = *metric->add_cross_slice_thresholds();
        *threshold.add_cross_slicing_specs() = cross;
        auto& bounds = *threshold.mutable_threshold()->mutable_value_threshold();
        bounds.mutable_lower_bound()->set_value(-*limit);
        bounds.mutable_upper_bound()->set_value(*limit);
      }
    }
    return OkStatus();
  }

  Status ReadOptions(const json& object) {
    const json& size = At(object, "min_slice_size");
    if (!size.is_null()) {
      if (!size.is_number_integer() || size.get<double>() < 1 || size.get<double>() > 2e9)
        return InvalidArgument("'min_slice_size' must be a whole number above 0, not {}", size.dump());
      config_.mutable_options()->mutable_min_slice_size()->set_value(size.get<int32_t>());
    }
    PENSTOCK_ASSIGN_OR_RETURN(const std::string intervals, ReadText(object, "confidence_intervals"));
    if (intervals.empty()) return OkStatus();
    if (intervals != "bootstrap" && intervals != "jackknife")
      return InvalidArgument("'confidence_intervals' must be bootstrap or jackknife, not {}", intervals);
    config_.mutable_options()->mutable_compute_confidence_intervals()->set_value(true);
    config_.mutable_options()->mutable_confidence_intervals()->set_method(
        intervals == "jackknife" ? tfma::ConfidenceIntervalOptions::JACKKNIFE
                                 : tfma::ConfidenceIntervalOptions::POISSON_BOOTSTRAP);
    return OkStatus();
  }

  const std::map<std::string, MetricClass> classes_;
  const std::string task_;
  const bool is_regression_;
  tfma::EvalConfig config_;
  std::map<std::string, tfma::MetricConfig*> entries_;  // By the name as written.
};

}  // namespace

bool IsShortForm(const json& object) {
  // What only the proto has; anything else (misspelled keys too) is read as the short form, which names them.
  for (const char* key : {"model_specs", "modelSpecs", "metrics_specs", "metricsSpecs", "slicing_specs",
                          "slicingSpecs", "cross_slicing_specs", "crossSlicingSpecs", "options"})
    if (object.is_object() && object.contains(key)) return false;
  return true;
}

Result<tfma::EvalConfig> ShortToEvalConfig(const json& object, const std::string& task) {
  return ShortReader(task).Read(object);
}

}  // namespace penstock::evaluation
