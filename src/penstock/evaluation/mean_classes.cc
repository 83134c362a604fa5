#include <cmath>
#include <limits>

#include "penstock/evaluation/vector_cells.h"

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kHigher = MetricDirection::kHigherIsBetter;
constexpr auto kLower = MetricDirection::kLowerIsBetter;
constexpr auto kNoWay = MetricDirection::kNone;

using Cells = std::span<const double>;
using std::string;

// A computation that adds to its cells for each pair; `add` is compiled into the loop.
template <class F>
Computation PairSums(const char* algorithm, int64_t num_cells, const PairSpec& pairs, F add) {
  Computation made;
  made.name = std::string(algorithm) + ":" + FingerprintOf(pairs);
  made.num_cells = num_cells;
  made.emit = [pairs, add](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* found, cache.Pairs(pairs));
    for (size_t unit = 0; unit + 1 < found->unit_offsets.size(); ++unit) {
      for (auto i = static_cast<size_t>(found->unit_offsets[unit]);
           i < static_cast<size_t>(found->unit_offsets[unit + 1]); ++i)
        add(found->labels[i], found->predictions[i], found->weights[i], into);
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

// As VectorCells of a mean's two cells, but each query counts once, by the mean of its examples: TFMA's cross
// entropy takes a query for one prediction.
template <class F>
Computation QueryMeans(const string& algorithm, const PairSpec& pairs, F add) {
  Computation made;
  made.name = algorithm + ":queries:" + FingerprintOf(pairs);
  made.num_cells = 2;
  made.emit = [pairs, add](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionVectors* found, cache.Vectors(pairs));
    const ExampleRows& rows = cache.rows();
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      const auto size = static_cast<double>(rows.UnitEnd(unit) - rows.UnitBegin(unit));
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        auto values = found->rows[static_cast<size_t>(row)];
        values.weight = 1 / size;
        if (!values.is_missing) PENSTOCK_RETURN_IF_ERROR(add(values, row, into));
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

// Sums of w * label, w * prediction, w.
Computation LabelPredictionSums(const PairSpec& pairs) {
  return PairSums("label-prediction/1", 3, pairs,
                  [](double label, double prediction, double weight, auto& into) {
                    into.Add(0, weight * label);
                    into.Add(1, weight * prediction);
                    into.Add(2, weight);
                  });
}

double NotNearZero(double numerator, double denominator) {
  return std::fabs(denominator) <= 1e-8 ? kNaN : numerator / denominator;
}

// The mean over pairs of `error`, leaving out those where it is NaN.
template <class F>
Status PlanMeanError(const char* algorithm, const string& name, const MetricTarget& target, MetricSink& sink,
                     F error) {
  sink.Add(target.Key(name),
           PairSums(algorithm, 2, target.Pairs(),
                    [error](double label, double prediction, double weight, auto& into) {
                      const double value = error(label, prediction);
                      if (std::isnan(value)) return;
                      into.Add(0, value * weight);
                      into.Add(1, weight);
                    }),
           [](Cells cells) { return cells[1] != 0 ? cells[0] / cells[1] : kNaN; });
  return OkStatus();
}

Status PlanPearson(const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
  PairSpec pairs = target.Pairs();
  // TFMA's correlates all classes whatever class is asked for.
  if (target.is_tfma_compatible) pairs.sub_key = {};
  sink.Add(target.Key(name),
           PairSums("pearson/1", 6, pairs,
                    [](double l, double p, double w, auto& into) {
                      const double terms[] = {w * l, w * p, w * l * l, w * p * p, w * l * p, w};
                      for (int i = 0; i < 6; ++i) into.Add(i, terms[i]);
                    }),
           [](Cells c) {
             if (!(c[5] > 0)) return kNaN;
             const double covariance = c[4] - c[0] * c[1] / c[5];
             const double variances = (c[2] - c[0] * c[0] / c[5]) * (c[3] - c[1] * c[1] / c[5]);
             return variances > 0 ? covariance * covariance / variances : kNaN;
           });
  return OkStatus();
}

// Tjur's: the mean prediction of positives against that of negatives. TFMA never chooses a class here.
Status PlanDiscrimination(bool is_relative, const string& name, const MetricTarget& target,
                          MetricSink& sink) {
  PairSpec pairs = target.Pairs();
  if (target.is_tfma_compatible || is_relative) pairs.sub_key = {};
  MetricKey key = target.Key(name);
  if (is_relative) key.sub_key = {};
  sink.Add(std::move(key),
           PairSums("discrimination/1", 4, pairs,
                    [](double l, double p, double w, auto& into) {
                      into.Add(0, (1 - l) * w);
                      into.Add(1, l * w);
                      into.Add(2, (1 - l) * p * w);
                      into.Add(3, l * p * w);
                    }),
           [is_relative](Cells c) {
             if (c[0] == 0 || c[1] == 0 || (is_relative && c[2] == 0)) return kNaN;
             return is_relative ? (c[3] / c[1]) / (c[2] / c[0]) : c[3] / c[1] - c[2] / c[0];
           });
  return OkStatus();
}

double BinaryCrossEntropy(double label, double prediction, bool from_logits, double smoothing) {
  label = label * (1 - smoothing) + 0.5 * smoothing;
  if (from_logits)
    return std::max(prediction, 0.0) - prediction * label + std::log(1 + std::exp(-std::fabs(prediction)));
  return -(label * std::log(prediction)) - (1 - label) * std::log(1 - prediction);
}

// The probability kept away from 0 and 1, as Keras does: TFMA's metric of the same name gives NaN there.
double ClippedCrossEntropy(double label, double prediction, bool from_logits, double smoothing) {
  if (from_logits) return BinaryCrossEntropy(label, prediction, true, smoothing);
  label = label * (1 - smoothing) + 0.5 * smoothing;
  const double kept = std::clamp(prediction, 1e-7, 1 - 1e-7);
  return -(label * std::log(kept)) - (1 - label) * std::log1p(-kept);
}

Status PlanBinaryCrossEntropy(const string& name, const MetricArguments& arguments,
                              const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool from_logits, arguments.Flag("from_logits", false));
  PENSTOCK_ASSIGN_OR_RETURN(const double smoothing, arguments.Number("label_smoothing", 0));
  const auto entropy = target.is_tfma_compatible && arguments.metric() == "BinaryCrossEntropy"
                           ? BinaryCrossEntropy
                           : ClippedCrossEntropy;
  const auto add = [=](const LabelPredictionVectors::Row& row, int64_t, Contributions& into) -> Status {
    double sum = 0;
    for (size_t i = 0; i < row.prediction.size(); ++i)
      sum += entropy(row.label.size() == 1 ? row.label[0] : row.label[i], row.prediction[i], from_logits,
                     smoothing);
    into.Add(0, sum / static_cast<double>(row.prediction.size()) * row.weight);
    into.Add(1, row.weight);
    return OkStatus();
  };
  const string algorithm =
      fmt::format("binary-crossentropy/1:{}:{}:{}", from_logits, smoothing, entropy == BinaryCrossEntropy);
  const bool is_per_query = target.is_tfma_compatible && !target.query_key.empty() && !target.is_weighted &&
                            arguments.metric() == "BinaryCrossEntropy";
  sink.Add(target.Key(name),
           is_per_query ? QueryMeans(algorithm, target.Pairs(), add)
                        : VectorCells(algorithm, 2, target.Pairs(), add),
           [](Cells c) { return c[0] / c[1]; });
  return OkStatus();
}

// One-hot labels against scores that are made to sum to 1 (Keras clips them first).
Status PlanCategoricalCrossEntropy(const string& name, const MetricArguments& arguments,
                                   const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool from_logits, arguments.Flag("from_logits", false));
  PENSTOCK_ASSIGN_OR_RETURN(const double smoothing, arguments.Number("label_smoothing", 0));
  const auto add = [=](const LabelPredictionVectors::Row& row, int64_t at, Contributions& into) -> Status {
    std::vector<double> scores = row.prediction;
    if (from_logits) {
      const double highest = *std::max_element(scores.begin(), scores.end());
      for (double& score : scores) score = std::exp(score - highest);
    }
    double total = 0;
    for (const double score : scores) total += score;
    const auto log_score = [&](size_t i) { return std::log(std::clamp(scores[i] / total, 1e-7, 1 - 1e-7)); };
    const auto size = static_cast<double>(scores.size());
    double entropy = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      if (row.label.size() != 1 && row.label.size() != scores.size())
        return InvalidArgument("Row {} has {} labels for {} scores", at + 1, row.label.size(), scores.size());
      const double label = row.label.size() == scores.size()        ? row.label[i]
                           : row.label[0] == static_cast<double>(i) ? 1.0
                                                                    : 0.0;
      entropy -= (label * (1 - smoothing) + smoothing / size) * log_score(i);
    }
    into.Add(0, entropy * row.weight);
    into.Add(1, row.weight);
    return OkStatus();
  };
  sink.Add(target.Key(name),
           VectorCells(fmt::format("categorical-crossentropy/1:{}:{}", from_logits, smoothing), 2,
                       target.Pairs(), add),
           [](Cells c) { return c[0] / c[1]; });
  return OkStatus();
}

