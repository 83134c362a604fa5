#include <cmath>
#include <limits>
#include <variant>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "penstock/validation/typed_domain_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using tfmd::FeatureNameStatistics;

constexpr char kOutOfRange[] = "Out-of-range values";
constexpr char kInvalidValues[] = "Invalid values";

template <class Number>
struct Interval {
  Number min;
  Number max;
};

/// A value that is no such number.
struct NotANumber {
  std::string example;
};

/// monostate: there is nothing to tell an interval from.
template <class Number>
using IntervalOrNot = std::variant<std::monostate, Interval<Number>, NotANumber>;

bool Parse(std::string_view text, int64_t& number) {
  return absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number);
}
bool Parse(std::string_view text, float& number) {
  return absl::SimpleAtof(absl::string_view(text.data(), text.size()), &number);
}

template <class Number>
IntervalOrNot<Number> IntervalOfText(const std::vector<ListedValue>& values) {
  IntervalOrNot<Number> result;
  for (const ListedValue& value : values) {
    Number number = 0;
    if (!Parse(value.text, number)) return NotANumber{std::string(value.text)};
    if (auto* interval = std::get_if<Interval<Number>>(&result)) {
      if (number < interval->min) interval->min = number;
      if (number > interval->max) interval->max = number;
    } else {
      result = Interval<Number>{number, number};
    }
  }
  return result;
}

