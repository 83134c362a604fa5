#include <algorithm>

#include <absl/strings/str_cat.h>

#include "penstock/validation/lifecycle_internal.h"
#include "penstock/validation/specification_internal.h"
#include "penstock/validation/string_domain_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;

// TFDV says these in the short description and leaves the long one empty: so do we, that the protos are
// equal.
Finding Short(AnomalyInfo::Type type, std::string_view text) { return {type, std::string(text), ""}; }
Finding Invalid(std::string_view text) { return Short(AnomalyInfo::INVALID_SCHEMA_SPECIFICATION, text); }

/// False where nothing more can be said of the feature, which is deprecated then.
bool ConformNameAndType(tfmd::Feature& feature, Findings& findings) {
  if (!feature.has_name()) {
    findings.push_back(
        Short(AnomalyInfo::FEATURE_MISSING_NAME,
              "unspecified name (maybe meant to be the empty string): find name rather than deprecating."));
    Deprecate(feature);
    return false;
  }
  if (feature.has_type()) return true;
  if (feature.has_domain() || feature.has_string_domain()) {
    findings.push_back(
        Short(AnomalyInfo::FEATURE_MISSING_TYPE,
              "unspecified type: inferring the type to be BYTES, given the domain specified."));
    feature.set_type(tfmd::BYTES);
    return true;
  }
  findings.push_back(Short(AnomalyInfo::FEATURE_MISSING_TYPE,
                           "unspecified type: determine the type and set it, rather than deprecating."));
  Deprecate(feature);
  return false;
}

void ConformPresenceBounds(tfmd::Feature& feature, Findings& findings) {
  if (feature.presence().min_fraction() < 0) {
    feature.mutable_presence()->clear_min_fraction();
    findings.push_back(Invalid("min_fraction should not be negative: clear is equal to zero"));
  }
  if (feature.presence().min_fraction() > 1) {
    feature.mutable_presence()->set_min_fraction(1);
    findings.push_back(Invalid("min_fraction should not greater than 1"));
  }
}

void ConformValueCountBounds(tfmd::Feature& feature, Findings& findings) {
  if (feature.value_count().min() < 0) {
    feature.mutable_value_count()->clear_min();
    findings.push_back(Invalid("ValueCount.min should not be negative"));
  }
  if (feature.value_count().has_max() && feature.value_count().max() < feature.value_count().min()) {
    feature.mutable_value_count()->set_max(feature.value_count().min());
    findings.push_back(Invalid("ValueCount.max should not be less than min"));
  }
  for (int level = 0; level < feature.value_counts().value_count_size(); ++level) {
    tfmd::ValueCount& value_count = *feature.mutable_value_counts()->mutable_value_count(level);
    if (value_count.min() < 0) {
      value_count.clear_min();
      findings.push_back({AnomalyInfo::INVALID_SCHEMA_SPECIFICATION, "ValueCounts.min should not be negative",
                          absl::StrCat("ValueCounts.min at level ", level, " should not be negative.")});
    }
    if (value_count.has_max() && value_count.max() < value_count.min()) {
      value_count.set_max(value_count.min());
      findings.push_back({AnomalyInfo::INVALID_SCHEMA_SPECIFICATION,
                          "ValueCounts.max should not be less than min",
                          absl::StrCat("ValueCounts.max at level ", level, " should not be less than min.")});
    }
  }
}

/// The kind of domain in the text that refuses a distribution constraint; empty where it is fine.
std::string ConstraintRefusal(tfmd::Feature::DomainInfoCase domain) {
  switch (domain) {
    case tfmd::Feature::kDomain:
    case tfmd::Feature::kStringDomain:
      return "";
    case tfmd::Feature::kBoolDomain:
      return "distribution constraints not supported for bool domains.";
    case tfmd::Feature::kIntDomain:
      return "distribution constraints not supported for int domains.";
    case tfmd::Feature::kFloatDomain:
      return "distribution constraints not supported for float domains.";
    case tfmd::Feature::kStructDomain:
      return "distribution constraints not supported for struct domains.";
    case tfmd::Feature::DOMAIN_INFO_NOT_SET:
      return "distribution constraints require domain or string domain.";
    default:
      return "distribution constraints not supported for semantic domains.";
  }
}

