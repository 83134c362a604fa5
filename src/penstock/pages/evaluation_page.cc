#include "penstock/pages/evaluation_page.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "penstock/pages/analysis_json_internal.h"
#include "penstock/pages/bounded_json.h"
#include "penstock/pages/evaluation_keys_internal.h"
#include "penstock/pages/plot_json_internal.h"

namespace penstock::pages {

using nlohmann::json;

namespace {

constexpr size_t kMaxTextBytes = 1'000;
constexpr int kMaxFailures = 5'000;
constexpr int64_t kMaxMetricThresholds = 200;

/// A metric as a number, where it is one.
std::optional<double> NumberOf(const tfma::MetricValue& value) {
  switch (value.type_case()) {
    case tfma::MetricValue::kDoubleValue:
      return value.double_value().value();
    case tfma::MetricValue::kBoundedValue:
      return value.bounded_value().value().value();
    default:
      return std::nullopt;
  }
}

/// Lower and upper bound of the confidence interval, where there is one.
std::optional<std::pair<double, double>> IntervalOf(const tfma::MetricsForSlice::MetricKeyAndValue& metric) {
  if (metric.value().has_bounded_value()) {
    const auto& bounded = metric.value().bounded_value();
    return std::pair(bounded.lower_bound().value(), bounded.upper_bound().value());
  }
  if (!metric.has_confidence_interval()) return std::nullopt;
  const auto lower = NumberOf(metric.confidence_interval().lower_bound());
  const auto upper = NumberOf(metric.confidence_interval().upper_bound());
  if (!lower.has_value() || !upper.has_value()) return std::nullopt;
  return std::pair(*lower, *upper);
}

/// Everything of the evaluations as lists that refer to each other by place.
class PageBuilder {
 public:
  PageBuilder(const std::vector<NamedEvaluation>& evaluations, const EvaluationLimits& limits)
      : evaluations_(evaluations), limits_(limits) {}

  /// `analyses`: of each evaluation, or null.
  json Build(const std::vector<json>& analyses) {
    json evaluations = json::array();
    for (size_t i = 0; i < evaluations_.size(); ++i) AddMetrics(static_cast<int>(i));
    for (size_t i = 0; i < evaluations_.size(); ++i) AddPlots(static_cast<int>(i));
    plots_.insert(plots_.end(), matrices_.begin(), matrices_.end());
    for (size_t i = 0; i < evaluations_.size(); ++i) AddAttributions(static_cast<int>(i));
    for (const NamedEvaluation& evaluation : evaluations_) {
      evaluations.push_back(
          {{"name", CutText(evaluation.name, kMaxTextBytes)},
           {"validation", evaluation.has_validation ? Validation(evaluation.validation) : json()},
           {"analysis", analyses[evaluations.size()]}});
    }
    NoteWhatIsMissing();
    return {{"version", 1},
            {"page", "evaluation"},
            {"evaluations", std::move(evaluations)},
            {"slices", slices_.things()},
            {"series", series_.things()},
            {"metrics", metrics_.things()},
            {"values", std::move(values_)},
            {"plots", std::move(plots_)},
            {"attributions", std::move(attributions_)},
            {"notes", std::move(notes_)}};
  }

 private:
  /// Values go by slice: the page wants all models of a slice.
  void AddMetrics(int evaluation) {
    std::vector<const tfma::MetricsForSlice*> slices;
    for (const auto& slice : evaluations_[evaluation].metrics) slices.push_back(&slice);
    std::stable_sort(slices.begin(), slices.end(), [](const auto* a, const auto* b) {
      return a->slice_key().single_slice_keys_size() < b->slice_key().single_slice_keys_size();
    });
    for (const auto* slice : slices) {
      const json key = SliceJson(*slice);
      const bool is_new = slices_.Find(key) < 0;
      if ((is_new && static_cast<int64_t>(slices_.things().size()) >= limits_.max_slices) ||
          num_values_ >= limits_.max_values) {
        ++num_slices_left_out_;
        continue;
      }
      const int index = slices_.IndexOf(key);
      while (static_cast<int>(values_.size()) <= index) values_.push_back(json::array());
      for (const auto& metric : slice->metric_keys_and_values()) {
        AddValue(evaluation, metric, values_[index]);
        AddMatrices(evaluation, index, metric);
      }
    }
  }

