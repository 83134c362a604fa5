#include "penstock/validation/documented_types_internal.h"

#include <algorithm>
#include <optional>

#include <absl/strings/str_cat.h>

#include "penstock/validation/specification_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using tfmd::Feature;
using Data = tfmd::FeatureNameStatistics;

bool IsNumberDomain(Feature::DomainInfoCase domain) {
  return domain == Feature::kIntDomain || domain == Feature::kFloatDomain;
}

std::optional<AnomalyInfo::Type> OfBool(tfmd::FeatureType expected, Data::Type data) {
  if (expected == tfmd::INT) {
    if (data == Data::BYTES) return AnomalyInfo::BOOL_TYPE_BYTES_NOT_INT;
    if (data == Data::STRING) return AnomalyInfo::BOOL_TYPE_STRING_NOT_INT;
    if (data == Data::FLOAT) return AnomalyInfo::BOOL_TYPE_FLOAT_NOT_INT;
  } else if (expected == tfmd::BYTES) {
    if (data == Data::BYTES) return AnomalyInfo::BOOL_TYPE_BYTES_NOT_STRING;
    if (data == Data::FLOAT) return AnomalyInfo::BOOL_TYPE_FLOAT_NOT_STRING;
    if (data == Data::INT) return AnomalyInfo::BOOL_TYPE_INT_NOT_STRING;
  }
  return std::nullopt;
}

std::optional<AnomalyInfo::Type> OfEnum(Data::Type data) {
  if (data == Data::BYTES) return AnomalyInfo::ENUM_TYPE_BYTES_NOT_STRING;
  if (data == Data::FLOAT) return AnomalyInfo::ENUM_TYPE_FLOAT_NOT_STRING;
  if (data == Data::INT) return AnomalyInfo::ENUM_TYPE_INT_NOT_STRING;
  return std::nullopt;
}

bool IsKnownScalar(Data::Type data) {
  return data == Data::INT || data == Data::FLOAT || data == Data::STRING || data == Data::BYTES;
}

std::optional<AnomalyInfo::Type> OfFloat(tfmd::FeatureType expected, Data::Type data) {
  if (!IsKnownScalar(data)) return AnomalyInfo::FLOAT_TYPE_UNKNOWN_TYPE_NUMBER;
  if (expected == tfmd::FLOAT && data != Data::FLOAT) return AnomalyInfo::FLOAT_TYPE_NOT_FLOAT;
  if (expected == tfmd::BYTES && data != Data::STRING) return AnomalyInfo::FLOAT_TYPE_NON_STRING;
  return std::nullopt;
}

std::optional<AnomalyInfo::Type> OfInt(tfmd::FeatureType expected, Data::Type data) {
  if (!IsKnownScalar(data)) return AnomalyInfo::INT_TYPE_UNKNOWN_TYPE_NUMBER;
  if (expected == tfmd::INT && data != Data::INT) return AnomalyInfo::INT_TYPE_INT_EXPECTED;
  if (expected != tfmd::BYTES || data == Data::STRING) return std::nullopt;
  return data == Data::INT ? AnomalyInfo::INT_TYPE_STRING_EXPECTED : AnomalyInfo::INT_TYPE_NOT_STRING;
}

std::optional<AnomalyInfo::Type> OfType(const Feature& feature, Data::Type data) {
  switch (feature.domain_info_case()) {
    case Feature::kBoolDomain:
      return OfBool(feature.type(), data);
    case Feature::kDomain:
    case Feature::kStringDomain:
      return OfEnum(data);
    case Feature::kFloatDomain:
      return OfFloat(feature.type(), data);
    case Feature::kIntDomain:
      return OfInt(feature.type(), data);
    default:
      if (feature.type() != tfmd::BYTES) return std::nullopt;
      if (data == Data::INT) return AnomalyInfo::STRING_TYPE_NOW_INT;
      if (data == Data::FLOAT) return AnomalyInfo::STRING_TYPE_NOW_FLOAT;
      return std::nullopt;
  }
}

