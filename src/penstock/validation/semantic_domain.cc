#include <google/protobuf/any.pb.h>
#include <google/protobuf/text_format.h>

#include <absl/strings/str_cat.h>

#include "penstock/base/logging.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/semantic_domain_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using TokenStatistics = tfmd::NaturalLanguageStatistics::TokenStatistics;

constexpr char kDomainInfo[] = "domain_info";

Finding NoLanguageStatistics() {
  return {AnomalyInfo::STATS_NOT_AVAILABLE, "Natural language stats are not computed.",
          "Constraints specified in natural language domain cannot be verified because natural language "
          "stats have "
          "not been computed."};
}

void ConformCoverage(const tfmd::NaturalLanguageStatistics& statistics, tfmd::NaturalLanguageDomain& domain,
                     Findings& findings) {
  if (domain.coverage().has_min_coverage() &&
      domain.coverage().min_coverage() > statistics.feature_coverage()) {
    findings.push_back({AnomalyInfo::FEATURE_COVERAGE_TOO_LOW, "Feature coverage is too low.",
                        absl::StrCat("Fraction of tokens in the vocabulary: ", statistics.feature_coverage(),
                                     " is lower than the threshold set in the Schema: ",
                                     domain.coverage().min_coverage(), ".")});
    domain.mutable_coverage()->set_min_coverage(static_cast<float>(statistics.feature_coverage()));
  }
  if (domain.coverage().has_min_avg_token_length() &&
      statistics.avg_token_length() < domain.coverage().min_avg_token_length()) {
    findings.push_back({AnomalyInfo::FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH,
                        "Average token length is too short.",
                        absl::StrCat("Average token length is: ", statistics.avg_token_length(),
                                     " which is lower than the threshold set in the Schema: ",
                                     domain.coverage().min_avg_token_length(), ".")});
    domain.mutable_coverage()->set_min_avg_token_length(static_cast<float>(statistics.avg_token_length()));
  }
}

void ConformTokenFraction(const TokenStatistics& seen, const std::string& token,
                          tfmd::SequenceValueConstraints& constraint, Findings& findings) {
  const auto text = [&](std::string_view comparison, double bound) {
    return absl::StrCat("Fraction of sequences with value: ", token, " is: ", seen.fraction_of_sequences(),
                        " which is ", std::string(comparison),
                        " than the threshold set in the Schema: ", bound, ".");
  };
  if (constraint.has_min_fraction_of_sequences() &&
      constraint.min_fraction_of_sequences() > seen.fraction_of_sequences()) {
    findings.push_back({AnomalyInfo::SEQUENCE_VALUE_TOO_SMALL_FRACTION,
                        "Value occurs in too small a fraction of sequences.",
                        text("lower", constraint.min_fraction_of_sequences())});
    constraint.set_min_fraction_of_sequences(static_cast<float>(seen.fraction_of_sequences()));
  }
  if (constraint.has_max_fraction_of_sequences() &&
      constraint.max_fraction_of_sequences() < seen.fraction_of_sequences()) {
    findings.push_back({AnomalyInfo::SEQUENCE_VALUE_TOO_LARGE_FRACTION,
                        "Value occurs in too large a fraction of sequences.",
                        text("higher", constraint.max_fraction_of_sequences())});
    constraint.set_max_fraction_of_sequences(static_cast<float>(seen.fraction_of_sequences()));
  }
}

void ConformTokenOccurrences(const TokenStatistics& seen, const std::string& token,
                             tfmd::SequenceValueConstraints& constraint, Findings& findings) {
  if (constraint.has_min_per_sequence() &&
      constraint.min_per_sequence() > static_cast<int64_t>(seen.per_sequence_min_frequency())) {
    findings.push_back(
        {AnomalyInfo::SEQUENCE_VALUE_TOO_FEW_OCCURRENCES, "Value has too few per-sequence occurrences.",
         absl::StrCat("Value: ", token, " occurs at least: ", seen.per_sequence_min_frequency(),
                      " times within a sequence, which is lower than the threshold set in the Schema: ",
                      constraint.min_per_sequence(), ".")});
    constraint.set_min_per_sequence(static_cast<int64_t>(seen.per_sequence_min_frequency()));
  }
  if (constraint.has_max_per_sequence() &&
      constraint.max_per_sequence() < static_cast<int64_t>(seen.per_sequence_max_frequency())) {
    findings.push_back(
        {AnomalyInfo::SEQUENCE_VALUE_TOO_MANY_OCCURRENCES, "Value has too many per-sequence occurrences.",
         absl::StrCat("Value: ", token, " occurs at most: ", seen.per_sequence_max_frequency(),
                      " times within a sequence, which is higher than the threshold set in the Schema: ",
                      constraint.max_per_sequence(), ".")});
    constraint.set_max_per_sequence(static_cast<int64_t>(seen.per_sequence_max_frequency()));
  }
}

