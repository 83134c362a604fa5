#include <algorithm>
#include <cmath>

#include "penstock/evaluation/vector_cells.h"

namespace penstock::evaluation {
namespace {

using std::string;
using Row = LabelPredictionVectors::Row;

constexpr double kEndMargin = 1e-7;
constexpr int kMaxClasses = 1 << 14;

// A cell for each pair of numbers, such that a larger number never moves another pair's cell: shells of
// squares.
int64_t CellOf(int64_t a, int64_t b) {
  const int64_t shell = std::max(a, b);
  return shell * shell + (a < b ? a : 2 * shell - b);
}
std::pair<int64_t, int64_t> PairAt(int64_t cell) {
  auto shell = static_cast<int64_t>(std::sqrt(static_cast<double>(cell)));
  while (shell * shell > cell) --shell;
  while ((shell + 1) * (shell + 1) <= cell) ++shell;
  const int64_t rest = cell - shell * shell;
  return rest < shell ? std::pair(rest, shell) : std::pair(shell, 2 * shell - rest);
}

Result<std::vector<double>> ThresholdsOf(const MetricArguments& arguments, double absent) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> thresholds, arguments.Numbers("thresholds"));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t count, arguments.Integer("num_thresholds", 0));
  if (!arguments.Has("num_thresholds")) {
    if (thresholds.empty()) thresholds = {absent};
    return thresholds;
  }
  if (!thresholds.empty())
    return InvalidArgument("Metric {}: only one of 'thresholds' and 'num_thresholds' can be given",
                           arguments.metric());
  if (count < 2 || count > 10'000)
    return InvalidArgument("Metric {}: 'num_thresholds' must be from 2 to 10,000", arguments.metric());
  thresholds.push_back(-kEndMargin);
  for (int64_t i = 0; i < count - 2; ++i)
    thresholds.push_back(static_cast<double>(i + 1) / static_cast<double>(count - 1));
  thresholds.push_back(1 + kEndMargin);
  return thresholds;
}

// The two ends are shown as 0 and 1.
double Shown(double threshold) {
  return threshold == -kEndMargin ? 0 : threshold == 1 + kEndMargin ? 1 : threshold;
}

Status CheckRow(const Row& row, int64_t at, const string& metric) {
  if (row.prediction.size() < 2) {
    return InvalidArgument("Metric {} needs a vector of scores; row {} has {}", metric, at + 1,
                           row.prediction.size());
  }
  if (row.prediction.size() > kMaxClasses)
    return InvalidArgument("Metric {} takes at most {} classes; row {} has {}", metric, kMaxClasses, at + 1,
                           row.prediction.size());
  return OkStatus();
}

Result<int64_t> ActualClass(const Row& row, int64_t at, const string& metric) {
  if (row.label.size() > 1) return std::max_element(row.label.begin(), row.label.end()) - row.label.begin();
  if (!(row.label[0] >= -1 && row.label[0] < kMaxClasses))
    return InvalidArgument("Metric {}: row {} has the label {}, which is no class number", metric, at + 1,
                           row.label[0]);
  return static_cast<int64_t>(row.label[0]);
}

Status PlanClassMatrices(bool is_plot, const string& name, const MetricArguments& arguments,
                         const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> given, ThresholdsOf(arguments, is_plot ? 0.0 : 0.5));
  const auto num_thresholds = static_cast<int64_t>(given.size());
  const string metric = arguments.metric();
  PairSpec pairs;
  pairs.target = target.columns;
  pairs.is_weighted = target.is_weighted;
  // Two cells each: the weight, and the number of rows, since a weight of 0 is an entry too.
  Computation cells =
      VectorCells(fmt::format("class-matrices/1:{}", fmt::join(given, ",")), 0, pairs,
                  [thresholds = given, num_thresholds, metric](const Row& row, int64_t at,
                                                               Contributions& into) -> Status {
                    PENSTOCK_RETURN_IF_ERROR(CheckRow(row, at, metric));
                    PENSTOCK_ASSIGN_OR_RETURN(const int64_t actual, ActualClass(row, at, metric));
                    const auto best = std::max_element(row.prediction.begin(), row.prediction.end());
                    int64_t predicted = best - row.prediction.begin();
                    for (int64_t t = 0; t < num_thresholds; ++t) {
                      if (*best <= thresholds[static_cast<size_t>(t)]) predicted = -1;
                      const int64_t cell = CellOf(actual + 1, predicted + 1) * num_thresholds + t;
                      into.Add(cell * 2, row.weight);
                      into.Add(cell * 2 + 1, 1);
                    }
                    return OkStatus();
                  });
  cells.is_resampled = !is_plot;
  // In TFMA all class matrices of one output are one computation: that of whichever metric comes first.
  if (target.is_tfma_compatible) cells.name = "class-matrices/tfma:" + FingerprintOf(pairs);
  cells.thresholds = given;
  PlannedMetric planned;
  planned.keys = {target.Key(name)};
  planned.keys[0].sub_key = {};
  planned.is_plot = is_plot;
  planned.has_interval = !is_plot;
  planned.computations = {sink.Add(std::move(cells))};
  const std::vector<double> thresholds = sink.computations_[planned.computations[0]].thresholds;
  planned.measure = [thresholds, num_thresholds =
                                     static_cast<int64_t>(thresholds.size())](const MeasuredCells& measured) {
    ClassMatrices matrices;
    const auto& sums = measured.of[0];
    for (size_t i = 0; i + 1 < sums.size(); i += 2) {
      if (sums[i + 1] <= 0) continue;
      const auto cell = static_cast<int64_t>(i / 2);
      const auto [actual, predicted] = PairAt(cell / num_thresholds);
      const double threshold = Shown(thresholds[static_cast<size_t>(cell % num_thresholds)]);
      matrices.by_threshold[threshold][{static_cast<int>(actual) - 1, static_cast<int>(predicted) - 1}] =
          sums[i];
    }
    return std::vector<MetricValue>{matrices};
  };
  sink.Add(std::move(planned));
  return OkStatus();
}

