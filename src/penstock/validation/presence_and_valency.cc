#include <algorithm>
#include <limits>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "penstock/validation/presence_and_valency_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;

constexpr char kColumnDropped[] = "Column dropped";
constexpr char kMissingValues[] = "Missing values";
constexpr char kSuperfluousValues[] = "Superfluous values";
constexpr char kShapeDropped[] = "Feature shape dropped";

void InferValueCount(const ValueCountRange& seen, tfmd::ValueCount& value_count) {
  if (seen.min <= 0) return;
  // Equal bounds let Transform parse the column as a dense tensor.
  value_count.set_min(seen.min == seen.max ? seen.min : 1);
  if (seen.min == seen.max) value_count.set_max(seen.max);
}

void InferValueCounts(const FeatureView& view, tfmd::Feature& feature) {
  const std::vector<ValueCountRange> levels = view.ValueCountsByLevel();
  if (view.IsNested()) {
    for (const ValueCountRange& level : levels)
      InferValueCount(level, *feature.mutable_value_counts()->add_value_count());
  } else if (levels.front().min > 0) {
    InferValueCount(levels.front(), *feature.mutable_value_count());
  }
}

void InferShape(const FeatureView& view, tfmd::Feature& feature) {
  if (view.SchemaType() == tfmd::STRUCT) return;
  const std::vector<ValueCountRange> levels = view.ValueCountsByLevel();
  const std::vector<double> num_missing = view.NumMissingByLevel();
  if (levels.size() != num_missing.size()) return;
  for (size_t level = 0; level < levels.size(); ++level)
    if (num_missing[level] != 0 || levels[level].min != levels[level].max || levels[level].min <= 0) return;
  for (const ValueCountRange& level : levels) feature.mutable_shape()->add_dim()->set_size(level.min);
}

/// Adds what breaks the bounds of one level; `where` ends the sentence.
void ConformValueCount(const ValueCountRange& seen, const std::string& where, tfmd::ValueCount& value_count,
                       Findings& findings) {
  if (value_count.has_min() && seen.min < value_count.min()) {
    findings.push_back({AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_VALUES, kMissingValues,
                        absl::StrCat("Some examples have fewer values than expected", where, ".")});
    if (seen.min == 0) {
      value_count.clear_min();
    } else {
      value_count.set_min(seen.min);
    }
  }
  if (value_count.has_max() && seen.max > value_count.max()) {
    findings.push_back({AnomalyInfo::FEATURE_TYPE_HIGH_NUMBER_VALUES, kSuperfluousValues,
                        absl::StrCat("Some examples have more values than expected", where, ".")});
    value_count.set_max(seen.max);
  }
}

Findings NestednessMismatch(const FeatureView& view, std::string_view description, tfmd::Feature& feature) {
  feature.clear_shape_type();
  InferValueCounts(view, feature);
  return {{AnomalyInfo::VALUE_NESTEDNESS_MISMATCH, "Mismatched value nest level", std::string(description)}};
}

/// The product, or the greatest int64 where it is more.
int64_t SaturatedProduct(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

}  // namespace

void InferPresenceAndValency(const FeatureView& view, bool infer_shape, tfmd::Feature& feature) {
  const double num_present = view.NumPresent();
  feature.mutable_presence()->set_min_count(num_present < 1 ? 0 : 1);
  // Nothing more can be said of a feature that no example has.
  if (num_present <= 0) return;
  if (view.NumMissing() == 0) feature.mutable_presence()->set_min_fraction(1);
  if (infer_shape) InferShape(view, feature);
  if (!feature.has_shape()) InferValueCounts(view, feature);
}

Findings ConformPresence(const FeatureView& view, tfmd::FeaturePresence& presence) {
  Findings findings;
  const double num_present = view.NumPresent();
  if (presence.has_min_count() && num_present < static_cast<double>(presence.min_count())) {
    const int64_t expected = presence.min_count();
    presence.set_min_count(static_cast<int64_t>(num_present));
    findings.push_back(
        {AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_PRESENT, kColumnDropped,
         absl::StrFormat(
             "The feature was present in fewer examples than expected: minimum count = %d, actual = %d",
             expected, presence.min_count())});
  }
  const std::optional<double> fraction = view.FractionPresent();
  if (!presence.has_min_fraction() || !fraction.has_value()) return findings;
  if (*fraction < presence.min_fraction()) {
    const double expected = presence.min_fraction();
    presence.set_min_fraction(*fraction);
    findings.push_back(
        {AnomalyInfo::FEATURE_TYPE_LOW_FRACTION_PRESENT, kColumnDropped,
         absl::StrFormat("The feature was present in fewer examples than expected: minimum fraction = "
                         "%f, actual = %f",
                         static_cast<float>(expected), *fraction)});
  }
  if (presence.min_fraction() == 1 && view.NumMissing() != 0) {
    // So few are missing that the fraction rounds to 1: any bound that is clearly not 1 will do.
    presence.set_min_fraction(0.9999);
    findings.push_back({AnomalyInfo::FEATURE_TYPE_LOW_FRACTION_PRESENT, kColumnDropped,
                        absl::StrCat("The feature was expected everywhere, but was missing in ",
                                     view.NumMissing(), " examples.")});
  }
  return findings;
}

