#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "penstock/evaluation/analysis/partial_dependence.h"
#include "penstock/evaluation/analysis/permutation_importance.h"

namespace penstock::evaluation {

/// What each feature of a model of trees adds to the margins of a sample (ForestAttributions).
struct FeatureContributions {
  struct Feature {
    std::string name;
    double mean = 0, mean_absolute = 0;
  };
  std::string unit;            ///< Of the margin: "log odds" or "prediction".
  int64_t num_background = 0;  ///< Examples they are against; 0: path-dependent, the sample itself.
  double expected = 0;
  std::vector<Feature> features;  ///< Largest mean of absolute contributions first.
  /// Of some examples, in the order of `features`; with `expected` they add up to the example's margin.
  std::vector<std::vector<double>> examples;
};

struct AnalysisOptions {
  std::string metric;                ///< Permutation importance for this metric; "": none.
  std::vector<std::string> columns;  ///< Partial dependence on these.
  bool has_contributions = false;
  /// Where set, contributions are against examples of it (ForestAttributions::Absence::kInterventional);
  /// null: the sample itself says what is usual. Must outlive the call.
  const data::Dataset* background = nullptr;
  int64_t max_background = 100;   ///< A sample of so many of it.
  int64_t max_examples = 10'000;  ///< A sample of so many is looked at.
  int num_repeats = 3;            ///< Of a permutation.
  uint64_t seed = 0;
  DependenceOptions dependence;
};

/// What was found out about a model.
struct ModelAnalysis {
  int64_t num_examples = 0;
  std::string metric;
  std::optional<Importances> importances;
  std::vector<PartialDependence> dependences;
  std::optional<FeatureContributions> contributions;
};

/// Asks the request's model of a sample of the examples. Bit-equal for any number of threads. Errors as those
/// of PermutationImportance, ComputePartialDependence and ForestAttributions; kInvalidArgument without a
/// model.
Result<ModelAnalysis> AnalyzeModel(const EvaluationRequest& request, const AnalysisOptions& options,
                                   const data::Dataset& examples, const ExecutionOptions& execution);

/// {"examples": n, "permutation_importance": {metric, value, columns: [{column, change, deviation}]},
///  "partial_dependence": [{column, values, means, deviations, examples}],
///  "contributions": {unit, background, expected, features: [{feature, mean, mean_absolute}], examples}};
///  what was
/// not asked for is left out.
nlohmann::json AnalysisToJson(const ModelAnalysis& analysis);
/// Tables for people.
std::string FormatAnalysis(const ModelAnalysis& analysis);

/// The file of an analysis in an evaluation's folder.
inline constexpr char kAnalysisFile[] = "analysis.json";

}  // namespace penstock::evaluation
