#include "penstock/validation/custom_validation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "penstock/base/near_miss.h"
#include "penstock/validation/anomaly_evidence.h"
#include "penstock/validation/feature_path.h"
#include "penstock/validation/sql_evaluation_internal.h"

namespace penstock::validation {

namespace {

namespace tfmd = ::tensorflow::metadata::v0;
namespace tfdv = ::tensorflow::data_validation;
using sql::Expression;

constexpr const char* kAllExamples = "All Examples";

std::string PathOf(const tfmd::FeatureNameStatistics& feature) {
  return feature.has_path() ? FeaturePath(feature.path()).Serialize() : feature.name();
}

Result<const tfmd::FeatureNameStatistics*> FindFeature(const tfmd::DatasetFeatureStatisticsList& statistics,
                                                       const std::string& dataset_name,
                                                       const tfmd::Path& path) {
  const tfmd::DatasetFeatureStatistics* dataset = nullptr;
  std::vector<std::string> names;
  for (const auto& each : statistics.datasets()) {
    names.push_back(each.name());
    const bool is_named = each.name() == dataset_name;
    const bool is_default = dataset_name.empty() && each.name() == kAllExamples;
    if (is_named || (is_default && dataset == nullptr)) dataset = &each;
  }
  if (dataset == nullptr)
    return InvalidArgument("Custom validation: the statistics have no dataset '{}'{}", dataset_name,
                           DidYouMean(dataset_name, names));
  const std::string wanted = FeaturePath(path).Serialize();
  std::vector<std::string> features;
  for (const auto& feature : dataset->features()) {
    features.push_back(PathOf(feature));
    if (features.back() == wanted) return &feature;
  }
  return InvalidArgument("Custom validation: the statistics have no feature '{}'{}", wanted,
                         DidYouMean(wanted, features));
}

bool IsInEnvironment(const tfdv::Validation& validation, const std::optional<std::string>& environment) {
  const auto& all = validation.in_environment();
  if (all.empty()) return true;
  return environment.has_value() && std::find(all.begin(), all.end(), *environment) != all.end();
}

void CollectNames(const Expression& node, std::set<std::string>& seen,
                  std::vector<const Expression*>& names) {
  if (node.kind == Expression::Kind::kName &&
      seen.insert(fmt::format("{}", fmt::join(node.steps, "."))).second)
    names.push_back(&node);
  for (const auto& child : node.operands)
    if (child != nullptr) CollectNames(*child, seen, names);
}

/// "feature.num_stats.num_zeros is 5": the numbers and texts that the expression reads.
std::string ValuesRead(const Expression& expression, const SqlNames& names) {
  std::set<std::string> seen;
  std::vector<const Expression*> read;
  CollectNames(expression, seen, read);
  std::string text;
  for (const Expression* name : read) {
    const auto value = EvaluateSql(*name, names);
    if (!value.ok()) continue;  // The name of a sub-query's row.
    std::string shown = IsNull(*value) ? "NULL" : "";
    if (IsNumber(*value)) {
      const auto* whole = std::get_if<int64_t>(&*value);
      shown = whole != nullptr ? fmt::format("{}", *whole) : fmt::format("{:.10g}", AsReal(*value));
    } else if (const auto* of_text = std::get_if<std::string>(&*value)) {
      shown = "'" + of_text->substr(0, 60) + "'";
    } else if (const auto* array = std::get_if<SqlArray>(&*value)) {
      shown = fmt::format("an array of {}", array->size());
    }
    if (shown.empty()) continue;
    text += fmt::format("{}{} is {}", text.empty() ? "" : ", ", fmt::join(name->steps, "."), shown);
  }
  return text;
}

/// One rule of one feature, or pair of features.
struct Rule {
  const tfdv::Validation& validation;
  const tfmd::Path& path;
  std::string where;  ///< " Test dataset: ..."
};

Status AddReason(const Rule& rule, const std::string& evidence, bool explain, tfmd::Anomalies& anomalies) {
  const std::string key = FeaturePath(rule.path).Serialize();
  auto& all = *anomalies.mutable_anomaly_info();
  const bool is_new = !all.contains(key);
  tfmd::AnomalyInfo& info = all[key];
  if (is_new) *info.mutable_path() = rule.path;
  std::vector<std::string> sentences = ReadEvidence(info);
  sentences.resize(static_cast<size_t>(info.reason_size()));
  sentences.push_back(evidence);
  info.set_severity(std::max(info.severity(), rule.validation.severity()));
  tfmd::AnomalyInfo::Reason& reason = *info.add_reason();
  reason.set_type(tfmd::AnomalyInfo::CUSTOM_VALIDATION);
  reason.set_short_description(rule.validation.description());
  reason.set_description(fmt::format("Custom validation triggered anomaly. Query: {} Test dataset: {}",
                                     rule.validation.sql_expression(), rule.where));
  if (!explain) return OkStatus();
  for (int i = info.diff_regions_size() - 1; i >= 0; --i)
    if (info.diff_regions(i).has_unchanged()) info.mutable_diff_regions()->DeleteSubrange(i, 1);
  WriteEvidence(sentences, info);
  return OkStatus();
}

Status Check(const Rule& rule, const SqlNames& names, const std::optional<std::string>& environment,
             bool explain, tfmd::Anomalies& anomalies) {
  if (!IsInEnvironment(rule.validation, environment)) return OkStatus();
  const std::string what = fmt::format("Custom validation '{}'", rule.validation.sql_expression());
  const auto expression = sql::ParseExpression(rule.validation.sql_expression());
  if (!expression.ok()) return Annotate(expression.status(), what);
  const auto value = EvaluateSql(**expression, names);
  if (!value.ok()) return Annotate(value.status(), what);
  const bool* truth = std::get_if<bool>(&*value);
  if (truth == nullptr && !IsNull(*value))
    return InvalidArgument("{} gives {}, not a condition", what, KindOf(*value));
  if (truth != nullptr && *truth) return OkStatus();
  return AddReason(rule, ValuesRead(**expression, names), explain, anomalies);
}

std::string DatasetText(const std::string& name) { return name.empty() ? "default slice" : name; }

}  // namespace

Status AddCustomAnomalies(const tfmd::DatasetFeatureStatisticsList& statistics,
                          const tfmd::DatasetFeatureStatisticsList* base,
                          const tfdv::CustomValidationConfig& config,
                          const std::optional<std::string>& environment, bool explain,
                          tfmd::Anomalies& anomalies) {
  for (const auto& of_feature : config.feature_validations()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* feature,
                              FindFeature(statistics, of_feature.dataset_name(), of_feature.feature_path()));
    const SqlNames names = {{"feature", SqlValue(static_cast<const google::protobuf::Message*>(feature))}};
    for (const auto& validation : of_feature.validations()) {
      const Rule rule{validation, of_feature.feature_path(), DatasetText(of_feature.dataset_name())};
      PENSTOCK_RETURN_IF_ERROR(Check(rule, names, environment, explain, anomalies));
    }
  }
  if (config.feature_pair_validations_size() > 0 && base == nullptr)
    return InvalidArgument(
        "Custom validation: feature_pair_validations need statistics to compare with (--base)");
  for (const auto& pair : config.feature_pair_validations()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* test,
                              FindFeature(statistics, pair.dataset_name(), pair.feature_test_path()));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* other,
                              FindFeature(*base, pair.base_dataset_name(), pair.feature_base_path()));
    const SqlNames names = {{"feature_test", SqlValue(static_cast<const google::protobuf::Message*>(test))},
                            {"feature_base", SqlValue(static_cast<const google::protobuf::Message*>(other))}};
    for (const auto& validation : pair.validations()) {
      const Rule rule{
          validation, pair.feature_test_path(),
          fmt::format("{} Base dataset: {} Base path: {}", DatasetText(pair.dataset_name()),
                      pair.base_dataset_name(), FeaturePath(pair.feature_base_path()).Serialize())};
      PENSTOCK_RETURN_IF_ERROR(Check(rule, names, environment, explain, anomalies));
    }
  }
  return OkStatus();
}

Result<tfdv::CustomValidationConfig> ParseCustomValidations(const std::string& json,
                                                            const std::string& name) {
  tfdv::CustomValidationConfig config;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &config);
  if (!status.ok())
    return InvalidArgument("{} is no CustomValidationConfig: {}", name, std::string(status.message()));
  const auto check = [&](const auto& of_features) -> Status {
    for (const auto& each : of_features) {
      for (const auto& validation : each.validations()) {
        const auto expression = sql::ParseExpression(validation.sql_expression());
        if (!expression.ok())
          return Annotate(expression.status(), fmt::format("{} '{}'", name, validation.sql_expression()));
      }
    }
    return OkStatus();
  };
  PENSTOCK_RETURN_IF_ERROR(check(config.feature_validations()));
  PENSTOCK_RETURN_IF_ERROR(check(config.feature_pair_validations()));
  return config;
}

}  // namespace penstock::validation
