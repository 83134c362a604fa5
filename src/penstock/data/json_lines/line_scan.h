#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::data::json_lines {

enum class JsonKind : uint8_t { kNull, kBool, kInteger, kHugeInteger, kReal, kNonFinite, kText };
inline constexpr int kNumJsonKinds = 7;

/// One value as it lies in the line; a text without its quotes, still escaped.
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  std::string_view text;
  bool has_escapes = false;
};

/// What is wrong with a line, for the caller to add file and row.
struct LineFault {
  std::string what;
  std::string column;  ///< Empty: of the line as a whole.
};

/// Appends what an escaped text says; null, or what is wrong with an escape.
const char* Unescape(std::string_view escaped, std::string& out);

JsonKind IntegerOfManyDigits(std::string_view text);

/// Reads one line that holds one object, by RFC 8259, with NaN, Infinity and -Infinity as Python writes them.
/// The text may be read up to 8 bytes beyond its end. `visitor` has
///   int Find(std::string_view name);                           column, or -1 to pass the value over
///   const char* Scalar(int column, const JsonValue& value);    null, or what is wrong with it
///   const char* BeginList(int column);
///   const char* BeginInnerList(int column), *EndInnerList(int column);   a list within the list
///   const char* Element(int column, const JsonValue& value);   of the list begun last
/// Values of columns may be scalars, lists of scalars and lists of those; what is passed over may be
/// anything, 64 levels deep.
template <class Visitor>
class LineScanner {
 public:
  LineScanner(std::string_view line, Visitor& visitor)
      : at_(line.data()), end_(line.data() + line.size()), visitor_(visitor) {}

  std::optional<LineFault> Scan() {
    SkipBlanks();
    if (Peek() == '[')
      return LineFault{
          "a row is an object in braces, this is a list (turn one JSON array into lines, for example by jq "
          "-c '.[]')",
          ""};
    if (!Take('{')) return LineFault{"a row is one JSON object in braces, and this line has none", ""};
    SkipBlanks();
    if (!Take('}')) {
      do {
        if (const char* const fault = Member()) return LineFault{fault, std::string(column_)};
        SkipBlanks();
      } while (Take(','));
      column_ = {};
      if (!Take('}'))
        return LineFault{Ends() ? "the object is not closed: the line is cut short"
                                : "a comma or a closing brace is missing",
                         ""};
    }
    SkipBlanks();
    if (!Ends()) return LineFault{"something follows the object (each row needs a line of its own)", ""};
    return std::nullopt;
  }

 private:
  static constexpr int kMaxDepth = 64;