  void AddValue(int evaluation, const tfma::MetricsForSlice::MetricKeyAndValue& metric, json& values) {
    const tfma::MetricKey& key = metric.key();
    const auto series = [&] {
      return series_.IndexOf(SeriesJson(evaluation, key.model_name(), key.output_name()));
    };
    if (const auto number = NumberOf(metric.value()); number.has_value()) {
      json value = {series(), metrics_.IndexOf(MetricJson(key)), NumberJson(*number)};
      if (const auto interval = IntervalOf(metric); interval.has_value()) {
        value.push_back(NumberJson(interval->first));
        value.push_back(NumberJson(interval->second));
      }
      values.push_back(std::move(value));
      ++num_values_;
    } else if (metric.value().has_value_at_cutoffs()) {
      for (const auto& pair : metric.value().value_at_cutoffs().values()) {
        json named = MetricJson(key);
        named["of"] = fmt::format("top {}", pair.cutoff());
        values.push_back({series(), metrics_.IndexOf(named), NumberJson(pair.value())});
        ++num_values_;
      }
    } else if (metric.value().has_debug_message()) {
      json named = MetricJson(key);
      values.push_back(
          {series(), metrics_.IndexOf(named), CutText(metric.value().debug_message(), kMaxTextBytes)});
      ++num_values_;
    }
  }

  /// Matrices that were asked for as metrics are drawn like those of plots, which go first.
  void AddMatrices(int evaluation, int slice, const tfma::MetricsForSlice::MetricKeyAndValue& metric) {
    json made;
    if (metric.value().confusion_matrix_at_thresholds().matrices_size() > 1)
      made["thresholds"] =
          ThresholdsJson(metric.value().confusion_matrix_at_thresholds(), kMaxMetricThresholds);
    if (metric.value().has_multi_class_confusion_matrix_at_thresholds())
      made["classes"] =
          ClassMatricesJson(metric.value().multi_class_confusion_matrix_at_thresholds(), limits_.max_classes);
    if (made.is_null()) return;
    made["slice"] = slice;
    made["series"] =
        series_.IndexOf(SeriesJson(evaluation, metric.key().model_name(), metric.key().output_name()));
    made["of"] = SubKeyText(metric.key().sub_key());
    if (static_cast<int64_t>(matrices_.size()) < limits_.max_plots) matrices_.push_back(std::move(made));
  }

  void AddPlots(int evaluation) {
    const auto& all = evaluations_[evaluation].plots;
    size_t num_plots = 1;
    for (const auto& one : evaluations_) num_plots += one.plots.size();
    const int64_t max_points =
        std::clamp<int64_t>(limits_.max_points / static_cast<int64_t>(num_plots), 40, 500);
    for (const auto& slice : all) {
      for (const auto& plot : slice.plot_keys_and_values()) {
        const int index = slices_.Find(SliceJson(slice));
        if (index < 0 || static_cast<int64_t>(plots_.size()) >= limits_.max_plots) {
          ++num_plots_left_out_;
          continue;
        }
        json made = PlotJson(plot.value(), max_points, limits_.max_classes);
        if (made.is_null()) continue;
        made["slice"] = index;
        made["series"] =
            series_.IndexOf(SeriesJson(evaluation, plot.key().model_name(), plot.key().output_name()));
        made["of"] = SubKeyText(plot.key().sub_key());
        plots_.push_back(std::move(made));
      }
    }
  }

  /// Features by what they add, the largest first; of several numbers (classes) the first.
  static json FeaturesJson(const google::protobuf::Map<std::string, tfma::MetricValue>& values,
                           int max_features) {
    std::vector<std::pair<std::string, double>> features;
    for (const auto& [feature, value] : values) {
      const auto& listed = value.array_value();
      const auto number = listed.float64_values_size() > 0   ? std::optional(listed.float64_values(0))
                          : listed.float32_values_size() > 0 ? std::optional<double>(listed.float32_values(0))
                                                             : NumberOf(value);
      if (number.has_value()) features.emplace_back(feature, *number);
    }
    std::sort(features.begin(), features.end(), [](const auto& a, const auto& b) {
      const double left = std::fabs(a.second), right = std::fabs(b.second);
      return left != right ? left > right : a.first < b.first;
    });
    json shown = json::array();
    for (const auto& [feature, number] : features)
      if (shown.size() < static_cast<size_t>(max_features))
        shown.push_back({CutText(feature, kMaxTextBytes), NumberJson(number)});
    return shown;
  }

  void AddAttributions(int evaluation) {
    int64_t num_features = 0;
    for (const auto& slice : evaluations_[evaluation].attributions) {
      for (const auto& entry : slice.attributions_keys_and_values()) {
        const int index = slices_.Find(SliceJson(slice));
        json features = FeaturesJson(entry.values(), limits_.max_features);
        num_features += static_cast<int64_t>(features.size());
        if (index < 0 || num_features > limits_.max_attributions) {
          ++num_plots_left_out_;
          continue;
        }
        const auto& key = entry.key();
        attributions_.push_back(
            {{"slice", index},
             {"series", series_.IndexOf(SeriesJson(evaluation, key.model_name(), key.output_name()))},
             {"metric", CutText(key.name() + (key.is_diff() ? " (change)" : ""), kMaxTextBytes)},
             {"of", SubKeyText(key.sub_key())},
             {"features", std::move(features)}});
      }
    }
  }

