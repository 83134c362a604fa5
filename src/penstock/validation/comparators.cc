#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "penstock/base/logging.h"
#include "penstock/validation/comparators_internal.h"
#include "penstock/validation/distribution_distance_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using Measurement = tfmd::DriftSkewInfo::Measurement;

/// The names of the two sides in texts.
struct Sides {
  const char* treatment;
  const char* control;

  std::string Between() const { return absl::StrCat(" between ", treatment, " and ", control); }
};

Measurement Measured(Measurement::Type type, double value, double threshold) {
  Measurement measurement;
  measurement.set_type(type);
  measurement.set_value(value);
  measurement.set_threshold(threshold);
  return measurement;
}

std::string AboveThreshold(double distance, double threshold) {
  return absl::StrCat(" is ", absl::SixDigits(distance),
                      " (up to six significant digits), above the threshold ", absl::SixDigits(threshold),
                      ".");
}

void CompareByInfinityNorm(const FeatureView& view, const FeatureView& control, const Sides& sides,
                           tfmd::FeatureComparator& comparator, Findings& findings,
                           std::vector<Measurement>& measurements) {
  if (!comparator.infinity_norm().has_threshold()) return;
  const double threshold = comparator.infinity_norm().threshold();
  const ValueDistance measured = LInfinityDistance(view, control);
  measurements.push_back(Measured(Measurement::L_INFTY, measured.distance, threshold));
  if (measured.distance <= threshold) return;
  comparator.mutable_infinity_norm()->set_threshold(measured.distance);
  findings.push_back(
      {AnomalyInfo::COMPARATOR_L_INFTY_HIGH, absl::StrCat("High Linfty distance", sides.Between()),
       absl::StrCat("The Linfty distance", sides.Between(), AboveThreshold(measured.distance, threshold),
                    " The feature value with maximum difference is: ", measured.value)});
}

void CompareByNormalizedDifference(const FeatureView& view, const FeatureView& control, const Sides& sides,
                                   tfmd::FeatureComparator& comparator, Findings& findings,
                                   std::vector<Measurement>& measurements) {
  if (!comparator.normalized_abs_difference().has_threshold()) return;
  const double threshold = comparator.normalized_abs_difference().threshold();
  const ValueDistance measured = NormalizedAbsoluteDifference(view, control);
  measurements.push_back(Measured(Measurement::NORMALIZED_ABSOLUTE_DIFFERENCE, measured.distance, threshold));
  if (measured.distance <= threshold) return;
  comparator.mutable_normalized_abs_difference()->set_threshold(measured.distance);
  findings.push_back({AnomalyInfo::COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH,
                      absl::StrCat("High normalized absolute difference", sides.Between()),
                      absl::StrCat("The normalized absolute difference", sides.Between(),
                                   AboveThreshold(measured.distance, threshold),
                                   " The feature value with maximum difference is: ", measured.value)});
}

void CompareByDivergence(const FeatureView& view, const FeatureView& control, const Sides& sides,
                         tfmd::FeatureComparator& comparator, Findings& findings,
                         std::vector<Measurement>& measurements) {
  if (!comparator.jensen_shannon_divergence().has_threshold()) return;
  const double threshold = comparator.jensen_shannon_divergence().threshold();
  const std::optional<double> divergence =
      JensenShannonDivergence(view, control, comparator.jensen_shannon_divergence().source());
  if (!divergence.has_value()) {
    logging::Warning(
        "Jensen-Shannon divergence is not checked: the statistics hold no histogram or values to compare",
        {{"feature", view.key()}});
    return;
  }
  measurements.push_back(Measured(Measurement::JENSEN_SHANNON_DIVERGENCE, *divergence, threshold));
  if (*divergence <= threshold) return;
  comparator.mutable_jensen_shannon_divergence()->set_threshold(*divergence);
  findings.push_back({AnomalyInfo::COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH,
                      absl::StrCat("High approximate Jensen-Shannon divergence", sides.Between()),
                      absl::StrCat("The approximate Jensen-Shannon divergence", sides.Between(),
                                   AboveThreshold(*divergence, threshold))});
}

