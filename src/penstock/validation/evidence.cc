#include "penstock/validation/evidence_internal.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <fmt/format.h>

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using Measurement = tfmd::DriftSkewInfo::Measurement;

/// 1,000,012; weighted counts need not be whole: 12.5.
std::string Count(double number) {
  if (number != std::trunc(number) || std::fabs(number) >= 1e15) return fmt::format("{:.10g}", number);
  std::string digits = fmt::format("{:.0f}", std::fabs(number));
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return (number < 0 ? "-" : "") + digits;
}

/// Seven digits, or all where seven would show a 1 that is none.
std::string Fraction(double number) {
  std::string text = fmt::format("{:.7g}", number);
  if (text == "1" && number != 1) text = fmt::format("{:.17g}", number);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string Number(double number) { return fmt::format("{:.10g}", number); }

/// As the schema has it: a float whose digits beyond its own precision say nothing.
std::string Limit(float number) { return Fraction(std::stod(fmt::format("{:.7g}", number))); }

std::string OfExamples(double count, double num_examples) {
  return Count(count) + " of " + Count(num_examples);
}

/// What is asked of the presence of a feature: "1.0 of examples", "at least 5 examples".
std::string AskedPresence(const tfmd::FeaturePresence& presence) {
  if (presence.min_fraction() > 0) return Fraction(presence.min_fraction());
  return fmt::format("at least {}", Count(static_cast<double>(presence.min_count())));
}

std::string FractionPresent(const FeatureView& view, const tfmd::Feature& feature) {
  return fmt::format("present in {} of examples, {} missing; the schema asks for {}",
                     Fraction(view.FractionPresent().value_or(0)),
                     OfExamples(view.NumMissing(), view.NumPresent() + view.NumMissing()),
                     Fraction(feature.presence().min_fraction()));
}

std::string NumPresent(const FeatureView& view, const tfmd::Feature& feature) {
  return fmt::format("present in {} examples; the schema asks for at least {}",
                     OfExamples(view.NumPresent(), view.NumPresent() + view.NumMissing()),
                     Count(static_cast<double>(feature.presence().min_count())));
}

/// Of the levels of nesting that break the bound, the `nth`.
std::string NumValues(const FeatureView& view, const tfmd::Feature& feature, bool is_too_few, size_t nth) {
  const std::vector<ValueCountRange> levels = view.ValueCountsByLevel();
  for (size_t level = 0; level < levels.size(); ++level) {
    const tfmd::ValueCount* bounds = nullptr;
    if (feature.has_value_count() && level == 0) bounds = &feature.value_count();
    if (feature.has_value_counts() && static_cast<int>(level) < feature.value_counts().value_count_size())
      bounds = &feature.value_counts().value_count(static_cast<int>(level));
    if (bounds == nullptr) continue;
    const bool is_broken = is_too_few ? bounds->has_min() && levels[level].min < bounds->min()
                                      : bounds->has_max() && levels[level].max > bounds->max();
    if (!is_broken || nth-- > 0) continue;
    return fmt::format("some example has {} values{}; the schema asks for at {} {}",
                       is_too_few ? levels[level].min : levels[level].max,
                       levels.size() > 1 ? fmt::format(" at level {}", level) : "",
                       is_too_few ? "least" : "most", is_too_few ? bounds->min() : bounds->max());
  }
  return "";
}

std::string Shape(const FeatureView& view, const tfmd::Feature& feature) {
  std::string seen;
  for (const ValueCountRange& level : view.ValueCountsByLevel())
    seen += fmt::format("{}{} to {}", seen.empty() ? "" : ", then ", level.min, level.max);
  std::string asked;
  for (const auto& dim : feature.shape().dim())
    asked += fmt::format("{}{}", asked.empty() ? "" : " x ", dim.size());
  return fmt::format("examples have {} values, {} examples none; the shape asks for {} in every one", seen,
                     OfExamples(view.NumMissing(), view.NumPresent() + view.NumMissing()),
                     asked.empty() ? "1" : asked);
}

std::string Nesting(const FeatureView& view, const tfmd::Feature& feature) {
  const int asked = feature.has_value_counts() ? feature.value_counts().value_count_size() : 1;
  return fmt::format("values are nested {} deep; the schema describes {}", view.ValueCountsByLevel().size(),
                     asked);
}

std::string Unique(const FeatureView& view, const tfmd::Feature& feature, bool is_low) {
  if (!view.NumUnique().has_value()) return "";
  const tfmd::UniqueConstraints& bounds = feature.unique_constraints();
  return fmt::format("{} distinct values in {}; the schema asks for at {} {}",
                     Count(static_cast<double>(*view.NumUnique())), Count(view.TotalNumValues()),
                     is_low ? "least" : "most",
                     Count(static_cast<double>(is_low ? bounds.min() : bounds.max())));
}

/// "37 values of 4 kinds (0.037 of all) ...": those of the listed values for which `is_wrong`.
template <class IsWrong>
std::string WrongValues(const FeatureView& view, const char* what, double allowed, const IsWrong& is_wrong) {
  double count = 0;
  int64_t num_kinds = 0;
  for (const ListedValue& value : view.ListedValues()) {
    if (!is_wrong(value.text)) continue;
    count += value.count;
    ++num_kinds;
  }
  const double total = view.TotalNumValues();
  return fmt::format("{} values, {} distinct ({} of all), {}; the schema allows {}", OfExamples(count, total),
                     Count(static_cast<double>(num_kinds)), Fraction(total > 0 ? count / total : 0), what,
                     Fraction(allowed));
}

std::string OffDomain(const EvidenceSource& source) {
  if (source.domain == nullptr) return "";
  const std::unordered_set<std::string_view> known(source.domain->value().begin(),
                                                   source.domain->value().end());
  const auto& constraints = source.feature->distribution_constraints();
  const double allowed = constraints.has_min_domain_mass() ? 1 - constraints.min_domain_mass() : 0;
  return WrongValues(
      *source.view,
      fmt::format("are none of the {} of the domain", Count(source.domain->value_size())).c_str(), allowed,
      [&](std::string_view text) { return !known.contains(text); });
}

template <class Number>
bool Parses(std::string_view text) {
  Number number{};
  if constexpr (std::is_integral_v<Number>) {
    return absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number);
  } else {
    return absl::SimpleAtof(absl::string_view(text.data(), text.size()), &number);
  }
}

