#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tensorflow_model_analysis/proto/metrics_for_slice.pb.h>
#include <tensorflow_model_analysis/proto/validation_result.pb.h>
#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"

namespace penstock::pages {

/// The results of one evaluation, in TFMA's messages, and what it is called on the page.
struct NamedEvaluation {
  std::string name;
  std::vector<tensorflow_model_analysis::MetricsForSlice> metrics;
  std::vector<tensorflow_model_analysis::PlotsForSlice> plots;
  std::vector<tensorflow_model_analysis::AttributionsForSlice> attributions;
  bool has_validation = false;
  tensorflow_model_analysis::ValidationResult validation;
  std::string analysis;  ///< Text of its analysis.json; "": none.
};

/// How much of large evaluations a page holds; what is left out is said in it.
struct EvaluationLimits {
  int64_t max_slices = 20'000;
  int64_t max_values = 600'000;  ///< Metrics of all slices and models together.
  int64_t max_plots = 2'000;
  int64_t max_points = 400'000;       ///< Thresholds and buckets of all plots together.
  int max_classes = 60;               ///< Of a matrix by class.
  int64_t max_attributions = 50'000;  ///< Features of all slices and metrics together.
  int max_features = 50;              ///< Of one of them: those that add or take most.
};

/// The data of an evaluation page in the form of docs/formats/pages.md. Several evaluations stand side by
/// side, slice by slice: models, or one model over time. kInvalidArgument where none was given, kDataLoss for
/// an analysis that is no JSON. Pure.
Result<nlohmann::json> EvaluationPageData(const std::vector<NamedEvaluation>& evaluations,
                                          const EvaluationLimits& limits = {});

}  // namespace penstock::pages
