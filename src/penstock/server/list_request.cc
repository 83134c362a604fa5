#include "penstock/server/list_request.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "penstock/base/near_miss.h"
#include "penstock/server/base64.h"
#include "penstock/server/json_message.h"

namespace penstock::server {
namespace {

using metadata::ListQuery;
using metadata::PageKey;
using metadata::Predicate;
using nlohmann::json;

constexpr int64_t kDefaultPageSize = 20;
constexpr int64_t kMaxPageSize = 200;
constexpr size_t kMaxFilterBytes = 64 << 10;
constexpr size_t kMaxPredicates = 50;

struct NamedOperation {
  std::string_view name;
  int64_t number;  ///< In the API's enumeration.
  Predicate::Operation operation;
};
constexpr std::array kOperations = {
    NamedOperation{"EQUALS", 1, Predicate::Operation::kEquals},
    NamedOperation{"NOT_EQUALS", 2, Predicate::Operation::kNotEquals},
    NamedOperation{"GREATER_THAN", 3, Predicate::Operation::kGreaterThan},
    NamedOperation{"GREATER_THAN_EQUALS", 5, Predicate::Operation::kGreaterThanEquals},
    NamedOperation{"LESS_THAN", 6, Predicate::Operation::kLessThan},
    NamedOperation{"LESS_THAN_EQUALS", 7, Predicate::Operation::kLessThanEquals},
    NamedOperation{"IN", 8, Predicate::Operation::kIn},
    NamedOperation{"IS_SUBSTRING", 9, Predicate::Operation::kIsSubstring}};

Result<Predicate::Operation> ParseOperation(const json& value) {
  for (const NamedOperation& one : kOperations) {
    const bool is_name = value.is_string() && value.get_ref<const std::string&>() == one.name;
    const bool is_number = value.is_number_integer() && value == one.number;
    if (is_name || is_number) return one.operation;
  }
  return InvalidArgument("invalid predicate operation: {}",
                         value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<int64_t> BoundedInteger(const json& message, std::string_view field, bool is_int32) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(message, field));
  if (is_int32 && (value < INT32_MIN || value > INT32_MAX))
    return InvalidArgument("The field {} is no 32-bit integer", field);
  return value;
}

/// {"values": [...]} of integers or texts.
Result<Predicate::Value> ParseValues(const json& list, bool is_text) {
  PENSTOCK_ASSIGN_OR_RETURN(const json message, ReadMessage(list, "the list of a predicate", {"values"}));
  const json values = message.value("values", json::array());
  if (!values.is_array()) return InvalidArgument("The values of a predicate must be an array");
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;
  for (const json& value : values) {
    const json one = {{"value", value}};
    if (is_text) {
      PENSTOCK_ASSIGN_OR_RETURN(std::string text, TextOf(one, "value"));
      texts.push_back(std::move(text));
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t number, IntegerOf(one, "value"));
      numbers.push_back(number);
    }
  }
  if (is_text) return Predicate::Value(std::move(texts));
  return Predicate::Value(std::move(numbers));
}

Result<Predicate::Value> ParseValue(const json& message) {
  int num_values = 0;
  Predicate::Value value;
  for (const auto& [field, content] : message.items()) {
    if (field == "operation" || field == "key") continue;
    ++num_values;
    if (field == "int_value" || field == "long_value") {
      PENSTOCK_ASSIGN_OR_RETURN(value, BoundedInteger(message, field, field == "int_value"));
    } else if (field == "string_value") {
      PENSTOCK_ASSIGN_OR_RETURN(value, TextOf(message, field));
    } else if (field == "timestamp_value") {
      PENSTOCK_ASSIGN_OR_RETURN(const auto seconds, SecondsOf(message, field));
      value = seconds.value_or(0);
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(value, ParseValues(content, field == "string_values"));
    }
  }
  if (num_values == 0) return InvalidArgument("A predicate of the filter has no value");
  if (num_values > 1) return InvalidArgument("A predicate of the filter has several values");
  return value;
}

Result<Predicate> ParsePredicate(const json& text) {
  PENSTOCK_ASSIGN_OR_RETURN(const json message,
                            ReadMessage(text, "a predicate",
                                        {"operation", "key", "int_value", "long_value", "string_value",
                                         "timestamp_value", "int_values", "long_values", "string_values"}));
  Predicate predicate;
  PENSTOCK_ASSIGN_OR_RETURN(predicate.operation, ParseOperation(message.value("operation", json(0))));
  PENSTOCK_ASSIGN_OR_RETURN(predicate.field, TextOf(message, "key"));
  if (predicate.field.empty()) return InvalidArgument("Predicate key cannot be empty");
  PENSTOCK_ASSIGN_OR_RETURN(predicate.value, ParseValue(message));
  const bool is_list = predicate.value.index() >= 2;
  const bool is_text = std::holds_alternative<std::string>(predicate.value);
  if (predicate.operation == Predicate::Operation::kIn) {
    if (!is_list) return InvalidArgument("cannot use IN operator with a scalar value");
  } else if (predicate.operation == Predicate::Operation::kIsSubstring) {
    if (!is_text) return InvalidArgument("cannot use non string value type with operator IS_SUBSTRING");
  } else if (is_list) {
    return InvalidArgument("cannot use a scalar operator on an array value, only IN");
  }
  return predicate;
}

struct SortOrder {
  std::string field;
  bool is_descending = false;
};

Result<SortOrder> ParseSortBy(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c == ' ' || c == '\t') {
      if (!word.empty()) words.push_back(std::exchange(word, ""));
    } else {
      word += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
  }
  if (words.size() > 2 || (words.size() == 2 && words[1] != "asc" && words[1] != "desc")) {
    return InvalidArgument(
        "Received invalid sort by format \"{}\". Supported format: \"field_name\", \"field_name desc\", or "
        "\"field_name asc\"",
        text);
  }
  return SortOrder{words.empty() ? "" : words[0], words.size() == 2 && words[1] == "desc"};
}

