#include "penstock/components/statistics_gen/statistics_gen.h"

#include <algorithm>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/statistics/options_json.h"
#include "penstock/statistics/span_statistics.h"
#include "penstock/statistics/statistics.h"
#include "penstock/validation/schema_file.h"

namespace penstock::components {
namespace {

/// Takes a parameter unless `given` (stats_options) names it.
template <class T>
Status Take(const pipeline::ExecutionTask& task, const nlohmann::json& given, const std::string& name,
            T& out) {
  if (given.contains(name)) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(out, ParameterOr(task, name, out));
  return OkStatus();
}

Result<statistics::StatisticsOptions> OptionsOf(const pipeline::ExecutionTask& task) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto given, ParameterOr(task, "stats_options", nlohmann::json::object()));
  auto parsed = statistics::ParseStatisticsOptions(given.dump());
  if (!parsed.ok()) return Annotate(parsed.status(), task.node_id + ": stats_options");
  statistics::StatisticsOptions options = *std::move(parsed);
  PENSTOCK_RETURN_IF_ERROR(Take(task, given, "num_top_values", options.num_top_values));
  PENSTOCK_RETURN_IF_ERROR(
      Take(task, given, "num_rank_histogram_buckets", options.num_rank_histogram_buckets));
  PENSTOCK_RETURN_IF_ERROR(
      Take(task, given, "num_values_histogram_buckets", options.num_values_histogram_buckets));
  PENSTOCK_RETURN_IF_ERROR(Take(task, given, "num_histogram_buckets", options.num_histogram_buckets));
  PENSTOCK_RETURN_IF_ERROR(
      Take(task, given, "num_quantiles_histogram_buckets", options.num_quantiles_histogram_buckets));
  PENSTOCK_RETURN_IF_ERROR(Take(task, given, "epsilon", options.epsilon));
  PENSTOCK_RETURN_IF_ERROR(Take(task, given, "feature_allowlist", options.feature_allowlist));
  return options;
}

/// Of all files of a split at once; with a cache file by file.
Result<statistics::SpanStatistics> Compute(const std::vector<std::string>& pattern,
                                           const statistics::StatisticsOptions& options,
                                           const std::string& cache, const ExecutionOptions& execution) {
  if (cache.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, execution));
    PENSTOCK_ASSIGN_OR_RETURN(auto list, statistics::ComputeStatistics(*dataset, options, execution));
    return statistics::SpanStatistics{std::move(list), {}};
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::Glob(pattern[0]));
  std::vector<statistics::Span> spans;
  for (const std::string& file : files) spans.push_back({fs::BaseName(file), {file}});
  return statistics::ComputeOverSpans(spans, {}, options, {cache, nullptr}, execution);
}

class StatisticsGenExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(auto options, OptionsOf(task));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto all, SplitNames(*examples));
    PENSTOCK_ASSIGN_OR_RETURN(const auto excluded,
                              ParameterOr(task, "exclude_splits", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto splits, WithoutSplits(all, excluded));
    tensorflow::metadata::v0::Schema schema;
    if (const auto* given = OptionalInput(task, "schema")) {
      PENSTOCK_ASSIGN_OR_RETURN(schema, validation::ReadSchema(SchemaPath(*given)));
      options.schema = &schema;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto cache, ParameterOr(task, "state_cache", std::string()));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "statistics"));
    int64_t num_files = 0, num_from_cache = 0;
    for (const auto& split : splits) {
      const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, split)};
      PENSTOCK_ASSIGN_OR_RETURN(const auto computed, Compute(pattern, options, cache, context.options));
      PENSTOCK_RETURN_IF_ERROR(
          WriteProto(fs::Join(data::SplitDirectory(output->uri, split), statistics::kStatisticsFileName),
                     computed.list));
      num_files += static_cast<int64_t>(computed.spans.size());
      num_from_cache += std::count_if(computed.spans.begin(), computed.spans.end(),
                                      [](const auto& read) { return read.from_cache; });
    }
    if (!cache.empty()) {
      output->properties["num_files_read"] = num_files - num_from_cache;
      output->properties["num_files_from_cache"] = num_from_cache;
    }
    SetSplitNames(splits, *output);
    return report;
  }
};

}  // namespace

Status CheckStatisticsGen(const std::map<std::string, nlohmann::json>& parameters) {
  const auto given = parameters.find("stats_options");
  if (given == parameters.end() || !given->second.is_object()) return OkStatus();
  const auto parsed = statistics::ParseStatisticsOptions(given->second.dump());
  return parsed.ok() ? OkStatus() : Annotate(parsed.status(), "StatisticsGen: stats_options");
}

std::unique_ptr<pipeline::Executor> MakeStatisticsGenExecutor() {
  return std::make_unique<StatisticsGenExecutor>();
}

}  // namespace penstock::components