const TokenStatistics* FindToken(const tfmd::NaturalLanguageStatistics& statistics,
                                 const tfmd::SequenceValueConstraints& constraint) {
  for (const TokenStatistics& token : statistics.token_statistics()) {
    if (constraint.has_int_value() && token.token_case() == TokenStatistics::kIntToken &&
        token.int_token() == constraint.int_value())
      return &token;
    if (constraint.has_string_value() && token.token_case() == TokenStatistics::kStringToken &&
        token.string_token() == constraint.string_value())
      return &token;
  }
  return nullptr;
}

Findings ConformImageFormats(const FeatureView& view, tfmd::ImageDomain& domain) {
  const tfmd::CustomStatistic* formats = view.CustomStatistic("image_format_histogram");
  if (formats == nullptr) {
    logging::Warning("image formats were not counted, so their supported fraction is not checked",
                     {{"feature", view.key()}});
    return {};
  }
  double num_supported = 0;
  double num_all = 0;
  for (const auto& bucket : formats->rank_histogram().buckets()) {
    num_all += bucket.sample_count();
    if (bucket.label() != "UNKNOWN") num_supported += bucket.sample_count();
  }
  const float fraction = static_cast<float>(num_supported / num_all);
  const float expected = domain.minimum_supported_image_fraction();
  if (!(fraction < expected)) return {};
  domain.set_minimum_supported_image_fraction(fraction);
  return {
      {AnomalyInfo::LOW_SUPPORTED_IMAGE_FRACTION, "Low supported image fraction",
       absl::StrCat("Fraction of values containing TensorFlow supported images: ", std::to_string(fraction),
                    " is lower than the threshold set in the Schema: ", std::to_string(expected), ".")}};
}

}  // namespace

bool AdoptDomainOfStatistics(const FeatureView& view, tfmd::Feature& feature) {
  const tfmd::CustomStatistic* found = nullptr;
  for (const tfmd::CustomStatistic& custom : view.statistics().custom_stats()) {
    if (custom.name() != kDomainInfo || custom.str().empty()) continue;
    if (found != nullptr) {
      logging::Warning("statistics name two domains, so neither is used", {{"feature", view.key()}});
      return false;
    }
    found = &custom;
  }
  if (found == nullptr || feature.domain_info_case() != tfmd::Feature::DOMAIN_INFO_NOT_SET) return false;
  tfmd::Feature domain;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  if (ParseTextProto(found->str(), view.key(), domain).ok())
    domain.GetReflection()->ListFields(domain, &fields);
  if (fields.size() != 1 || domain.domain_info_case() == tfmd::Feature::DOMAIN_INFO_NOT_SET) {
    logging::Warning(
        "statistics hold a domain that is not one field of Feature.domain_info, such as 'mid_domain {}'",
        {{"feature", view.key()}, {"domain_info", found->str()}});
    return false;
  }
  feature.MergeFrom(domain);
  return true;
}

Findings ConformImageDomain(const FeatureView& view, tfmd::Feature& feature) {
  Findings findings;
  tfmd::ImageDomain& domain = *feature.mutable_image_domain();
  if (domain.has_minimum_supported_image_fraction()) findings = ConformImageFormats(view, domain);
  const auto num_bytes = static_cast<int64_t>(view.statistics().bytes_stats().max_num_bytes_int());
  if (domain.has_max_image_byte_size() && num_bytes > domain.max_image_byte_size()) {
    findings.push_back({AnomalyInfo::MAX_IMAGE_BYTE_SIZE_EXCEEDED, "Num bytes exceeds the max byte size.",
                        absl::StrCat("The largest image has bytes: ", num_bytes,
                                     ". The max allowed byte size is: ", domain.max_image_byte_size(), ".")});
    domain.set_max_image_byte_size(num_bytes);
  }
  return findings;
}

Findings ConformNaturalLanguageDomain(const FeatureView& view, tfmd::Feature& feature) {
  tfmd::NaturalLanguageStatistics statistics;
  const tfmd::CustomStatistic* custom = view.CustomStatistic("nl_statistics");
  if (custom != nullptr && !custom->any().UnpackTo(&statistics)) {
    logging::Warning("nl_statistics hold no NaturalLanguageStatistics", {{"feature", view.key()}});
    return {};
  }
  tfmd::NaturalLanguageDomain& domain = *feature.mutable_natural_language_domain();
  const bool has_constraints = domain.coverage().has_min_coverage() ||
                               domain.coverage().has_min_avg_token_length() ||
                               !domain.token_constraints().empty();
  if (has_constraints && custom == nullptr) {
    feature.clear_domain_info();
    return {NoLanguageStatistics()};
  }
  Findings findings;
  ConformCoverage(statistics, domain, findings);
  for (tfmd::SequenceValueConstraints& constraint : *domain.mutable_token_constraints()) {
    if (!constraint.has_int_value() && !constraint.has_string_value()) continue;
    const TokenStatistics* seen = FindToken(statistics, constraint);
    if (seen == nullptr) {
      findings.push_back(NoLanguageStatistics());
      feature.clear_domain_info();
      return findings;
    }
    const std::string token =
        constraint.has_int_value() ? absl::StrCat(constraint.int_value()) : constraint.string_value();
    ConformTokenFraction(*seen, token, constraint, findings);
    ConformTokenOccurrences(*seen, token, constraint, findings);
  }
  return findings;
}

}  // namespace penstock::validation
