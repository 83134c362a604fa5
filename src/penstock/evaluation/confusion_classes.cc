#include <cmath>
#include <limits>

#include "penstock/evaluation/confusion_metrics.h"
#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kHigher = MetricDirection::kHigherIsBetter;
constexpr auto kLower = MetricDirection::kLowerIsBetter;
constexpr auto kNoWay = MetricDirection::kNone;

double Quotient(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : kNaN;
}
// Both rates, or NaN where one class is not there.
template <class F>
double OfBoth(double a, double a_of, double b, double b_of, F combine) {
  return a_of > 0 && b_of > 0 ? combine(a / a_of, b / b_of) : kNaN;
}

double PrevalenceThreshold(double tp, double tn, double fp, double fn) {
  return OfBoth(tp, tp + fn, tn, tn + fp, [](double tpr, double tnr) {
    // TFMA divides by zero here; a test no better than chance has no such prevalence.
    if (tpr + tnr == 1) return kNaN;
    return (std::sqrt(tpr * (1 - tnr)) + tnr - 1) / (tpr + tnr - 1);
  });
}

double Matthews(double tp, double tn, double fp, double fn) {
  return Quotient(tp * tn - fp * fn, std::sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)));
}

struct Rate {
  std::string_view class_name, name, description;
  MetricDirection direction;
  double (*value)(double tp, double tn, double fp, double fn);
};

double Recall(double tp, double, double, double fn) { return Quotient(tp, tp + fn); }
double Precision(double tp, double, double fp, double) { return Quotient(tp, tp + fp); }
double Specificity(double, double tn, double fp, double) { return Quotient(tn, tn + fp); }
double FallOut(double, double tn, double fp, double) { return Quotient(fp, fp + tn); }
double MissRate(double tp, double, double, double fn) { return Quotient(fn, fn + tp); }
double NegativeValue(double, double tn, double, double fn) { return Quotient(tn, tn + fn); }
double TruePositives(double tp, double, double, double) { return tp; }
double TrueNegatives(double, double tn, double, double) { return tn; }
double FalsePositives(double, double, double fp, double) { return fp; }
double FalseNegatives(double, double, double, double fn) { return fn; }
double FalseDiscovery(double tp, double, double fp, double) { return Quotient(fp, fp + tp); }
double FalseOmission(double, double tn, double, double fn) { return Quotient(fn, fn + tn); }
double PredictedPositive(double tp, double tn, double fp, double fn) {
  return Quotient(tp + fp, tp + tn + fp + fn);
}

