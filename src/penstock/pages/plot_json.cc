#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/pages/bounded_json.h"
#include "penstock/pages/plot_json_internal.h"

namespace penstock::pages {

namespace tfma = ::tensorflow_model_analysis;
using nlohmann::json;

namespace {

constexpr int kMaxMatrices = 40;

/// Which of `size` things to keep so that there are at most about `most`, the first and the last among them.
std::vector<int> Thin(int size, int64_t most) {
  const int64_t stride = std::max<int64_t>(1, (size + most - 1) / std::max<int64_t>(most, 2));
  std::vector<int> kept;
  for (int64_t i = 0; i < size; i += stride) kept.push_back(static_cast<int>(i));
  if (size > 0 && kept.back() != size - 1) kept.push_back(size - 1);
  return kept;
}

/// Neighbours are added up: [lower, upper, weight, label sum, prediction sum].
json CalibrationJson(const tfma::CalibrationHistogramBuckets& calibration, int64_t max_points) {
  const int64_t stride =
      std::max<int64_t>(1, (calibration.buckets_size() + max_points - 1) / std::max<int64_t>(max_points, 1));
  json buckets = json::array();
  for (int i = 0; i < calibration.buckets_size();) {
    const auto& first = calibration.buckets(i);
    double weight = 0, label = 0, prediction = 0, upper = first.upper_threshold_exclusive();
    for (const int end = static_cast<int>(std::min<int64_t>(calibration.buckets_size(), i + stride)); i < end;
         ++i) {
      const auto& bucket = calibration.buckets(i);
      weight += bucket.num_weighted_examples().value();
      label += bucket.total_weighted_label().value();
      prediction += bucket.total_weighted_refined_prediction().value();
      upper = bucket.upper_threshold_exclusive();
    }
    buckets.push_back({NumberJson(first.lower_threshold_inclusive()), NumberJson(upper), NumberJson(weight),
                       NumberJson(label), NumberJson(prediction)});
  }
  return buckets;
}

/// Matrices of classes at thresholds, each as entries [actual, predicted, weight].
template <class Matrices, class Weight>
json EntriesJson(const Matrices& matrices, int max_classes, const Weight& weight) {
  json all = json::array();
  for (const auto& matrix : matrices.matrices()) {
    if (all.size() == kMaxMatrices) break;
    json entries = json::array();
    for (const auto& entry : matrix.entries()) {
      if (entry.actual_class_id() >= max_classes || entry.predicted_class_id() >= max_classes) continue;
      entries.push_back({entry.actual_class_id(), entry.predicted_class_id(), NumberJson(weight(entry))});
    }
    all.push_back({{"threshold", NumberJson(matrix.threshold())}, {"entries", std::move(entries)}});
  }
  return all;
}

json MultiLabelJson(const tfma::MultiLabelConfusionMatrixAtThresholds& matrices, int max_classes) {
  return EntriesJson(matrices, max_classes, [](const auto& entry) { return entry.true_positives(); });
}

}  // namespace

json ThresholdsJson(const tfma::ConfusionMatrixAtThresholds& matrices, int64_t max_points) {
  std::vector<const tfma::ConfusionMatrixAtThresholds::ConfusionMatrixAtThreshold*> sorted;
  for (const auto& matrix : matrices.matrices()) sorted.push_back(&matrix);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->threshold() < b->threshold(); });
  json points = json::array();
  for (const int i : Thin(static_cast<int>(sorted.size()), max_points)) {
    const auto& matrix = *sorted[i];
    points.push_back({NumberJson(matrix.threshold()), NumberJson(matrix.true_negatives()),
                      NumberJson(matrix.false_positives()), NumberJson(matrix.false_negatives()),
                      NumberJson(matrix.true_positives())});
  }
  return points;
}

json ClassMatricesJson(const tfma::MultiClassConfusionMatrixAtThresholds& matrices, int max_classes) {
  return EntriesJson(matrices, max_classes, [](const auto& entry) { return entry.num_weighted_examples(); });
}

json PlotJson(const tfma::PlotData& plot, int64_t max_points, int max_classes) {
  json made;
  if (plot.has_calibration_histogram_buckets())
    made["calibration"] = CalibrationJson(plot.calibration_histogram_buckets(), max_points);
  if (plot.has_confusion_matrix_at_thresholds())
    made["thresholds"] = ThresholdsJson(plot.confusion_matrix_at_thresholds(), max_points);
  if (plot.has_multi_class_confusion_matrix_at_thresholds())
    made["classes"] = ClassMatricesJson(plot.multi_class_confusion_matrix_at_thresholds(), max_classes);
  if (plot.has_multi_label_confusion_matrix_at_thresholds())
    made["labels"] = MultiLabelJson(plot.multi_label_confusion_matrix_at_thresholds(), max_classes);
  return made;
}

}  // namespace penstock::pages
