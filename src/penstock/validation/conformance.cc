#include <algorithm>

#include <absl/strings/str_cat.h>

#include "penstock/validation/conformance_internal.h"
#include "penstock/validation/documented_types_internal.h"
#include "penstock/validation/lifecycle_internal.h"
#include "penstock/validation/presence_and_valency_internal.h"
#include "penstock/validation/semantic_domain_internal.h"
#include "penstock/validation/specification_internal.h"
#include "penstock/validation/string_domain_internal.h"
#include "penstock/validation/typed_domain_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using tfmd::Feature;

template <class Enum>
std::string NameOr(const std::string& name, Enum number) {
  return name.empty() ? absl::StrCat("unknown(", static_cast<int>(number), ")") : name;
}

/// Data that the environment excludes joins it.
void ConformEnvironment(const FeatureView& view, const ConformContext& context, Feature& feature,
                        Findings& findings) {
  const tfmd::Schema& schema = context.index.schema();
  if (IsInEnvironment(schema, feature, context.environment)) return;
  const std::string& environment = *context.environment;
  auto& excluded = *feature.mutable_not_in_environment();
  excluded.erase(std::remove(excluded.begin(), excluded.end(), environment), excluded.end());
  if (!IsInEnvironment(schema, feature, context.environment)) feature.add_in_environment(environment);
  findings.push_back({AnomalyInfo::SCHEMA_NEW_COLUMN, "Column missing in environment",
                      absl::StrCat("New column ", view.key(), " found in data but not in the environment ",
                                   environment, " in the schema.")});
}

void ConformType(const FeatureView& view, Feature& feature, Findings& findings) {
  if (view.SchemaType() != feature.type()) {
    Deprecate(feature);
    findings.push_back(
        {AnomalyInfo::UNEXPECTED_DATA_TYPE, "Unexpected data type",
         absl::StrCat(
             "Expected data of type: ", NameOr(tfmd::FeatureType_Name(feature.type()), feature.type()),
             " but got ", NameOr(tfmd::FeatureNameStatistics::Type_Name(view.type()), view.type()))});
  }
  if (view.type() != tfmd::FeatureNameStatistics::BYTES) return;
  switch (feature.domain_info_case()) {
    case Feature::DOMAIN_INFO_NOT_SET:
    case Feature::kNaturalLanguageDomain:
    case Feature::kImageDomain:
    case Feature::kUrlDomain:
      return;
    default:
      break;
  }
  // BYTES in statistics: the values were not looked at, so a domain of values cannot be checked.
  feature.clear_domain_info();
  findings.push_back(
      {AnomalyInfo::DOMAIN_INVALID_FOR_TYPE, "Invalid domain type",
       absl::StrCat("Data is marked as BYTES with incompatible domain_info: ", feature.DebugString())});
}

double MaxOffDomain(const Feature& feature) {
  const tfmd::DistributionConstraints& constraints = feature.distribution_constraints();
  return constraints.has_min_domain_mass() ? 1 - constraints.min_domain_mass() : 0;
}

void ConformStringDomain(const FeatureView& view, const ConformContext& context, Feature& feature,
                         Conformance& conformance) {
  const bool is_shared = feature.has_domain();
  const tfmd::StringDomain* domain =
      is_shared ? context.index.FindDomain(feature.domain()) : &feature.string_domain();
  StringDomainCheck check =
      CheckStringDomain(view, MaxOffDomain(feature), context.string_domain_limit, *domain);
  Append(std::move(check.findings), conformance.findings);
  if (is_shared) {
    conformance.domain_values_to_add = std::move(check.values_to_add);
    conformance.drop_domain = check.drop;
    return;
  }
  for (std::string& value : check.values_to_add) feature.mutable_string_domain()->add_value(std::move(value));
  if (check.drop) feature.clear_domain_info();
}

void ConformDomain(const FeatureView& view, const ConformContext& context, Feature& feature,
                   Conformance& conformance) {
  Findings& findings = conformance.findings;
  switch (feature.domain_info_case()) {
    case Feature::kDomain:
    case Feature::kStringDomain:
      ConformStringDomain(view, context, feature, conformance);
      break;
    case Feature::kBoolDomain:
      Append(ConformBoolDomain(view, feature), findings);
      break;
    case Feature::kIntDomain:
      Append(ConformIntDomain(view, feature), findings);
      break;
    case Feature::kFloatDomain:
      Append(ConformFloatDomain(view, feature), findings);
      break;
    case Feature::kImageDomain:
      Append(ConformImageDomain(view, feature), findings);
      break;
    case Feature::kNaturalLanguageDomain:
      Append(ConformNaturalLanguageDomain(view, feature), findings);
      break;
    case Feature::DOMAIN_INFO_NOT_SET:
      if (AdoptDomainOfStatistics(view, feature))
        findings.push_back({AnomalyInfo::SEMANTIC_DOMAIN_UPDATE, "Updated semantic domain",
                            absl::StrCat("Updated semantic domain for feature: ", feature.name())});
      break;
    default:
      break;  // A struct's fields are features of their own; the other domains promise nothing to check.
  }
}