constexpr Rate kRates[] = {
    {"TruePositives", "true_positives", "positives above the threshold", kNoWay, TruePositives},
    {"TP", "tp", "positives above the threshold", kNoWay, TruePositives},
    {"TrueNegatives", "true_negatives", "negatives not above the threshold", kNoWay, TrueNegatives},
    {"TN", "tn", "negatives not above the threshold", kNoWay, TrueNegatives},
    {"FalsePositives", "false_positives", "negatives above the threshold", kNoWay, FalsePositives},
    {"FP", "fp", "negatives above the threshold", kNoWay, FalsePositives},
    {"FalseNegatives", "false_negatives", "positives not above the threshold", kNoWay, FalseNegatives},
    {"FN", "fn", "positives not above the threshold", kNoWay, FalseNegatives},
    {"BinaryAccuracy", "binary_accuracy", "(tp + tn) / all", kHigher,
     [](double tp, double tn, double fp, double fn) { return Quotient(tp + tn, tp + fp + tn + fn); }},
    {"Precision", "precision", "tp / (tp + fp)", kHigher, Precision},
    {"PPV", "ppv", "tp / (tp + fp)", kHigher, Precision},
    {"Recall", "recall", "tp / (tp + fn)", kHigher, Recall},
    {"TPR", "tpr", "tp / (tp + fn)", kHigher, Recall},
    {"Specificity", "specificity", "tn / (tn + fp)", kHigher, Specificity},
    {"TNR", "tnr", "tn / (tn + fp)", kHigher, Specificity},
    {"FallOut", "fall_out", "fp / (fp + tn)", kLower, FallOut},
    {"FPR", "fpr", "fp / (fp + tn)", kLower, FallOut},
    {"MissRate", "miss_rate", "fn / (fn + tp)", kLower, MissRate},
    {"FNR", "fnr", "fn / (fn + tp)", kLower, MissRate},
    {"NegativePredictiveValue", "negative_predictive_value", "tn / (tn + fn)", kHigher, NegativeValue},
    {"NPV", "npv", "tn / (tn + fn)", kHigher, NegativeValue},
    {"FalseDiscoveryRate", "false_discovery_rate", "fp / (fp + tp)", kLower, FalseDiscovery},
    {"FalseOmissionRate", "false_omission_rate", "fn / (fn + tn)", kLower, FalseOmission},
    {"Prevalence", "prevalence", "positives / all", kNoWay,
     [](double tp, double tn, double fp, double fn) { return Quotient(tp + fn, tp + tn + fp + fn); }},
    {"PrevalenceThreshold", "prevalence_threshold", "prevalence below which precision falls fast", kLower,
     PrevalenceThreshold},
    {"ThreatScore", "threat_score", "tp / (tp + fn + fp)", kHigher,
     [](double tp, double, double fp, double fn) { return Quotient(tp, tp + fn + fp); }},
    {"BalancedAccuracy", "balanced_accuracy", "mean of recall and specificity", kHigher,
     [](double tp, double tn, double fp, double fn) {
       return OfBoth(tp, tp + fn, tn, tn + fp, [](double tpr, double tnr) { return (tpr + tnr) / 2; });
     }},
    {"F1Score", "f1_score", "2 tp / (2 tp + fp + fn)", kHigher,
     [](double tp, double, double fp, double fn) { return Quotient(2 * tp, 2 * tp + fp + fn); }},
    {"MatthewsCorrelationCoefficient", "matthews_correlation_coefficient",
     "(tp tn - fp fn) / sqrt((tp + fp)(tp + fn)(tn + fp)(tn + fn))", kHigher, Matthews},
    {"FowlkesMallowsIndex", "fowlkes_mallows_index", "sqrt(precision * recall)", kHigher,
     [](double tp, double, double fp, double fn) {
       return OfBoth(tp, tp + fp, tp, tp + fn, [](double a, double b) { return std::sqrt(a * b); });
     }},
    {"Informedness", "informedness", "recall + specificity - 1", kHigher,
     [](double tp, double tn, double fp, double fn) {
       return OfBoth(tp, tp + fn, tn, tn + fp, [](double a, double b) { return a + b - 1; });
     }},
    {"Markedness", "markedness", "precision + negative predictive value - 1", kHigher,
     [](double tp, double tn, double fp, double fn) {
       return OfBoth(tp, tp + fp, tn, tn + fn, [](double a, double b) { return a + b - 1; });
     }},
    {"PositiveLikelihoodRatio", "positive_likelihood_ratio", "recall / fall-out", kHigher,
     [](double tp, double tn, double fp, double fn) {
       return fp > 0 ? OfBoth(tp, tp + fn, fp, fp + tn, [](double a, double b) { return a / b; }) : kNaN;
     }},
    {"NegativeLikelihoodRatio", "negative_likelihood_ratio", "miss rate / specificity", kLower,
     [](double tp, double tn, double fp, double fn) {
       return tn > 0 ? OfBoth(fn, fn + tp, tn, tn + fp, [](double a, double b) { return a / b; }) : kNaN;
     }},
    {"DiagnosticOddsRatio", "diagnostic_odds_ratio", "(tp / fn) / (fp / tn)", kHigher,
     [](double tp, double tn, double fp, double fn) {
       return fn > 0 && fp > 0 && tn > 0 ? tp / fn / (fp / tn) : kNaN;
     }},
    {"PredictedPositiveRate", "predicted_positive_rate", "(tp + fp) / all", kNoWay, PredictedPositive},
};

