#include "penstock/validation/validation_options.h"

#include <limits>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"

namespace penstock::validation {
namespace {

using nlohmann::json;
using tensorflow::metadata::v0::AnomalyInfo;

std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.value_count(); ++i) names.push_back(descriptor.value(i)->name());
  return names;
}

Status SetOverride(const std::string& type_name, const json& severity_json, const std::string& name,
                   ValidateOptions& options) {
  AnomalyInfo::Type type;
  if (!AnomalyInfo::Type_Parse(type_name, &type))
    return InvalidArgument("{}: severity_overrides: '{}' is no type of anomaly{}", name, type_name,
                           DidYouMean(type_name, EnumNames(*AnomalyInfo::Type_descriptor())));
  if (!severity_json.is_string())
    return InvalidArgument("{}: severity_overrides: the severity of {} has to be a text, not {}", name,
                           type_name, severity_json.dump());
  AnomalyInfo::Severity severity;
  const std::string severity_name = severity_json.get<std::string>();
  if (!AnomalyInfo::Severity_Parse(severity_name, &severity))
    return InvalidArgument(
        "{}: severity_overrides: '{}' of {} is no severity; one of ERROR, WARNING, UNKNOWN is{}", name,
        severity_name, type_name, DidYouMean(severity_name, EnumNames(*AnomalyInfo::Severity_descriptor())));
  options.severity_overrides[type] = severity;
  return OkStatus();
}

Status SetFeaturesNeeded(const json& list, const std::string& name, ValidateOptions& options) {
  if (!list.is_array()) return InvalidArgument("{}: features_needed has to be a list", name);
  std::set<FeaturePath> needed;
  for (const json& entry : list) {
    std::vector<std::string> steps;
    bool is_path = entry.is_array() && !entry.empty();
    if (entry.is_string()) steps = {entry.get<std::string>()};
    if (is_path)
      for (const json& step : entry) {
        is_path = is_path && step.is_string();
        if (step.is_string()) steps.push_back(step.get<std::string>());
      }
    if (!entry.is_string() && !is_path)
      return InvalidArgument("{}: features_needed holds {}, which is neither a name nor a list of them", name,
                             entry.dump());
    needed.insert(FeaturePath(std::move(steps)));
  }
  options.features_needed = std::move(needed);
  return OkStatus();
}

Status SetLimit(const json& value, const std::string& name, ValidateOptions& options) {
  if (!value.is_number_integer() || value.get<int64_t>() < 0 ||
      value.get<int64_t>() > std::numeric_limits<int>::max())
    return InvalidArgument("{}: string_domain_limit has to be a whole number from 0, not {}", name,
                           value.dump());
  options.string_domain_limit = value.get<int>();
  return OkStatus();
}

Result<bool> Flag(const json& value, const std::string& key, const std::string& name) {
  if (!value.is_boolean())
    return InvalidArgument("{}: {} has to be true or false, not {}", name, key, value.dump());
  return value.get<bool>();
}

}  // namespace

Status SetSeverityOverrides(const json& overrides, const std::string& name, ValidateOptions& options) {
  if (overrides.is_object()) {
    for (const auto& [type, severity] : overrides.items())
      PENSTOCK_RETURN_IF_ERROR(SetOverride(type, severity, name, options));
    return OkStatus();
  }
  if (!overrides.is_array())
    return InvalidArgument(
        "{}: severity_overrides has to be an object such as {{\"SCHEMA_NEW_COLUMN\": \"WARNING\"}}", name);
  for (const json& entry : overrides) {
    if (!entry.is_object() || !entry.contains("type") || !entry.contains("severity") ||
        !entry["type"].is_string())
      return InvalidArgument(
          "{}: severity_overrides holds {}, which is not {{\"type\": ..., \"severity\": ...}}", name,
          entry.dump());
    PENSTOCK_RETURN_IF_ERROR(SetOverride(entry["type"].get<std::string>(), entry["severity"], name, options));
  }
  return OkStatus();
}

Status SetValidateOptions(const json& object, const std::string& name, ValidateOptions& options) {
  if (!object.is_object()) return InvalidArgument("{}: options have to be a JSON object", name);
  static constexpr const char* kKeys[] = {"severity_overrides", "new_features_are_warnings",
                                          "features_needed", "string_domain_limit", "raise_documented_types"};
  for (const auto& [key, value] : object.items()) {
    if (key == "severity_overrides") {
      PENSTOCK_RETURN_IF_ERROR(SetSeverityOverrides(value, name, options));
    } else if (key == "features_needed") {
      PENSTOCK_RETURN_IF_ERROR(SetFeaturesNeeded(value, name, options));
    } else if (key == "string_domain_limit") {
      PENSTOCK_RETURN_IF_ERROR(SetLimit(value, name, options));
    } else if (key == "raise_documented_types") {
      PENSTOCK_ASSIGN_OR_RETURN(options.raise_documented_types, Flag(value, key, name));
    } else if (key == "new_features_are_warnings") {
      PENSTOCK_ASSIGN_OR_RETURN(const bool are_warnings, Flag(value, key, name));
      // Keys come sorted: overrides that follow win.
      if (are_warnings) options.severity_overrides[AnomalyInfo::SCHEMA_NEW_COLUMN] = AnomalyInfo::WARNING;
    } else {
      return InvalidArgument("{}: there is no option '{}'{}", name, key,
                             DidYouMean(key, std::vector<std::string>(std::begin(kKeys), std::end(kKeys))));
    }
  }
  return OkStatus();
}

Status ReadValidateOptions(const std::string& path, ValidateOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(path));
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return InvalidArgument("{} is not JSON", path);
  return SetValidateOptions(object, path, options);
}

}  // namespace penstock::validation