bool IsKnownDomain(tfmd::Feature::DomainInfoCase domain) {
  switch (domain) {
    case tfmd::Feature::kAudioDomain:
    case tfmd::Feature::kVideoDomain:
    case tfmd::Feature::kContentChunkDomain:
    case tfmd::Feature::kTimeOfDayDomain:
      return false;
    default:
      return true;
  }
}

void ConformDomain(const SchemaIndex& index, tfmd::Feature& feature, Findings& findings) {
  const tfmd::Feature::DomainInfoCase domain = feature.domain_info_case();
  if (!IsKnownDomain(domain)) {
    findings.push_back(
        Short(AnomalyInfo::INVALID_DOMAIN_SPECIFICATION, "internal issue: unknown domain_info type"));
    feature.clear_domain_info();
    return;
  }
  if (const std::string refusal = ConstraintRefusal(domain);
      feature.has_distribution_constraints() && !refusal.empty()) {
    feature.clear_distribution_constraints();
    findings.push_back(Invalid(refusal));
  }
  switch (domain) {
    case tfmd::Feature::kDomain:
      if (index.FindDomain(feature.domain()) == nullptr) {
        feature.clear_domain_info();
        // TFDV clears the name before it writes it.
        findings.push_back(Short(AnomalyInfo::INVALID_DOMAIN_SPECIFICATION, "missing domain: "));
      }
      break;
    case tfmd::Feature::kBoolDomain: {
      tfmd::BoolDomain& bools = *feature.mutable_bool_domain();
      if (bools.has_true_value() && bools.has_false_value() && bools.true_value() == bools.false_value())
        bools.clear_false_value();
      break;
    }
    case tfmd::Feature::kStringDomain:
      RemoveRepeatedValues(*feature.mutable_string_domain());
      break;
    default:
      break;
  }
}

}  // namespace

bool DomainFitsType(tfmd::Feature::DomainInfoCase domain, tfmd::FeatureType type) {
  switch (domain) {
    case tfmd::Feature::kBoolDomain:
      return type == tfmd::INT || type == tfmd::BYTES || type == tfmd::FLOAT;
    case tfmd::Feature::kIntDomain:
    case tfmd::Feature::kTimeDomain:
    case tfmd::Feature::kNaturalLanguageDomain:
      return type == tfmd::INT || type == tfmd::BYTES;
    case tfmd::Feature::kFloatDomain:
      return type == tfmd::FLOAT || type == tfmd::BYTES;
    case tfmd::Feature::kStructDomain:
      return type == tfmd::STRUCT;
    case tfmd::Feature::kDomain:
    case tfmd::Feature::kStringDomain:
    case tfmd::Feature::kImageDomain:
    case tfmd::Feature::kMidDomain:
    case tfmd::Feature::kUrlDomain:
      return type == tfmd::BYTES;
    default:
      return type == tfmd::INT || type == tfmd::FLOAT || type == tfmd::BYTES || type == tfmd::STRUCT;
  }
}

std::string DomainName(const tfmd::Feature& feature) {
  const google::protobuf::OneofDescriptor* domain_info =
      tfmd::Feature::descriptor()->FindOneofByName("domain_info");
  const google::protobuf::FieldDescriptor* field =
      feature.GetReflection()->GetOneofFieldDescriptor(feature, domain_info);
  return field == nullptr ? "UNSET" : field->name();
}

Findings ConformSpecification(const SchemaIndex& index, tfmd::Feature& feature) {
  Findings findings;
  if (IsDeprecated(feature) || !ConformNameAndType(feature, findings)) return findings;
  ConformPresenceBounds(feature, findings);
  ConformValueCountBounds(feature, findings);
  const auto& dims = feature.shape().dim();
  if (std::any_of(dims.begin(), dims.end(), [](const auto& dim) { return dim.size() <= 0; })) {
    feature.clear_shape();
    findings.push_back(Invalid("Shape.dim.size must be a positive integer"));
  }
  if (!DomainFitsType(feature.domain_info_case(), feature.type())) {
    findings.push_back({AnomalyInfo::DOMAIN_INVALID_FOR_TYPE, "The domain does not match the type",
                        absl::StrCat("The domain \"", DomainName(feature), "\" does not match the type: ",
                                     tfmd::FeatureType_Name(feature.type()))});
    feature.clear_domain_info();
  }
  ConformDomain(index, feature, findings);
  return findings;
}

}  // namespace penstock::validation