// The target with the metric's own class_id and top_k.
Result<MetricTarget> WithOwnSubKey(const MetricArguments& arguments, MetricTarget target) {
  for (const auto& [key, place] :
       {std::pair("top_k", &target.sub_key.top_k), {"class_id", &target.sub_key.class_id}}) {
    if (!arguments.Has(key)) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t value, arguments.Integer(key, 0));
    if (*place != SubKey::kNone) {
      return InvalidArgument("Metric {} has '{}', and so has its spec's binarize; give one of them",
                             arguments.metric(), key);
    }
    if (value < (key == std::string_view("top_k") ? 1 : 0) || value > 1'000'000'000)
      return InvalidArgument("Metric {}: '{}' is out of range", arguments.metric(), key);
    *place = static_cast<int>(value);
  }
  return target;
}

Result<MatrixThresholds> ThresholdsOf(const MetricArguments& arguments, const MetricTarget& target,
                                      std::optional<double> absent) {
  MatrixThresholds at;
  for (const char* key : {"thresholds", "threshold"}) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto numbers, arguments.Numbers(key));
    if (!numbers.empty()) at.thresholds = numbers;
    at.is_empty = arguments.IsList(key) && numbers.empty();
    if (at.is_empty && !target.is_tfma_compatible)
      return InvalidArgument("Metric {}: '{}' has no number in it", arguments.metric(), key);
    if (at.is_empty) return at;
  }
  PENSTOCK_ASSIGN_OR_RETURN(at.num_thresholds, arguments.Integer("num_thresholds", 0));
  if (arguments.Has("num_thresholds") && at.num_thresholds < 2)
    return InvalidArgument("Metric {}: 'num_thresholds' must be above 1", arguments.metric());
  if (!at.thresholds.empty() || at.num_thresholds != 0) return at;
  if (target.sub_key.top_k != SubKey::kNone) {
    at.thresholds = {-std::numeric_limits<double>::infinity()};
  } else if (absent.has_value()) {
    at.thresholds = {*absent};
  }
  return at;
}

using MatrixValue = std::function<MetricValue(const ConfusionMatrices&)>;

