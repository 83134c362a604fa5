#include <algorithm>
#include <array>
#include <set>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "penstock/validation/typed_domain_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using tfmd::FeatureNameStatistics;

constexpr char kNonBoolean[] = "Non-boolean values";
constexpr std::array<std::string_view, 6> kTrueWords = {"TRUE", "true", "SET", "set", "1", ""};
constexpr std::array<std::string_view, 5> kFalseWords = {"FALSE", "false", "CLEAR", "clear", "0"};

template <size_t kSize>
bool IsOneOf(std::string_view word, const std::array<std::string_view, kSize>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Findings ConformInts(const tfmd::NumericStatistics& numbers, tfmd::Feature& feature) {
  const bool is_small = numbers.min() < 0;
  if (!is_small && !(numbers.max() > 1)) return {};
  tfmd::IntDomain& domain = *feature.mutable_int_domain();
  // Doubles beyond int64 cannot be bounds of the domain; without them it has none.
  if (numbers.min() >= -0x1p63 && numbers.max() < 0x1p63) {
    domain.set_min(static_cast<int64_t>(numbers.min()));
    domain.set_max(static_cast<int64_t>(numbers.max()));
  }
  return {{is_small ? AnomalyInfo::BOOL_TYPE_SMALL_INT : AnomalyInfo::BOOL_TYPE_BIG_INT, kNonBoolean,
           absl::StrCat("Integers (such as ", absl::SixDigits(is_small ? numbers.min() : numbers.max()),
                        ") not in {0, 1}: converting to an integer.")}};
}

/// What about the histogram shows that not every value is 0 or 1; empty if nothing does.
std::string UnexpectedFloats(const tfmd::Histogram& histogram) {
  if (histogram.num_nan() > 0) return "Floats (such as NaN) not in {0, 1}: converting to float_domain.";
  for (const auto& bucket : histogram.buckets()) {
    if (bucket.sample_count() <= 0) continue;
    if (bucket.high_value() < 0) return "Float values < 0 not in {0, 1}: converting to float_domain.";
    if (bucket.low_value() > 1) return "Float values > 1 not in {0, 1}: converting to float_domain.";
    // Buckets of equal width lie between 0 and 1 also where all values are at the ends; quantiles do not.
    if (histogram.type() == tfmd::Histogram::QUANTILES && bucket.high_value() < 1 && bucket.low_value() > 0)
      return "Float values falling between 0 and 1: converting to float_domain.";
  }
  return "";
}

std::string UnexpectedFloats(const tfmd::NumericStatistics& numbers) {
  for (double extreme : {numbers.min(), numbers.max()})
    if (extreme != 0 && extreme != 1)
      return absl::StrCat("Floats (such as ", absl::SixDigits(extreme),
                          ") not in {0, 1}: converting to float_domain.");
  for (const tfmd::Histogram& histogram : numbers.histograms())
    if (std::string text = UnexpectedFloats(histogram); !text.empty()) return text;
  return "";
}

Findings ConformFloats(const tfmd::NumericStatistics& numbers, tfmd::Feature& feature) {
  std::string text = UnexpectedFloats(numbers);
  if (text.empty()) return {};
  tfmd::FloatDomain& domain = *feature.mutable_float_domain();
  domain.set_min(static_cast<float>(numbers.min()));
  domain.set_max(static_cast<float>(numbers.max()));
  return {{AnomalyInfo::BOOL_TYPE_UNEXPECTED_FLOAT, kNonBoolean, std::move(text)}};
}

Findings ConformStrings(const FeatureView& view, tfmd::Feature& feature) {
  const tfmd::BoolDomain& domain = feature.bool_domain();
  std::set<std::string> words;
  if (domain.has_true_value()) words.insert(domain.true_value());
  if (domain.has_false_value()) words.insert(domain.false_value());
  for (const ListedValue& value : view.ListedValues()) {
    if (words.contains(std::string(value.text))) continue;
    const std::string expected =
        words.empty() ? "{}" : absl::StrCat("{\"", absl::StrJoin(words, "\", \""), "\"}");
    feature.clear_domain_info();
    return {
        {AnomalyInfo::BOOL_TYPE_UNEXPECTED_STRING, kNonBoolean,
         absl::StrCat("Saw unexpected value \"", std::string(value.text), "\" instead of ", expected, ".")}};
  }
  return {};
}

}  // namespace

bool CanBeBoolDomain(const FeatureView& view) {
  if (view.type() == FeatureNameStatistics::INT) {
    const tfmd::NumericStatistics& numbers = view.statistics().num_stats();
    // A greatest value of 0 may just as well be one that was never set.
    return numbers.min() >= 0 && numbers.max() == 1;
  }
  if (view.type() != FeatureNameStatistics::STRING) return false;
  const std::vector<ListedValue> values = view.ListedValues();
  if (values.empty() || values.size() > 2) return false;
  int num_true = 0;
  int num_false = 0;
  for (const ListedValue& value : values) {
    num_true += IsOneOf(value.text, kTrueWords);
    num_false += IsOneOf(value.text, kFalseWords);
  }
  return num_true <= 1 && num_false <= 1 && num_true + num_false == static_cast<int>(values.size());
}

tfmd::BoolDomain InferBoolDomain(const FeatureView& view) {
  tfmd::BoolDomain domain;
  if (view.type() != FeatureNameStatistics::STRING) return domain;
  for (const ListedValue& value : view.ListedValues()) {
    if (IsOneOf(value.text, kTrueWords)) domain.set_true_value(std::string(value.text));
    if (IsOneOf(value.text, kFalseWords)) domain.set_false_value(std::string(value.text));
  }
  return domain;
}

Findings ConformBoolDomain(const FeatureView& view, tfmd::Feature& feature) {
  switch (view.type()) {
    case FeatureNameStatistics::INT:
      return ConformInts(view.statistics().num_stats(), feature);
    case FeatureNameStatistics::FLOAT:
      return ConformFloats(view.statistics().num_stats(), feature);
    case FeatureNameStatistics::STRING:
      return ConformStrings(view, feature);
    default:
      return {};
  }
}

}  // namespace penstock::validation
