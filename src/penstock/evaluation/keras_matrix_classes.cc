#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "penstock/evaluation/keras_rows_internal.h"

namespace penstock::evaluation::keras {
namespace {

using std::string;
constexpr auto kHigher = MetricDirection::kHigherIsBetter;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Which classes Keras' F-scores see predicted: those above the threshold, or the highest that is not 0.
std::vector<bool> PredictedClasses(const Row& row, std::optional<double> threshold) {
  std::vector<bool> is_predicted(row.prediction.size());
  const double highest = *std::max_element(row.prediction.begin(), row.prediction.end());
  for (size_t i = 0; i < row.prediction.size(); ++i)
    is_predicted[i] = threshold ? row.prediction[i] > *threshold
                                : row.prediction[i] >= highest && std::fabs(row.prediction[i]) > 1e-9;
  return is_predicted;
}

// From tp, fp, fn of one class, or of all together.
double FBeta(double tp, double fp, double fn, double beta) {
  const auto quotient = [](double a, double b) { return b != 0 ? a / b : 0; };
  const double precision = quotient(tp, tp + fp), recall = quotient(tp, tp + fn);
  return quotient((1 + beta * beta) * precision * recall, beta * beta * precision + recall);
}

// The average over classes that `average` names; nothing: one score a class.
MetricValue AverageFBeta(std::span<const double> cells, const string& average, double beta) {
  const size_t num_classes = cells.size() / 3;
  double tp = 0, fp = 0, fn = 0, sum = 0, weighted = 0;
  std::vector<double> scores;
  for (size_t c = 0; c < num_classes; ++c) {
    const double* of = cells.data() + c * 3;
    scores.push_back(FBeta(of[0], of[1], of[2], beta));
    tp += of[0], fp += of[1], fn += of[2];
    sum += scores.back();
    weighted += scores.back() * (of[0] + of[2]);
  }
  if (average == "micro") return FBeta(tp, fp, fn, beta);
  if (average == "macro") return num_classes > 0 ? sum / static_cast<double>(num_classes) : kNaN;
  if (average == "weighted") return tp + fn != 0 ? weighted / (tp + fn) : 0;
  if (num_classes == 1) return scores[0];
  return scores;
}

Status PlanFBeta(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                 MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const string average, arguments.Text("average", ""));
  PENSTOCK_ASSIGN_OR_RETURN(const double beta, arguments.Number("beta", 1));
  PENSTOCK_ASSIGN_OR_RETURN(const double given, arguments.Number("threshold", 0));
  const auto threshold = arguments.Has("threshold") ? std::optional(given) : std::nullopt;
  if (!average.empty() && average != "micro" && average != "macro" && average != "weighted")
    return InvalidArgument("Metric {}: 'average' must be micro, macro or weighted, not {}",
                           arguments.metric(), average);
  if (!(beta > 0)) return InvalidArgument("Metric {}: 'beta' must be above 0", arguments.metric());
  PlannedMetric metric;
  metric.keys = {target.Key(name)};
  metric.computations = {sink.Add(
      RowSums(fmt::format("keras-f/1:{}", threshold ? fmt::format("{}", *threshold) : "highest"), 0,
              arguments.metric(), target.Pairs(), [threshold](const Row& row, Contributions& into) {
                // One score by itself has no highest: half is the line, as elsewhere.
                const auto line = row.prediction.size() == 1 && !threshold ? std::optional(0.5) : threshold;
                const std::vector<bool> is_predicted = PredictedClasses(row, line);
                for (size_t i = 0; i < is_predicted.size(); ++i) {
                  const double label = row.label.size() == row.prediction.size()
                                           ? row.label[i]
                                           : (row.label[0] == static_cast<double>(i) ? 1.0 : 0.0);
                  const auto cell = static_cast<int64_t>(i) * 3;
                  into.Add(cell, is_predicted[i] ? row.weight * label : 0);
                  into.Add(cell + 1, is_predicted[i] ? row.weight * (1 - label) : 0);
                  into.Add(cell + 2, is_predicted[i] ? 0 : row.weight * label);
                }
              }))};
  metric.measure = [average, beta](const MeasuredCells& cells) {
    return std::vector<MetricValue>{AverageFBeta(cells.of[0], average, beta)};
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

// How labels and predictions become classes.
struct IoUClass {
  const char* class_name;
  const char* name;
  bool is_binary, is_one_hot, is_mean;
};
constexpr IoUClass kIoUs[] = {{"IoU", "io_u", false, false, false},
                              {"MeanIoU", "mean_io_u", false, false, true},
                              {"BinaryIoU", "binary_io_u", true, false, false},
                              {"OneHotIoU", "one_hot_io_u", false, true, false},
                              {"OneHotMeanIoU", "one_hot_mean_io_u", false, true, true}};

// Intersection over union of what is predicted and what is true, by class, then the mean over `classes`.
double MeanIoU(std::span<const double> cells, int64_t num_classes, const std::vector<int64_t>& classes) {
  double sum = 0, count = 0;
  for (const int64_t c : classes) {
    double actual = 0, predicted = 0;
    for (int64_t d = 0; d < num_classes; ++d) {
      actual += cells[static_cast<size_t>(c * num_classes + d)];
      predicted += cells[static_cast<size_t>(d * num_classes + c)];
    }
    const double both = cells[static_cast<size_t>(c * num_classes + c)];
    if (actual + predicted - both == 0) continue;
    sum += both / (actual + predicted - both);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

Status PlanIoU(const IoUClass& kind, const string& name, const MetricArguments& arguments,
               const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_RETURN_IF_ERROR(CheckAxis(arguments));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t num_classes, arguments.Integer("num_classes", 2));
  PENSTOCK_ASSIGN_OR_RETURN(const double threshold, arguments.Number("threshold", 0.5));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> targets, arguments.Numbers("target_class_ids"));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_label_number, arguments.Flag("sparse_y_true", !kind.is_one_hot));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_score_number, arguments.Flag("sparse_y_pred", !kind.is_one_hot));
  const bool ignores = arguments.Has("ignore_class");
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t ignored, arguments.Integer("ignore_class", 0));
  if (num_classes < 1 || num_classes > 4096)
    return InvalidArgument("Metric {}: 'num_classes' must be from 1 to 4096", arguments.metric());
  std::vector<int64_t> classes;
  for (const double each : targets) {
    if (!(each >= 0 && each < static_cast<double>(num_classes)))
      return InvalidArgument("Metric {}: 'target_class_ids' has {}, which is none of the {} classes",
                             arguments.metric(), each, num_classes);
    classes.push_back(static_cast<int64_t>(each));
  }
  if (classes.empty())
    for (int64_t c = 0; c < num_classes; ++c) classes.push_back(c);
  const auto class_of = [num_classes](double value) {
    return static_cast<int64_t>(std::clamp(value, 0.0, static_cast<double>(num_classes - 1)));
  };
  sink.Add(
      target.Key(name),
      RowSums(fmt::format("keras-iou/1:{}:{:d}{:d}{:d}:{}:{:d}{}", num_classes, kind.is_binary,
                          is_label_number, is_score_number, threshold, ignores, ignored),
              num_classes * num_classes, arguments.metric(), target.Pairs(),
              [=](const Row& row, Contributions& into) {
                const auto add = [&](double label, int64_t predicted) {
                  if (ignores && label == static_cast<double>(ignored)) return;
                  into.Add(class_of(label) * num_classes + predicted, row.weight);
                };
                if (!is_score_number)
                  return add(is_label_number ? row.label[0] : static_cast<double>(ClassOf(row, false)),
                             class_of(static_cast<double>(ArgMax(row.prediction))));
                for (size_t i = 0; i < row.prediction.size(); ++i)
                  add(LabelOf(row, i), kind.is_binary ? (row.prediction[i] >= threshold ? 1 : 0)
                                                      : class_of(row.prediction[i]));
              }),
      [num_classes, classes](std::span<const double> cells) { return MeanIoU(cells, num_classes, classes); });
  return OkStatus();
}

}  // namespace

void AddMatrixClasses(std::map<string, MetricClass>& classes) {
  const auto add = [&](const char* class_name, const char* name, const char* description,
                       std::vector<std::string_view> arguments, auto plan) {
    classes[class_name] = {class_name, name, std::move(arguments), description, kHigher, plan, false};
  };
  for (const IoUClass& kind : kIoUs) {
    std::vector<std::string_view> arguments{"num_classes", "ignore_class", "axis"};
    if (kind.is_binary) arguments = {"threshold"};
    if (!kind.is_mean) arguments.push_back("target_class_ids");
    if (!kind.is_binary) arguments.insert(arguments.end(), {"sparse_y_true", "sparse_y_pred"});
    add(kind.class_name, kind.name, "mean intersection over union of classes", std::move(arguments),
        [&kind](const string& name, const MetricArguments& given, const MetricTarget& target,
                MetricSink& sink) { return PlanIoU(kind, name, given, target, sink); });
  }
  add("FBetaScore", "fbeta_score", "weighted harmonic mean of precision and recall, by class",
      {"average", "beta", "threshold"}, PlanFBeta);
}

}  // namespace penstock::evaluation::keras
