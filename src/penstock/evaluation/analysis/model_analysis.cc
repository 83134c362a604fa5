#include "penstock/evaluation/analysis/model_analysis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "penstock/evaluation/analysis/example_sample.h"
#include "penstock/evaluation/analysis/forest_attributions.h"

namespace penstock::evaluation {
namespace {

using nlohmann::json;

constexpr int64_t kRowsAtOnce = 256;
constexpr size_t kMaxShownExamples = 200;

// By feature, one number an example; chunks of examples in parallel.
Result<std::vector<std::vector<double>>> AttributeAll(const ForestAttributions& attributions,
                                                      const data::Batch& examples,
                                                      const ExecutionOptions& execution) {
  const int64_t num_chunks = (examples->num_rows() + kRowsAtOnce - 1) / kRowsAtOnce;
  std::vector<std::vector<std::vector<double>>> chunks(static_cast<size_t>(num_chunks));
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(num_chunks, execution, [&](int64_t i) -> Status {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(chunks[static_cast<size_t>(i)],
                              attributions.Attribute(examples->Slice(i * kRowsAtOnce, kRowsAtOnce)));
    return OkStatus();
  }));
  std::vector<std::vector<double>> all(attributions.features().size());
  for (const auto& chunk : chunks)
    for (size_t feature = 0; feature < all.size(); ++feature)
      all[feature].insert(all[feature].end(), chunk[feature].begin(), chunk[feature].end());
  return all;
}

Result<std::shared_ptr<const ForestAttributions>> AttributionsFor(const model::Model& model,
                                                                  const AnalysisOptions& options,
                                                                  const data::Batch& examples,
                                                                  const ExecutionOptions& execution,
                                                                  int64_t& num_background) {
  if (options.background == nullptr) return ForestAttributions::Make(model, examples);
  PENSTOCK_ASSIGN_OR_RETURN(
      const data::Batch background,
      SampleExamples(*options.background, options.max_background, options.seed, execution));
  num_background = background->num_rows();
  return ForestAttributions::Make(model, background, ForestAttributions::Absence::kInterventional);
}

Result<FeatureContributions> ContributionsOf(const model::Model& model, const AnalysisOptions& options,
                                             const data::Batch& examples, const ExecutionOptions& execution) {
  FeatureContributions contributions;
  PENSTOCK_ASSIGN_OR_RETURN(const auto attributions, AttributionsFor(model, options, examples, execution,
                                                                     contributions.num_background));
  PENSTOCK_ASSIGN_OR_RETURN(const auto all, AttributeAll(*attributions, examples, execution));
  contributions.unit =
      model.signature().task == model::Task::kBinaryClassification ? "log odds" : "prediction";
  contributions.expected = attributions->expected();
  const auto num_rows = static_cast<size_t>(examples->num_rows());
  std::vector<FeatureContributions::Feature> features(all.size());
  for (size_t f = 0; f < all.size(); ++f) {
    features[f].name = attributions->features()[f];
    for (const double value : all[f]) {
      features[f].mean += value / static_cast<double>(num_rows);
      features[f].mean_absolute += std::fabs(value) / static_cast<double>(num_rows);
    }
  }
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return features[a].mean_absolute > features[b].mean_absolute; });
  for (const size_t f : order) contributions.features.push_back(features[f]);
  const size_t num_shown = std::min(num_rows, kMaxShownExamples);
  for (size_t i = 0; i < num_shown; ++i) {
    std::vector<double>& example = contributions.examples.emplace_back();
    for (const size_t f : order) example.push_back(all[f][i * num_rows / num_shown]);
  }
  return contributions;
}

json DependenceJson(const PartialDependence& dependence) {
  return {{"column", dependence.column},
          {"values", dependence.is_number ? json(dependence.numbers) : json(dependence.texts)},
          {"means", dependence.means},
          {"deviations", dependence.deviations},
          {"examples", dependence.examples}};
}

}  // namespace