Status PlanMatrices(const std::string& name, const MetricArguments& arguments, const MetricTarget& plain,
                    std::optional<double> default_threshold, MatrixValue value, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const MetricTarget target, WithOwnSubKey(arguments, plain));
  PENSTOCK_ASSIGN_OR_RETURN(MatrixThresholds at, ThresholdsOf(arguments, target, default_threshold));
  if (at.is_empty) {
    PlannedMetric nothing;
    nothing.keys = {target.Key(name, true)};
    nothing.measure = [value = std::move(value)](const MeasuredCells&) {
      return std::vector<MetricValue>{value({})};
    };
    sink.Add(std::move(nothing));
    return OkStatus();
  }
  auto made = ComputeMatrices(std::move(at), target.Pairs(), target.is_tfma_compatible);
  if (!made.ok()) return Annotate(made.status(), "Metric " + arguments.metric());
  PlannedMetric metric;
  metric.keys = {target.Key(name, true)};
  metric.computations = {sink.Add(std::move(made->computation))};
  metric.measure = [matrices = std::move(made->matrices),
                    value = std::move(value)](const MeasuredCells& cells) {
    return std::vector<MetricValue>{value(matrices(cells.of[0]))};
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

Status PlanRate(const Rate& rate, const std::string& name, const MetricArguments& arguments,
                const MetricTarget& target, MetricSink& sink, double threshold = 0.5) {
  return PlanMatrices(
      name, arguments, target, threshold,
      [&rate](const ConfusionMatrices& m) -> MetricValue {
        std::vector<double> values;
        for (size_t i = 0; i < m.thresholds.size(); ++i)
          values.push_back(rate.value(m.tp[i], m.tn[i], m.fp[i], m.fn[i]));
        if (values.size() == 1) return values[0];
        return values;
      },
      sink);
}

Status PlanArea(bool is_precision_recall, const std::string& name, const MetricArguments& arguments,
                const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string curve,
                            arguments.Text("curve", is_precision_recall ? "PR" : "ROC"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string method, arguments.Text("summation_method", "interpolation"));
  const auto is = [](const std::string& text, std::string_view word) {
    return text.size() == word.size() &&
           std::equal(text.begin(), text.end(), word.begin(),
                      [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  };
  if (!is(curve, "roc") && !is(curve, "pr"))
    return InvalidArgument("Metric {}: 'curve' must be ROC or PR, not {}", arguments.metric(), curve);
  if (!is(method, "interpolation") && !is(method, "majoring") && !is(method, "minoring")) {
    return InvalidArgument(
        "Metric {}: 'summation_method' must be interpolation, majoring or minoring, not {}",
        arguments.metric(), method);
  }
  const bool is_pr = is(curve, "pr");
  const Summation summation = is(method, "majoring")   ? Summation::kMajoring
                              : is(method, "minoring") ? Summation::kMinoring
                                                       : Summation::kInterpolation;
  const bool keeps_zero = target.is_tfma_compatible;
  return PlanMatrices(
      name, arguments, target, std::nullopt,
      [is_pr, summation, keeps_zero](const ConfusionMatrices& m) -> MetricValue {
        if (m.thresholds.empty()) return 0.0;
        // TFMA says 0 where a class is missing, which reads like the worst model.
        const bool has_positives = m.tp[0] + m.fn[0] != 0, has_negatives = m.fp[0] + m.tn[0] != 0;
        if (!keeps_zero && (!has_positives || (!is_pr && !has_negatives))) return kNaN;
        return AreaUnderCurve(m, is_pr, summation);
      },
      sink);
}

using Rates = std::vector<double> (*)(const ConfusionMatrices&);
std::vector<double> Divided(const std::vector<double>& part, const std::vector<double>& rest) {
  std::vector<double> rates(part.size());
  for (size_t i = 0; i < part.size(); ++i) rates[i] = part[i] / (part[i] + rest[i]);
  return rates;
}
std::vector<double> Recalls(const ConfusionMatrices& m) { return Divided(m.tp, m.fn); }
std::vector<double> Precisions(const ConfusionMatrices& m) { return Divided(m.tp, m.fp); }
std::vector<double> Specificities(const ConfusionMatrices& m) { return Divided(m.tn, m.fp); }
std::vector<double> FallOuts(const ConfusionMatrices& m) { return Divided(m.fp, m.tn); }
std::vector<double> ThresholdsThemselves(const ConfusionMatrices& m) { return m.thresholds; }

struct ConstrainedRate {
  std::string_view class_name, name, limit;
  Rates bound, wanted;
  bool is_at_most;
  bool is_from_0_to_1;
};
constexpr ConstrainedRate kConstrained[] = {
    {"SensitivityAtSpecificity", "sensitivity_at_specificity", "specificity", Specificities, Recalls, false,
     false},
    {"SpecificityAtSensitivity", "specificity_at_sensitivity", "sensitivity", Recalls, Specificities, false,
     false},
    {"PrecisionAtRecall", "precision_at_recall", "recall", Recalls, Precisions, false, true},
    {"RecallAtPrecision", "recall_at_precision", "precision", Precisions, Recalls, false, true},
    {"RecallAtFalsePositiveRate", "recall_at_false_positive_rate", "false_positive_rate", FallOuts, Recalls,
     true, true},
    {"ThresholdAtRecall", "threshold_at_recall", "recall", Recalls, ThresholdsThemselves, false, true},
};

Status PlanConstrained(const ConstrainedRate& rate, const std::string& name, const MetricArguments& arguments,
                       const MetricTarget& target, MetricSink& sink) {
  const std::string limit(rate.limit);
  if (!arguments.Has(limit))
    return InvalidArgument("Metric {} needs the argument '{}'", arguments.metric(), limit);
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> limits, arguments.Numbers(limit));
  for (const double value : limits) {
    if (rate.is_from_0_to_1 && !(value >= 0 && value <= 1))
      return InvalidArgument("Metric {}: '{}' must be from 0 to 1, not {}", arguments.metric(), limit, value);
  }
  const bool is_list = arguments.IsList(limit);
  return PlanMatrices(
      name, arguments, target, std::nullopt,
      [&rate, limits, is_list](const ConfusionMatrices& m) -> MetricValue {
        const auto bound = rate.bound(m), wanted = rate.wanted(m);
        std::vector<double> values;
        for (const double value : limits)
          values.push_back(LargestUnder(bound, wanted, value, rate.is_at_most));
        if (!is_list) return values[0];
        return values;
      },
      sink);
}

Status PlanMatrixPlot(const std::string& name, const MetricArguments& arguments, const MetricTarget& target,
                      bool is_score_distribution, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t count, arguments.Integer("num_thresholds", 1000));
  if (count < 1 || count > 1'000'000)
    return InvalidArgument("Metric {}: 'num_thresholds' is out of range", arguments.metric());
  MatrixThresholds at;
  at.uses_histogram = true;
  at.thresholds.push_back(-1e-6);
  for (int64_t i = 0; i <= count; ++i)
    at.thresholds.push_back(static_cast<double>(i) / static_cast<double>(count));
  PENSTOCK_ASSIGN_OR_RETURN(MatrixComputation made,
                            is_score_distribution ? ComputeScoreDistribution(at.thresholds, target.Pairs())
                                                  : ComputeMatrices(at, target.Pairs(), false));
  PlannedMetric plot;
  plot.keys = {target.Key(name)};
  plot.is_plot = true;
  plot.has_interval = false;
  plot.computations = {sink.Add(std::move(made.computation))};
  plot.measure = [matrices = std::move(made.matrices)](const MeasuredCells& cells) {
    return std::vector<MetricValue>{matrices(cells.of[0])};
  };
  sink.Add(std::move(plot));
  return OkStatus();
}

Status PlanCalibrationPlot(const std::string& name, const MetricArguments& arguments,
                           const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t num_buckets, arguments.Integer("num_buckets", 1000));
  PENSTOCK_ASSIGN_OR_RETURN(const double left, arguments.Number("left", 0));
  PENSTOCK_ASSIGN_OR_RETURN(const double right, arguments.Number("right", 1));
  auto made = ComputeCalibration(num_buckets, left, right, target.Pairs());
  if (!made.ok()) return Annotate(made.status(), "Metric " + arguments.metric());
  PlannedMetric plot;
  plot.keys = {target.Key(name)};
  plot.is_plot = true;
  plot.has_interval = false;
  plot.computations = {sink.Add(std::move(made->computation))};
  plot.measure = [buckets = std::move(made->buckets)](const MeasuredCells& cells) {
    return std::vector<MetricValue>{buckets(cells.of[0])};
  };
  sink.Add(std::move(plot));
  return OkStatus();
}