  json Validation(const tfma::ValidationResult& validation) {
    json failures = json::array();
    for (const auto& slice : validation.metric_validations_per_slice()) {
      const int index = slices_.Find(SliceJson(slice));
      for (const auto& failure : slice.failures()) {
        if (failures.size() == kMaxFailures) break;
        failures.push_back(FailureJson(failure, index, SliceJson(slice)));
      }
    }
    json missing = json::array();
    for (const auto& spec : validation.missing_slices()) missing.push_back(SpecText(spec));
    for (const auto& cross : validation.missing_cross_slices()) {
      for (const auto& spec : cross.slicing_specs())
        missing.push_back(SpecText(cross.baseline_spec()) + " against " + SpecText(spec));
    }
    return {{"is_blessed", validation.validation_ok()},
            {"is_rubber_stamp", validation.rubber_stamp()},
            {"lacks_thresholds", validation.missing_thresholds()},
            {"failures", std::move(failures)},
            {"missing_slices", std::move(missing)}};
  }

  json FailureJson(const tfma::ValidationFailure& failure, int slice, json slice_key) {
    json made = {{"slice", slice < 0 ? json(nullptr) : json(slice)},
                 {"slice_key", std::move(slice_key)},
                 {"metric", MetricJson(failure.metric_key())},
                 {"model", CutText(failure.metric_key().model_name(), kMaxTextBytes)},
                 {"message", CutText(failure.message(), kMaxTextBytes)},
                 {"value", nullptr}};
    if (const auto number = NumberOf(failure.metric_value()); number.has_value())
      made["value"] = NumberJson(*number);
    const auto limit = [&made](const char* name, const google::protobuf::DoubleValue& bound) {
      made["limits"].push_back({name, NumberJson(bound.value())});
    };
    const auto& threshold = failure.metric_threshold();
    if (threshold.value_threshold().has_lower_bound())
      limit("at least", threshold.value_threshold().lower_bound());
    if (threshold.value_threshold().has_upper_bound())
      limit("at most", threshold.value_threshold().upper_bound());
    const bool is_upwards = threshold.change_threshold().direction() == tfma::HIGHER_IS_BETTER;
    if (threshold.change_threshold().has_absolute())
      limit(is_upwards ? "change at least" : "change at most", threshold.change_threshold().absolute());
    if (threshold.change_threshold().has_relative())
      limit(is_upwards ? "relative change at least" : "relative change at most",
            threshold.change_threshold().relative());
    return made;
  }

  static std::string SpecText(const tfma::SlicingSpec& spec) {
    std::vector<std::string> parts(spec.feature_keys().begin(), spec.feature_keys().end());
    std::sort(parts.begin(), parts.end());
    for (const auto& [feature, value] : spec.feature_values()) parts.push_back(feature + ": " + value);
    if (parts.empty()) return "all examples";
    return CutText(fmt::format("{}", fmt::join(parts, ", ")), kMaxTextBytes);
  }

  void NoteWhatIsMissing() {
    if (num_slices_left_out_ > 0)
      notes_.push_back(fmt::format("{} slices are not on this page, which has room for {} of them",
                                   num_slices_left_out_, slices_.things().size()));
    if (num_plots_left_out_ > 0)
      notes_.push_back(fmt::format("{} plots are not on this page", num_plots_left_out_));
  }

  const std::vector<NamedEvaluation>& evaluations_;
  const EvaluationLimits& limits_;
  JsonList slices_, series_, metrics_;
  json values_ = json::array(), plots_ = json::array(), matrices_ = json::array(),
       attributions_ = json::array(), notes_ = json::array();
  int64_t num_values_ = 0, num_slices_left_out_ = 0, num_plots_left_out_ = 0;
};

}  // namespace

Result<json> EvaluationPageData(const std::vector<NamedEvaluation>& evaluations,
                                const EvaluationLimits& limits) {
  if (evaluations.empty()) return InvalidArgument("There is no evaluation to show");
  std::vector<json> analyses;
  for (const NamedEvaluation& evaluation : evaluations) {
    json& analysis = analyses.emplace_back();
    if (evaluation.analysis.empty()) continue;
    auto read = AnalysisJson(evaluation.analysis);
    if (!read.ok()) return Annotate(read.status(), evaluation.name);
    analysis = *std::move(read);
  }
  return PageBuilder(evaluations, limits).Build(analyses);
}

}  // namespace penstock::pages