Result<ModelAnalysis> AnalyzeModel(const EvaluationRequest& request, const AnalysisOptions& options,
                                   const data::Dataset& examples, const ExecutionOptions& execution) {
  if (request.model == nullptr) return InvalidArgument("There is no model to be asked");
  ModelAnalysis analysis;
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch sample,
                            SampleExamples(examples, options.max_examples, options.seed, execution));
  analysis.num_examples = sample->num_rows();
  if (!options.metric.empty()) {
    ImportanceOptions importance;
    importance.metric = analysis.metric = options.metric;
    importance.num_repeats = options.num_repeats;
    importance.seed = options.seed;
    PENSTOCK_ASSIGN_OR_RETURN(analysis.importances,
                              PermutationImportance(request, importance, sample, execution));
  }
  PENSTOCK_ASSIGN_OR_RETURN(
      analysis.dependences,
      ComputePartialDependence(*request.model, sample, options.columns, options.dependence, execution));
  if (options.has_contributions) {
    PENSTOCK_ASSIGN_OR_RETURN(analysis.contributions,
                              ContributionsOf(*request.model, options, sample, execution));
  }
  return analysis;
}

json AnalysisToJson(const ModelAnalysis& analysis) {
  json shown = {{"examples", analysis.num_examples}};
  if (analysis.importances) {
    json columns = json::array();
    for (const ColumnImportance& each : analysis.importances->columns)
      columns.push_back({{"column", each.column}, {"change", each.change}, {"deviation", each.deviation}});
    shown["permutation_importance"] = {
        {"metric", analysis.metric}, {"value", analysis.importances->value}, {"columns", std::move(columns)}};
  }
  if (!analysis.dependences.empty()) {
    shown["partial_dependence"] = json::array();
    for (const PartialDependence& each : analysis.dependences)
      shown["partial_dependence"].push_back(DependenceJson(each));
  }
  if (analysis.contributions) {
    json features = json::array();
    for (const auto& each : analysis.contributions->features)
      features.push_back(
          {{"feature", each.name}, {"mean", each.mean}, {"mean_absolute", each.mean_absolute}});
    shown["contributions"] = {{"unit", analysis.contributions->unit},
                              {"background", analysis.contributions->num_background},
                              {"expected", analysis.contributions->expected},
                              {"features", std::move(features)},
                              {"examples", analysis.contributions->examples}};
  }
  return shown;
}

std::string FormatAnalysis(const ModelAnalysis& analysis) {
  std::string text = fmt::format("{} examples\n", analysis.num_examples);
  if (analysis.importances) {
    text += fmt::format("\nChange of {} ({:.6g}) when a column is permuted:\n", analysis.metric,
                        analysis.importances->value);
    for (const ColumnImportance& each : analysis.importances->columns)
      text += fmt::format("  {:+.6f} (deviation {:.6f})  {}\n", each.change, each.deviation, each.column);
  }
  if (analysis.contributions) {
    const FeatureContributions& contributions = *analysis.contributions;
    text += fmt::format("\nContributions to the {} (expected {:.6g}{}), mean absolute and mean:\n",
                        contributions.unit, contributions.expected,
                        contributions.num_background == 0
                            ? std::string()
                            : fmt::format(", against {} background examples", contributions.num_background));
    for (const auto& each : analysis.contributions->features)
      text += fmt::format("  {:.6f}  {:+.6f}  {}\n", each.mean_absolute, each.mean, each.name);
  }
  for (const PartialDependence& each : analysis.dependences) {
    text += fmt::format("\nMean prediction by {}:\n", each.column);
    for (size_t i = 0; i < each.means.size(); ++i)
      text += fmt::format("  {:>12}  {:.6g} (deviation {:.3g})\n",
                          each.is_number ? fmt::format("{:.6g}", each.numbers[i]) : each.texts[i],
                          each.means[i], each.deviations[i]);
  }
  return text;
}

}  // namespace penstock::evaluation
