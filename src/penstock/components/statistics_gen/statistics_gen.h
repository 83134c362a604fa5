#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Computes statistics of every column of every split. The parameters are StatsOptions' fields.
struct StatisticsGen {
  static constexpr std::string_view kType = "StatisticsGen";
  pipeline::Channel<pipeline::Examples> examples;
  pipeline::Channel<pipeline::Schema> schema;
  std::vector<std::string> exclude_splits;
  int num_top_values = 20;
  int num_rank_histogram_buckets = 1000;
  int num_values_histogram_buckets = 10;
  int num_histogram_buckets = 10;
  int num_quantiles_histogram_buckets = 10;
  double epsilon = 0.01;
  std::vector<std::string> feature_allowlist;
  nlohmann::json stats_options;
  std::string state_cache;

  struct Outputs {
    pipeline::Channel<pipeline::Statistics> statistics;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Computes statistics of every column of every split.");
    node.Version("2");
    node.Input("examples", examples, "What to count.");
    node.OptionalInput("schema", schema, "Says which integers are categories.",
                       pipeline::Wiring::kByNameOnly);
    node.OptionalParameter("exclude_splits", exclude_splits, "Splits to leave out.");
    node.Parameter("num_top_values", num_top_values, "Most frequent values kept of a text column.");
    node.Parameter("num_rank_histogram_buckets", num_rank_histogram_buckets,
                   "Values kept in the rank histogram.");
    node.Parameter("num_values_histogram_buckets", num_values_histogram_buckets,
                   "Buckets over the number of values.");
    node.Parameter("num_histogram_buckets", num_histogram_buckets, "Buckets of the equal-width histogram.");
    node.Parameter("num_quantiles_histogram_buckets", num_quantiles_histogram_buckets,
                   "Buckets of the quantile histogram.");
    node.Parameter("epsilon", epsilon, "Rank error of quantiles, where they are not exact.");
    node.OptionalParameter("feature_allowlist", feature_allowlist, "Only these columns.");
    node.OptionalParameter(
        "stats_options", stats_options,
        "TFDV's StatsOptions as an object; what it names goes before the parameters above.");
    node.OptionalParameter(
        "state_cache", state_cache,
        "Folder that keeps the counts of each file of the splits: only new files are read.");
    node.Output("statistics", outputs.statistics, "DatasetFeatureStatisticsList of each split.");
  }
};

/// Whether stats_options can be read.
Status CheckStatisticsGen(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeStatisticsGenExecutor();

}  // namespace penstock::components
