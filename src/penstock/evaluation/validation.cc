#include "penstock/evaluation/validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "penstock/base/proto_io.h"
#include "penstock/evaluation/result_protos.h"

namespace penstock::evaluation {
namespace {

bool AppliesTo(const PlannedThreshold& threshold, const SliceResult& slice) {
  if (!threshold.has_slice) return !slice.is_cross;
  if (threshold.is_cross != slice.is_cross) return false;
  if (!threshold.is_cross) return IsSliceOf(slice.slice, threshold.slice);
  const auto& specs = threshold.cross_slice.slicing_specs();
  return IsSliceOf(slice.baseline_slice, threshold.cross_slice.baseline_spec()) &&
         std::any_of(specs.begin(), specs.end(),
                     [&](const auto& spec) { return IsSliceOf(slice.slice, spec); });
}

std::string LimitText(const tfma::MetricThreshold& threshold) {
  if (threshold.has_value_threshold()) {
    const auto& limits = threshold.value_threshold();
    std::vector<std::string> parts;
    if (limits.has_lower_bound())
      parts.push_back(fmt::format("at least {:.6g}", limits.lower_bound().value()));
    if (limits.has_upper_bound())
      parts.push_back(fmt::format("at most {:.6g}", limits.upper_bound().value()));
    return fmt::format("it must be {}", fmt::join(parts, " and "));
  }
  const auto& limits = threshold.change_threshold();
  const char* way = limits.direction() == tfma::LOWER_IS_BETTER ? "at most" : "at least";
  std::vector<std::string> parts;
  if (limits.has_absolute()) parts.push_back(fmt::format("{} {:+.6g}", way, limits.absolute().value()));
  if (limits.has_relative())
    parts.push_back(fmt::format("{} {:+.6g} relative to the baseline", way, limits.relative().value()));
  return fmt::format("the change against the baseline must be {}", fmt::join(parts, " and "));
}

std::string NameOf(const SliceResult& slice) {
  if (!slice.is_cross) return SliceText(slice.slice);
  return fmt::format("{} against {}", SliceText(slice.slice), SliceText(slice.baseline_slice));
}

// "auc of Overall is 0.88 (0.85 to 0.91): it must be at least 0.9, which is within noise"
std::string Sentence(const MetricKey& key, const tfma::MetricThreshold& threshold, double value,
                     const std::optional<ValueRange>& range, bool is_within_noise, const std::string& slice) {
  return fmt::format("{}{} of {} is {:.6g}{}: {}{}", key.is_diff ? "the change of " : "", key.name, slice,
                     value,
                     range ? fmt::format(" ({:.6g} to {:.6g})", range->lower, range->upper) : std::string(),
                     LimitText(threshold), is_within_noise ? ", and it is within noise" : "");
}

class Validator {
 public:
  Validator(const EvaluationPlan& plan, const std::vector<SliceResult>& slices)
      : plan_(plan), slices_(slices) {}

  Result<tfma::ValidationResult> Validate() {
    result_.set_validation_ok(true);
    for (const SliceResult& slice : slices_) PENSTOCK_RETURN_IF_ERROR(ValidateSlice(slice));
    for (const auto& details : details_)
      *result_.mutable_validation_details()->add_slicing_details() = details;
    FindMissing();
    return std::move(result_);
  }

  const std::vector<ThresholdCheck>& checks() const { return checks_; }

 private:
  bool IsCompatible() const { return plan_.compatibility == Compatibility::kTfma; }

  bool IsOfBaseline(const PlannedThreshold& threshold) const {
    return plan_.has_baseline && threshold.key.model == plan_.baseline_model;
  }

