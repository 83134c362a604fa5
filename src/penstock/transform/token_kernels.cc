#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

#include "penstock/transform/fingerprint64.h"
#include "penstock/transform/kernels.h"
#include "penstock/transform/sip_hash.h"

namespace penstock::transform {
namespace {

/// Texts written one behind the other by `write(row, at) -> end`, each at most `max_bytes` long.
template <class Write>
Result<Column> WriteTexts(const Column& from, size_t max_bytes, Write&& write) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kText, from.size()));
  auto characters = std::make_shared<std::vector<char>>(static_cast<size_t>(from.size()) * max_bytes);
  char* at = characters->data();
  auto* const to = column.MutableValues<std::string_view>();
  for (int64_t i = 0; i < from.size(); ++i) {
    char* const end = from.IsPresent(i) ? write(i, at) : at;
    to[i] = std::string_view(at, static_cast<size_t>(end - at));
    at = end;
  }
  column.KeepAlive(std::move(characters));
  column.SetPresence(from.presence_buffer());
  return column;
}

Result<Column> ToText(const Column& x) {
  if (x.type() == ValueType::kInteger) {
    constexpr size_t kMaxBytes = 20;
    return WriteTexts(x, kMaxBytes, [&](int64_t i, char* at) {
      return std::to_chars(at, at + kMaxBytes, x.integers()[i]).ptr;
    });
  }
  if (x.type() == ValueType::kNumber) {
    constexpr size_t kMaxBytes = 32;  // The shortest form that reads back equal needs at most 24.
    return WriteTexts(x, kMaxBytes, [&](int64_t i, char* at) {
      return std::to_chars(at, at + kMaxBytes, x.numbers()[i]).ptr;
    });
  }
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kText, x.size()));
  auto* const to = column.MutableValues<std::string_view>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = x.booleans()[i] != 0 ? "true" : "false";
  column.SetPresence(x.presence_buffer());
  return column;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

bool Convert(int64_t from, double& to) { return to = static_cast<double>(from), true; }
bool Convert(uint8_t from, double& to) { return to = from, true; }
bool Convert(uint8_t from, int64_t& to) { return to = from, true; }
bool Convert(int64_t from, uint8_t& to) { return to = from != 0 ? 1 : 0, true; }
bool Convert(double from, uint8_t& to) { return to = from != 0 ? 1 : 0, from == from; }
bool Convert(double from, int64_t& to) {
  if (!(from >= -0x1p63 && from < 0x1p63)) return false;
  to = static_cast<int64_t>(from);
  return true;
}
template <class Number>
bool ConvertText(std::string_view from, Number& to) {
  const std::string_view text = Trim(from);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), to);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && !text.empty();
}
bool Convert(std::string_view from, int64_t& to) { return ConvertText(from, to); }
bool Convert(std::string_view from, double& to) { return ConvertText(from, to); }
bool Convert(std::string_view from, uint8_t& to) {
  const std::string_view text = Trim(from);
  to = text == "true" || text == "True" || text == "1" ? 1 : 0;
  return to == 1 || text == "false" || text == "False" || text == "0";
}

/// What cannot be converted is missing.
template <class From, class To>
Result<Column> CastValues(const Column& x, ValueType type) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(type, x.size()));
  const From* const from = x.Values<From>();
  To* const to = column.MutableValues<To>();
  uint8_t* presence = nullptr;
  column.SetPresence(x.presence_buffer());
  for (int64_t i = 0; i < x.size(); ++i) {
    to[i] = To{};
    if (!x.IsPresent(i) || Convert(from[i], to[i])) continue;
    to[i] = To{};
    if (presence == nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(presence, column.AllocatePresence(1));
      if (x.has_missing()) std::memcpy(presence, x.presence(), static_cast<size_t>(x.size()));
    }
    presence[i] = 0;
  }
  return column;
}

template <class To>
Result<Column> CastTo(const Column& x, ValueType type) {
  switch (x.type()) {
    case ValueType::kText:
      return CastValues<std::string_view, To>(x, type);
    case ValueType::kInteger:
      if constexpr (!std::is_same_v<To, int64_t>) return CastValues<int64_t, To>(x, type);
      break;
    case ValueType::kBoolean:
      if constexpr (!std::is_same_v<To, uint8_t>) return CastValues<uint8_t, To>(x, type);
      break;
    default:
      if constexpr (!std::is_same_v<To, double>) return CastValues<double, To>(x, type);
      break;
  }
  return x;
}

