#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "penstock/evaluation/confusion_metrics.h"
#include "penstock/evaluation/metric_class.h"
#include "penstock/evaluation/vision/box_match.h"

namespace penstock::evaluation {
namespace {

using std::string;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kHigher = MetricDirection::kHigherIsBetter;
constexpr double kLowestScore = 1e-12;

constexpr std::string_view kBoxArguments[] = {
    "iou_threshold",        "class_id",           "class_weight",
    "area_range",           "max_num_detections", "labels_to_stack",
    "predictions_to_stack", "num_detections_key", "allow_missing_key"};

// numpy's linspace, to the bit.
std::vector<double> Evenly(double first, double last, int64_t count) {
  std::vector<double> values;
  const double step = count > 1 ? (last - first) / static_cast<double>(count - 1) : 0;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i) * step + first);
  if (count > 1) values.back() = last;
  return values;
}

// What all metrics of detections have in common; class and overlap are the caller's.
Result<BoxMatching> MatchingOf(const MetricArguments& arguments, const MetricTarget& target,
                               MetricSink& sink) {
  BoxMatching matching;
  const auto columns = [&](const char* key, const std::map<string, string>& outputs, const string& plain,
                           std::vector<string>& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(into, arguments.Texts(key));
    if (into.empty()) {
      into = {plain};
    } else if (!target.output.empty()) {
      return InvalidArgument("Metric {}: '{}' cannot be used with output_names", arguments.metric(), key);
    }
    for (string& name : into) {
      const auto found = outputs.find(name);
      if (found != outputs.end()) name = found->second;
    }
    return OkStatus();
  };
  PENSTOCK_RETURN_IF_ERROR(
      columns("labels_to_stack", target.label_columns, target.columns.label, matching.label_columns));
  PENSTOCK_RETURN_IF_ERROR(columns("predictions_to_stack", target.prediction_columns,
                                   target.columns.prediction, matching.prediction_columns));
  PENSTOCK_ASSIGN_OR_RETURN(matching.num_detections_column, arguments.Text("num_detections_key", ""));
  PENSTOCK_ASSIGN_OR_RETURN(matching.allows_missing_columns, arguments.Flag("allow_missing_key", false));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> areas, arguments.Numbers("area_range"));
  if (!areas.empty() && (areas.size() != 2 || !(areas[0] < areas[1])))
    return InvalidArgument("Metric {}: 'area_range' must be two numbers, the lower first",
                           arguments.metric());
  if (!areas.empty()) matching.min_area = areas[0], matching.max_area = areas[1];
  PENSTOCK_ASSIGN_OR_RETURN(matching.max_num_detections, arguments.Integer("max_num_detections", 0));
  if (arguments.Has("max_num_detections") && matching.max_num_detections < 1)
    return InvalidArgument("Metric {}: 'max_num_detections' must be above 0", arguments.metric());
  std::vector<string> all = matching.label_columns;
  all.insert(all.end(), matching.prediction_columns.begin(), matching.prediction_columns.end());
  if (!matching.num_detections_column.empty()) all.push_back(matching.num_detections_column);
  for (const string& column : all)
    matching.allows_missing_columns ? sink.NeedIfThere(column) : sink.Need(column);
  return matching;
}

// One class or several, each with its weight.
Result<std::vector<std::pair<int, double>>> ClassesOf(const MetricArguments& arguments) {
  const bool has_several = arguments.Has("class_ids");
  const char* key = has_several ? "class_ids" : "class_id";
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> ids, arguments.Numbers(key));
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> weights,
                            arguments.Numbers(has_several ? "class_weights" : "class_weight"));
  if (ids.empty())
    return InvalidArgument("Metric {} needs '{}': which class of objects it looks at", arguments.metric(),
                           arguments.metric().starts_with("COCOMean") ? "class_ids" : "class_id");
  if (weights.empty()) weights.assign(ids.size(), 1.0);
  if (weights.size() != ids.size())
    return InvalidArgument("Metric {} has {} classes, but {} weights of classes", arguments.metric(),
                           ids.size(), weights.size());
  std::vector<std::pair<int, double>> classes;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!(ids[i] >= 0 && ids[i] < 1e9) || ids[i] != std::floor(ids[i]))
      return InvalidArgument("Metric {}: the class {} must be a whole number from 0", arguments.metric(),
                             ids[i]);
    if (!(weights[i] >= 0))
      return InvalidArgument("Metric {}: the weight {} of a class must not be negative", arguments.metric(),
                             weights[i]);
    classes.emplace_back(static_cast<int>(ids[i]), weights[i]);
  }
  return classes;
}

Result<double> OverlapOf(const MetricArguments& arguments, double given) {
  if (!(given >= 0))
    return InvalidArgument("Metric {}: an overlap of {} must not be negative", arguments.metric(), given);
  return given;
}

