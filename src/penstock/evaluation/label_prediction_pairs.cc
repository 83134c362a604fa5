#include "penstock/evaluation/label_prediction_pairs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMargin = 1e-7;  // TFMA's tolerance around [0, 1].

using Row = LabelPredictionVectors::Row;

// A class number as a vector of its own class against `size` classes.
Status OneHot(size_t size, int64_t row, std::vector<double>& label) {
  if (label.size() != 1) {
    return InvalidArgument("Row {} has {} labels for {} scores; give one class number or one label a score",
                           row + 1, label.size(), size);
  }
  const double class_id = label[0];
  // TFMA lets one number beyond the classes, and -1, stand for "none of them".
  if (!(class_id >= -1 && class_id <= static_cast<double>(size))) {
    return InvalidArgument("Row {} has the label {}, which is none of the {} classes that are scored",
                           row + 1, class_id, size);
  }
  label.assign(size, 0);
  if (class_id >= 0 && class_id < static_cast<double>(size)) label[static_cast<size_t>(class_id)] = 1;
  return OkStatus();
}

// The `count` highest scores, highest first; of equals the lower class first.
std::vector<size_t> Highest(const std::vector<double>& scores, size_t count) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  order.resize(count);
  return order;
}

void Select(const std::vector<size_t>& at, std::vector<double>& values) {
  std::vector<double> selected;
  for (size_t i : at) selected.push_back(values[i]);
  values = std::move(selected);
}

Status SelectTop(const PairSpec& spec, int64_t row, Row& values) {
  const bool is_one = spec.sub_key.k != SubKey::kNone;
  const auto count = static_cast<size_t>(is_one ? spec.sub_key.k : spec.sub_key.top_k);
  if (values.prediction.size() < count) {
    return InvalidArgument("Row {} has {} scores, too few for the {} highest", row + 1,
                           values.prediction.size(), count);
  }
  std::vector<size_t> highest = Highest(values.prediction, count);
  if (is_one || spec.is_aggregated) {
    if (values.label.size() != values.prediction.size())
      PENSTOCK_RETURN_IF_ERROR(OneHot(values.prediction.size(), row, values.label));
    if (is_one) {
      highest = {highest.back()};
    } else {
      std::sort(highest.begin(), highest.end());
    }
    Select(highest, values.label);
    Select(highest, values.prediction);
    return OkStatus();
  }
  std::vector<double> kept(values.prediction.size(), -std::numeric_limits<double>::infinity());
  for (size_t i : highest) kept[i] = values.prediction[i];
  values.prediction = std::move(kept);
  return OkStatus();
}

Status SelectClass(int class_id, int64_t row, Row& values) {
  const auto at = static_cast<size_t>(class_id);
  if (class_id < 0 || at >= values.prediction.size()) {
    return InvalidArgument("Row {} has {} scores; there is no class {}", row + 1, values.prediction.size(),
                           class_id);
  }
  if (values.label.size() == values.prediction.size()) {
    values.label = {values.label[at]};
  } else {
    values.label = {values.label[0] == class_id ? 1.0 : 0.0};
  }
  values.prediction = {values.prediction[at]};
  return OkStatus();
}

Status ApplySubKey(const PairSpec& spec, int64_t row, Row& values) {
  if (values.label.empty() || values.prediction.empty()) return OkStatus();
  if (spec.sub_key.k != SubKey::kNone || spec.sub_key.top_k != SubKey::kNone)
    PENSTOCK_RETURN_IF_ERROR(SelectTop(spec, row, values));
  if (spec.sub_key.class_id != SubKey::kNone && spec.sub_key.k == SubKey::kNone)
    PENSTOCK_RETURN_IF_ERROR(SelectClass(spec.sub_key.class_id, row, values));
  return OkStatus();
}

// The columns of a spec, found once for all rows.
struct Columns {
  ColumnPointer label, prediction, weight;  // No weight: all 1.
};

Result<Columns> FindColumns(const ExampleRows& rows, const PairSpec& spec) {
  Columns columns;
  PENSTOCK_ASSIGN_OR_RETURN(columns.label, rows.Find(spec.target.label));
  PENSTOCK_ASSIGN_OR_RETURN(columns.label, AsNumbers(columns.label));
  PENSTOCK_ASSIGN_OR_RETURN(columns.prediction, rows.Find(spec.target.prediction));
  PENSTOCK_ASSIGN_OR_RETURN(columns.prediction, AsNumbers(columns.prediction));
  if (spec.is_weighted && !spec.target.weight.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(columns.weight, rows.Find(spec.target.weight));
    PENSTOCK_ASSIGN_OR_RETURN(columns.weight, AsNumbers(columns.weight));
  }
  return columns;
}

void AddPair(double label, double prediction, double weight, bool has_fractions,
             LabelPredictionPairs& pairs) {
  const auto push = [&](double l, double w) {
    pairs.labels.push_back(l);
    pairs.predictions.push_back(prediction);
    pairs.weights.push_back(w);
  };
  if (!has_fractions || std::isnan(label)) return push(label, weight);
  if (weight * (1 - label) != 0) push(0, weight * (1 - label));
  if (weight * label != 0) push(1, weight * label);
}

