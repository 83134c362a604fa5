#include <array>
#include <cmath>

#include "penstock/evaluation/metric_class.h"
#include "penstock/evaluation/vision/mask_image.h"

namespace penstock::evaluation {
namespace {

using std::string;
constexpr int kMaxClassId = 65'535;

struct Segmentation {
  std::vector<int> class_ids;
  string truth, prediction;  ///< Columns.
  bool decodes_truth = true, decodes_prediction = false;
  int64_t ignored_id = -1;  ///< Pixels that are truly this are no negatives; -1: none.
};

Result<Segmentation> SegmentationOf(const MetricArguments& arguments, const MetricTarget& target) {
  Segmentation made;
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> ids, arguments.Numbers("class_ids"));
  for (const double id : ids) {
    if (!(id >= 0 && id <= kMaxClassId) || id != std::floor(id))
      return InvalidArgument("Metric {}: the class {} must be a whole number from 0 to {}",
                             arguments.metric(), id, kMaxClassId);
    made.class_ids.push_back(static_cast<int>(id));
  }
  PENSTOCK_ASSIGN_OR_RETURN(made.truth, arguments.Text("ground_truth_key", ""));
  PENSTOCK_ASSIGN_OR_RETURN(made.prediction, arguments.Text("prediction_key", ""));
  if (ids.empty() || made.truth.empty() || made.prediction.empty())
    return InvalidArgument("Metric {} needs 'class_ids', 'ground_truth_key' and 'prediction_key'",
                           arguments.metric());
  const auto truth = target.label_columns.find(made.truth);
  if (truth != target.label_columns.end()) made.truth = truth->second;
  const auto prediction = target.prediction_columns.find(made.prediction);
  if (prediction != target.prediction_columns.end()) made.prediction = prediction->second;
  PENSTOCK_ASSIGN_OR_RETURN(made.decodes_truth, arguments.Flag("decode_ground_truth", true));
  PENSTOCK_ASSIGN_OR_RETURN(made.decodes_prediction, arguments.Flag("decode_prediction", false));
  PENSTOCK_ASSIGN_OR_RETURN(made.ignored_id, arguments.Integer("ignore_ground_truth_id", -1));
  return made;
}

// The class ids of an image's pixels.
Result<std::vector<int32_t>> PixelsOf(const ExampleColumn& column, int64_t row, bool is_encoded) {
  std::vector<int32_t> pixels;
  if (is_encoded) {
    if (!column.is_text || column.Size(row) != 1)
      return InvalidArgument("Column '{}' of row {} must be one encoded image", column.name, row + 1);
    auto image = DecodeMask(column.texts[static_cast<size_t>(column.Begin(row))]);
    if (!image.ok())
      return Annotate(image.status(), fmt::format("Column '{}' of row {}", column.name, row + 1));
    pixels.assign(image->pixels.begin(), image->pixels.end());
    return pixels;
  }
  if (column.is_text) {
    return InvalidArgument(
        "Column '{}' of row {} is a text; is it an encoded image (decode_ground_truth, "
        "decode_prediction)?",
        column.name, row + 1);
  }
  pixels.reserve(static_cast<size_t>(column.Size(row)));
  for (const double id : column.Numbers(row))
    pixels.push_back(id >= 0 && id <= kMaxClassId ? static_cast<int32_t>(id) : -1);
  return pixels;
}

// Cells: tp, fp, fn, tn of each class.
void AddImage(const Segmentation& segmentation, const std::vector<int32_t>& place_of,
              const std::vector<int32_t>& truth, const std::vector<int32_t>& predicted, Contributions& into) {
  struct Counts {
    int64_t truly = 0, right = 0, wrongly = 0;
  };
  std::vector<Counts> counts(segmentation.class_ids.size());
  int64_t num_counted = 0;
  const auto place = [&](int32_t id) { return id < 0 ? -1 : place_of[static_cast<size_t>(id)]; };
  for (size_t i = 0; i < truth.size(); ++i) {
    const bool is_ignored = truth[i] == segmentation.ignored_id;
    num_counted += is_ignored ? 0 : 1;
    if (const int32_t at = place(truth[i]); at >= 0) {
      ++counts[static_cast<size_t>(at)].truly;
      if (truth[i] == predicted[i]) ++counts[static_cast<size_t>(at)].right;
    }
    if (truth[i] == predicted[i] || is_ignored) continue;
    if (const int32_t at = place(predicted[i]); at >= 0) ++counts[static_cast<size_t>(at)].wrongly;
  }
  for (size_t c = 0; c < counts.size(); ++c) {
    const bool is_ignored = segmentation.class_ids[c] == segmentation.ignored_id;
    const int64_t negatives = num_counted - (is_ignored ? 0 : counts[c].truly);
    const int64_t cells[] = {counts[c].right, counts[c].wrongly, counts[c].truly - counts[c].right,
                             negatives - counts[c].wrongly};
    for (size_t i = 0; i < 4; ++i) into.Add(static_cast<int64_t>(c * 4 + i), static_cast<double>(cells[i]));
  }
}

Computation ComputePixels(const Segmentation& segmentation) {
  Computation made;
  made.name = fmt::format("pixels/1:{}:{}:{}:{:d}{:d}:{}", fmt::join(segmentation.class_ids, ","),
                          segmentation.truth, segmentation.prediction, segmentation.decodes_truth,
                          segmentation.decodes_prediction, segmentation.ignored_id);
  made.num_cells = static_cast<int64_t>(segmentation.class_ids.size()) * 4;
  std::vector<int32_t> place_of(kMaxClassId + 1, -1);
  for (size_t c = 0; c < segmentation.class_ids.size(); ++c)
    place_of[static_cast<size_t>(segmentation.class_ids[c])] = static_cast<int32_t>(c);
  made.emit = [segmentation, place_of = std::move(place_of)](PairCache& cache,
                                                             Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer truths, rows.Find(segmentation.truth));
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer predictions, rows.Find(segmentation.prediction));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        if (truths->Size(row) == 0 && predictions->Size(row) == 0) continue;
        PENSTOCK_ASSIGN_OR_RETURN(const auto truth, PixelsOf(*truths, row, segmentation.decodes_truth));
        PENSTOCK_ASSIGN_OR_RETURN(const auto predicted,
                                  PixelsOf(*predictions, row, segmentation.decodes_prediction));
        if (truth.size() != predicted.size()) {
          return InvalidArgument("Row {} has {} true pixels, but {} predicted ones", row + 1, truth.size(),
                                 predicted.size());
        }
        AddImage(segmentation, place_of, truth, predicted, into);
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

MetricValue MatrixOf(std::span<const double> cells) {
  ConfusionMatrices matrix;
  matrix.thresholds = {0};
  matrix.tp = {cells[0]};
  matrix.fp = {cells[1]};
  matrix.fn = {cells[2]};
  matrix.tn = {cells[3]};
  return matrix;
}

// One value a class, under its class id; `cell` is which of the matrix's, or the whole of it.
Status PlanSegmentation(std::optional<size_t> cell, const string& name, const MetricArguments& arguments,
                        MetricTarget target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const Segmentation segmentation, SegmentationOf(arguments, target));
  sink.Need(segmentation.truth);
  sink.Need(segmentation.prediction);
  target.is_weighted = false;  // Pixels are counted.
  PlannedMetric metric;
  for (const int class_id : segmentation.class_ids) {
    target.sub_key = {.class_id = class_id};
    metric.keys.push_back(target.Key(name));
  }
  metric.computations = {sink.Add(ComputePixels(segmentation))};
  metric.measure = [cell, num_classes = segmentation.class_ids.size()](const MeasuredCells& cells) {
    std::vector<MetricValue> values;
    for (size_t c = 0; c < num_classes; ++c) {
      const std::span<const double> of_class(cells.of[0].data() + c * 4, 4);
      values.push_back(cell ? MetricValue(of_class[*cell]) : MatrixOf(of_class));
    }
    return values;
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

}  // namespace

void AddSegmentationClasses(std::map<string, MetricClass>& classes) {
  struct Kind {
    const char* class_name;
    const char* name;
    const char* description;
    std::optional<size_t> cell;
  };
  const Kind kinds[] = {{"SemanticSegmentationConfusionMatrix", "semantic_segmentation_confusion_matrix",
                         "pixels of each class: the confusion matrix", std::nullopt},
                        {"SemanticSegmentationTruePositive", "semantic_segmentation_true_positives",
                         "pixels of each class that are found", 0},
                        {"SemanticSegmentationFalsePositive", "semantic_segmentation_false_positives",
                         "pixels that are taken for a class", 1}};
  for (const Kind& kind : kinds) {
    MetricClass made{kind.class_name,
                     kind.name,
                     {"class_ids", "ground_truth_key", "prediction_key", "decode_ground_truth",
                      "decode_prediction", "ignore_ground_truth_id"},
                     kind.description,
                     MetricDirection::kNone,
                     [cell = kind.cell](const string& name, const MetricArguments& arguments,
                                        const MetricTarget& target, MetricSink& sink) {
                       return PlanSegmentation(cell, name, arguments, target, sink);
                     }};
    made.reads_target = [](const MetricArguments&) { return false; };
    classes[kind.class_name] = std::move(made);
  }
}

}  // namespace penstock::evaluation
