#include "penstock/components/example_validator/example_validator.h"

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/data/splits.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::components {
namespace {

namespace tfmd = tensorflow::metadata::v0;

/// The features at fault, the first few by name.
std::string Summary(const std::string& split, const tfmd::Anomalies& anomalies) {
  constexpr size_t kMaxNames = 5;
  std::vector<std::string> names;
  for (const auto& [name, info] : anomalies.anomaly_info())
    if (info.severity() == tfmd::AnomalyInfo::ERROR) names.push_back(name);
  std::sort(names.begin(), names.end());
  const size_t num_more = names.size() > kMaxNames ? names.size() - kMaxNames : 0;
  names.resize(names.size() - num_more);
  if (names.empty()) return fmt::format("split '{}': the dataset as a whole", split);
  return fmt::format("split '{}': {}{}", split, fmt::join(names, ", "),
                     num_more ? fmt::format(" and {} more", num_more) : "");
}

class ExampleValidatorExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task, ExecutionContext&) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* statistics, Input(task, "statistics"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* schema_artifact, Input(task, "schema"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::ReadSchema(SchemaPath(*schema_artifact)));
    PENSTOCK_ASSIGN_OR_RETURN(const auto all, SplitNames(*statistics));
    PENSTOCK_ASSIGN_OR_RETURN(const auto excluded,
                              ParameterOr(task, "exclude_splits", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto splits, WithoutSplits(all, excluded));
    PENSTOCK_ASSIGN_OR_RETURN(const auto environment, ParameterOr(task, "environment", std::string()));
    validation::ValidateOptions options;
    if (!environment.empty()) options.environment = environment;

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "anomalies"));
    std::vector<std::string> refusals;
    int64_t num_anomalies = 0;
    for (const auto& split : splits) {
      tfmd::DatasetFeatureStatisticsList list;
      PENSTOCK_RETURN_IF_ERROR(ReadProto(StatisticsPath(*statistics, split), list));
      PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, validation::WholeDataset(list));
      PENSTOCK_ASSIGN_OR_RETURN(const auto anomalies,
                                validation::ValidateStatistics(*whole, schema, options));
      PENSTOCK_RETURN_IF_ERROR(WriteProto(AnomaliesPath(*output, split), anomalies));
      num_anomalies += anomalies.anomaly_info_size() + (anomalies.has_dataset_anomaly_info() ? 1 : 0);
      if (validation::HasErrors(anomalies)) refusals.push_back(Summary(split, anomalies));
    }
    SetSplitNames(splits, *output);
    output->properties["num_anomalies"] = num_anomalies;
    output->properties["blessed"] = refusals.empty() ? 1 : 0;
    if (!refusals.empty())
      output->properties[std::string(pipeline::kRefusalProperty)] =
          fmt::format("Anomalies in {}", fmt::join(refusals, "; "));
    return report;
  }
};

}  // namespace

std::string AnomaliesPath(const pipeline::Artifact& anomalies, const std::string& split) {
  return fs::Join(data::SplitDirectory(anomalies.uri, split), "SchemaDiff.pb");
}

std::unique_ptr<pipeline::Executor> MakeExampleValidatorExecutor() {
  return std::make_unique<ExampleValidatorExecutor>();
}

}  // namespace penstock::components