Findings ConformValueCounts(const FeatureView& view, tfmd::Feature& feature) {
  const std::vector<ValueCountRange> levels = view.ValueCountsByLevel();
  Findings findings;
  if (feature.has_value_count()) {
    if (levels.size() > 1) {
      return NestednessMismatch(
          view,
          "This feature has a value_count, but the nestedness level of the feature > 1. For "
          "features with nestedness levels greater than 1, value_counts, not value_count, "
          "should be specified.",
          feature);
    }
    ConformValueCount(levels.front(), "", *feature.mutable_value_count(), findings);
  } else if (feature.has_value_counts()) {
    if (feature.value_counts().value_count_size() != static_cast<int>(levels.size())) {
      return NestednessMismatch(
          view, "The values have a different nest level than expected. Value counts will not be checked.",
          feature);
    }
    for (size_t level = 0; level < levels.size(); ++level)
      ConformValueCount(levels[level], absl::StrCat(" at nestedness level ", level),
                        *feature.mutable_value_counts()->mutable_value_count(static_cast<int>(level)),
                        findings);
  }
  return findings;
}

Findings ConformShape(const FeatureView& view, tfmd::Feature& feature) {
  if (!feature.has_shape()) return {};
  int64_t expected = 1;
  for (const auto& dim : feature.shape().dim()) expected = SaturatedProduct(expected, dim.size());
  const std::vector<ValueCountRange> levels = view.ValueCountsByLevel();
  const std::vector<double> num_missing = view.NumMissingByLevel();
  const bool is_fixed =
      std::all_of(levels.begin(), levels.end(),
                  [](const auto& level) { return level.min == level.max && level.min != 0; }) &&
      std::all_of(num_missing.begin(), num_missing.end(), [](double num) { return num == 0; });
  if (!is_fixed) {
    // Not replaced by a value_count: what is seen now may not fit the data the shape came from.
    feature.clear_shape();
    return {{AnomalyInfo::INVALID_FEATURE_SHAPE, kShapeDropped,
             "The feature has a shape, but it's not always present (if the feature is nested, then it should "
             "always "
             "be present at each nested level) or its value lengths vary."}};
  }
  int64_t actual = 1;
  for (const ValueCountRange& level : levels) actual = SaturatedProduct(actual, level.min);
  if (actual == expected) return {};
  feature.clear_shape();
  return {{AnomalyInfo::INVALID_FEATURE_SHAPE, kShapeDropped,
           absl::StrCat("The feature has fixed value length ", actual,
                        " but it's not compatible with the specified shape.")}};
}

Findings ConformUniqueness(const FeatureView& view, tfmd::Feature& feature) {
  if (!feature.has_unique_constraints()) return {};
  const std::optional<int64_t> num_unique = view.NumUnique();
  if (!num_unique.has_value()) {
    feature.clear_unique_constraints();
    return {{AnomalyInfo::FEATURE_TYPE_NO_UNIQUE, "No unique values",
             "UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature "
             "is not "
             "string or categorical)."}};
  }
  tfmd::UniqueConstraints& constraints = *feature.mutable_unique_constraints();
  Findings findings;
  if (*num_unique < constraints.min()) {
    findings.push_back({AnomalyInfo::FEATURE_TYPE_LOW_UNIQUE, "Low number of unique values",
                        absl::StrCat("Expected at least ", constraints.min(),
                                     " unique values but found only ", *num_unique, ".")});
    constraints.set_min(*num_unique);
  }
  if (*num_unique > constraints.max()) {
    findings.push_back({AnomalyInfo::FEATURE_TYPE_HIGH_UNIQUE, "High number of unique values",
                        absl::StrCat("Expected no more than ", constraints.max(), " unique values but found ",
                                     *num_unique, ".")});
    constraints.set_max(*num_unique);
  }
  return findings;
}

}  // namespace penstock::validation