// Fairness Indicators: these rates at each threshold, as metrics of their own.
Status PlanFairness(const std::string& name, const MetricArguments& arguments, const MetricTarget& target,
                    MetricSink& sink) {
  struct Indicator {
    const char* name;
    double (*value)(double, double, double, double);
  };
  static constexpr Indicator kIndicators[] = {
      {"false_positive_rate", FallOut},
      {"false_negative_rate", MissRate},
      {"true_positive_rate", Recall},
      {"true_negative_rate", Specificity},
      {"positive_rate", PredictedPositive},
      {"negative_rate",
       [](double tp, double tn, double fp, double fn) { return Quotient(tn + fn, tp + tn + fp + fn); }},
      {"false_discovery_rate", FalseDiscovery},
      {"false_omission_rate", FalseOmission},
      {"precision", Precision},
      {"recall", Recall}};
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> thresholds, arguments.Numbers("thresholds"));
  if (thresholds.empty()) thresholds = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
  PENSTOCK_ASSIGN_OR_RETURN(
      MatrixComputation made,
      ComputeMatrices({.thresholds = thresholds}, target.Pairs(), target.is_tfma_compatible));
  PlannedMetric metric;
  for (const Indicator& indicator : kIndicators)
    for (const double threshold : thresholds)
      metric.keys.push_back(target.Key(fmt::format("{}/{}@{}", name, indicator.name, threshold)));
  metric.computations = {sink.Add(std::move(made.computation))};
  metric.measure = [matrices = std::move(made.matrices)](const MeasuredCells& cells) {
    const ConfusionMatrices m = matrices(cells.of[0]);
    std::vector<MetricValue> values;
    for (const Indicator& indicator : kIndicators)
      for (size_t i = 0; i < m.thresholds.size(); ++i)
        values.emplace_back(indicator.value(m.tp[i], m.tn[i], m.fp[i], m.fn[i]));
    return values;
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

}  // namespace