// All pairs of one row.
Status AddRow(const PairSpec& spec, int64_t row, std::span<const double> weights, Row& values,
              LabelPredictionPairs& pairs) {
  PENSTOCK_RETURN_IF_ERROR(ApplySubKey(spec, row, values));
  if (values.label.empty() || values.prediction.empty()) {
    ++pairs.num_rows_left_out;
    if (!spec.keeps_missing) return OkStatus();
    const size_t size = std::max(values.label.size(), values.prediction.size());
    values.label.resize(size, kNaN);
    values.prediction.resize(size, kNaN);
  }
  if (values.label.size() != values.prediction.size())
    PENSTOCK_RETURN_IF_ERROR(OneHot(values.prediction.size(), row, values.label));
  const size_t size = values.prediction.size();
  if (weights.size() != 1 && weights.size() != size) {
    return InvalidArgument("Row {} has {} weights for {} predictions", row + 1, weights.size(), size);
  }
  for (size_t i = 0; i < size; ++i) {
    double weight = weights.size() == 1 ? weights[0] : weights[i];
    if (!spec.class_weights.empty()) {
      const auto found = spec.class_weights.find(static_cast<int>(i));
      weight *= found == spec.class_weights.end() ? 0.0 : static_cast<double>(found->second);
    }
    const double label = values.label[i];
    if (spec.has_fractional_labels && !std::isnan(label) && !(label >= -kMargin && label <= 1 + kMargin)) {
      return InvalidArgument("Row {} has the label {} in column '{}'; labels must be from 0 to 1 here",
                             row + 1, label, spec.target.label);
    }
    AddPair(label, values.prediction[i], weight, spec.has_fractional_labels, pairs);
  }
  return OkStatus();
}

bool IsPlain(const PairSpec& spec, const Columns& columns) {
  return spec.sub_key.IsEmpty() && spec.class_weights.empty() && columns.label->offsets.empty() &&
         columns.prediction->offsets.empty() &&
         (columns.weight == nullptr || columns.weight->offsets.empty());
}

// One label, one prediction, one weight a row: no vectors are built.
Status AddPlainRows(const ExampleRows& rows, const PairSpec& spec, const Columns& columns,
                    LabelPredictionPairs& pairs) {
  pairs.labels.reserve(static_cast<size_t>(rows.num_rows));
  pairs.predictions.reserve(static_cast<size_t>(rows.num_rows));
  pairs.weights.reserve(static_cast<size_t>(rows.num_rows));
  for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
    for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
      const auto at = static_cast<size_t>(row);
      const double label = columns.label->numbers[at];
      if (spec.has_fractional_labels && !std::isnan(label) && !(label >= -kMargin && label <= 1 + kMargin)) {
        return InvalidArgument("Row {} has the label {} in column '{}'; labels must be from 0 to 1 here",
                               row + 1, label, spec.target.label);
      }
      AddPair(label, columns.prediction->numbers[at], columns.weight ? columns.weight->numbers[at] : 1.0,
              spec.has_fractional_labels, pairs);
    }
    pairs.unit_offsets.push_back(static_cast<int64_t>(pairs.labels.size()));
  }
  return OkStatus();
}

void ReadRow(const Columns& columns, int64_t row, Row& values) {
  const auto label = columns.label->Numbers(row), prediction = columns.prediction->Numbers(row);
  values.label.assign(label.begin(), label.end());
  values.prediction.assign(prediction.begin(), prediction.end());
}

std::span<const double> WeightsOf(const Columns& columns, int64_t row) {
  static constexpr double kOne[] = {1.0};
  return columns.weight == nullptr ? std::span<const double>(kOne) : columns.weight->Numbers(row);
}

}  // namespace

Result<LabelPredictionPairs> MakePairs(const ExampleRows& rows, const PairSpec& spec) {
  PENSTOCK_ASSIGN_OR_RETURN(const Columns columns, FindColumns(rows, spec));
  LabelPredictionPairs pairs;
  pairs.unit_offsets.reserve(static_cast<size_t>(rows.num_units()) + 1);
  pairs.unit_offsets.push_back(0);
  if (IsPlain(spec, columns)) {
    PENSTOCK_RETURN_IF_ERROR(AddPlainRows(rows, spec, columns, pairs));
    return pairs;
  }
  Row values;
  for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
    for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
      ReadRow(columns, row, values);
      PENSTOCK_RETURN_IF_ERROR(AddRow(spec, row, WeightsOf(columns, row), values, pairs));
    }
    pairs.unit_offsets.push_back(static_cast<int64_t>(pairs.labels.size()));
  }
  return pairs;
}

Result<LabelPredictionVectors> MakeVectors(const ExampleRows& rows, const PairSpec& spec) {
  PENSTOCK_ASSIGN_OR_RETURN(const Columns columns, FindColumns(rows, spec));
  LabelPredictionVectors vectors;
  vectors.rows.resize(static_cast<size_t>(rows.num_rows));
  for (int64_t row = 0; row < rows.num_rows; ++row) {
    Row& values = vectors.rows[static_cast<size_t>(row)];
    ReadRow(columns, row, values);
    values.is_missing = values.label.empty() || values.prediction.empty();
    const auto weights = WeightsOf(columns, row);
    if (weights.size() != 1) {
      return InvalidArgument("Row {} has {} weights in column '{}'; it must have one", row + 1,
                             weights.size(), spec.target.weight);
    }
    values.weight = weights[0];
    PENSTOCK_RETURN_IF_ERROR(ApplySubKey(spec, row, values));
  }
  return vectors;
}

Result<std::vector<double>> RowWeights(const ExampleRows& rows, const PairSpec& spec) {
  std::vector<double> weights(static_cast<size_t>(rows.num_rows), 1.0);
  if (!spec.is_weighted || spec.target.weight.empty()) return weights;
  PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer column, rows.Find(spec.target.weight));
  PENSTOCK_ASSIGN_OR_RETURN(column, AsNumbers(column));
  for (int64_t row = 0; row < rows.num_rows; ++row) {
    const auto values = column->Numbers(row);
    weights[static_cast<size_t>(row)] = std::accumulate(values.begin(), values.end(), 0.0);
  }
  return weights;
}

}  // namespace penstock::evaluation