struct Extremes {
  double min = 0, max = 0;
  bool is_known = false;
};

Extremes ExtremesOf(const FeatureView& view) {
  Extremes seen;
  if (view.statistics().has_num_stats())
    return {view.statistics().num_stats().min(), view.statistics().num_stats().max(), true};
  for (const ListedValue& value : view.ListedValues()) {
    double number = 0;
    if (!absl::SimpleAtod(absl::string_view(value.text.data(), value.text.size()), &number)) continue;
    seen.min = seen.is_known ? std::min(seen.min, number) : number;
    seen.max = seen.is_known ? std::max(seen.max, number) : number;
    seen.is_known = true;
  }
  return seen;
}

std::string Least(const FeatureView& view, const std::string& limit) {
  const Extremes seen = ExtremesOf(view);
  return seen.is_known ? fmt::format("the least of {} values is {}; the schema asks for at least {}",
                                     Count(view.TotalNumValues()), Number(seen.min), limit)
                       : "";
}

std::string Greatest(const FeatureView& view, const std::string& limit) {
  const Extremes seen = ExtremesOf(view);
  return seen.is_known ? fmt::format("the greatest of {} values is {}; the schema asks for at most {}",
                                     Count(view.TotalNumValues()), Number(seen.max), limit)
                       : "";
}

