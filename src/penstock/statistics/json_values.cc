#include "penstock/statistics/json_values.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "penstock/base/near_miss.h"

namespace penstock::statistics {

namespace {

// Far above what options need, and far below what the stack holds where a value is copied or shown.
constexpr int kMaxDepth = 64;

}  // namespace

Json ParseJson(std::string_view text, std::string& fault) {
  bool is_too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    is_too_deep = is_too_deep || depth > kMaxDepth;
    return !is_too_deep;
  };
  try {
    Json json = Json::parse(text, watch);
    if (!is_too_deep) return json;
    fault = fmt::format("they are nested more than {} deep", kMaxDepth);
  } catch (const Json::exception& error) {
    fault = error.what();
  }
  return Json(Json::value_t::discarded);
}

Status WrongType(const std::string& key, const char* wanted, const Json& value) {
  std::string shown = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (shown.size() > 60) shown = shown.substr(0, 60) + "...";
  return InvalidArgument("The statistics option {} must be {}, not {}", key, wanted, shown);
}

Status ReadInteger(const std::string& key, const Json& value, int64_t max, int64_t& out) {
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= static_cast<uint64_t>(max)
                                               : value.is_number_integer() && value.get<int64_t>() >= -max;
  if (!fits) return WrongType(key, "an integer", value);
  out = value.get<int64_t>();
  return OkStatus();
}

Status ReadInteger(const std::string& key, const Json& value, int& out) {
  int64_t number = 0;
  PENSTOCK_RETURN_IF_ERROR(ReadInteger(key, value, std::numeric_limits<int>::max(), number));
  out = static_cast<int>(number);
  return OkStatus();
}

Status ReadNumber(const std::string& key, const Json& value, double& out) {
  if (!value.is_number()) return WrongType(key, "a number", value);
  out = value.get<double>();
  return OkStatus();
}

Status ReadText(const std::string& key, const Json& value, std::string& out) {
  if (!value.is_string()) return WrongType(key, "a text", value);
  out = value.get<std::string>();
  return OkStatus();
}

Status ReadFeature(const std::string& key, const Json& value, std::string& out) {
  Json path = value;
  if (value.is_string() && value.get_ref<const std::string&>().starts_with("[")) {
    std::string fault;
    path = ParseJson(value.get_ref<const std::string&>(), fault);
    if (!path.is_array()) path = value;
  }
  if (!path.is_array()) return ReadText(key, path, out);
  if (path.size() == 1) return ReadText(key, path[0], out);
  return Unimplemented("The statistics option {} names a feature inside a struct, which is not supported: {}",
                       key, path.dump(-1, ' ', false, Json::error_handler_t::replace));
}

const Json* FindKey(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto at = object.find(name);
    if (at != object.end()) return &*at;
  }
  return nullptr;
}

Status CheckKeys(const std::string& where, const Json& object, std::vector<std::string> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return InvalidArgument("{} has no key '{}'{}", where, key, DidYouMean(key, known));
  }
  return OkStatus();
}

Status ReadTexts(const std::string& key, const Json& value, std::vector<std::string>& out) {
  if (!value.is_array()) return WrongType(key, "a list of feature names", value);
  for (const Json& feature : value) PENSTOCK_RETURN_IF_ERROR(ReadFeature(key, feature, out.emplace_back()));
  return OkStatus();
}

}  // namespace penstock::statistics
