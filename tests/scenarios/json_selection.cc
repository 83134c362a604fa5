#include "scenarios/json_selection.h"

#include <charconv>

namespace penstock::scenarios {
namespace {

using nlohmann::json;
using Values = std::vector<json>;

std::string Text(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Values Members(const Values& values, const std::string& name) {
  Values members;
  for (const auto& value : values)
    if (value.is_object() && value.contains(name)) members.push_back(value[name]);
  return members;
}

Result<Values> Elements(const Values& values, std::string_view which) {
  Values elements;
  const size_t equals = which.find('=');
  size_t index = 0;
  if (which != "*" && equals == which.npos) {
    const auto [end, error] = std::from_chars(which.data(), which.data() + which.size(), index);
    if (error != std::errc() || end != which.data() + which.size())
      return InvalidArgument("'[{}]' is neither a number, '*' nor 'member=value'", which);
  }
  for (const auto& value : values) {
    if (!value.is_array()) continue;
    for (size_t i = 0; i < value.size(); ++i) {
      const bool is_meant =
          equals != which.npos
              ? value[i].is_object() && value[i].contains(std::string(which.substr(0, equals))) &&
                    Text(value[i][std::string(which.substr(0, equals))]) == which.substr(equals + 1)
              : which == "*" || i == index;
      if (is_meant) elements.push_back(value[i]);
    }
  }
  return elements;
}

}  // namespace

Result<Values> Select(const json& document, std::string_view selection) {
  Values values = {document};
  while (!selection.empty()) {
    if (selection.front() == '[') {
      const size_t close = selection.find(']');
      if (close == selection.npos) return InvalidArgument("a ']' is missing: {}", selection);
      PENSTOCK_ASSIGN_OR_RETURN(values, Elements(values, selection.substr(1, close - 1)));
      selection.remove_prefix(close + 1);
    } else {
      if (selection.front() == '.') selection.remove_prefix(1);
      const size_t end = std::min(selection.find_first_of(".["), selection.size());
      if (end == 0) return InvalidArgument("a member's name is missing: {}", selection);
      values = Members(values, std::string(selection.substr(0, end)));
      selection.remove_prefix(end);
    }
  }
  return values;
}

}  // namespace penstock::scenarios