  // The metric that a threshold means.
  const MetricValue* Find(const SliceResult& slice, const PlannedThreshold& threshold, MetricKey& key) const {
    key = threshold.key;
    const auto found = slice.metrics.find(key);
    if (found != slice.metrics.end()) return &found->second;
    if (IsCompatible()) return nullptr;
    // By name: metrics that do not tell their aggregation or choose a class themselves.
    for (const auto& [each, value] : slice.metrics) {
      if (each.name != key.name || each.model != key.model || each.output != key.output ||
          each.is_diff != key.is_diff)
        continue;
      if (key.has_weighting && each.is_weighted != key.is_weighted) continue;
      if (!key.sub_key.IsEmpty() && each.sub_key != key.sub_key) continue;
      key = each;
      return &value;
    }
    return nullptr;
  }

  // Where the metric lies on this slice, if resamples say and TFMA's rule is not wanted.
  std::optional<ValueRange> RangeOf(const SliceResult& slice, const MetricKey& key) const {
    if (IsCompatible()) return std::nullopt;
    const auto found = slice.intervals.find(key);
    if (found == slice.intervals.end() || found->second.lower.size() != 1 || found->second.upper.size() != 1)
      return std::nullopt;
    const ValueRange range{found->second.lower[0], found->second.upper[0]};
    return std::isfinite(range.lower) && std::isfinite(range.upper) ? std::optional(range) : std::nullopt;
  }

  Result<ThresholdCheck> Check(const SliceResult& slice, const PlannedThreshold& threshold,
                               const MetricKey& key, double value) const {
    MeasuredValue measured{value, RangeOf(slice, key), std::nullopt};
    if (threshold.is_change && threshold.threshold.change_threshold().has_relative()) {
      MetricKey baseline = key;
      baseline.is_diff = false;
      baseline.model = plan_.baseline_model;
      const auto found = slice.metrics.find(baseline);
      const double* of = found == slice.metrics.end() ? nullptr : std::get_if<double>(&found->second);
      if (of == nullptr) return InvalidArgument("Metric {} has no baseline to be compared with", key.name);
      measured.baseline = *of;
    }
    const ThresholdVerdict verdict = ApplyThreshold(threshold.threshold, measured);
    return ThresholdCheck{key, NameOf(slice), value, measured.range, threshold.threshold, verdict};
  }

  Status ValidateSlice(const SliceResult& slice) {
    // Too few examples say nothing; TFMA counts such a slice against the model.
    if (slice.is_too_small && !IsCompatible()) return OkStatus();
    tfma::MetricsValidationForSlice failures;
    std::set<std::string> known;
    std::set<const PlannedThreshold*> matched;
    for (const PlannedThreshold& threshold : plan_.thresholds) {
      if (IsOfBaseline(threshold)) continue;
      MetricKey key;
      const MetricValue* value = Find(slice, threshold, key);
      if (value == nullptr) {
        AddNotFound(slice, threshold, known, failures);
        continue;
      }
      if (!AppliesTo(threshold, slice)) continue;
      const double* number = std::get_if<double>(value);
      if (number == nullptr) {
        return InvalidArgument(
            "There is a threshold on metric {}, which is no single number but a list or a matrix", key.name);
      }
      PENSTOCK_ASSIGN_OR_RETURN(const ThresholdCheck check, Check(slice, threshold, key, *number));
      checks_.push_back(check);
      if (!check.verdict.keeps && known.insert(Mark(threshold)).second) {
        tfma::ValidationFailure& failure = *failures.add_failures();
        *failure.mutable_metric_key() = KeyProto(key);
        *failure.mutable_metric_threshold() = threshold.threshold;
        failure.mutable_metric_value()->mutable_double_value()->set_value(*number);
        failure.set_message(MessageOf(check));
      }
      matched.insert(&threshold);
    }
    CountMatches(matched);
    if (failures.failures().empty()) return OkStatus();
    if (slice.is_cross) {
      *failures.mutable_cross_slice_key() = CrossSliceKeyProto(slice);
    } else {
      *failures.mutable_slice_key() = SliceKeyProto(slice.slice);
    }
    result_.set_validation_ok(false);
    *result_.add_metric_validations_per_slice() = std::move(failures);
    return OkStatus();
  }

