#pragma once

#include <cstdint>

#include <tensorflow_model_analysis/proto/metrics_for_slice.pb.h>
#include <nlohmann/json_fwd.hpp>

namespace penstock::pages {

/// "Plot" of docs/formats/pages.md: what charts are drawn from, thinned to `max_points` thresholds or buckets
/// each. Null where there is nothing to draw.
nlohmann::json PlotJson(const tensorflow_model_analysis::PlotData& plot, int64_t max_points, int max_classes);

/// [[threshold, tn, fp, fn, tp], ...] by rising threshold; the ends are always kept.
nlohmann::json ThresholdsJson(const tensorflow_model_analysis::ConfusionMatrixAtThresholds& matrices,
                              int64_t max_points);

/// A multi-class matrix of each threshold: [actual, predicted, weight].
nlohmann::json ClassMatricesJson(
    const tensorflow_model_analysis::MultiClassConfusionMatrixAtThresholds& matrices, int max_classes);

}  // namespace penstock::pages
