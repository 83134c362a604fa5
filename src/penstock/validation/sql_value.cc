#include "penstock/validation/sql_value_internal.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "penstock/base/near_miss.h"
#include "penstock/validation/sql_evaluation_internal.h"

namespace penstock::validation {

int SqlArray::size() const { return message->GetReflection()->FieldSize(*message, field); }

double AsReal(const SqlValue& value) {
  const auto* whole = std::get_if<int64_t>(&value);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value);
}

std::string KindOf(const SqlValue& value) {
  static constexpr const char* kNames[] = {"NULL",   "a condition", "an integer", "a real number",
                                           "a text", "an enum",     "a message",  "an array"};
  return kNames[value.index()];
}

namespace {

int Order(double a, double b) { return std::isnan(a) || std::isnan(b) ? 2 : a < b ? -1 : a > b ? 1 : 0; }

/// NULL where an argument is; the number of arguments is checked before.
struct Function {
  size_t num_arguments;
  std::function<Result<SqlValue>(const std::vector<SqlValue>&)> call;
};

Function OfReal(double (*function)(double)) {
  return {1, [function](const std::vector<SqlValue>& arguments) -> Result<SqlValue> {
            if (!IsNumber(arguments[0]))
              return InvalidArgument("A number is needed, not {}", KindOf(arguments[0]));
            return SqlValue(function(AsReal(arguments[0])));
          }};
}

Function OfTexts(size_t num_arguments,
                 std::function<SqlValue(const std::string&, const std::string&)> function) {
  return {num_arguments, [=](const std::vector<SqlValue>& arguments) -> Result<SqlValue> {
            for (const SqlValue& argument : arguments)
              if (!std::holds_alternative<std::string>(argument))
                return InvalidArgument("A text is needed, not {}", KindOf(argument));
            const auto& second = std::get<std::string>(arguments.back());
            return function(std::get<std::string>(arguments[0]), second);
          }};
}

Result<SqlValue> Absolute(const std::vector<SqlValue>& arguments) {
  if (const auto* whole = std::get_if<int64_t>(&arguments[0])) {
    if (*whole == INT64_MIN) return InvalidArgument("The integer is too large for ABS");
    return SqlValue(*whole < 0 ? -*whole : *whole);
  }
  if (!IsNumber(arguments[0])) return InvalidArgument("A number is needed, not {}", KindOf(arguments[0]));
  return SqlValue(std::fabs(AsReal(arguments[0])));
}

Result<SqlValue> SafeDivide(const std::vector<SqlValue>& arguments) {
  if (!IsNumber(arguments[0]) || !IsNumber(arguments[1])) return InvalidArgument("Numbers are needed");
  const double by = AsReal(arguments[1]);
  return by == 0 ? SqlValue() : SqlValue(AsReal(arguments[0]) / by);
}

Result<SqlValue> ArrayLength(const std::vector<SqlValue>& arguments) {
  const auto* array = std::get_if<SqlArray>(&arguments[0]);
  if (array == nullptr) return InvalidArgument("An array is needed, not {}", KindOf(arguments[0]));
  return SqlValue(int64_t{array->size()});
}

Result<SqlValue> Cast(const std::vector<SqlValue>& arguments) {
  const auto* type = std::get_if<std::string>(&arguments[1]);
  if (type == nullptr) return InvalidArgument("CAST needs a type");
  const SqlValue& value = arguments[0];
  if (*type == "FLOAT64" || *type == "INT64") {
    double number = 0;
    if (const auto* text = std::get_if<std::string>(&value)) {
      if (!absl::SimpleAtod(*text, &number)) return InvalidArgument("'{}' is no number", text->substr(0, 60));
    } else if (IsNumber(value)) {
      number = AsReal(value);
    } else if (const auto* named = std::get_if<SqlEnum>(&value)) {
      number = named->value->number();
    } else {
      return InvalidArgument("{} cannot become a number", KindOf(value));
    }
    if (*type == "FLOAT64") return SqlValue(number);
    if (std::holds_alternative<int64_t>(value)) return value;
    if (!(std::fabs(number) < 0x1p63)) return InvalidArgument("The number is too large for INT64");
    return SqlValue(static_cast<int64_t>(std::llround(number)));
  }
  if (*type != "STRING") return InvalidArgument("CAST knows FLOAT64, INT64 and STRING, not {}", *type);
  if (const auto* named = std::get_if<SqlEnum>(&value)) return SqlValue(std::string(named->value->name()));
  if (const auto* whole = std::get_if<int64_t>(&value)) return SqlValue(absl::StrCat(*whole));
  if (const auto* real = std::get_if<double>(&value)) return SqlValue(absl::StrCat(*real));
  if (std::holds_alternative<std::string>(value)) return value;
  return InvalidArgument("{} cannot become a text", KindOf(value));
}

const std::map<std::string, Function>& Functions() {
  static const auto* const kFunctions = new std::map<std::string, Function>{
      {"ABS", {1, Absolute}},
      {"ARRAY_LENGTH", {1, ArrayLength}},
      {"CAST", {2, Cast}},
      {"SAFE_DIVIDE", {2, SafeDivide}},
      {"SQRT", OfReal(std::sqrt)},
      {"LN", OfReal(std::log)},
      {"LOG10", OfReal(std::log10)},
      {"EXP", OfReal(std::exp)},
      {"FLOOR", OfReal(std::floor)},
      {"CEIL", OfReal(std::ceil)},
      {"ROUND", OfReal(std::round)},
      {"IS_NAN",
       {1,
        [](const auto& arguments) -> Result<SqlValue> {
          if (!IsNumber(arguments[0])) return InvalidArgument("A number is needed");
          return SqlValue(std::isnan(AsReal(arguments[0])));
        }}},
      {"IS_INF",
       {1,
        [](const auto& arguments) -> Result<SqlValue> {
          if (!IsNumber(arguments[0])) return InvalidArgument("A number is needed");
          return SqlValue(std::isinf(AsReal(arguments[0])));
        }}},
      {"LENGTH",
       OfTexts(1, [](const auto& a, const auto&) { return SqlValue(static_cast<int64_t>(a.size())); })},
      {"STARTS_WITH", OfTexts(2, [](const auto& a, const auto& b) { return SqlValue(a.starts_with(b)); })},
      {"ENDS_WITH", OfTexts(2, [](const auto& a, const auto& b) { return SqlValue(a.ends_with(b)); })},
      {"CONTAINS_SUBSTR",
       OfTexts(2, [](const auto& a, const auto& b) { return SqlValue(a.find(b) != std::string::npos); })},
  };
  return *kFunctions;
}

/// COALESCE, LEAST and GREATEST take any number of arguments.
Result<std::optional<SqlValue>> CallOnMany(const std::string& name, const std::vector<SqlValue>& arguments) {
  if (name == "COALESCE" || name == "IFNULL") {
    for (const SqlValue& argument : arguments)
      if (!IsNull(argument)) return std::optional<SqlValue>(argument);
    return std::optional<SqlValue>(SqlValue());
  }
  if ((name != "LEAST" && name != "GREATEST") || arguments.empty()) return std::optional<SqlValue>();
  SqlValue best = arguments[0];
  for (const SqlValue& argument : arguments) {
    if (IsNull(argument)) return std::optional<SqlValue>(SqlValue());
    PENSTOCK_ASSIGN_OR_RETURN(const int order, CompareSql(argument, best));
    if (name == "LEAST" ? order < 0 : order == 1) best = argument;
  }
  return std::optional<SqlValue>(std::move(best));
}

}  // namespace