Status PlanExampleCount(const string& name, const MetricArguments&, const MetricTarget& target,
                        MetricSink& sink) {
  PlannedMetric metric;
  metric.keys = {target.Key(name)};
  metric.has_interval = false;
  Computation count;
  PairSpec pairs;
  pairs.target = target.columns;
  pairs.is_weighted = target.is_weighted;
  count.name = fmt::format("example-count/1:{}", pairs.is_weighted ? pairs.target.weight : "");
  count.num_cells = 1;
  count.emit = [pairs](PairCache& cache, Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    // A column that the plan let be absent weighs nothing.
    const bool is_weighted =
        pairs.is_weighted && !pairs.target.weight.empty() && rows.columns.count(pairs.target.weight) > 0;
    std::vector<double> weights;
    if (is_weighted) {
      PENSTOCK_ASSIGN_OR_RETURN(weights, RowWeights(rows, pairs));
    }
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      double weight = is_weighted ? 0 : 1;
      if (is_weighted)
        for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row)
          weight += weights[static_cast<size_t>(row)];
      into.Add(0, weight);
      into.EndUnit();
    }
    return OkStatus();
  };
  metric.computations = {sink.Add(std::move(count))};
  metric.measure = [](const MeasuredCells& cells) { return std::vector<MetricValue>{cells.of[0][0]}; };
  sink.Add(std::move(metric));
  return OkStatus();
}