/// "INT", or the number of a type that this program does not know.
std::string NameOf(Data::Type data) {
  const std::string& name = Data::Type_Name(data);
  return name.empty() ? absl::StrCat("unknown type ", static_cast<int>(data)) : name;
}

void CheckType(const FeatureView& view, const Feature& feature, Findings& findings) {
  const std::optional<AnomalyInfo::Type> type = OfType(feature, view.type());
  if (!type.has_value()) return;
  const std::string domain = feature.domain_info_case() == Feature::DOMAIN_INFO_NOT_SET
                                 ? std::string("no domain")
                                 : DomainName(feature);
  const char* short_text =
      IsNumberDomain(feature.domain_info_case()) ? "Unexpected type of numbers" : "Unexpected type of values";
  const std::string expected =
      feature.type() == tfmd::BYTES ? "STRING" : tfmd::FeatureType_Name(feature.type());
  findings.push_back({*type, short_text,
                      absl::StrCat("Values are ", NameOf(view.type()), " in ", view.NumPresent(),
                                   " examples; the schema asks for ", expected, " with ", domain,
                                   " and allows 0 examples of another type.")});
}

void CheckNoValues(const FeatureView& view, const Feature& feature, Findings& findings) {
  if (!view.HasCommon() || view.TotalNumValues() > 0 || view.Common().max_num_values() > 0) return;
  if (view.SchemaType() == tfmd::STRUCT) return;
  const int64_t min = std::max<int64_t>(feature.value_count().min(), 1);
  findings.push_back({AnomalyInfo::FEATURE_TYPE_NO_VALUES, "No values",
                      absl::StrCat("The feature is present in ", view.NumPresent(),
                                   " examples with 0 values in all of them; at least ", min,
                                   " in some example is expected.")});
}

void CheckRepeated(const FeatureView& view, const Feature& feature, Findings& findings) {
  bool is_single = feature.value_count().has_max() && feature.value_count().max() == 1;
  if (feature.has_shape()) {
    is_single = true;
    for (const auto& dim : feature.shape().dim()) is_single = is_single && dim.size() == 1;
  }
  const auto most = static_cast<int64_t>(view.Common().max_num_values());
  if (!is_single || most <= 1) return;
  findings.push_back({AnomalyInfo::FEATURE_TYPE_UNEXPECTED_REPEATED, "Unexpected repeated values",
                      absl::StrCat("Some example has ", most, " values; the schema allows 1.")});
}

void CheckEmbedding(const FeatureView& view, Feature& feature, Findings& findings) {
  if (feature.domain_info_case() != Feature::kFloatDomain || !feature.float_domain().is_embedding()) return;
  const int64_t expected = feature.float_domain().embedding_dim();
  if (expected <= 0) return;
  const ValueCountRange seen = view.ValueCountsByLevel().back();
  if (seen.min == expected && seen.max == expected) return;
  const std::string lengths =
      seen.min == seen.max ? absl::StrCat(seen.min) : absl::StrCat(seen.min, " to ", seen.max);
  findings.push_back(
      {AnomalyInfo::EMBEDDING_SHAPE_INVALID, "Invalid embedding shape",
       absl::StrCat("Embeddings have ", lengths, " values; embedding_dim asks for ", expected, " in each.")});
  if (seen.min == seen.max) {
    feature.mutable_float_domain()->set_embedding_dim(seen.min);
  } else {
    feature.mutable_float_domain()->clear_embedding_dim();
  }
}