Result<int64_t> ParsePageSize(const std::string& text) {
  if (text.empty()) return kDefaultPageSize;
  int32_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size())
    return InvalidArgument("The page size is no 32-bit integer: '{}'", text);
  if (size < 0) return InvalidArgument("The page size should be greater than 0. Got {}", size);
  if (size == 0) return kDefaultPageSize;
  return std::min<int64_t>(size, kMaxPageSize);
}

struct PageToken {
  std::string sort_by, filter;
  PageKey key;
  int64_t total = 0;
};

Result<PageToken> ParsePageToken(const std::string& text) {
  const auto bad = [] { return InvalidArgument("Invalid page token"); };
  const Result<std::string> decoded = DecodeBase64(text);
  if (!decoded.ok()) return bad();
  const Result<json> value = ParseBody(*decoded);
  if (!value.ok()) return bad();
  const Result<json> message = ReadMessage(*value, "page token", {"s", "f", "v", "r", "t"});
  if (!message.ok() || !message->contains("v") || !message->contains("r")) return bad();
  PageToken token;
  const auto sort_by = TextOf(*message, "s"), filter = TextOf(*message, "f");
  const auto row = IntegerOf(*message, "r"), total = IntegerOf(*message, "t");
  if (!sort_by.ok() || !filter.ok() || !row.ok() || !total.ok()) return bad();
  token.sort_by = *sort_by;
  token.filter = *filter;
  token.key.row = *row;
  token.total = *total;
  const json& key = message->at("v");
  if (key.is_number_integer()) {
    token.key.value = key.get<int64_t>();
  } else if (key.is_string()) {
    token.key.value = key.get<std::string>();
  } else {
    return bad();
  }
  return token;
}

}  // namespace

Result<std::vector<Predicate>> ParseFilter(const std::string& text) {
  std::vector<Predicate> predicates;
  if (text.empty()) return predicates;
  if (text.size() > kMaxFilterBytes)
    return InvalidArgument("The filter is larger than {} bytes", kMaxFilterBytes);
  // Some clients encode it twice.
  std::string plain = text;
  if (const size_t first = text.find_first_not_of(" \t\r\n");
      first != std::string::npos && text[first] == '%') {
    PENSTOCK_ASSIGN_OR_RETURN(plain, PercentDecode(text, true));
  }
  auto fail = [&](const Status& status) {
    return InvalidArgument("failed to parse valid filter from \"{}\": {}", text, status.message());
  };
  const Result<json> value = ParseBody(plain);
  if (!value.ok()) return fail(value.status());
  const Result<json> filter = ReadMessage(*value, "the filter", {"predicates"});
  if (!filter.ok()) return fail(filter.status());
  const json list = filter->value("predicates", json::array());
  if (!list.is_array()) return fail(InvalidArgument("The predicates must be an array"));
  if (list.size() > kMaxPredicates) return fail(InvalidArgument("More than {} predicates", kMaxPredicates));
  for (const json& one : list) {
    Result<Predicate> predicate = ParsePredicate(one);
    if (!predicate.ok()) return fail(predicate.status());
    predicates.push_back(*std::move(predicate));
  }
  return predicates;
}

Result<ListQuery> ParseListRequest(const HttpRequest& request) {
  ListQuery query;
  PENSTOCK_ASSIGN_OR_RETURN(query.limit, ParsePageSize(request.Query("page_size")));
  std::string sort_by = request.Query("sort_by");
  std::string filter = request.Query("filter");
  if (const std::string& text = request.Query("page_token"); !text.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const PageToken token, ParsePageToken(text));
    if ((!sort_by.empty() && sort_by != token.sort_by) || (!filter.empty() && filter != token.filter)) {
      return InvalidArgument(
          "page token does not match the supplied sort by and/or filtering criteria. Either specify the same "
          "criteria or leave the latter empty if page token is specified");
    }
    sort_by = token.sort_by;
    filter = token.filter;
    query.after = token.key;
    query.wants_total = false;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const SortOrder order, ParseSortBy(sort_by));
  query.sort_field = order.field;
  query.is_descending = order.is_descending;
  PENSTOCK_ASSIGN_OR_RETURN(query.predicates, ParseFilter(filter));
  return query;
}

std::string MakePageToken(const ListQuery& query, const HttpRequest& request, const PageKey& next,
                          int64_t total) {
  std::string sort_by = request.Query("sort_by"), filter = request.Query("filter");
  if (query.after.has_value()) {
    if (const auto token = ParsePageToken(request.Query("page_token")); token.ok()) {
      sort_by = token->sort_by;
      filter = token->filter;
    }
  }
  json token = {{"s", sort_by}, {"f", filter}, {"r", next.row}, {"t", total}};
  std::visit([&](const auto& value) { token["v"] = value; }, next.value);
  return EncodeBase64(token.dump(-1, ' ', false, json::error_handler_t::replace));
}

int64_t TotalOf(const HttpRequest& request, int64_t counted) {
  if (request.Query("page_token").empty()) return counted;
  const auto token = ParsePageToken(request.Query("page_token"));
  return token.ok() ? token->total : counted;
}

}  // namespace penstock::server
