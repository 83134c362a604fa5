#include "penstock/validation/distribution_validation.h"

#include <algorithm>
#include <set>

#include <google/protobuf/util/json_util.h>

#include "penstock/base/near_miss.h"
#include "penstock/validation/schema_index_internal.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::validation {
namespace {

using nlohmann::json;
using tfmd::AnomalyInfo;

Status CheckKeys(const json& object, const std::vector<std::string>& known, const std::string& name) {
  if (!object.is_object()) return InvalidArgument("{}: {} has to be an object", name, object.dump());
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return InvalidArgument("{}: there is no field '{}'{}", name, key, DidYouMean(key, known));
  return OkStatus();
}

Status ParseMessage(const json& object, const std::string& name, google::protobuf::Message& message) {
  const auto status = google::protobuf::util::JsonStringToMessage(object.dump(), &message);
  if (status.ok()) return OkStatus();
  return InvalidArgument("{}: {} is no {}: {}", name, object.dump(), message.GetDescriptor()->name(),
                         std::string(status.message()));
}

Result<FeaturePath> ParsePath(const json& path, const std::string& name) {
  const json& steps = path.is_object() && path.contains("step") ? path["step"] : path;
  std::vector<std::string> names;
  if (steps.is_string()) names.push_back(steps.get<std::string>());
  bool is_path = steps.is_string() || (steps.is_array() && !steps.empty());
  if (steps.is_array())
    for (const json& step : steps) {
      is_path = is_path && step.is_string();
      if (step.is_string()) names.push_back(step.get<std::string>());
    }
  if (!is_path) return InvalidArgument("{}: {} is no path of a feature", name, path.dump());
  return FeaturePath(std::move(names));
}

Status CheckThreshold(bool has, double threshold, const std::string& name, int& num_thresholds) {
  if (!has) return OkStatus();
  ++num_thresholds;
  if (threshold >= 0 && threshold <= 1) return OkStatus();
  return InvalidArgument("{}: the threshold {} has to lie between 0 and 1", name, threshold);
}

Status CheckComparator(const tfmd::FeatureComparator& comparator, const std::string& name) {
  int num_thresholds = 0;
  PENSTOCK_RETURN_IF_ERROR(CheckThreshold(comparator.infinity_norm().has_threshold(),
                                          comparator.infinity_norm().threshold(), name, num_thresholds));
  PENSTOCK_RETURN_IF_ERROR(CheckThreshold(comparator.jensen_shannon_divergence().has_threshold(),
                                          comparator.jensen_shannon_divergence().threshold(), name,
                                          num_thresholds));
  PENSTOCK_RETURN_IF_ERROR(CheckThreshold(comparator.normalized_abs_difference().has_threshold(),
                                          comparator.normalized_abs_difference().threshold(), name,
                                          num_thresholds));
  if (num_thresholds > 0) return OkStatus();
  return InvalidArgument(
      "{}: distribution_comparator needs a threshold, such as {{\"infinity_norm\": {{\"threshold\": 0.1}}}}",
      name);
}

bool IsOfComparison(AnomalyInfo::Type type) {
  switch (type) {
    case AnomalyInfo::COMPARATOR_CONTROL_DATA_MISSING:
    case AnomalyInfo::COMPARATOR_TREATMENT_DATA_MISSING:
    case AnomalyInfo::COMPARATOR_L_INFTY_HIGH:
    case AnomalyInfo::COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH:
    case AnomalyInfo::COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH:
    case AnomalyInfo::COMPARATOR_LOW_NUM_EXAMPLES:
    case AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES:
      return true;
    default:
      return false;
  }
}

/// Whether reasons are left; the texts over all of them are made anew.
bool KeepComparisons(AnomalyInfo& info) {
  auto& reasons = *info.mutable_reason();
  reasons.erase(std::remove_if(reasons.begin(), reasons.end(),
                               [](const auto& reason) { return !IsOfComparison(reason.type()); }),
                reasons.end());
  info.clear_description();
  info.clear_short_description();
  for (const auto& reason : reasons) {
    info.set_description(info.description() + (info.description().empty() ? "" : " ") + reason.description());
    info.set_short_description(reasons.size() > 1 ? "Multiple errors" : reason.short_description());
  }
  return !reasons.empty();
}

void AddNotCompared(const FeaturePath& path, tfmd::Anomalies& anomalies) {
  AnomalyInfo& info = (*anomalies.mutable_anomaly_info())[path.Serialize()];
  *info.mutable_path() = path.ToProto();
  info.set_severity(AnomalyInfo::ERROR);
  AnomalyInfo::Reason& reason = *info.add_reason();
  reason.set_type(AnomalyInfo::STATS_NOT_AVAILABLE);
  reason.set_short_description("Comparison could not be done.");
  reason.set_description(
      "Validation could not be done, which could be due to missing data, use of a comparator that is not "
      "suitable for the feature type, or some other reason.");
  info.set_short_description(info.reason_size() > 1 ? "Multiple errors" : reason.short_description());
  info.set_description(info.description() + (info.description().empty() ? "" : " ") + reason.description());
}

}  // namespace

