#include "penstock/server/json_message.h"

#include <charconv>
#include <vector>

#include <absl/time/time.h>

#include "penstock/base/near_miss.h"

namespace penstock::server {
namespace {

using nlohmann::json;

std::string SnakeCase(const std::string& name) {
  std::string snake;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += c;
    }
  }
  return snake;
}

bool IsTooDeep(std::string_view text, int limit) {
  int depth = 0;
  bool is_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_text) {
      if (c == '\\') ++i;
      if (c == '"') is_text = false;
    } else if (c == '"') {
      is_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

const json* Find(const json& message, std::string_view field) {
  const auto entry = message.find(std::string(field));
  return entry == message.end() ? nullptr : &*entry;
}

}  // namespace

Result<json> ParseBody(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
  constexpr int kMaxDepth = 100;
  if (IsTooDeep(body, kMaxDepth))
    return InvalidArgument("The JSON is nested deeper than {} levels", kMaxDepth);
  try {
    return json::parse(body);
  } catch (const json::exception& error) {
    return InvalidArgument("The request's body is no JSON: {}", error.what());
  }
}

Result<json> ReadMessage(const json& value, std::string_view message,
                         std::initializer_list<std::string_view> fields) {
  if (!value.is_object()) return InvalidArgument("{} must be a JSON object", message);
  json read = json::object();
  for (const auto& [name, content] : value.items()) {
    std::string field = name;
    if (std::find(fields.begin(), fields.end(), field) == fields.end()) field = SnakeCase(name);
    if (std::find(fields.begin(), fields.end(), field) == fields.end()) {
      std::vector<std::string> known(fields.begin(), fields.end());
      return InvalidArgument("unknown field \"{}\" of {}{}", name, message, DidYouMean(name, known));
    }
    if (!content.is_null()) read[field] = content;
  }
  return read;
}

Result<std::string> TextOf(const json& message, std::string_view field) {
  const json* value = Find(message, field);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return InvalidArgument("The field {} must be text", field);
  return value->get<std::string>();
}

Result<int64_t> IntegerOf(const json& message, std::string_view field) {
  const json* value = Find(message, field);
  if (value == nullptr) return 0;
  if (value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX)
    return InvalidArgument("The field {} is too large", field);
  if (value->is_number_integer()) return value->get<int64_t>();
  if (value->is_string()) {
    const std::string& text = value->get_ref<const std::string&>();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && !text.empty()) return number;
  }
  return InvalidArgument("The field {} must be an integer", field);
}

Result<bool> BoolOf(const json& message, std::string_view field) {
  const json* value = Find(message, field);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return InvalidArgument("The field {} must be true or false", field);
  return value->get<bool>();
}

Result<json> ObjectOf(const json& message, std::string_view field) {
  const json* value = Find(message, field);
  if (value == nullptr) return json::object();
  if (!value->is_object()) return InvalidArgument("The field {} must be an object", field);
  return *value;
}

Result<std::optional<int64_t>> SecondsOf(const json& message, std::string_view field) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, TextOf(message, field));
  if (text.empty()) return std::optional<int64_t>();
  const Result<int64_t> seconds = ParseSeconds(text);
  if (!seconds.ok()) return Annotate(seconds.status(), field);
  return std::optional<int64_t>(*seconds);
}

Result<json> TagsOf(const json& message, std::string_view field) {
  PENSTOCK_ASSIGN_OR_RETURN(const json tags, ObjectOf(message, field));
  constexpr size_t kMaxTags = 100, kMaxLength = 256;
  if (tags.size() > kMaxTags) return InvalidArgument("More than {} tags", kMaxTags);
  for (const auto& [name, value] : tags.items()) {
    if (!value.is_string()) return InvalidArgument("The tag {} must be text", name);
    if (name.empty() || name.size() > kMaxLength || value.get_ref<const std::string&>().size() > kMaxLength)
      return InvalidArgument("The tag '{}' or its value is longer than {} characters, or empty", name,
                             kMaxLength);
  }
  return tags;
}

std::string FormatSeconds(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

Result<int64_t> ParseSeconds(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time == absl::InfiniteFuture() ||
      time == absl::InfinitePast())
    return InvalidArgument("'{}' is no time such as 2026-11-23T14:00:00Z", text);
  return absl::ToUnixSeconds(time);
}

void SetText(json& message, const char* field, const std::string& value) {
  if (!value.empty()) message[field] = value;
}

}  // namespace penstock::server