std::string NotANumber(const FeatureView& view) {
  double count = 0;
  if (view.statistics().has_num_stats()) {
    for (const tfmd::Histogram& histogram : view.statistics().num_stats().histograms())
      count = std::max(count, static_cast<double>(histogram.num_nan()));
    return fmt::format("{} values are NaN; the schema allows 0", OfExamples(count, view.TotalNumValues()));
  }
  return WrongValues(view, "are NaN", 0, [](std::string_view text) {
    float number = 0;
    return absl::SimpleAtof(absl::string_view(text.data(), text.size()), &number) && std::isnan(number);
  });
}

std::string OutsideOfBool(const FeatureView& view, const tfmd::BoolDomain& domain) {
  if (view.statistics().has_num_stats()) {
    const Extremes seen = ExtremesOf(view);
    return fmt::format("{} values from {} to {}; a bool_domain allows 0 and 1", Count(view.TotalNumValues()),
                       Number(seen.min), Number(seen.max));
  }
  return WrongValues(view, "are neither the true_value nor the false_value", 0, [&](std::string_view text) {
    return !(domain.has_true_value() && text == domain.true_value()) &&
           !(domain.has_false_value() && text == domain.false_value());
  });
}

std::string TypeSeen(const FeatureView& view, const tfmd::Feature& feature) {
  return fmt::format("{} in {} examples; the schema asks for {} in all",
                     tfmd::FeatureNameStatistics::Type_Name(view.type()), Count(view.NumPresent()),
                     tfmd::FeatureType_Name(feature.type()));
}

/// Of the distances of this type that passed their thresholds, drift before skew, the `nth`.
std::string Distance(const EvidenceSource& source, Measurement::Type type, size_t nth) {
  for (const bool is_drift : {true, false}) {
    for (const Measurement& measured : is_drift ? source.drift : source.skew) {
      if (measured.type() != type || !(measured.value() > measured.threshold()) || nth-- > 0) continue;
      return fmt::format("{} from the {}; the threshold is {}", Fraction(measured.value()),
                         is_drift ? "previous span" : "serving data", Fraction(measured.threshold()));
    }
  }
  return "";
}

std::string MissingControl(const EvidenceSource& source, size_t nth) {
  const FeatureView& view = *source.view;
  const auto lacks = [&](const DatasetView* control) {
    return control != nullptr && control->Find(view.key()) == nullptr;
  };
  const bool of_drift = source.feature->has_drift_comparator() && lacks(source.controls.previous_span);
  const DatasetView* control = of_drift && nth == 0 ? source.controls.previous_span : source.controls.serving;
  if (control == nullptr) return "";
  return fmt::format("present in {} examples here and in 0 of {} there; the comparator needs 1",
                     Count(view.NumPresent()), Count(control->num_examples()));
}

std::string CompositeCount(const EvidenceSource& source, const char* statistic) {
  const tfmd::CustomStatistic* custom = source.view->CustomStatistic(statistic);
  if (custom == nullptr) return "";
  double count = custom->num();
  for (const auto& bucket : custom->rank_histogram().buckets())
    count = std::max(count, bucket.sample_count());
  return fmt::format("{} examples; 0 are allowed", OfExamples(count, source.num_examples));
}

std::string OfColumns(AnomalyInfo::Type type, const EvidenceSource& source) {
  if (type == AnomalyInfo::SCHEMA_NEW_COLUMN) {
    return fmt::format("present in {} examples; the schema {}",
                       OfExamples(source.view->NumPresent(), source.num_examples),
                       source.feature == nullptr ? "has no such feature" : "allows 0 in this environment");
  }
  return fmt::format("present in 0 of {} examples; the schema asks for {}", Count(source.num_examples),
                     AskedPresence(source.feature->presence()));
}