Result<Column> ComputeHash(const Node& node, Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, inputs[0]->size()));
  const std::string_view* const texts = inputs[0]->texts();
  auto* const to = column.MutableValues<int64_t>();
  const auto num_buckets = static_cast<uint64_t>(node.integer);
  if (node.integers.empty()) {
    for (int64_t i = 0; i < column.size(); ++i)
      to[i] = static_cast<int64_t>(Fingerprint64(texts[i]) % num_buckets);
  } else {
    const auto first = static_cast<uint64_t>(node.integers[0]);
    const auto second = static_cast<uint64_t>(node.integers[1]);
    for (int64_t i = 0; i < column.size(); ++i)
      to[i] = static_cast<int64_t>(SipHash(first, second, texts[i]) % num_buckets);
  }
  column.SetPresence(inputs[0]->presence_buffer());
  return column;
}

/// Tokens joined by "_X_", as tf.sparse.cross does.
Result<Column> ComputeCross(Inputs inputs) {
  constexpr std::string_view kSeparator = "_X_";
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kText, inputs[0]->size()));
  PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
  size_t num_bytes = static_cast<size_t>(column.size()) * (inputs.size() - 1) * kSeparator.size();
  for (const Column* input : inputs) {
    for (int64_t i = 0; i < column.size(); ++i)
      num_bytes += column.IsPresent(i) ? input->texts()[i].size() : 0;
  }
  auto characters = std::make_shared<std::string>();
  characters->reserve(num_bytes);  // Never grows: the views below stay good.
  auto* const to = column.MutableValues<std::string_view>();
  for (int64_t i = 0; i < column.size(); ++i) {
    const size_t begin = characters->size();
    for (size_t k = 0; k < inputs.size() && column.IsPresent(i); ++k) {
      if (k > 0) characters->append(kSeparator);
      characters->append(inputs[k]->texts()[i]);
    }
    to[i] = std::string_view(characters->data() + begin, characters->size() - begin);
  }
  column.KeepAlive(std::move(characters));
  return column;
}

Result<Column> ComputeOneHot(const Node& node, Inputs inputs) {
  const Column& x = *inputs[0];
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kVector, x.size(), node.integer));
  float* const to = column.MutableValues<float>();
  const float hot = node.numbers.empty() ? 1 : static_cast<float>(node.numbers[0]);
  const float cold = node.numbers.empty() ? 0 : static_cast<float>(node.numbers[1]);
  std::fill_n(to, x.size() * node.integer, cold);
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t place = x.integers()[i];
    if (x.IsPresent(i) && place >= 0 && place < node.integer) to[i * node.integer + place] = hot;
  }
  return column;
}

/// What does not fit becomes the least integer, as processors have it.
Result<Column> TruncateAsTensorFlow(const Node& node, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  const double limit = node.is_narrow ? 0x1p31 : 0x1p63;
  const int64_t least = node.is_narrow ? INT32_MIN : INT64_MIN;
  for (int64_t i = 0; i < x.size(); ++i) {
    const double value = std::trunc(x.numbers()[i]);
    column.MutableValues<int64_t>()[i] =
        value >= -limit && value < limit ? static_cast<int64_t>(value) : least;
  }
  column.SetPresence(x.presence_buffer());
  return column;
}

}  // namespace

Result<Column> ComputeLiteral(const Node& node, int64_t num_rows) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(node.type, num_rows));
  switch (node.type) {
    case ValueType::kInteger:
      std::fill_n(column.MutableValues<int64_t>(), num_rows, node.integer);
      break;
    case ValueType::kNumber:
      std::fill_n(column.MutableValues<double>(), num_rows, node.number);
      break;
    case ValueType::kBoolean:
      std::fill_n(column.MutableValues<uint8_t>(), num_rows, static_cast<uint8_t>(node.integer != 0));
      break;
    default: {
      auto text = std::make_shared<const std::string>(node.text);
      std::fill_n(column.MutableValues<std::string_view>(), num_rows, std::string_view(*text));
      column.KeepAlive(std::move(text));
      break;
    }
  }
  return column;
}

Result<Column> ComputeCast(const Node& node, Inputs inputs) {
  const Column& x = *inputs[0];
  if (x.type() == node.type) return x;
  const bool is_truncation = node.type == ValueType::kInteger && x.type() == ValueType::kNumber;
  if (is_truncation && node.integer == kCastAsTensorFlow) return TruncateAsTensorFlow(node, x);
  switch (node.type) {
    case ValueType::kText:
      return ToText(x);
    case ValueType::kInteger:
      return CastTo<int64_t>(x, node.type);
    case ValueType::kBoolean:
      return CastTo<uint8_t>(x, node.type);
    default:
      return CastTo<double>(x, node.type);
  }
}

Result<Column> ComputeTokens(const Node& node, Inputs inputs) {
  if (node.op == Operator::kHash) return ComputeHash(node, inputs);
  return node.op == Operator::kCross ? ComputeCross(inputs) : ComputeOneHot(node, inputs);
}

}  // namespace penstock::transform
