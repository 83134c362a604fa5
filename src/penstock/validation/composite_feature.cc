#include <absl/strings/str_cat.h>

#include "penstock/validation/composite_feature_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;

/// The names of the custom statistics are those of TFDV's sparse and weighted feature generators.

/// Counts in rank histograms are whole numbers held as doubles.
int64_t WholeCount(const tfmd::RankHistogram::Bucket& bucket) {
  return static_cast<int64_t>(bucket.sample_count());
}

void CheckMissingIndices(const tfmd::CustomStatistic& custom, Findings& findings) {
  for (const auto& bucket : custom.rank_histogram().buckets())
    if (WholeCount(bucket) != 0)
      findings.push_back(
          {AnomalyInfo::SPARSE_FEATURE_MISSING_INDEX, "Missing index feature",
           absl::StrCat("Found ", WholeCount(bucket), " examples missing index feature: ", bucket.label())});
}

void CheckIndexLengths(const tfmd::CustomStatistic& custom, Findings& findings) {
  for (const auto& bucket : custom.rank_histogram().buckets())
    if (bucket.sample_count() != 0)
      findings.push_back(
          {AnomalyInfo::SPARSE_FEATURE_LENGTH_MISMATCH, "Length mismatch between value and index feature",
           absl::StrCat("Mismatch between index feature: ", bucket.label(), " and value column, with ",
                        custom.name(), " = ", WholeCount(bucket))});
}

}  // namespace

Findings CheckSparseFeature(const FeatureView& view) {
  Findings findings;
  for (const tfmd::CustomStatistic& custom : view.statistics().custom_stats()) {
    if (custom.name() == "missing_value" && custom.num() != 0) {
      findings.push_back({AnomalyInfo::SPARSE_FEATURE_MISSING_VALUE, "Missing value feature",
                          absl::StrCat("Found ", custom.num(), " examples missing value feature")});
    } else if (custom.name() == "missing_index") {
      CheckMissingIndices(custom, findings);
    } else if (custom.name() == "max_length_diff" || custom.name() == "min_length_diff") {
      CheckIndexLengths(custom, findings);
    }
  }
  return findings;
}

Findings CheckWeightedFeature(const FeatureView& view) {
  Findings findings;
  int64_t min_difference = 0;
  int64_t max_difference = 0;
  for (const tfmd::CustomStatistic& custom : view.statistics().custom_stats()) {
    if (custom.num() == 0) continue;
    if (custom.name() == "missing_value") {
      findings.push_back({AnomalyInfo::WEIGHTED_FEATURE_MISSING_VALUE, "Missing value feature",
                          absl::StrCat("Found ", custom.num(), " examples missing value feature.")});
    } else if (custom.name() == "missing_weight") {
      findings.push_back({AnomalyInfo::WEIGHTED_FEATURE_MISSING_WEIGHT, "Missing weight feature",
                          absl::StrCat("Found ", custom.num(), " examples missing weight feature.")});
    } else if (custom.name() == "min_weight_length_diff") {
      min_difference = static_cast<int64_t>(custom.num());
    } else if (custom.name() == "max_weight_length_diff") {
      max_difference = static_cast<int64_t>(custom.num());
    }
  }
  if (min_difference != 0 || max_difference != 0)
    findings.push_back(
        {AnomalyInfo::WEIGHTED_FEATURE_LENGTH_MISMATCH, "Length mismatch between value and weight feature",
         absl::StrCat("Mismatch between weight and value feature with min_weight_length_diff = ",
                      min_difference, " and max_weight_length_diff = ", max_difference, ".")});
  return findings;
}

}  // namespace penstock::validation
