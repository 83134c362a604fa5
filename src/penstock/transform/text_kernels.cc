#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <re2/re2.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

/// Texts of their own, one for each row; `write(text, into)` says whether there is one.
template <class Write>
Result<Column> MapTexts(const Column& x, Write&& write) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kText, x.size()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  auto kept = std::make_shared<std::string>();
  std::vector<std::pair<size_t, size_t>> ranges(static_cast<size_t>(x.size()));
  std::string text;
  for (int64_t i = 0; i < x.size(); ++i) {
    text.clear();
    presence[i] = x.IsPresent(i) && write(i, text) ? 1 : 0;
    ranges[static_cast<size_t>(i)] = {kept->size(), presence[i] != 0 ? text.size() : 0};
    if (presence[i] != 0) *kept += text;
  }
  auto* const to = column.MutableValues<std::string_view>();
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto& [begin, size] = ranges[static_cast<size_t>(i)];
    to[i] = std::string_view(kept->data() + begin, size);
  }
  column.KeepAlive(std::move(kept));
  return column;
}

/// Views into the texts themselves.
template <class Cut>
Result<Column> CutTexts(const Column& x, Cut&& cut) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kText, x.size()));
  auto* const to = column.MutableValues<std::string_view>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = x.IsPresent(i) ? cut(x.texts()[i]) : std::string_view();
  column.SetPresence(x.presence_buffer());
  column.KeepAliveAllOf(x);
  return column;
}

/// ASCII letters only, as tf.strings.lower without an encoding, or all of Unicode's (where a letter may
/// become two).
Result<Column> ChangeCase(const Column& x, bool is_upper, bool is_unicode) {
  const char from = is_upper ? 'a' : 'A';
  const char to = is_upper ? 'A' : 'a';
  return MapTexts(x, [&](int64_t i, std::string& text) {
    const std::string_view before = x.texts()[i];
    if (is_unicode) {
      icu::UnicodeString unicode =
          icu::UnicodeString::fromUTF8(icu::StringPiece(before.data(), static_cast<int32_t>(before.size())));
      (is_upper ? unicode.toUpper(icu::Locale::getRoot()) : unicode.toLower(icu::Locale::getRoot()))
          .toUTF8String(text);
      return true;
    }
    text = before;
    for (char& c : text) {
      if (c >= from && c < from + 26) c = static_cast<char>(c - from + to);
    }
    return true;
  });
}

/// One text of each example's texts.
Result<Column> Join(const Node& node, Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(Column missing, Column::Allocate(ValueType::kBoolean, inputs[0]->size()));
  PENSTOCK_RETURN_IF_ERROR(missing.MissingWhereAny(inputs));
  Column first = *inputs[0];
  first.SetPresence(missing.presence_buffer());
  return MapTexts(first, [&](int64_t i, std::string& text) {
    for (size_t k = 0; k < inputs.size(); ++k) {
      if (k > 0) text += node.second_text;
      text += inputs[k]->texts()[i];
    }
    return true;
  });
}

std::string_view Strip(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

bool IsCharacterStart(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

int64_t LengthOf(std::string_view text, bool in_characters) {
  return in_characters ? std::count_if(text.begin(), text.end(), IsCharacterStart)
                       : static_cast<int64_t>(text.size());
}

Result<Column> Lengths(const Column& x, bool in_characters) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  auto* const to = column.MutableValues<int64_t>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = x.IsPresent(i) ? LengthOf(x.texts()[i], in_characters) : 0;
  column.SetPresence(x.presence_buffer());
  return column;
}

/// The byte where character number `position` begins, or the end.
size_t ByteOf(std::string_view text, int64_t position) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (IsCharacterStart(text[at]) && position-- == 0) break;
  }
  return at;
}

/// A position before the begin or behind the end of a text gives "", but under `is_tft` fails, as there.
Result<Column> Substrings(const Node& node, const Column& x, bool is_tft) {
  const bool in_characters = node.integers[2] != 0;
  for (int64_t i = 0; i < x.size() && is_tft; ++i) {
    const int64_t size = x.IsPresent(i) ? LengthOf(x.texts()[i], in_characters) : INT64_MAX;
    if (node.integers[0] > size || node.integers[0] < -size) {
      return InvalidArgument("substr(..) begins at {}, which is outside of the text of example {} of a batch",
                             node.integers[0], i + 1);
    }
  }
  return CutTexts(x, [&](std::string_view text) {
    const int64_t size = LengthOf(text, in_characters);
    int64_t begin = node.integers[0] < 0 ? node.integers[0] + size : node.integers[0];
    if (begin < 0 || begin > size) return std::string_view();
    const int64_t end = node.integers[1] > size - begin ? size : begin + node.integers[1];
    if (!in_characters) return text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    const size_t first = ByteOf(text, begin);
    return text.substr(first, ByteOf(text, end) - first);
  });
}

