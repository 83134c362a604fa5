#include "penstock/evaluation/vision/box_match.h"

#include <algorithm>
#include <cmath>

namespace penstock::evaluation {
namespace {

constexpr int64_t kMaxBoxes = 1 << 16;  // Of one image: every detection looks at every object.
constexpr size_t kNone = static_cast<size_t>(-1);

Status CheckBoxes(const std::vector<Box>& boxes) {
  for (const Box& box : boxes) {
    if (box.right >= box.left && box.bottom >= box.top) continue;
    return InvalidArgument(
        "a box from ({}, {}) to ({}, {}) is no box: left must be below right, top below bottom", box.left,
        box.top, box.right, box.bottom);
  }
  return OkStatus();
}

// The object each detection takes, or kNone.
std::vector<size_t> ChooseObjects(const std::vector<Box>& objects, const std::vector<Box>& detections,
                                  double threshold) {
  std::vector<bool> is_taken(objects.size());
  std::vector<size_t> chosen(detections.size(), kNone);
  for (size_t d = 0; d < detections.size(); ++d) {
    double best = std::min(threshold, 1 - 1e-10);
    for (size_t o = 0; o < objects.size(); ++o) {
      if (is_taken[o]) continue;
      const double overlap = IntersectionOverUnion(detections[d], objects[o]);
      if (!(overlap >= best)) continue;
      best = overlap;
      chosen[d] = o;
    }
    if (chosen[d] != kNone) is_taken[chosen[d]] = true;
  }
  return chosen;
}

// The columns of one kind of box, found once.
struct BoxColumns {
  std::vector<ColumnPointer> columns;
  bool is_missing = false;
};

Result<BoxColumns> FindColumns(const ExampleRows& rows, const std::vector<std::string>& names,
                               bool allows_missing) {
  BoxColumns found;
  for (const std::string& name : names) {
    if (allows_missing && rows.columns.count(name) == 0) {
      found.is_missing = true;
      return found;
    }
    PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer column, rows.Find(name));
    PENSTOCK_ASSIGN_OR_RETURN(column, AsNumbers(std::move(column)));
    found.columns.push_back(std::move(column));
  }
  return found;
}

// The boxes of a row, from columns that together are `width` numbers a box.
Result<std::vector<Box>> ReadBoxes(const BoxColumns& from, int64_t row, int64_t width) {
  std::vector<Box> boxes;
  if (from.is_missing) return boxes;
  int64_t total = 0;
  for (const ColumnPointer& column : from.columns) total += column->Size(row);
  const int64_t num_boxes = total / width;
  if (num_boxes > kMaxBoxes) return InvalidArgument("an image has more than {} boxes", kMaxBoxes);
  const auto is_whole = [&](const ColumnPointer& column) {
    return num_boxes == 0 ? column->Size(row) == 0 : column->Size(row) % num_boxes == 0;
  };
  if (total != num_boxes * width || !std::all_of(from.columns.begin(), from.columns.end(), is_whole)) {
    return InvalidArgument("columns {} have {} numbers, which are no whole boxes of {}",
                           fmt::join(
                               [&] {
                                 std::vector<std::string> names;
                                 for (const ColumnPointer& column : from.columns)
                                   names.push_back(column->name);
                                 return names;
                               }(),
                               ", "),
                           total, width);
  }
  boxes.resize(static_cast<size_t>(num_boxes));
  double Box::*const kPlaces[] = {&Box::left,   &Box::top,      &Box::right,
                                  &Box::bottom, &Box::class_id, &Box::confidence};
  for (int64_t i = 0; i < num_boxes; ++i) {
    int64_t place = 0;
    for (const ColumnPointer& column : from.columns) {
      const int64_t share = column->Size(row) / num_boxes;
      for (int64_t j = 0; j < share; ++j)
        boxes[static_cast<size_t>(i)].*kPlaces[place++] =
            column->numbers[static_cast<size_t>(column->Begin(row) + i * share + j)];
    }
  }
  return boxes;
}

class BoxPairs {
 public:
  BoxPairs(const BoxMatching& matching, const ExampleRows& rows, const PairSpec& spec)
      : matching_(matching), rows_(rows), spec_(spec) {}