// A metric of the confusion matrix over matched boxes of one class.
Status PlanOverBoxes(const MetricClass& as, const string& name, const MetricArguments& arguments,
                     MetricTarget target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(BoxMatching matching, MatchingOf(arguments, target, sink));
  PENSTOCK_ASSIGN_OR_RETURN(const auto classes, ClassesOf(arguments));
  if (classes.size() != 1)
    return InvalidArgument("Metric {} looks at one class of objects, not {}", arguments.metric(),
                           classes.size());
  std::tie(matching.class_id, matching.class_weight) = classes[0];
  PENSTOCK_ASSIGN_OR_RETURN(matching.iou_threshold, arguments.Number("iou_threshold", 0.5));
  PENSTOCK_RETURN_IF_ERROR(OverlapOf(arguments, matching.iou_threshold).status());
  target.maker = MakeBoxPairs(std::move(matching));
  target.sub_key = {};
  // Metrics take the class from their arguments, the plot does not.
  if (as.class_name == "ConfusionMatrixPlot") target.sub_key.class_id = classes[0].first;
  return as.plan(name, arguments, target, sink);
}

// The mean over recalls of the best precision among the thresholds that reach the recall.
double AveragePrecision(const ConfusionMatrices& m, const std::vector<double>& recalls, bool is_tfma) {
  if (m.tp[0] + m.fn[0] == 0) return is_tfma ? 0 : kNaN;
  // Recall falls as thresholds rise: what reaches a recall is the thresholds up to some place.
  std::vector<double> recall(m.thresholds.size()), best(m.thresholds.size());
  double highest = kNaN;
  for (size_t i = 0; i < m.thresholds.size(); ++i) {
    recall[i] = m.tp[i] / (m.tp[i] + m.fn[i]);
    const double precision = m.tp[i] / (m.tp[i] + m.fp[i]);
    if (!std::isnan(precision) && !(precision <= highest)) highest = precision;
    best[i] = highest;
  }
  double sum = 0, count = 0;
  for (const double wanted : recalls) {
    const auto end =
        std::partition_point(recall.begin(), recall.end(), [&](double reached) { return reached >= wanted; });
    const double value = end == recall.begin() ? 0.0 : best[static_cast<size_t>(end - recall.begin()) - 1];
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : kNaN;
}

Result<std::vector<double>> RecallsOf(const MetricArguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> recalls, arguments.Numbers("recalls"));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t count, arguments.Integer("num_recalls", 101));
  if (count < 1 || count > 1'000'000)
    return InvalidArgument("Metric {}: 'num_recalls' is out of range", arguments.metric());
  for (const double recall : recalls)
    if (!(recall >= 0 && recall <= 1))
      return InvalidArgument("Metric {}: 'recalls' must be from 0 to 1, not {}", arguments.metric(), recall);
  return recalls.empty() ? Evenly(0, 1, count) : recalls;
}

Result<std::vector<double>> OverlapsOf(const MetricArguments& arguments, bool has_one) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> overlaps,
                            arguments.Numbers(has_one ? "iou_threshold" : "iou_thresholds"));
  if (overlaps.empty()) overlaps = has_one ? std::vector<double>{0.5} : Evenly(0.5, 0.95, 10);
  for (const double overlap : overlaps) PENSTOCK_RETURN_IF_ERROR(OverlapOf(arguments, overlap).status());
  return overlaps;
}