Result<Column> RegexReplace(const Node& node, const Column& x) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 pattern(node.text, options);
  return MapTexts(x, [&](int64_t i, std::string& text) {
    text = x.texts()[i];
    if (node.integer != 0) {
      RE2::GlobalReplace(&text, pattern, node.second_text);
    } else {
      RE2::Replace(&text, pattern, node.second_text);
    }
    return true;
  });
}

Result<Column> RegexMatch(const Node& node, const Column& x) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 pattern(node.text, options);
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kBoolean, x.size()));
  auto* const to = column.MutableValues<uint8_t>();
  for (int64_t i = 0; i < x.size(); ++i) {
    const std::string_view text = x.IsPresent(i) ? x.texts()[i] : std::string_view();
    to[i] = RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern) ? 1 : 0;
  }
  column.SetPresence(x.presence_buffer());
  return column;
}

/// As printf: integers[0] is the width, [1] the precision (-1: none), text 'f', 'e' or 'g', second_text
/// what fills up: "", "0" or "-".
Result<Column> Format(const Node& node, const Column& x) {
  std::string form = "%" + node.second_text;
  if (node.integers[0] >= 0) form += std::to_string(node.integers[0]);
  const bool is_integer = x.type() == ValueType::kInteger;
  if (!is_integer && node.integers[1] >= 0) form += "." + std::to_string(node.integers[1]);
  form += is_integer ? "lld" : node.text;
  return MapTexts(x, [&](int64_t i, std::string& text) {
    if (x.type() == ValueType::kText || x.type() == ValueType::kBoolean) {
      text = x.type() == ValueType::kText ? std::string(x.texts()[i])
                                          : (x.booleans()[i] != 0 ? "true" : "false");
      return true;
    }
    text.resize(1500);
    const int size = is_integer
                         ? std::snprintf(text.data(), text.size(), form.c_str(),
                                         static_cast<long long>(x.integers()[i]))  // NOLINT: what %lld takes
                         : std::snprintf(text.data(), text.size(), form.c_str(), x.numbers()[i]);
    text.resize(static_cast<size_t>(std::clamp(size, 0, 1499)));
    return true;
  });
}

/// As tf.strings.to_number: spaces round it, 0x10, nan, inf and 1e400 (infinite) are numbers too.
bool ParseNumber(std::string_view text, double& number) {
  const std::string trimmed(Strip(text));
  if (trimmed.empty()) return false;
  char* end = nullptr;
  number = std::strtod(trimmed.c_str(), &end);
  return end == trimmed.c_str() + trimmed.size();
}

/// Decimal digits with a sign, spaces round them, within so many bytes.
bool ParseWholeNumber(std::string_view text, int64_t num_bytes, int64_t& whole) {
  std::string_view digits = Strip(text);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (error != std::errc() || digits.empty() || end != digits.data() + digits.size()) return false;
  return num_bytes != 4 || (whole >= INT32_MIN && whole <= INT32_MAX);
}

Status IsNoNumber(std::string_view text, int64_t row) {
  return InvalidArgument("to_number(..): the text '{}' of example {} of a batch is no number", text, row + 1);
}

/// TensorFlow's: what is no integer fails the batch.
Result<Column> ParseIntegers(const Node& node, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t& to = column.MutableValues<int64_t>()[i];
    to = 0;
    if (x.IsPresent(i) && !ParseWholeNumber(x.texts()[i], node.integer, to))
      return IsNoNumber(x.texts()[i], i);
  }
  column.SetPresence(x.presence_buffer());
  return column;
}

Result<Column> ParseNumbers(const Node& node, const Column& x, bool is_tft) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.size()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  for (int64_t i = 0; i < x.size(); ++i) {
    double& to = column.MutableValues<double>()[i];
    to = 0;
    presence[i] = x.IsPresent(i) && ParseNumber(x.texts()[i], to) ? 1 : 0;
    if (node.integer != 0 && to != std::trunc(to)) presence[i] = 0;
    if (presence[i] == 0 && is_tft && x.IsPresent(i)) return IsNoNumber(x.texts()[i], i);
  }
  return column;
}

}  // namespace

Result<Column> ComputeText(const Node& node, Inputs inputs, bool is_tft) {
  const Column& x = *inputs[0];
  switch (node.op) {
    case Operator::kLower:
    case Operator::kUpper:
      return ChangeCase(x, node.op == Operator::kUpper, node.integers[0] != 0);
    case Operator::kJoin:
      return Join(node, inputs);
    case Operator::kStrip:
      return CutTexts(x, Strip);
    case Operator::kTextLength:
      return Lengths(x, node.integers[0] != 0);
    case Operator::kSubstring:
      return Substrings(node, x, is_tft);
    case Operator::kRegexReplace:
      return RegexReplace(node, x);
    case Operator::kRegexMatch:
      return RegexMatch(node, x);
    case Operator::kFormat:
      return Format(node, x);
    case Operator::kParseNumber:
      return ParseNumbers(node, x, is_tft);
    case Operator::kParseInteger:
      return ParseIntegers(node, x);
    default:
      return Internal("{} is not of text", NameOf(node.op));
  }
}

}  // namespace penstock::transform