void ConformDerivedSource(const FeatureView& view, Feature& feature, Findings& findings) {
  if (view.statistics().has_validation_derived_source() && !feature.has_validation_derived_source()) {
    feature.set_lifecycle_stage(tfmd::VALIDATION_DERIVED);
    *feature.mutable_validation_derived_source() = view.statistics().validation_derived_source();
    findings.push_back({AnomalyInfo::DERIVED_FEATURE_INVALID_SOURCE, "Derived source not set in schema.",
                        "Derived source not set in schema."});
  }
  if (feature.has_validation_derived_source() && feature.lifecycle_stage() != tfmd::VALIDATION_DERIVED &&
      !IsDeprecated(feature)) {
    feature.set_lifecycle_stage(tfmd::VALIDATION_DERIVED);
    findings.push_back({AnomalyInfo::DERIVED_FEATURE_BAD_LIFECYCLE, "Derived feature has wrong lifecycle.",
                        "Derived feature has wrong lifecycle."});
  }
}

}  // namespace

Conformance ConformFeature(const FeatureView& view, const ConformContext& context, Feature& feature) {
  Conformance conformance;
  Findings& findings = conformance.findings;
  findings = ConformSpecification(context.index, feature);
  if (IsDeprecated(feature)) return conformance;
  if (view.NumPresent() == 0) {
    if (IsRequired(context.index.schema(), feature, context.environment)) {
      findings.push_back({AnomalyInfo::FEATURE_TYPE_NOT_PRESENT, "Column dropped",
                          "The feature was not present in any examples."});
      Deprecate(feature);
    }
    if (context.raise_documented_types)
      Append(ConformMissingTreatment(view.key(), context.controls, feature), findings);
    return conformance;
  }
  // Of the feature as the schema has it, but told last.
  Findings documented;
  if (context.raise_documented_types) documented = ConformToDocumentedTypes(view, context.controls, feature);
  ConformEnvironment(view, context, feature, findings);
  Append(ConformValueCounts(view, feature), findings);
  Append(ConformShape(view, feature), findings);
  if (feature.has_presence()) Append(ConformPresence(view, *feature.mutable_presence()), findings);
  ConformType(view, feature, findings);
  ConformDomain(view, context, feature, conformance);
  Append(ConformUniqueness(view, feature), findings);
  Comparison comparison = CompareFeature(view, context.controls, feature);
  Append(std::move(comparison.findings), findings);
  conformance.drift = std::move(comparison.drift);
  conformance.skew = std::move(comparison.skew);
  ConformDerivedSource(view, feature, findings);
  Append(std::move(documented), findings);
  return conformance;
}

FeatureKind KindOf(const SchemaIndex& index, const std::string& key) {
  const tfmd::Feature* feature = index.FindFeature(key);
  const tfmd::SparseFeature* sparse = index.FindSparse(key);
  const tfmd::WeightedFeature* weighted = index.FindWeighted(key);
  if (weighted != nullptr) {
    const bool collides = (feature != nullptr || sparse != nullptr) && !IsDeprecated(*weighted);
    return collides ? FeatureKind::kWeightedCollision : FeatureKind::kWeighted;
  }
  if (sparse != nullptr && !IsDeprecated(*sparse)) {
    const bool collides = feature != nullptr && !IsDeprecated(*feature);
    return collides ? FeatureKind::kSparseCollision : FeatureKind::kSparse;
  }
  return feature != nullptr ? FeatureKind::kPlain : FeatureKind::kNew;
}

Findings CollisionFindings(FeatureKind kind) {
  if (kind == FeatureKind::kWeightedCollision)
    return {{AnomalyInfo::WEIGHTED_FEATURE_NAME_COLLISION, "Weighted feature name collision",
             "Weighted feature name collision."}};
  return {{AnomalyInfo::SPARSE_FEATURE_NAME_COLLISION, "Sparse feature name collision",
           "Sparse feature name collision."}};
}

}  // namespace penstock::validation