Result<int> CompareSql(const SqlValue& a, const SqlValue& b) {
  const auto* whole_a = std::get_if<int64_t>(&a);
  const auto* whole_b = std::get_if<int64_t>(&b);
  if (whole_a != nullptr && whole_b != nullptr) return *whole_a < *whole_b ? -1 : *whole_a > *whole_b ? 1 : 0;
  if (IsNumber(a) && IsNumber(b)) return Order(AsReal(a), AsReal(b));
  const auto* text_a = std::get_if<std::string>(&a);
  const auto* text_b = std::get_if<std::string>(&b);
  if (text_a != nullptr && text_b != nullptr) return std::clamp(text_a->compare(*text_b), -1, 1);
  if (std::holds_alternative<bool>(a) && std::holds_alternative<bool>(b))
    return int{std::get<bool>(a)} - int{std::get<bool>(b)};
  // An enum is its name where it meets a text, else its number.
  const auto named = [](const SqlValue& value, bool as_text) -> SqlValue {
    const auto* of_enum = std::get_if<SqlEnum>(&value);
    if (of_enum == nullptr) return value;
    return as_text ? SqlValue(std::string(of_enum->value->name()))
                   : SqlValue(int64_t{of_enum->value->number()});
  };
  if (std::holds_alternative<SqlEnum>(a) || std::holds_alternative<SqlEnum>(b)) {
    const bool as_text = text_a != nullptr || text_b != nullptr;
    return CompareSql(named(a, as_text), named(b, as_text));
  }
  return InvalidArgument("{} and {} cannot be compared", KindOf(a), KindOf(b));
}

Result<SqlValue> CallSqlFunction(const std::string& name, const std::vector<SqlValue>& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(std::optional<SqlValue> of_many, CallOnMany(name, arguments));
  if (of_many.has_value()) return *std::move(of_many);
  const auto found = Functions().find(name);
  if (found == Functions().end()) {
    std::vector<std::string> known = {"COALESCE", "GREATEST", "IF", "IFNULL", "LEAST"};
    for (const auto& [known_name, function] : Functions()) known.push_back(known_name);
    return InvalidArgument("There is no function {}{}", name, DidYouMean(name, known));
  }
  if (arguments.size() != found->second.num_arguments)
    return InvalidArgument("{} takes {} arguments, not {}", name, found->second.num_arguments,
                           arguments.size());
  for (const SqlValue& argument : arguments)
    if (IsNull(argument)) return SqlValue();
  return found->second.call(arguments);
}

}  // namespace penstock::validation