// COCO's averages over overlaps and classes of the average precision, or of the recall of all detections.
Status PlanAverage(bool is_recall, bool is_mean, const string& name, const MetricArguments& arguments,
                   const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(BoxMatching matching, MatchingOf(arguments, target, sink));
  PENSTOCK_ASSIGN_OR_RETURN(const auto classes, ClassesOf(arguments));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> overlaps,
                            OverlapsOf(arguments, !is_recall && !is_mean));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> recalls, RecallsOf(arguments));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t num_thresholds, arguments.Integer("num_thresholds", 10'000));
  if (num_thresholds < 2 || num_thresholds > 100'000)
    return InvalidArgument("Metric {}: 'num_thresholds' must be from 2 to 100,000", arguments.metric());
  MatrixThresholds at{{kLowestScore}};
  if (!is_recall) {
    for (int64_t i = 0; i < num_thresholds - 2; ++i)
      at.thresholds.push_back(static_cast<double>(i + 1) / static_cast<double>(num_thresholds - 1));
    at.thresholds.push_back(1 - kLowestScore);
  }
  PlannedMetric metric;
  metric.keys = {target.Key(name)};
  metric.keys[0].sub_key = {};
  std::function<ConfusionMatrices(std::span<const double>)> matrices;
  for (const auto& [class_id, weight] : classes) {
    for (const double overlap : overlaps) {
      matching.class_id = class_id;
      matching.iou_threshold = overlap;
      PairSpec pairs = target.Pairs();
      pairs.sub_key = {};
      pairs.is_weighted = false;  // COCO counts objects.
      pairs.maker = MakeBoxPairs(matching);
      PENSTOCK_ASSIGN_OR_RETURN(MatrixComputation made,
                                ComputeMatrices(at, pairs, target.is_tfma_compatible));
      metric.computations.push_back(sink.Add(std::move(made.computation)));
      matrices = std::move(made.matrices);
    }
  }
  metric.measure = [matrices, recalls, is_recall, num_overlaps = overlaps.size(),
                    is_tfma = target.is_tfma_compatible](const MeasuredCells& cells) {
    double sum = 0, count = 0;
    for (size_t first = 0; first < cells.of.size(); first += num_overlaps) {
      double of_class = 0, known = 0;
      for (size_t i = first; i < first + num_overlaps; ++i) {
        const ConfusionMatrices m = matrices(cells.of[i]);
        const double value =
            is_recall ? m.tp[0] / (m.tp[0] + m.fn[0]) : AveragePrecision(m, recalls, is_tfma);
        if (std::isnan(value)) continue;
        of_class += value;
        ++known;
      }
      // A class without objects says nothing.
      if (known == 0) continue;
      sum += is_recall ? of_class / known : of_class;
      count += is_recall ? 1 : known;
    }
    return std::vector<MetricValue>{count > 0 ? sum / count : kNaN};
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

std::vector<std::string_view> WithBoxes(std::vector<std::string_view> arguments) {
  for (const std::string_view each : kBoxArguments)
    if (std::find(arguments.begin(), arguments.end(), each) == arguments.end()) arguments.push_back(each);
  return arguments;
}

bool ReadsTarget(const MetricArguments& arguments) {
  return !arguments.Has("labels_to_stack") || !arguments.Has("predictions_to_stack");
}

}  // namespace

void AddDetectionClasses(std::map<string, MetricClass>& classes) {
  struct OverBoxes {
    const char* class_name;
    const char* name;
    const char* as;
  };
  constexpr OverBoxes kOverBoxes[] = {
      {"ObjectDetectionPrecision", "object_detection_precision", "Precision"},
      {"ObjectDetectionRecall", "object_detection_recall", "Recall"},
      {"ObjectDetectionMaxRecall", "object_detection_max_recall", "MaxRecall"},
      {"ObjectDetectionPrecisionAtRecall", "object_detection_precision_at_recall", "PrecisionAtRecall"},
      {"ObjectDetectionThresholdAtRecall", "object_detection_threshold_at_recall", "ThresholdAtRecall"},
      {"ObjectDetectionConfusionMatrixPlot", "confusion_matrix_plot", "ConfusionMatrixPlot"}};
  for (const OverBoxes& over : kOverBoxes) {
    MetricClass made = classes.at(over.as);
    std::erase(made.arguments, "top_k");
    made.plan = [as = classes.at(over.as)](const string& name, const MetricArguments& arguments,
                                           const MetricTarget& target, MetricSink& sink) {
      return PlanOverBoxes(as, name, arguments, target, sink);
    };
    made.class_name = over.class_name;
    made.name = over.name;
    made.description += ", of boxes matched by overlap";
    made.arguments = WithBoxes(std::move(made.arguments));
    made.reads_target = ReadsTarget;
    classes[over.class_name] = std::move(made);
  }
  struct Average {
    const char* class_name;
    const char* name;
    const char* description;
    bool is_recall, is_mean;
  };
  constexpr Average kAverages[] = {
      {"COCOAveragePrecision", "average_precision", "mean over recalls of the precision reached", false,
       false},
      {"COCOMeanAveragePrecision", "mean_average_precision", "COCO's mAP: over classes and overlaps", false,
       true},
      {"COCOAverageRecall", "average_recall", "mean over overlaps of the recall of all detections", true,
       false},
      {"COCOMeanAverageRecall", "mean_average_recall", "COCO's AR: over classes and overlaps", true, true}};
  for (const Average& average : kAverages) {
    std::vector<std::string_view> arguments(std::begin(kBoxArguments), std::end(kBoxArguments));
    if (average.is_mean) {
      std::erase_if(arguments, [](std::string_view each) {
        return each == "class_id" || each == "class_weight" || each == "iou_threshold";
      });
      arguments.insert(arguments.end(), {"class_ids", "class_weights", "iou_thresholds"});
    } else if (average.is_recall) {
      std::erase(arguments, "iou_threshold");
      arguments.push_back("iou_thresholds");
    }
    if (!average.is_recall) arguments.insert(arguments.end(), {"num_thresholds", "recalls", "num_recalls"});
    MetricClass made{average.class_name,
                     average.name,
                     std::move(arguments),
                     average.description,
                     kHigher,
                     [average](const string& name, const MetricArguments& given, const MetricTarget& target,
                               MetricSink& sink) {
                       return PlanAverage(average.is_recall, average.is_mean, name, given, target, sink);
                     }};
    made.reads_target = ReadsTarget;
    classes[average.class_name] = std::move(made);
  }
}

}  // namespace penstock::evaluation
