#include "penstock/components/distribution_validator/distribution_validator.h"

#include <algorithm>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/components/example_validator/example_validator.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/validation/distribution_validation.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::components {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct SplitPair {
  std::string current;
  std::string baseline;
  std::string Name() const { return current + "_" + baseline; }
};

Result<tfmd::DatasetFeatureStatistics> ReadSplit(const pipeline::Artifact& statistics,
                                                 const std::string& split) {
  tfmd::DatasetFeatureStatisticsList list;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(StatisticsPath(statistics, split), list));
  PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, validation::WholeDataset(list));
  return *whole;
}

Result<std::vector<SplitPair>> PairSplits(const pipeline::Artifact& statistics,
                                          const pipeline::Artifact& baseline,
                                          const std::vector<std::vector<std::string>>& included) {
  std::vector<SplitPair> pairs;
  for (const auto& pair : included) {
    if (pair.size() != 2)
      return InvalidArgument("DistributionValidator: include_split_pairs holds a list of {} names, not of 2",
                             pair.size());
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(statistics, pair[0]));
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(baseline, pair[1]));
    pairs.push_back({pair[0], pair[1]});
  }
  if (!included.empty()) return pairs;
  PENSTOCK_ASSIGN_OR_RETURN(const auto splits, SplitNames(statistics));
  PENSTOCK_ASSIGN_OR_RETURN(const auto others, SplitNames(baseline));
  for (const auto& split : splits)
    if (std::find(others.begin(), others.end(), split) != others.end()) pairs.push_back({split, split});
  if (pairs.empty())
    return InvalidArgument(
        "DistributionValidator: no split of the statistics ({}) has a namesake in the baseline ({}); "
        "say which to compare in include_split_pairs",
        fmt::join(splits, ", "), fmt::join(others, ", "));
  return pairs;
}

/// The features at fault.
std::string Summary(const SplitPair& pair, const tfmd::Anomalies& anomalies) {
  std::vector<std::string> names;
  for (const auto& [name, info] : anomalies.anomaly_info()) names.push_back(name);
  std::sort(names.begin(), names.end());
  if (names.empty()) names.push_back("the number of examples");
  return fmt::format("split '{}' against '{}': {}", pair.current, pair.baseline, fmt::join(names, ", "));
}

class DistributionValidatorExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task, ExecutionContext&) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* statistics, Input(task, "statistics"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto config, Parameter<nlohmann::json>(task, "config"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto limits, validation::ParseDistributionLimits(config, task.node_id));
    PENSTOCK_ASSIGN_OR_RETURN(const auto included, ParameterOr(task, "include_split_pairs",
                                                               std::vector<std::vector<std::string>>{}));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "anomalies"));
    output->properties["compares_splits"] = 1;
    const auto* baseline = OptionalInput(task, "baseline_statistics");
    if (baseline == nullptr) {
      SetSplitNames({}, *output);
      output->properties["blessed"] = 2;
      return report;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto pairs, PairSplits(*statistics, *baseline, included));
    std::vector<std::string> names, refusals;
    for (const auto& pair : pairs) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto current, ReadSplit(*statistics, pair.current));
      PENSTOCK_ASSIGN_OR_RETURN(const auto other, ReadSplit(*baseline, pair.baseline));
      PENSTOCK_ASSIGN_OR_RETURN(const auto anomalies,
                                validation::ValidateDistribution(current, other, limits));
      PENSTOCK_RETURN_IF_ERROR(WriteProto(AnomaliesPath(*output, pair.Name()), anomalies));
      names.push_back(pair.Name());
      if (validation::HasErrors(anomalies)) refusals.push_back(Summary(pair, anomalies));
    }
    SetSplitNames(names, *output);
    output->properties["blessed"] = refusals.empty() ? 1 : 0;
    if (!refusals.empty())
      output->properties[std::string(pipeline::kRefusalProperty)] =
          fmt::format("Distributions differ in {}", fmt::join(refusals, "; "));
    return report;
  }
};

}  // namespace

Status CheckDistributionValidator(const std::map<std::string, nlohmann::json>& parameters) {
  const auto config = parameters.find("config");
  if (config == parameters.end() || !config->second.is_object()) return OkStatus();
  return validation::ParseDistributionLimits(config->second, "DistributionValidator").status();
}

std::unique_ptr<pipeline::Executor> MakeDistributionValidatorExecutor() {
  return std::make_unique<DistributionValidatorExecutor>();
}

}  // namespace penstock::components