/// Statistics hold integers as doubles: the greatest int64 reads as 2^63.
int64_t SaturatedInt(double number) {
  if (number >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (!(number >= -0x1p63)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

/// As a cast, but defined for numbers that no float holds.
float SaturatedFloat(double number) {
  if (number > std::numeric_limits<float>::max()) return std::numeric_limits<float>::infinity();
  if (number < std::numeric_limits<float>::lowest()) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(number);
}

IntervalOrNot<int64_t> IntInterval(const FeatureView& view) {
  switch (view.type()) {
    case FeatureNameStatistics::INT: {
      // Categorical integers have their values listed instead of extremes.
      const std::vector<ListedValue> values = view.ListedValues();
      if (!values.empty()) return IntervalOfText<int64_t>(values);
      const tfmd::NumericStatistics& numbers = view.statistics().num_stats();
      if (numbers.min() < -0x1p63) return NotANumber{std::to_string(numbers.min())};
      if (numbers.max() > 0x1p63) return NotANumber{std::to_string(numbers.max())};
      return Interval<int64_t>{SaturatedInt(numbers.min()), SaturatedInt(numbers.max())};
    }
    case FeatureNameStatistics::BYTES:
    case FeatureNameStatistics::STRING:
      return IntervalOfText<int64_t>(view.ListedValues());
    default:
      return std::monostate{};
  }
}

IntervalOrNot<float> FloatInterval(const FeatureView& view) {
  switch (view.type()) {
    case FeatureNameStatistics::FLOAT: {
      const tfmd::NumericStatistics& numbers = view.statistics().num_stats();
      return Interval<float>{SaturatedFloat(numbers.min()), SaturatedFloat(numbers.max())};
    }
    case FeatureNameStatistics::BYTES:
    case FeatureNameStatistics::STRING:
      return IntervalOfText<float>(view.ListedValues());
    default:
      return std::monostate{};
  }
}

bool HasNan(const FeatureView& view) {
  if (view.type() == FeatureNameStatistics::FLOAT) {
    for (const tfmd::Histogram& histogram : view.statistics().num_stats().histograms())
      if (histogram.num_nan() > 0) return true;
  } else if (view.type() == FeatureNameStatistics::STRING) {
    for (const ListedValue& value : view.ListedValues()) {
      float number = 0;
      if (Parse(value.text, number) && std::isnan(number)) return true;
    }
  }
  return false;
}

Findings NotIntFindings(const FeatureView& view, const std::string& example, tfmd::Feature& feature) {
  if (view.SchemaType() == tfmd::BYTES) {
    feature.clear_domain_info();
    return {{AnomalyInfo::INT_TYPE_NOT_INT_STRING, kInvalidValues,
             absl::StrCat("String values that were not ints were found, such as \"", example, "\".")}};
  }
  // Without bounds the domain promises nothing that such a number would break.
  if (!feature.int_domain().has_min() && !feature.int_domain().has_max()) return {};
  feature.clear_domain_info();
  return {{AnomalyInfo::DOMAIN_INVALID_FOR_TYPE, kInvalidValues,
           absl::StrCat("Integer had values that were not valid Int64, such as \"", example, "\".")}};
}

void ConformFloatBounds(const Interval<float>& seen, tfmd::FloatDomain& domain, Findings& findings) {
  if (domain.has_min() && seen.min < domain.min()) {
    findings.push_back({AnomalyInfo::FLOAT_TYPE_SMALL_FLOAT, kOutOfRange,
                        absl::StrCat("Unexpectedly low values: ", absl::SixDigits(seen.min), "<",
                                     absl::SixDigits(domain.min()), "(upto six significant digits)")});
    domain.set_min(seen.min);
  }
  if (domain.has_max() && seen.max > domain.max()) {
    findings.push_back({AnomalyInfo::FLOAT_TYPE_BIG_FLOAT, kOutOfRange,
                        absl::StrCat("Unexpectedly high value: ", absl::SixDigits(seen.max), ">",
                                     absl::SixDigits(domain.max()), "(upto six significant digits)")});
    domain.set_max(seen.max);
  }
  if (domain.disallow_inf() && (std::isinf(seen.min) || std::isinf(seen.max))) {
    findings.push_back({AnomalyInfo::FLOAT_TYPE_HAS_INF, kInvalidValues, "Float feature has Inf values."});
    domain.set_disallow_inf(false);
  }
}

}  // namespace

bool CanBeIntDomain(const FeatureView& view) {
  return view.type() == FeatureNameStatistics::STRING && !view.HasInvalidUtf8() &&
         std::holds_alternative<Interval<int64_t>>(IntInterval(view));
}

Findings ConformIntDomain(const FeatureView& view, tfmd::Feature& feature) {
  const IntervalOrNot<int64_t> seen = IntInterval(view);
  if (const auto* not_int = std::get_if<NotANumber>(&seen))
    return NotIntFindings(view, not_int->example, feature);
  Findings findings;
  const auto* interval = std::get_if<Interval<int64_t>>(&seen);
  if (interval == nullptr) return findings;
  tfmd::IntDomain& domain = *feature.mutable_int_domain();
  if (domain.has_min() && domain.min() > interval->min) {
    findings.push_back({AnomalyInfo::INT_TYPE_SMALL_INT, kOutOfRange,
                        absl::StrCat("Unexpectedly small value: ", interval->min, ".")});
    domain.set_min(interval->min);
  }
  if (domain.has_max() && domain.max() < interval->max) {
    findings.push_back({AnomalyInfo::INT_TYPE_BIG_INT, kOutOfRange,
                        absl::StrCat("Unexpectedly large value: ", interval->max, ".")});
    domain.set_max(interval->max);
  }
  return findings;
}

Findings ConformFloatDomain(const FeatureView& view, tfmd::Feature& feature) {
  Findings findings;
  tfmd::FloatDomain& domain = *feature.mutable_float_domain();
  if (domain.disallow_nan() && HasNan(view)) {
    findings.push_back({AnomalyInfo::FLOAT_TYPE_HAS_NAN, kInvalidValues, "Float feature has NaN values."});
    domain.set_disallow_nan(false);
  }
  const IntervalOrNot<float> seen = FloatInterval(view);
  if (const auto* not_float = std::get_if<NotANumber>(&seen)) {
    findings.push_back({AnomalyInfo::FLOAT_TYPE_STRING_NOT_FLOAT, kInvalidValues,
                        absl::StrCat("String values that were not floats were found, such as \"",
                                     not_float->example, "\".")});
    feature.clear_domain_info();
  } else if (const auto* interval = std::get_if<Interval<float>>(&seen)) {
    ConformFloatBounds(*interval, domain, findings);
  }
  return findings;
}

}  // namespace penstock::validation