  bool Ends() const { return at_ == end_; }
  char Peek() const { return Ends() ? '\0' : *at_; }
  bool Take(char c) {
    if (Ends() || *at_ != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (!Ends() && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  const char* Member() {
    column_ = {};
    SkipBlanks();
    JsonValue name;
    if (!Take('"')) return "a name in quotes is expected";
    if (const char* const fault = Text(name)) return fault;
    column_ = name.text;
    if (name.has_escapes) {
      name_.clear();
      if (const char* const fault = Unescape(name.text, name_)) return fault;
      column_ = name_;
    }
    SkipBlanks();
    if (!Take(':')) return "a colon is missing after the name";
    SkipBlanks();
    const int column = visitor_.Find(column_);
    if (column < 0) return Pass(0);
    if (Peek() == '{')
      return "a nested object cannot be a value (flatten it into columns, or leave the column out)";
    if (Peek() == '[') {
      if (const char* const fault = visitor_.BeginList(column)) return fault;
      return Elements(column, /*is_inner=*/false);
    }
    JsonValue value;
    if (const char* const fault = Scalar(value)) return fault;
    return visitor_.Scalar(column, value);
  }

  const char* Elements(int column, bool is_inner) {
    ++at_;
    SkipBlanks();
    if (Take(']')) return nullptr;
    do {
      SkipBlanks();
      if (Peek() == '[') {
        if (is_inner) return "lists nested more than two deep cannot be a value (flatten them)";
        if (const char* const fault = visitor_.BeginInnerList(column)) return fault;
        if (const char* const fault = Elements(column, /*is_inner=*/true)) return fault;
        if (const char* const fault = visitor_.EndInnerList(column)) return fault;
        SkipBlanks();
        continue;
      }
      if (Peek() == '{')
        return "a list of objects cannot be a value (flatten it into columns, or leave the column out)";
      JsonValue value;
      if (const char* const fault = Scalar(value)) return fault;
      if (const char* const fault = visitor_.Element(column, value)) return fault;
      SkipBlanks();
    } while (Take(','));
    return Take(']') ? nullptr : "the list is not closed";
  }

  // A value of any shape that nobody asked for.
  const char* Pass(int depth) {
    if (depth > kMaxDepth) return "the value is nested more than 64 levels deep";
    SkipBlanks();
    const char open = Peek();
    if (open != '{' && open != '[') {
      JsonValue value;
      return Scalar(value);
    }
    const char close = open == '{' ? '}' : ']';
    ++at_;
    SkipBlanks();
    if (Take(close)) return nullptr;
    do {
      SkipBlanks();
      if (open == '{') {
        JsonValue name;
        if (!Take('"')) return "a name in quotes is expected";
        if (const char* const fault = Text(name)) return fault;
        SkipBlanks();
        if (!Take(':')) return "a colon is missing after the name";
      }
      if (const char* const fault = Pass(depth + 1)) return fault;
      SkipBlanks();
    } while (Take(','));
    return Take(close) ? nullptr : "a nested value is not closed";
  }

  const char* Scalar(JsonValue& value) {
    if (Take('"')) return Text(value);
    if (Peek() == '-' || (Peek() >= '0' && Peek() <= '9')) return Number(value);
    if (Word("null")) return nullptr;
    value.kind = JsonKind::kBool;
    value.text = {at_, 4};
    if (Word("true")) return nullptr;
    value.text = {at_, 5};
    if (Word("false")) return nullptr;
    value.kind = JsonKind::kNonFinite;
    value.text = {at_, 3};
    if (Word("NaN")) return nullptr;
    value.text = {at_, 8};
    if (Word("Infinity")) return nullptr;
    value = {};
    return Ends() ? "a value is missing: the line is cut short"
                  : "this is no JSON value (a text needs double quotes)";
  }

  bool Word(std::string_view word) {
    if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // After the opening quote.
  const char* Text(JsonValue& value) {
    const char* const begin = at_;
    while (true) {
      while (!Ends() && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
      if (Ends()) return "a text is not closed: a double quote is missing";
      if (*at_ == '"') break;
      if (*at_ != '\\') return "a text holds a control character, which has to be escaped";
      value.has_escapes = true;
      if (end_ - at_ < 2) return "a text is not closed: a double quote is missing";
      at_ += 2;
    }
    value.kind = JsonKind::kText;
    value.text = {begin, static_cast<size_t>(at_ - begin)};
    ++at_;
    return nullptr;
  }

  bool Digits() {
    const char* const begin = at_;
    while (!Ends() && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ > begin;
  }

  const char* Number(JsonValue& value) {
    const char* const begin = at_;
    Take('-');
    if (begin < at_ && Word("Infinity")) {
      value = {JsonKind::kNonFinite, {begin, static_cast<size_t>(at_ - begin)}};
      return nullptr;
    }
    const char* const first = at_;
    if (!Digits()) return "a minus without a number";
    if (*first == '0' && at_ - first > 1)
      return "a number begins with a zero (put quotes around it if it is a name)";
    const auto num_digits = at_ - first;
    bool is_real = false;
    if (Take('.')) {
      is_real = true;
      if (!Digits()) return "digits are missing after the point";
    }
    if (Take('e') || Take('E')) {
      is_real = true;
      if (!Take('+')) Take('-');
      if (!Digits()) return "digits are missing in the exponent";
    }
    value.text = {begin, static_cast<size_t>(at_ - begin)};
    value.kind = is_real            ? JsonKind::kReal
                 : num_digits <= 18 ? JsonKind::kInteger
                                    : IntegerOfManyDigits(value.text);
    return nullptr;
  }

  const char* at_;
  const char* const end_;
  Visitor& visitor_;
  std::string_view column_;  // The member at hand.
  std::string name_;         // Its unescaped name, where it has escapes.
};

}  // namespace penstock::data::json_lines
