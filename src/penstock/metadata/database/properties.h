#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/known_types.h"

namespace penstock::metadata::database {

/// A scalar as ML Metadata's property tables hold it: one column set, the others NULL.
/// A NaN, which SQLite would turn into NULL, is the text "NaN".
struct PropertyColumns {
  std::optional<int64_t> int_value;
  std::optional<double> double_value;
  std::optional<std::string> string_value;
  std::optional<bool> bool_value;

  PropertyType type() const;
};

/// kInvalidArgument where `value` is no scalar, or an integer beyond 64 bits; `name` names it.
Result<PropertyColumns> ToPropertyColumns(std::string_view name, const nlohmann::json& value);

/// The same for any value: an array, object or null becomes its JSON text.
PropertyColumns ToAnyPropertyColumns(const nlohmann::json& value);

/// Reads the columns int, double, string, bool from `first_column` on; null where none is set.
nlohmann::json ReadProperty(const Statement& row, int first_column);

/// JSON text. Bytes that are not UTF-8 become U+FFFD: a message must not make a store unreadable.
std::string DumpJson(const nlohmann::json& value);
/// An empty object where `text` is empty; kDataLoss where it is no JSON.
Result<nlohmann::json> ParseJson(const std::string& text, std::string_view what);
/// `text` with what is not UTF-8 replaced by U+FFFD.
std::string ToValidUtf8(const std::string& text);

}  // namespace penstock::metadata::database