// TFMA's Mean: of a feature, by its path in the extracts: ["features", "age"].
Status PlanFeatureMean(const string& given, const MetricArguments& arguments, const MetricTarget& target,
                       MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<string> path, arguments.Texts("feature_key_path"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<string> weight_path,
                            arguments.Texts("example_weights_key_path"));
  if (path.empty()) return InvalidArgument("Metric Mean needs the argument 'feature_key_path'");
  PairSpec pairs;
  const auto column_of = [&](const std::vector<string>& keys) {
    if (keys[0] == "labels") return target.columns.label;
    if (keys[0] == "predictions") return target.columns.prediction;
    if (keys[0] == "example_weights") return target.columns.weight;
    return keys.back();
  };
  pairs.target.label = pairs.target.prediction = column_of(path);
  pairs.is_weighted = !weight_path.empty();
  if (pairs.is_weighted) pairs.target.weight = column_of(weight_path);
  sink.Need(pairs.target.label);
  if (!pairs.target.weight.empty()) sink.Need(pairs.target.weight);
  MetricKey key;
  key.name = given == "mean" && !arguments.Has("name") ? fmt::format("mean_{}", fmt::join(path, ".")) : given;
  key.is_weighted = pairs.is_weighted;
  sink.Add(std::move(key), LabelPredictionSums(pairs),
           [](Cells c) { return c[2] == 0 ? kNaN : c[0] / c[2]; });
  return OkStatus();
}

using SumsToValue = double (*)(Cells sums);

// A metric of the sums of labels, predictions and weights.
Status PlanOfSums(SumsToValue value, const string& name, const MetricArguments& arguments,
                  const MetricTarget& target, MetricSink& sink) {
  if (target.is_tfma_compatible && target.sub_key.top_k != SubKey::kNone)
    return InvalidArgument("Metric {} takes no top_k: TFMA cannot sum the several scores of an example",
                           arguments.metric());
  sink.Add(target.Key(name), LabelPredictionSums(target.Pairs()), value);
  return OkStatus();
}

}  // namespace