void CheckLocation(const FeatureView& view, const Feature& feature, Findings& findings) {
  const tfmd::CustomStatistic* custom = view.CustomStatistic("nl_statistics");
  tfmd::NaturalLanguageStatistics statistics;
  if (!feature.has_natural_language_domain() || custom == nullptr) return;
  if (!custom->any().UnpackTo(&statistics) || statistics.location_misses() <= 0) return;
  findings.push_back({AnomalyInfo::NLP_WRONG_LOCATION, "Tokens in wrong locations",
                      absl::StrCat("Tokens of ", statistics.location_misses(),
                                   " sequences are in wrong locations; 0 such sequences are allowed.")});
}

void CheckServing(const FeatureView& view, const DatasetView* serving, const Feature& feature,
                  Findings& findings) {
  // A label, say, is told by its environments not to be served.
  if (serving == nullptr || !(serving->num_examples() > 0)) return;
  if (feature.in_environment_size() + feature.not_in_environment_size() > 0) return;
  const FeatureView* other = serving->Find(view.key());
  constexpr char kShort[] = "Schemas of training and serving data differ";
  if (other == nullptr || other->NumPresent() == 0) {
    if (feature.has_skew_comparator()) return;  // COMPARATOR_CONTROL_DATA_MISSING says so.
    findings.push_back(
        {AnomalyInfo::SCHEMA_TRAINING_SERVING_SKEW, kShort,
         absl::StrCat("The feature is present in ", view.NumPresent(), " training examples and in 0 of ",
                      serving->num_examples(), " serving examples; at least 1 is expected.")});
  } else if (other->SchemaType() != view.SchemaType()) {
    findings.push_back(
        {AnomalyInfo::SCHEMA_TRAINING_SERVING_SKEW, kShort,
         absl::StrCat("Values are ", NameOf(view.type()), " in training and ", NameOf(other->type()), " in ",
                      other->NumPresent(), " serving examples; 0 examples of another type are allowed.")});
  }
}

void CheckTreatment(const std::string& key, const DatasetView* control, const char* treatment,
                    const char* control_name, tfmd::FeatureComparator& comparator, Findings& findings) {
  const bool compares = comparator.infinity_norm().has_threshold() ||
                        comparator.jensen_shannon_divergence().has_threshold() ||
                        comparator.normalized_abs_difference().has_threshold();
  if (!compares || control == nullptr) return;
  const FeatureView* other = control->Find(key);
  if (other == nullptr || other->NumPresent() == 0) return;
  findings.push_back({AnomalyInfo::COMPARATOR_TREATMENT_DATA_MISSING,
                      absl::StrCat(treatment, " data missing"),
                      absl::StrCat("The feature is present in 0 ", treatment, " and in ", other->NumPresent(),
                                   " ", control_name, " examples; at least 1 is needed to compare them.")});
  comparator.Clear();
}

}  // namespace

Findings ConformToDocumentedTypes(const FeatureView& view, const ControlDatasets& controls,
                                  Feature& feature) {
  Findings findings;
  CheckType(view, feature, findings);
  CheckServing(view, controls.serving, feature, findings);
  CheckRepeated(view, feature, findings);
  CheckEmbedding(view, feature, findings);
  CheckLocation(view, feature, findings);
  CheckNoValues(view, feature, findings);
  return findings;
}

Findings ConformMissingTreatment(const std::string& key, const ControlDatasets& controls, Feature& feature) {
  Findings findings;
  if (feature.has_drift_comparator())
    CheckTreatment(key, controls.previous_span, "current", "previous", *feature.mutable_drift_comparator(),
                   findings);
  if (feature.has_skew_comparator())
    CheckTreatment(key, controls.serving, "training", "serving", *feature.mutable_skew_comparator(),
                   findings);
  return findings;
}

Finding NoDataInSpan(const tfmd::DatasetFeatureStatistics* previous) {
  const std::string before =
      previous == nullptr ? "" : absl::StrCat(" (the previous span has ", previous->num_examples(), ")");
  return {AnomalyInfo::NO_DATA_IN_SPAN, "No data in span",
          absl::StrCat("The statistics count 0 examples", before, "; at least 1 is expected.")};
}

}  // namespace penstock::validation
