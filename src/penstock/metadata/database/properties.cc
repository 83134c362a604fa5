#include "penstock/metadata/database/properties.h"

#include <cmath>
#include <limits>

namespace penstock::metadata::database {

using nlohmann::json;

PropertyType PropertyColumns::type() const {
  if (int_value.has_value()) return PropertyType::kInteger;
  if (double_value.has_value()) return PropertyType::kDouble;
  if (bool_value.has_value()) return PropertyType::kBoolean;
  return PropertyType::kString;
}

Result<PropertyColumns> ToPropertyColumns(std::string_view name, const json& value) {
  PropertyColumns columns;
  switch (value.type()) {
    case json::value_t::boolean:
      columns.bool_value = value.get<bool>();
      return columns;
    case json::value_t::number_integer:
      columns.int_value = value.get<int64_t>();
      return columns;
    case json::value_t::number_unsigned:
      if (value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return InvalidArgument("The property '{}' does not fit 64 bits with a sign: {}", name,
                               value.get<uint64_t>());
      }
      columns.int_value = value.get<int64_t>();
      return columns;
    case json::value_t::number_float:
      if (std::isnan(value.get<double>())) {
        columns.string_value = "NaN";
      } else {
        columns.double_value = value.get<double>();
      }
      return columns;
    case json::value_t::string:
      columns.string_value = ToValidUtf8(value.get_ref<const std::string&>());
      return columns;
    default:
      return InvalidArgument("The property '{}' must be a text, a number or a bool, not: {}", name,
                             DumpJson(value));
  }
}

PropertyColumns ToAnyPropertyColumns(const json& value) {
  if (auto columns = ToPropertyColumns("", value); columns.ok()) return *std::move(columns);
  PropertyColumns columns;
  columns.string_value = DumpJson(value);
  return columns;
}

json ReadProperty(const Statement& row, int first_column) {
  if (!row.IsNull(first_column)) return row.Int(first_column);
  if (!row.IsNull(first_column + 1)) return row.Double(first_column + 1);
  if (!row.IsNull(first_column + 2)) return row.Text(first_column + 2);
  if (!row.IsNull(first_column + 3)) return row.Int(first_column + 3) != 0;
  return nullptr;
}

std::string DumpJson(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Result<json> ParseJson(const std::string& text, std::string_view what) {
  if (text.empty()) return json::object();
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return DataLoss("The stored {} are no JSON: {}", what, text.substr(0, 80));
  return value;
}

std::string ToValidUtf8(const std::string& text) {
  const json parsed = json::parse(DumpJson(json(text)), nullptr, false);
  return parsed.is_string() ? parsed.get<std::string>() : std::string();
}

}  // namespace penstock::metadata::database