/// `control` is the dataset to compare with; null: nothing to do.
void CompareWith(const FeatureView& view, const DatasetView* control, const Sides& sides,
                 tfmd::FeatureComparator& comparator, Findings& findings,
                 std::vector<Measurement>& measurements) {
  const bool compares = comparator.infinity_norm().has_threshold() ||
                        comparator.jensen_shannon_divergence().has_threshold() ||
                        comparator.normalized_abs_difference().has_threshold();
  if (!compares || control == nullptr) return;
  const FeatureView* control_feature = control->Find(view.key());
  if (control_feature == nullptr) {
    if (comparator.infinity_norm().has_threshold()) comparator.mutable_infinity_norm()->clear_threshold();
    if (comparator.jensen_shannon_divergence().has_threshold())
      comparator.mutable_jensen_shannon_divergence()->clear_threshold();
    findings.push_back({AnomalyInfo::COMPARATOR_CONTROL_DATA_MISSING,
                        absl::StrCat(sides.control, " data missing"),
                        absl::StrCat(sides.control, " data is missing.")});
    return;
  }
  CompareByInfinityNorm(view, *control_feature, sides, comparator, findings, measurements);
  CompareByNormalizedDifference(view, *control_feature, sides, comparator, findings, measurements);
  CompareByDivergence(view, *control_feature, sides, comparator, findings, measurements);
}

void ConformNumExamplesRatio(double num_examples, const DatasetView* control, const std::string& control_name,
                             tfmd::NumericValueComparator& comparator, Findings& findings) {
  if (control == nullptr || !(num_examples > 0)) return;
  const std::string versus = absl::StrCat(" num examples in current dataset versus the ", control_name);
  if (!(control->num_examples() > 0)) {
    if (!comparator.has_max_fraction_threshold()) return;
    comparator.clear_max_fraction_threshold();
    findings.push_back(
        {AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES, absl::StrCat("High", versus, ", which has 0."),
         absl::StrCat("The ", control_name,
                      " has 0 examples, so there is a high number of examples in the current dataset "
                      "versus the ",
                      control_name, ".")});
    return;
  }
  const double ratio = num_examples / control->num_examples();
  const std::string is =
      absl::StrCat("The ratio of num examples in the current dataset versus the ", control_name, " is ",
                   absl::SixDigits(ratio), " (up to six significant digits), which is ");
  if (comparator.has_max_fraction_threshold() && ratio > comparator.max_fraction_threshold()) {
    findings.push_back({AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES, absl::StrCat("High", versus, "."),
                        absl::StrCat(is, "above the threshold ",
                                     absl::SixDigits(comparator.max_fraction_threshold()), ".")});
    comparator.set_max_fraction_threshold(ratio);
  }
  if (comparator.has_min_fraction_threshold() && ratio < comparator.min_fraction_threshold()) {
    findings.push_back({AnomalyInfo::COMPARATOR_LOW_NUM_EXAMPLES, absl::StrCat("Low", versus, "."),
                        absl::StrCat(is, "below the threshold ",
                                     absl::SixDigits(comparator.min_fraction_threshold()), ".")});
    comparator.set_min_fraction_threshold(ratio);
  }
}

}  // namespace

Comparison CompareFeature(const FeatureView& view, const ControlDatasets& controls, tfmd::Feature& feature) {
  Comparison comparison;
  if (feature.has_drift_comparator())
    CompareWith(view, controls.previous_span, {"current", "previous"}, *feature.mutable_drift_comparator(),
                comparison.findings, comparison.drift);
  if (feature.has_skew_comparator())
    CompareWith(view, controls.serving, {"training", "serving"}, *feature.mutable_skew_comparator(),
                comparison.findings, comparison.skew);
  return comparison;
}

Findings ConformDataset(const DatasetView& view, const ControlDatasets& controls,
                        tfmd::DatasetConstraints& constraints) {
  Findings findings;
  const double num_examples = view.num_examples();
  if (constraints.has_num_examples_drift_comparator())
    ConformNumExamplesRatio(num_examples, controls.previous_span, "previous span",
                            *constraints.mutable_num_examples_drift_comparator(), findings);
  if (constraints.has_num_examples_version_comparator())
    ConformNumExamplesRatio(num_examples, controls.previous_version, "previous version",
                            *constraints.mutable_num_examples_version_comparator(), findings);
  if (constraints.has_min_examples_count() &&
      num_examples < static_cast<double>(constraints.min_examples_count())) {
    findings.push_back(
        {AnomalyInfo::DATASET_LOW_NUM_EXAMPLES, "Low num examples in dataset.",
         absl::StrCat("The dataset has ", num_examples, " examples, which is fewer than expected.")});
    constraints.set_min_examples_count(static_cast<int64_t>(num_examples));
  }
  if (constraints.has_max_examples_count() &&
      num_examples > static_cast<double>(constraints.max_examples_count())) {
    findings.push_back(
        {AnomalyInfo::DATASET_HIGH_NUM_EXAMPLES, "High num examples in dataset.",
         absl::StrCat("The dataset has ", num_examples, " examples, which is more than expected.")});
    constraints.set_max_examples_count(static_cast<int64_t>(num_examples));
  }
  return findings;
}

}  // namespace penstock::validation