void AddConfusionClasses(std::map<std::string, MetricClass>& classes) {
  using std::string;
  const auto add = [&](MetricClass added) { classes[added.class_name] = std::move(added); };
  for (const Rate& rate : kRates) {
    add({string(rate.class_name),
         string(rate.name),
         {rate.class_name == "BinaryAccuracy" ? "threshold" : "thresholds", "top_k", "class_id"},
         string(rate.description),
         rate.direction,
         [&rate](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                 MetricSink& sink) { return PlanRate(rate, name, arguments, target, sink); }});
  }
  const Rate* recall = std::find_if(std::begin(kRates), std::end(kRates),
                                    [](const Rate& rate) { return rate.class_name == "Recall"; });
  add({"MaxRecall",
       "max_recall",
       {"top_k", "class_id"},
       "recall of everything above 1e-12",
       kHigher,
       [recall](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) { return PlanRate(*recall, name, arguments, target, sink, 1e-12); }});
  for (const bool is_pr : {false, true}) {
    add({is_pr ? "AUCPrecisionRecall" : "AUC",
         is_pr ? "auc_precision_recall" : "auc",
         {"num_thresholds", "curve", "summation_method", "thresholds", "top_k", "class_id", "multi_label",
          "num_labels", "label_weights", "from_logits"},
         is_pr ? "area under the precision-recall curve" : "area under the ROC curve",
         kHigher,
         [is_pr](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                 MetricSink& sink) { return PlanArea(is_pr, name, arguments, target, sink); }});
  }
  for (const ConstrainedRate& rate : kConstrained) {
    add({string(rate.class_name),
         string(rate.name),
         {rate.limit, "num_thresholds", "thresholds", "class_id", "top_k"},
         "the best at a threshold that meets the limit",
         kHigher,
         [&rate](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                 MetricSink& sink) { return PlanConstrained(rate, name, arguments, target, sink); }});
  }
  add({"ConfusionMatrixAtThresholds",
       "confusion_matrix_at_thresholds",
       {"thresholds", "top_k", "class_id"},
       "the matrix and its rates at each threshold",
       kNoWay,
       [](const string& name, const MetricArguments& arguments, const MetricTarget& target,
          MetricSink& sink) -> Status {
         if (!arguments.Has("thresholds"))
           return InvalidArgument("Metric {} needs the argument 'thresholds'", arguments.metric());
         return PlanMatrices(
             name, arguments, target, std::nullopt,
             [](const ConfusionMatrices& m) -> MetricValue { return m; }, sink);
       }});
  for (const bool is_scores : {false, true}) {
    add({is_scores ? "ScoreDistributionPlot" : "ConfusionMatrixPlot",
         is_scores ? "score_distribution_plot" : "confusion_matrix_plot",
         {"num_thresholds"},
         "plot: the matrix at many thresholds",
         kNoWay,
         [is_scores](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                     MetricSink& sink) { return PlanMatrixPlot(name, arguments, target, is_scores, sink); }});
  }
  add({"CalibrationPlot",
       "calibration_plot",
       {"num_buckets", "left", "right"},
       "plot: labels by prediction",
       kNoWay,
       PlanCalibrationPlot});
  add({"FairnessIndicators",
       "fairness_indicators_metrics",
       {"thresholds"},
       "ten rates at each threshold",
       kNoWay,
       PlanFairness});
}

}  // namespace penstock::evaluation