Status PlanMultiLabel(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                      MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> thresholds, ThresholdsOf(arguments, 0.5));
  const auto num_thresholds = static_cast<int64_t>(thresholds.size());
  const string metric = arguments.metric();
  PairSpec pairs;
  pairs.target = target.columns;
  pairs.is_weighted = target.is_weighted;
  Computation cells = VectorCells(
      fmt::format("multi-label/1:{}", fmt::join(thresholds, ",")), 0, pairs,
      [thresholds, num_thresholds, metric](const Row& row, int64_t at, Contributions& into) -> Status {
        PENSTOCK_RETURN_IF_ERROR(CheckRow(row, at, metric));
        std::vector<double> labels = row.label;
        if (labels.size() != row.prediction.size()) {
          PENSTOCK_ASSIGN_OR_RETURN(const int64_t actual, ActualClass(row, at, metric));
          labels.assign(row.prediction.size(), 0);
          if (actual >= 0 && actual < static_cast<int64_t>(labels.size()))
            labels[static_cast<size_t>(actual)] = 1;
        }
        for (size_t actual = 0; actual < labels.size(); ++actual) {
          if (labels[actual] == 0) continue;
          for (size_t scored = 0; scored < labels.size(); ++scored) {
            for (int64_t t = 0; t < num_thresholds; ++t) {
              const bool is_above = row.prediction[scored] > thresholds[static_cast<size_t>(t)];
              // fn, tn, fp, tp
              const int kind = labels[scored] != 0 ? (is_above ? 3 : 0) : (is_above ? 2 : 1);
              const int64_t cell =
                  CellOf(static_cast<int64_t>(actual), static_cast<int64_t>(scored)) * num_thresholds + t;
              into.Add(cell * 5 + kind, row.weight);
              into.Add(cell * 5 + 4, 1);
            }
          }
        }
        return OkStatus();
      });
  cells.is_resampled = false;
  PlannedMetric planned;
  planned.keys = {target.Key(name)};
  planned.keys[0].sub_key = {};
  planned.is_plot = true;
  planned.has_interval = false;
  planned.computations = {sink.Add(std::move(cells))};
  planned.measure = [thresholds, num_thresholds](const MeasuredCells& measured) {
    MultiLabelMatrices matrices;
    const auto& sums = measured.of[0];
    for (size_t i = 0; i + 4 < sums.size(); i += 5) {
      if (sums[i + 4] <= 0) continue;
      const auto cell = static_cast<int64_t>(i / 5);
      const auto [actual, scored] = PairAt(cell / num_thresholds);
      const double threshold = Shown(thresholds[static_cast<size_t>(cell % num_thresholds)]);
      matrices.by_threshold[threshold][{static_cast<int>(actual), static_cast<int>(scored)}] = {
          sums[i], sums[i + 1], sums[i + 2], sums[i + 3]};
    }
    return std::vector<MetricValue>{matrices};
  };
  sink.Add(std::move(planned));
  return OkStatus();
}

}  // namespace

void AddMultiClassClasses(std::map<string, MetricClass>& classes) {
  for (const bool is_plot : {false, true}) {
    const string class_name =
        is_plot ? "MultiClassConfusionMatrixPlot" : "MultiClassConfusionMatrixAtThresholds";
    classes[class_name] = {
        class_name,
        is_plot ? "multi_class_confusion_matrix_plot" : "multi_class_confusion_matrix_at_thresholds",
        is_plot ? std::vector<std::string_view>{"thresholds", "num_thresholds"}
                : std::vector<std::string_view>{"thresholds"},
        "actual by predicted class at each threshold",
        MetricDirection::kNone,
        [is_plot](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                  MetricSink& sink) { return PlanClassMatrices(is_plot, name, arguments, target, sink); },
        false};
  }
  classes["MultiLabelConfusionMatrixPlot"] = {"MultiLabelConfusionMatrixPlot",
                                              "multi_label_confusion_matrix_plot",
                                              {"thresholds", "num_thresholds"},
                                              "plot: how the other classes do where a class is labelled",
                                              MetricDirection::kNone,
                                              PlanMultiLabel,
                                              false};
}

}  // namespace penstock::evaluation
