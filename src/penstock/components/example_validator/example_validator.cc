#include "penstock/components/example_validator/example_validator.h"

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/data/splits.h"
#include "penstock/validation/custom_validation.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/sliced_validation.h"
#include "penstock/validation/validation_options.h"

namespace penstock::components {
namespace {

namespace tfmd = tensorflow::metadata::v0;

/// The features at fault, the first few by name.
std::string Summary(const std::string& split, const std::string& slice, const tfmd::Anomalies& anomalies) {
  constexpr size_t kMaxNames = 5;
  std::vector<std::string> names;
  for (const auto& [name, info] : anomalies.anomaly_info())
    if (info.severity() == tfmd::AnomalyInfo::ERROR) names.push_back(name);
  std::sort(names.begin(), names.end());
  const size_t num_more = names.size() > kMaxNames ? names.size() - kMaxNames : 0;
  names.resize(names.size() - num_more);
  const std::string where =
      slice.empty() ? fmt::format("split '{}'", split) : fmt::format("split '{}', slice '{}'", split, slice);
  if (names.empty()) return where + ": the dataset as a whole";
  return fmt::format("{}: {}{}", where, fmt::join(names, ", "),
                     num_more ? fmt::format(" and {} more", num_more) : "");
}

/// All examples, and each slice where `per_slice`.
Result<validation::proto::SlicedAnomalies> FindAnomalies(const tfmd::DatasetFeatureStatisticsList& list,
                                                         const tfmd::Schema& schema,
                                                         const validation::ValidateOptions& options,
                                                         bool per_slice) {
  if (per_slice) return validation::ValidateSlices(list, schema, {}, options);
  PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, validation::WholeDataset(list));
  tfmd::DatasetFeatureStatisticsList of_whole;
  *of_whole.add_datasets() = *whole;
  return validation::ValidateSlices(of_whole, schema, {}, options);
}

Result<validation::ValidateOptions> OptionsOf(const pipeline::ExecutionTask& task,
                                              const std::string& environment) {
  validation::ValidateOptions options;
  if (!environment.empty()) options.environment = environment;
  options.propose_fixes = options.explain = true;
  const auto overrides = task.parameters.find("severity_overrides");
  if (overrides != task.parameters.end() && !overrides->second.is_null())
    PENSTOCK_RETURN_IF_ERROR(validation::SetSeverityOverrides(overrides->second, task.node_id, options));
  return options;
}

/// Nothing where the parameter is not given.
Result<tensorflow::data_validation::CustomValidationConfig> CustomOf(
    const std::map<std::string, nlohmann::json>& parameters, const std::string& node) {
  const auto given = parameters.find("custom_validation_config");
  if (given == parameters.end() || !given->second.is_object())
    return tensorflow::data_validation::CustomValidationConfig();
  return validation::ParseCustomValidations(given->second.dump(), node + ": custom_validation_config");
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
    PENSTOCK_ASSIGN_OR_RETURN(const auto options, OptionsOf(task, environment));
    PENSTOCK_ASSIGN_OR_RETURN(const auto per_slice, ParameterOr(task, "validate_slices", false));
    PENSTOCK_ASSIGN_OR_RETURN(const auto custom, CustomOf(task.parameters, task.node_id));

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "anomalies"));
    std::vector<std::string> refusals;
    int64_t num_anomalies = 0;
    for (const auto& split : splits) {
      tfmd::DatasetFeatureStatisticsList list;
      PENSTOCK_RETURN_IF_ERROR(ReadProto(StatisticsPath(*statistics, split), list));
      PENSTOCK_ASSIGN_OR_RETURN(auto sliced, FindAnomalies(list, schema, options, per_slice));
      tfmd::Anomalies& anomalies = *sliced.mutable_slices(0)->mutable_anomalies();
      PENSTOCK_RETURN_IF_ERROR(
          validation::AddCustomAnomalies(list, nullptr, custom, options.environment, true, anomalies));
      const std::string path = AnomaliesPath(*output, split);
      PENSTOCK_RETURN_IF_ERROR(WriteProto(path, anomalies));
      if (per_slice)
        PENSTOCK_RETURN_IF_ERROR(WriteProto(fs::Join(fs::DirName(path), "SlicedAnomalies.pb"), sliced));
      for (const auto& slice : sliced.slices()) {
        num_anomalies +=
            slice.anomalies().anomaly_info_size() + (slice.anomalies().has_dataset_anomaly_info() ? 1 : 0);
        if (validation::HasErrors(slice.anomalies()))
          refusals.push_back(
              Summary(split, &slice == &sliced.slices(0) ? "" : slice.name(), slice.anomalies()));
      }
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
  const bool is_pair = anomalies.properties.value("compares_splits", 0) != 0;
  const std::string folder =
      is_pair ? fs::Join(anomalies.uri, "SplitPair-" + split) : data::SplitDirectory(anomalies.uri, split);
  return fs::Join(folder, "SchemaDiff.pb");
}

Status CheckExampleValidator(const std::map<std::string, nlohmann::json>& parameters) {
  PENSTOCK_RETURN_IF_ERROR(CustomOf(parameters, "ExampleValidator").status());
  const auto overrides = parameters.find("severity_overrides");
  if (overrides == parameters.end() || !overrides->second.is_structured()) return OkStatus();
  validation::ValidateOptions options;
  return validation::SetSeverityOverrides(overrides->second, "ExampleValidator", options);
}

std::unique_ptr<pipeline::Executor> MakeExampleValidatorExecutor() {
  return std::make_unique<ExampleValidatorExecutor>();
}

}  // namespace penstock::components