std::string OfDataset(AnomalyInfo::Type type, const EvidenceSource& source, size_t nth) {
  const tfmd::DatasetConstraints& asked = *source.constraints;
  const bool is_low = type == AnomalyInfo::DATASET_LOW_NUM_EXAMPLES;
  if (is_low || type == AnomalyInfo::DATASET_HIGH_NUM_EXAMPLES) {
    return fmt::format(
        "{} examples; the schema asks for at {} {}", Count(source.num_examples), is_low ? "least" : "most",
        Count(static_cast<double>(is_low ? asked.min_examples_count() : asked.max_examples_count())));
  }
  const bool is_high = type == AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES;
  for (const bool of_span : {true, false}) {
    const DatasetView* control = of_span ? source.controls.previous_span : source.controls.previous_version;
    if (control == nullptr) continue;
    const auto& comparator =
        of_span ? asked.num_examples_drift_comparator() : asked.num_examples_version_comparator();
    const double ratio = source.num_examples / control->num_examples();
    const bool is_broken =
        is_high ? comparator.has_max_fraction_threshold() && !(ratio <= comparator.max_fraction_threshold())
                : comparator.has_min_fraction_threshold() && ratio < comparator.min_fraction_threshold();
    if (!is_broken || nth-- > 0) continue;
    return fmt::format(
        "{} examples against {} ({}); the schema asks for at {} {}", Count(source.num_examples),
        Count(control->num_examples()), Fraction(ratio), is_high ? "most" : "least",
        Fraction(is_high ? comparator.max_fraction_threshold() : comparator.min_fraction_threshold()));
  }
  return "";
}

/// Of domains, which need both the statistics and the schema's feature.
std::string OfDomain(AnomalyInfo::Type type, const EvidenceSource& source) {
  const FeatureView& view = *source.view;
  const tfmd::Feature& feature = *source.feature;
  const tfmd::IntDomain& ints = feature.int_domain();
  const tfmd::FloatDomain& floats = feature.float_domain();
  switch (type) {
    case AnomalyInfo::INT_TYPE_SMALL_INT:
      return Least(view, absl::StrCat(ints.min()));
    case AnomalyInfo::INT_TYPE_BIG_INT:
      return Greatest(view, absl::StrCat(ints.max()));
    case AnomalyInfo::FLOAT_TYPE_SMALL_FLOAT:
      return Least(view, Limit(floats.min()));
    case AnomalyInfo::FLOAT_TYPE_BIG_FLOAT:
      return Greatest(view, Limit(floats.max()));
    case AnomalyInfo::FLOAT_TYPE_HAS_NAN:
      return NotANumber(view);
    case AnomalyInfo::FLOAT_TYPE_HAS_INF:
      return fmt::format("values from {} to {}; the schema allows no infinity", Number(ExtremesOf(view).min),
                         Number(ExtremesOf(view).max));
    case AnomalyInfo::INT_TYPE_NOT_INT_STRING:
      return WrongValues(view, "are no integers", 0, [](auto text) { return !Parses<int64_t>(text); });
    case AnomalyInfo::FLOAT_TYPE_STRING_NOT_FLOAT:
      return WrongValues(view, "are no numbers", 0, [](auto text) { return !Parses<float>(text); });
    case AnomalyInfo::BOOL_TYPE_BIG_INT:
    case AnomalyInfo::BOOL_TYPE_SMALL_INT:
    case AnomalyInfo::BOOL_TYPE_UNEXPECTED_FLOAT:
    case AnomalyInfo::BOOL_TYPE_UNEXPECTED_STRING:
      return OutsideOfBool(view, feature.bool_domain());
    case AnomalyInfo::ENUM_TYPE_UNEXPECTED_STRING_VALUES:
      return OffDomain(source);
    case AnomalyInfo::ENUM_TYPE_INVALID_UTF8:
      return fmt::format(
          "{} values are not UTF-8; the schema allows 0",
          OfExamples(view.statistics().string_stats().invalid_utf8_count(), view.TotalNumValues()));
    default:
      return "";
  }
}