Result<DistributionLimits> ParseDistributionLimits(const json& outer, const std::string& name) {
  const bool is_wrapped = outer.is_object() && outer.contains("default_slice_config");
  if (is_wrapped) PENSTOCK_RETURN_IF_ERROR(CheckKeys(outer, {"default_slice_config"}, name));
  const json& config = is_wrapped ? outer["default_slice_config"] : outer;
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(config, {"feature", "num_examples_comparator"}, name));
  DistributionLimits limits;
  if (config.contains("feature") && !config["feature"].is_array())
    return InvalidArgument("{}: feature has to be a list", name);
  for (const json& feature : config.value("feature", json::array())) {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(feature, {"path", "distribution_comparator"}, name));
    if (!feature.contains("path") || !feature.contains("distribution_comparator"))
      return InvalidArgument("{}: {} needs path and distribution_comparator", name, feature.dump());
    PENSTOCK_ASSIGN_OR_RETURN(FeaturePath path, ParsePath(feature["path"], name));
    const std::string place = fmt::format("{}: feature '{}'", name, path.Serialize());
    tfmd::FeatureComparator comparator;
    PENSTOCK_RETURN_IF_ERROR(ParseMessage(feature["distribution_comparator"], place, comparator));
    PENSTOCK_RETURN_IF_ERROR(CheckComparator(comparator, place));
    if (!limits.features.emplace(std::move(path), std::move(comparator)).second)
      return InvalidArgument("{} is given twice", place);
  }
  if (config.contains("num_examples_comparator"))
    PENSTOCK_RETURN_IF_ERROR(
        ParseMessage(config["num_examples_comparator"], name, limits.num_examples.emplace()));
  return limits;
}

Result<tfmd::Anomalies> ValidateDistribution(const tfmd::DatasetFeatureStatistics& statistics,
                                             const tfmd::DatasetFeatureStatistics& baseline,
                                             const DistributionLimits& limits) {
  PENSTOCK_ASSIGN_OR_RETURN(tfmd::Schema schema, InferSchema(baseline));
  SchemaIndex index(schema);
  for (const auto& [path, comparator] : limits.features)
    if (tfmd::Feature* feature = index.FindFeature(path.Serialize()))
      *feature->mutable_drift_comparator() = comparator;
  if (limits.num_examples.has_value())
    *schema.mutable_dataset_constraints()->mutable_num_examples_drift_comparator() = *limits.num_examples;
  ValidateOptions options;
  options.previous_span = &baseline;
  PENSTOCK_ASSIGN_OR_RETURN(tfmd::Anomalies anomalies, ValidateStatistics(statistics, schema, options));
  anomalies.set_anomaly_name_format(tfmd::Anomalies::SERIALIZED_PATH);
  anomalies.clear_data_missing();
  auto& infos = *anomalies.mutable_anomaly_info();
  for (auto info = infos.begin(); info != infos.end();)
    info = KeepComparisons(info->second) ? std::next(info) : infos.erase(info);
  if (!KeepComparisons(*anomalies.mutable_dataset_anomaly_info())) anomalies.clear_dataset_anomaly_info();
  std::set<FeaturePath> compared;
  for (const auto& info : anomalies.drift_skew_info()) compared.insert(FeaturePath(info.path()));
  for (const auto& [path, comparator] : limits.features)
    if (!compared.contains(path)) AddNotCompared(path, anomalies);
  return anomalies;
}

}  // namespace penstock::validation