  // TFMA says something only where no direction is given; here the sentence tells the interval.
  std::string MessageOf(const ThresholdCheck& check) const {
    if (!check.verdict.problem.empty())
      return fmt::format("Invalid metrics or threshold for comparison: {} ({})", check.key.name,
                         check.verdict.problem);
    return check.range ? check.Sentence() : "";
  }

  static std::string Mark(const PlannedThreshold& threshold) {
    const MetricKey& key = threshold.key;
    return fmt::format("{}|{}|{}|{}|{}|{}|{}", key.name, key.model, key.output, key.SubKeyText(),
                       key.is_weighted, key.is_diff, SerializeDeterministically(threshold.threshold));
  }

  void AddNotFound(const SliceResult& slice, const PlannedThreshold& threshold, std::set<std::string>& known,
                   tfma::MetricsValidationForSlice& failures) const {
    // TFMA reports a threshold of any slice here, whichever slice it is at.
    const bool applies = IsCompatible()
                             ? (!threshold.has_slice ? !slice.is_cross
                                                     : threshold.is_cross == slice.is_cross &&
                                                           (!slice.is_cross || AppliesTo(threshold, slice)))
                             : AppliesTo(threshold, slice);
    if (!applies || !known.insert(Mark(threshold)).second) return;
    tfma::ValidationFailure& failure = *failures.add_failures();
    *failure.mutable_metric_key() = KeyProto(threshold.key);
    *failure.mutable_metric_threshold() = threshold.threshold;
    failure.set_message("Metric not found.");
  }

  // A slice counts once for each spec, however many thresholds it has there.
  void CountMatches(const std::set<const PlannedThreshold*>& matched) {
    std::set<size_t> counted;
    for (const PlannedThreshold* threshold : matched) {
      size_t at = 0;
      while (at < details_.size() && !IsSame(details_[at], *threshold)) ++at;
      if (at == details_.size()) {
        tfma::SlicingDetails& details = details_.emplace_back();
        if (threshold->is_cross) {
          *details.mutable_cross_slicing_spec() = threshold->cross_slice;
        } else {
          *details.mutable_slicing_spec() = threshold->slice;
        }
      }
      if (counted.insert(at).second)
        details_[at].set_num_matching_slices(details_[at].num_matching_slices() + 1);
    }
  }

  static std::string Canonical(const tfma::SlicingSpec& spec) {
    std::set<std::string> keys(spec.feature_keys().begin(), spec.feature_keys().end());
    tfma::SlicingSpec sorted = spec;
    sorted.clear_feature_keys();
    for (const std::string& key : keys) sorted.add_feature_keys(key);
    return SerializeDeterministically(sorted);
  }
  static std::string Canonical(const tfma::CrossSlicingSpec& spec) {
    std::string text = "cross|" + Canonical(spec.baseline_spec());
    for (const auto& each : spec.slicing_specs()) text += "|" + Canonical(each);
    return text;
  }

  bool IsSame(const tfma::SlicingDetails& details, const PlannedThreshold& threshold) const {
    // TFMA looks details up by their slicing_spec only, which those of cross slices do not have: all are one.
    if (IsCompatible())
      return Canonical(details.slicing_spec()) ==
             Canonical(threshold.is_cross ? tfma::SlicingSpec() : threshold.slice);
    if (details.has_cross_slicing_spec() != threshold.is_cross) return false;
    if (!threshold.is_cross) return Canonical(details.slicing_spec()) == Canonical(threshold.slice);
    return Canonical(details.cross_slicing_spec()) == Canonical(threshold.cross_slice);
  }