std::string OfComparison(AnomalyInfo::Type type, const EvidenceSource& source, size_t nth) {
  switch (type) {
    case AnomalyInfo::COMPARATOR_L_INFTY_HIGH:
      return Distance(source, Measurement::L_INFTY, nth);
    case AnomalyInfo::COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH:
      return Distance(source, Measurement::NORMALIZED_ABSOLUTE_DIFFERENCE, nth);
    case AnomalyInfo::COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH:
      return Distance(source, Measurement::JENSEN_SHANNON_DIVERGENCE, nth);
    case AnomalyInfo::COMPARATOR_CONTROL_DATA_MISSING:
      return MissingControl(source, nth);
    default:
      return OfDomain(type, source);
  }
}

/// Of features that both the data and the schema have.
std::string OfFeature(AnomalyInfo::Type type, const EvidenceSource& source, size_t nth) {
  const FeatureView& view = *source.view;
  const tfmd::Feature& feature = *source.feature;
  switch (type) {
    case AnomalyInfo::FEATURE_TYPE_LOW_FRACTION_PRESENT:
      return FractionPresent(view, feature);
    case AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_PRESENT:
      return NumPresent(view, feature);
    case AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_VALUES:
      return NumValues(view, feature, true, nth);
    case AnomalyInfo::FEATURE_TYPE_HIGH_NUMBER_VALUES:
      return NumValues(view, feature, false, nth);
    case AnomalyInfo::INVALID_FEATURE_SHAPE:
      return Shape(view, feature);
    case AnomalyInfo::VALUE_NESTEDNESS_MISMATCH:
      return Nesting(view, feature);
    case AnomalyInfo::FEATURE_TYPE_LOW_UNIQUE:
      return Unique(view, feature, true);
    case AnomalyInfo::FEATURE_TYPE_HIGH_UNIQUE:
      return Unique(view, feature, false);
    case AnomalyInfo::UNEXPECTED_DATA_TYPE:
      return TypeSeen(view, feature);
    default:
      return OfComparison(type, source, nth);
  }
}

std::string OfComposite(AnomalyInfo::Type type, const EvidenceSource& source) {
  switch (type) {
    case AnomalyInfo::SPARSE_FEATURE_MISSING_VALUE:
    case AnomalyInfo::WEIGHTED_FEATURE_MISSING_VALUE:
      return CompositeCount(source, "missing_value");
    case AnomalyInfo::SPARSE_FEATURE_MISSING_INDEX:
      return CompositeCount(source, "missing_index");
    case AnomalyInfo::WEIGHTED_FEATURE_MISSING_WEIGHT:
      return CompositeCount(source, "missing_weight");
    default:
      return "";
  }
}

}  // namespace

std::vector<std::string> EvidenceOf(const Findings& findings, const EvidenceSource& source) {
  std::vector<std::string> sentences;
  std::map<AnomalyInfo::Type, size_t> seen;
  for (const Finding& finding : findings) {
    const size_t nth = seen[finding.type]++;
    const bool is_of_columns =
        finding.type == AnomalyInfo::SCHEMA_NEW_COLUMN
            ? source.view != nullptr
            : source.feature != nullptr && (finding.type == AnomalyInfo::SCHEMA_MISSING_COLUMN ||
                                            finding.type == AnomalyInfo::FEATURE_TYPE_NOT_PRESENT);
    if (is_of_columns) {
      sentences.push_back(OfColumns(finding.type, source));
    } else if (source.constraints != nullptr) {
      sentences.push_back(OfDataset(finding.type, source, nth));
    } else if (source.view == nullptr) {
      sentences.emplace_back();
    } else {
      sentences.push_back(source.feature != nullptr ? OfFeature(finding.type, source, nth)
                                                    : OfComposite(finding.type, source));
    }
  }
  return sentences;
}

}  // namespace penstock::validation
