#pragma once

#include <map>
#include <memory>
#include <string>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Measures the model on raw examples, overall and by slice, also against a baseline. A gate:
/// it blesses the model, or refuses it when a threshold is not met.
struct Evaluator {
  static constexpr std::string_view kType = "Evaluator";
  pipeline::Channel<pipeline::Examples> examples;
  pipeline::Channel<pipeline::Model> model;
  pipeline::Channel<pipeline::Model> baseline_model;
  std::string split = "eval";
  nlohmann::json metrics = nlohmann::json::array();
  nlohmann::json slices = nlohmann::json::array();
  nlohmann::json thresholds = nlohmann::json::object();
  nlohmann::json change_thresholds = nlohmann::json::object();
  nlohmann::json per_slice_thresholds = nlohmann::json::array();
  nlohmann::json fairness = nlohmann::json::object();
  std::string confidence_intervals;
  std::string example_weight;
  int64_t min_slice_size = 1;

  struct Outputs {
    pipeline::Channel<pipeline::ModelEvaluation> evaluation;
    pipeline::Channel<pipeline::ModelBlessing> blessing;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Measures the model overall and by slice; refuses it when a threshold is not met.");
    node.Version("1");
    node.Input("examples", examples, "Raw examples; the model transforms them itself.");
    node.Input("model", model, "The candidate.");
    node.OptionalInput("baseline_model", baseline_model, "What change thresholds compare with.",
                       pipeline::Wiring::kByNameOnly);
    node.Parameter("split", split, "The split to measure on.");
    node.Parameter("metrics", metrics, "Metric names; empty: the usual ones of the task.");
    node.Parameter("slices", slices, "Columns to slice by, each entry a list of columns to cross.");
    node.Parameter("thresholds", thresholds, "Per metric: lower, upper.");
    node.Parameter("change_thresholds", change_thresholds,
                   "Per metric: direction, absolute, relative; against the baseline.");
    node.Parameter("per_slice_thresholds", per_slice_thresholds, "Thresholds of single slices.");
    node.Parameter("fairness", fairness,
                   "Groups to compare: columns, baseline, thresholds, max_difference of rates.");
    node.OptionalParameter("confidence_intervals", confidence_intervals, "bootstrap or jackknife.");
    node.OptionalParameter("example_weight", example_weight, "Column that weighs the examples.");
    node.Parameter("min_slice_size", min_slice_size, "Slices with fewer examples are left out.");
    node.Output("evaluation", outputs.evaluation, "Every metric of every slice.");
    node.Output("blessing", outputs.blessing, "BLESSED or NOT_BLESSED.");
  }
};

Status CheckEvaluator(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeEvaluatorExecutor();

}  // namespace penstock::components