void AddMeanClasses(std::map<string, MetricClass>& classes) {
  const auto add = [&](const char* class_name, const char* name, const char* description,
                       MetricDirection direction, auto plan, std::vector<std::string_view> arguments = {}) {
    classes[class_name] = {class_name, name, std::move(arguments), description, direction, plan, false};
  };
  for (const auto& [class_name, name] :
       {std::pair("ExampleCount", "example_count"), {"WeightedExampleCount", "weighted_example_count"}}) {
    add(class_name, name, "number of examples, weighted where there are weights", kNoWay, PlanExampleCount);
    classes[class_name].counts_rows_only = true;
  }
  struct OfSums {
    const char *class_name, *name, *description;
    MetricDirection direction;
    SumsToValue value;
  };
  for (const OfSums& each :
       {OfSums{"MeanLabel", "mean_label", "mean of the labels", kNoWay,
               [](Cells c) { return NotNearZero(c[0], c[2]); }},
        OfSums{"MeanPrediction", "mean_prediction", "mean of the predictions", kNoWay,
               [](Cells c) { return NotNearZero(c[1], c[2]); }},
        OfSums{"Calibration", "calibration", "mean prediction / mean label",
               MetricDirection::kNearerToOneIsBetter, [](Cells c) { return NotNearZero(c[1], c[0]); }}})
    add(each.class_name, each.name, each.description, each.direction,
        [value = each.value](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                             MetricSink& sink) { return PlanOfSums(value, name, arguments, target, sink); });
  add("MeanAbsoluteError", "mean_absolute_error", "mean of |prediction - label|", kLower,
      [](const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
        return PlanMeanError("absolute/1", name, target, sink,
                             [](double l, double p) { return std::fabs(l - p); });
      });
  add("MeanSquaredError", "mean_squared_error", "mean of (prediction - label)^2", kLower,
      [](const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
        return PlanMeanError("squared/1", name, target, sink,
                             [](double l, double p) { return (l - p) * (l - p); });
      });
  add("MeanAbsolutePercentageError", "mean_absolute_percentage_error",
      "mean of 100 |(prediction - label) / label|", kLower,
      [](const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
        return PlanMeanError("percentage/1", name, target, sink,
                             [](double l, double p) { return l == 0 ? kNaN : 100 * std::fabs((l - p) / l); });
      });
  add("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error",
      "mean of (ln(1 + prediction) - ln(1 + label))^2", kLower,
      [](const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
        return PlanMeanError("logarithmic/1", name, target, sink, [](double l, double p) {
          const double error = std::log(l + 1) - std::log(p + 1);
          return error * error;
        });
      });
  add("SquaredPearsonCorrelation", "squared_pearson_correlation", "r^2 of labels and predictions", kHigher,
      PlanPearson);
  for (const bool is_relative : {false, true})
    add(is_relative ? "RelativeCoefficientOfDiscrimination" : "CoefficientOfDiscrimination",
        is_relative ? "relative_coefficient_of_discrimination" : "coefficient_of_discrimination",
        "mean prediction of positives against that of negatives", kHigher,
        [is_relative](const string& name, const MetricArguments&, const MetricTarget& target,
                      MetricSink& sink) { return PlanDiscrimination(is_relative, name, target, sink); });
  for (const char* class_name : {"BinaryCrossEntropy", "BinaryCrossentropy"})
    add(class_name, "binary_crossentropy", "mean log loss in nats", kLower, PlanBinaryCrossEntropy,
        {"from_logits", "label_smoothing"});
  for (const char* class_name : {"CategoricalCrossEntropy", "CategoricalCrossentropy"})
    add(class_name, "categorical_crossentropy", "mean log loss of one-hot labels in nats", kLower,
        PlanCategoricalCrossEntropy, {"from_logits", "label_smoothing", "axis"});
  add("Mean", "mean", "mean of a feature", kNoWay, PlanFeatureMean,
      {"feature_key_path", "example_weights_key_path"});
}

}  // namespace penstock::evaluation