  Result<LabelPredictionPairs> Make() {
    PENSTOCK_ASSIGN_OR_RETURN(objects_,
                              FindColumns(rows_, matching_.label_columns, matching_.allows_missing_columns));
    PENSTOCK_ASSIGN_OR_RETURN(
        detections_, FindColumns(rows_, matching_.prediction_columns, matching_.allows_missing_columns));
    if (!matching_.num_detections_column.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(
          limits_, FindColumns(rows_, {matching_.num_detections_column}, matching_.allows_missing_columns));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows_, spec_));
    LabelPredictionPairs pairs;
    pairs.unit_offsets.push_back(0);
    for (int64_t unit = 0; unit < rows_.num_units(); ++unit) {
      for (int64_t row = rows_.UnitBegin(unit); row < rows_.UnitEnd(unit); ++row) {
        // Class weights count only where weights do.
        const double weight =
            spec_.is_weighted ? weights[static_cast<size_t>(row)] * matching_.class_weight : 1.0;
        if (Status status = AddRow(row, weight, pairs); !status.ok())
          return Annotate(status, fmt::format("Row {}", row + 1));
      }
      pairs.unit_offsets.push_back(static_cast<int64_t>(pairs.labels.size()));
    }
    return pairs;
  }

 private:
  Status AddRow(int64_t row, double weight, LabelPredictionPairs& pairs) const {
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<Box> objects, ReadBoxes(objects_, row, 5));
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<Box> detections, ReadBoxes(detections_, row, 6));
    if (!limits_.columns.empty() && limits_.columns[0]->Size(row) > 0) {
      const double limit = limits_.columns[0]->Numbers(row)[0];
      if (limit > 0 && limit < static_cast<double>(detections.size()))
        detections.resize(static_cast<size_t>(limit));
    }
    return MatchBoxes(std::move(objects), std::move(detections), matching_, weight, pairs);
  }

  const BoxMatching& matching_;
  const ExampleRows& rows_;
  const PairSpec& spec_;
  BoxColumns objects_, detections_, limits_;
};

}  // namespace

double IntersectionOverUnion(const Box& a, const Box& b) {
  const double width = std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0);
  const double height = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0);
  const double both = width * height;
  const double all = a.Area() + b.Area() - both;
  return all != 0 ? both / all : 0;
}

std::string BoxMatching::Fingerprint() const {
  return fmt::format("boxes/1:{}:{}:{}:{}:{}:{}:{}:{}:{}", class_id, iou_threshold, min_area, max_area,
                     max_num_detections, class_weight, fmt::join(label_columns, ","),
                     fmt::join(prediction_columns, ","), num_detections_column);
}

Status MatchBoxes(std::vector<Box> objects, std::vector<Box> detections, const BoxMatching& matching,
                  double weight, LabelPredictionPairs& into) {
  const auto is_in_area = [&](const Box& box) {
    return box.Area() >= matching.min_area && box.Area() <= matching.max_area;
  };
  std::erase_if(objects, [&](const Box& box) { return box.class_id != matching.class_id; });
  std::erase_if(detections, [&](const Box& box) { return box.class_id != matching.class_id; });
  PENSTOCK_RETURN_IF_ERROR(CheckBoxes(objects));
  PENSTOCK_RETURN_IF_ERROR(CheckBoxes(detections));
  std::erase_if(objects, [&](const Box& box) { return !is_in_area(box); });
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Box& a, const Box& b) { return a.confidence > b.confidence; });
  if (matching.max_num_detections > 0 &&
      static_cast<int64_t>(detections.size()) > matching.max_num_detections)
    detections.resize(static_cast<size_t>(matching.max_num_detections));
  const std::vector<size_t> chosen = ChooseObjects(objects, detections, matching.iou_threshold);
  const auto add = [&](double label, double score) {
    into.labels.push_back(label);
    into.predictions.push_back(score);
    into.weights.push_back(weight);
  };
  std::vector<double> scores(objects.size(), 0.0);
  for (size_t d = 0; d < detections.size(); ++d)
    if (chosen[d] != kNone) scores[chosen[d]] = detections[d].confidence;
  for (const double score : scores) add(1, score);
  for (size_t d = 0; d < detections.size(); ++d)
    if (chosen[d] == kNone && is_in_area(detections[d])) add(0, detections[d].confidence);
  return OkStatus();
}

PairMaker MakeBoxPairs(BoxMatching matching) {
  PairMaker maker;
  maker.name = matching.Fingerprint();
  maker.make = [matching = std::move(matching)](const ExampleRows& rows, const PairSpec& spec) {
    return BoxPairs(matching, rows, spec).Make();
  };
  return maker;
}

}  // namespace penstock::evaluation
