#include "penstock/components/statistics_gen/statistics_gen.h"

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/statistics/statistics.h"
#include "penstock/validation/schema_file.h"

namespace penstock::components {
namespace {

Result<statistics::StatisticsOptions> OptionsOf(const pipeline::ExecutionTask& task) {
  statistics::StatisticsOptions options;
  PENSTOCK_ASSIGN_OR_RETURN(options.num_top_values, Parameter<int>(task, "num_top_values"));
  PENSTOCK_ASSIGN_OR_RETURN(options.num_rank_histogram_buckets,
                            Parameter<int>(task, "num_rank_histogram_buckets"));
  PENSTOCK_ASSIGN_OR_RETURN(options.num_values_histogram_buckets,
                            Parameter<int>(task, "num_values_histogram_buckets"));
  PENSTOCK_ASSIGN_OR_RETURN(options.num_histogram_buckets, Parameter<int>(task, "num_histogram_buckets"));
  PENSTOCK_ASSIGN_OR_RETURN(options.num_quantiles_histogram_buckets,
                            Parameter<int>(task, "num_quantiles_histogram_buckets"));
  PENSTOCK_ASSIGN_OR_RETURN(options.epsilon, Parameter<double>(task, "epsilon"));
  PENSTOCK_ASSIGN_OR_RETURN(options.feature_allowlist,
                            ParameterOr(task, "feature_allowlist", std::vector<std::string>{}));
  return options;
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
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "statistics"));
    for (const auto& split : splits) {
      const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, split)};
      PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, context.options));
      PENSTOCK_ASSIGN_OR_RETURN(const auto list,
                                statistics::ComputeStatistics(*dataset, options, context.options));
      PENSTOCK_RETURN_IF_ERROR(WriteProto(
          fs::Join(data::SplitDirectory(output->uri, split), statistics::kStatisticsFileName), list));
    }
    SetSplitNames(splits, *output);
    return report;
  }
};

}  // namespace

std::unique_ptr<pipeline::Executor> MakeStatisticsGenExecutor() {
  return std::make_unique<StatisticsGenExecutor>();
}

}  // namespace penstock::components
