#include "penstock/statistics/row_rule.h"

#include <charconv>
#include <cmath>

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include "penstock/base/utf8.h"

namespace penstock::statistics {
namespace {

namespace v0 = tensorflow::metadata::v0;
using v0::AnomalyInfo;
using Fault = RowRule::Fault;

constexpr size_t kMaxShownBytes = 200;

std::optional<Fault> FaultOf(AnomalyInfo::Type type) {
  switch (type) {
    case AnomalyInfo::FEATURE_TYPE_LOW_FRACTION_PRESENT:
    case AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_PRESENT:
    case AnomalyInfo::FEATURE_TYPE_NOT_PRESENT:
      return Fault::kAbsent;
    case AnomalyInfo::SCHEMA_NEW_COLUMN:
    case AnomalyInfo::UNEXPECTED_DATA_TYPE:
      return Fault::kPresent;
    case AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_VALUES:
      return Fault::kTooFewValues;
    case AnomalyInfo::FEATURE_TYPE_HIGH_NUMBER_VALUES:
      return Fault::kTooManyValues;
    case AnomalyInfo::INVALID_FEATURE_SHAPE:
      return Fault::kWrongLength;
    case AnomalyInfo::INT_TYPE_SMALL_INT:
    case AnomalyInfo::FLOAT_TYPE_SMALL_FLOAT:
      return Fault::kBelow;
    case AnomalyInfo::INT_TYPE_BIG_INT:
    case AnomalyInfo::FLOAT_TYPE_BIG_FLOAT:
      return Fault::kAbove;
    case AnomalyInfo::FLOAT_TYPE_HAS_NAN:
      return Fault::kNan;
    case AnomalyInfo::FLOAT_TYPE_HAS_INF:
      return Fault::kInfinite;
    case AnomalyInfo::INT_TYPE_NOT_INT_STRING:
      return Fault::kNotInteger;
    case AnomalyInfo::FLOAT_TYPE_STRING_NOT_FLOAT:
      return Fault::kNotNumber;
    case AnomalyInfo::ENUM_TYPE_INVALID_UTF8:
      return Fault::kNotUtf8;
    case AnomalyInfo::ENUM_TYPE_UNEXPECTED_STRING_VALUES:
    case AnomalyInfo::BOOL_TYPE_UNEXPECTED_STRING:
      return Fault::kOffDomain;
    case AnomalyInfo::BOOL_TYPE_BIG_INT:
    case AnomalyInfo::BOOL_TYPE_SMALL_INT:
    case AnomalyInfo::BOOL_TYPE_UNEXPECTED_FLOAT:
      return Fault::kNotBool;
    default:
      return std::nullopt;
  }
}

std::set<std::string> DomainOf(const v0::Schema& schema, const v0::Feature& feature) {
  std::set<std::string> values;
  if (feature.has_bool_domain()) {
    if (feature.bool_domain().has_true_value()) values.insert(feature.bool_domain().true_value());
    if (feature.bool_domain().has_false_value()) values.insert(feature.bool_domain().false_value());
    return values;
  }
  const v0::StringDomain* domain = feature.has_string_domain() ? &feature.string_domain() : nullptr;
  for (const v0::StringDomain& shared : schema.string_domain())
    if (domain == nullptr && feature.has_domain() && shared.name() == feature.domain()) domain = &shared;
  if (domain != nullptr) values.insert(domain->value().begin(), domain->value().end());
  return values;
}

std::string Shown(bool is_text, double number, const std::string& text) {
  if (!is_text) return fmt::format("{}", number);
  if (!IsUtf8(text)) return "__BYTES_VALUE__";
  std::string shown = text.substr(0, kMaxShownBytes);
  while (!IsUtf8(shown)) shown.pop_back();
  return shown;
}

}  // namespace

std::optional<RowRule> RowRule::Of(AnomalyInfo::Type type, const v0::Schema& schema,
                                   const v0::Feature* feature, std::string column) {
  const std::optional<Fault> fault = FaultOf(type);
  if (!fault.has_value() || (feature == nullptr && *fault != Fault::kPresent)) return std::nullopt;
  RowRule rule;
  rule.column_ = std::move(column);
  rule.anomaly_ = AnomalyInfo::Type_Name(type);
  rule.fault_ = *fault;
  if (*fault == Fault::kTooFewValues || *fault == Fault::kTooManyValues) {
    rule.min_ = static_cast<double>(feature->value_count().min());
    rule.max_ = static_cast<double>(feature->value_count().max());
  } else if (*fault == Fault::kWrongLength) {
    rule.min_ = 1;
    for (const auto& dim : feature->shape().dim()) rule.min_ *= static_cast<double>(dim.size());
  } else if (*fault == Fault::kBelow || *fault == Fault::kAbove) {
    const bool is_int = feature->has_int_domain();
    rule.min_ = is_int ? static_cast<double>(feature->int_domain().min()) : feature->float_domain().min();
    rule.max_ = is_int ? static_cast<double>(feature->int_domain().max()) : feature->float_domain().max();
  } else if (*fault == Fault::kOffDomain) {
    rule.values_ = DomainOf(schema, *feature);
  }
  return rule;
}

bool RowRule::IsWrong(bool is_text, double number, const std::string& text) const {
  double value = number;
  const bool is_number = !is_text || absl::SimpleAtod(text, &value);
  switch (fault_) {
    case Fault::kBelow:
      // The bound of a float domain is a float, as the statistics' extremes are where they are compared.
      return is_number && value < min_;
    case Fault::kAbove:
      return is_number && value > max_;
    case Fault::kNan:
      return is_number && std::isnan(value);
    case Fault::kInfinite:
      return is_number && std::isinf(value);
    case Fault::kNotInteger: {
      int64_t integer = 0;
      return is_text && !absl::SimpleAtoi(text, &integer);
    }
    case Fault::kNotNumber:
      return is_text && !is_number;
    case Fault::kNotUtf8:
      return is_text && !IsUtf8(text);
    case Fault::kOffDomain:
      return values_.find(is_text ? text : fmt::format("{}", number)) == values_.end();
    case Fault::kNotBool:
      return !is_text && number != 0 && number != 1;
    default:
      return true;
  }
}

bool RowRule::IsBroken(const combine::ExampleColumn& column, int64_t row, std::string& value) const {
  value.clear();
  const auto num_values = static_cast<double>(column.Size(row));
  const auto shown_first = [&] {
    if (num_values == 0) return;
    const auto at = static_cast<size_t>(column.Begin(row));
    value = column.is_text ? Shown(true, 0, column.texts[at]) : Shown(false, column.numbers[at], "");
  };
  switch (fault_) {
    case Fault::kAbsent:
      return num_values == 0;
    case Fault::kPresent:
      shown_first();
      return num_values > 0;
    case Fault::kTooFewValues:
      shown_first();
      return num_values < min_;
    case Fault::kTooManyValues:
      shown_first();
      return num_values > max_;
    case Fault::kWrongLength:
      shown_first();
      return num_values != min_;
    default:
      break;
  }
  static const std::string kNoText;
  for (int64_t i = column.Begin(row); i < column.Begin(row) + column.Size(row); ++i) {
    const auto at = static_cast<size_t>(i);
    const double number = column.is_text ? 0 : column.numbers[at];
    const std::string& text = column.is_text ? column.texts[at] : kNoText;
    if (!IsWrong(column.is_text, number, text)) continue;
    value = Shown(column.is_text, number, text);
    return true;
  }
  return false;
}

}  // namespace penstock::statistics
