#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

namespace penstock::server {

/// Reading and writing the API's messages as protobuf's JSON mapping has them: fields by their
/// own or their camelCase names, 64-bit integers as text or numbers, null as absent; a field that is not
/// known is an error.

/// The JSON of a request's body; an empty body is an empty object. kInvalidArgument with the place.
/// At most 100 levels.
Result<nlohmann::json> ParseBody(std::string_view body);

/// `value` as a message: an object with its fields under their own names, without nulls.
/// kInvalidArgument names the field that is not in `fields`, with the nearest that is.
Result<nlohmann::json> ReadMessage(const nlohmann::json& value, std::string_view message,
                                   std::initializer_list<std::string_view> fields);

/// Fields of what ReadMessage answered; the default where one is absent. kInvalidArgument: of another kind.
Result<std::string> TextOf(const nlohmann::json& message, std::string_view field);
Result<int64_t> IntegerOf(const nlohmann::json& message, std::string_view field);
Result<bool> BoolOf(const nlohmann::json& message, std::string_view field);
/// An object; an empty one where it is absent.
Result<nlohmann::json> ObjectOf(const nlohmann::json& message, std::string_view field);
/// RFC 3339 ("2026-11-23T14:00:00Z"), to the second.
Result<std::optional<int64_t>> SecondsOf(const nlohmann::json& message, std::string_view field);
/// An object whose values are all text.
Result<nlohmann::json> TagsOf(const nlohmann::json& message, std::string_view field);

/// "2026-11-23T14:00:00Z".
std::string FormatSeconds(int64_t seconds);
/// kInvalidArgument: not RFC 3339.
Result<int64_t> ParseSeconds(const std::string& text);

/// Sets a field that is not its default: the API leaves defaults out.
void SetText(nlohmann::json& message, const char* field, const std::string& value);

}  // namespace penstock::server