  void FindMissing() {
    std::set<std::string> known;
    for (const PlannedThreshold& threshold : plan_.thresholds) {
      if (IsOfBaseline(threshold)) continue;
      const bool is_matched = std::any_of(details_.begin(), details_.end(),
                                          [&](const auto& details) { return IsSame(details, threshold); });
      // TFMA never finds a cross slicing spec again (163): there it is always missing.
      if (is_matched && !(threshold.is_cross && IsCompatible())) continue;
      if (!threshold.is_cross) {
        if (!known.insert(Canonical(threshold.slice)).second) continue;
        *result_.add_missing_slices() = threshold.slice;
      } else {
        if (!known.insert(Canonical(threshold.cross_slice)).second) continue;
        *result_.add_missing_cross_slices() = threshold.cross_slice;
      }
      if (IsSkippable(threshold)) {
        result_.mutable_missing_slices()->RemoveLast();
        continue;
      }
      result_.set_validation_ok(false);
    }
  }

  // A slice that is there, but too small to say something.
  bool IsSkippable(const PlannedThreshold& threshold) const {
    return !IsCompatible() && !threshold.is_cross &&
           std::any_of(slices_.begin(), slices_.end(), [&](const SliceResult& slice) {
             return slice.is_too_small && AppliesTo(threshold, slice);
           });
  }

  const EvaluationPlan& plan_;
  const std::vector<SliceResult>& slices_;
  std::vector<tfma::SlicingDetails> details_;
  std::vector<ThresholdCheck> checks_;
  tfma::ValidationResult result_;
};

}  // namespace

std::string ThresholdCheck::Sentence() const {
  return evaluation::Sentence(key, threshold, value, range, verdict.is_within_noise, slice);
}

Result<Validation> ValidateSlices(const EvaluationPlan& plan, const std::vector<SliceResult>& slices) {
  Validator validator(plan, slices);
  Validation validation;
  PENSTOCK_ASSIGN_OR_RETURN(validation.result, validator.Validate());
  validation.checks = validator.checks();
  return validation;
}

std::vector<std::string> ListChecks(const Validation& validation) {
  std::vector<std::string> lines;
  for (const ThresholdCheck& check : validation.checks)
    lines.push_back(fmt::format("{}   {}", check.verdict.keeps ? "passed" : "failed", check.Sentence()));
  // What was measured is among the checks; what was not is only told here.
  tfma::ValidationResult unmeasured = validation.result;
  for (auto& slice : *unmeasured.mutable_metric_validations_per_slice()) {
    auto& failures = *slice.mutable_failures();
    failures.erase(std::remove_if(failures.begin(), failures.end(),
                                  [](const auto& failure) { return failure.has_metric_value(); }),
                   failures.end());
  }
  for (const std::string& reason : ExplainValidation(unmeasured)) lines.push_back("failed   " + reason);
  return lines;
}

std::vector<std::string> ExplainValidation(const tfma::ValidationResult& validation) {
  std::vector<std::string> reasons;
  for (const auto& slice : validation.metric_validations_per_slice()) {
    const std::string name =
        slice.has_cross_slice_key()
            ? fmt::format("{} against {}", TextOf(slice.cross_slice_key().comparison_slice_key()),
                          TextOf(slice.cross_slice_key().baseline_slice_key()))
            : TextOf(slice.slice_key());
    for (const auto& failure : slice.failures()) {
      const std::string what = failure.metric_key().name();
      if (!failure.has_metric_value()) {
        reasons.push_back(fmt::format("{} of {} was not measured", what, name));
        continue;
      }
      MetricKey key;
      key.name = what;
      key.is_diff = failure.metric_key().is_diff();
      const bool has_sentence = failure.message().find(": it must be") != std::string::npos ||
                                failure.message().find(": the change against") != std::string::npos;
      reasons.push_back(has_sentence ? failure.message()
                                     : Sentence(key, failure.metric_threshold(),
                                                failure.metric_value().double_value().value(), std::nullopt,
                                                false, name));
    }
  }
  for (const auto& missing : validation.missing_slices())
    reasons.push_back(fmt::format("there is no slice {} to hold a threshold against", TextOf(missing)));
  for (const auto& missing : validation.missing_cross_slices())
    reasons.push_back(fmt::format("there is no cross slice of {} to hold a threshold against",
                                  TextOf(missing.baseline_spec())));
  return reasons;
}

}  // namespace penstock::evaluation
