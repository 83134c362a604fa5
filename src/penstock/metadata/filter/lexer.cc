#include "penstock/metadata/filter/lexer.h"

#include <algorithm>
#include <array>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>

namespace penstock::metadata::filter {
namespace {

// Sorted: GoogleSQL's reserved words.
constexpr std::array<std::string_view, 95> kReserved = {
    "ALL",      "AND",     "ANY",       "ARRAY",     "AS",          "ASC",       "ASSERT_ROWS_MODIFIED",
    "AT",       "BETWEEN", "BY",        "CASE",      "CAST",        "COLLATE",   "CONTAINS",
    "CREATE",   "CROSS",   "CUBE",      "CURRENT",   "DEFAULT",     "DEFINE",    "DESC",
    "DISTINCT", "ELSE",    "END",       "ENUM",      "ESCAPE",      "EXCEPT",    "EXCLUDE",
    "EXISTS",   "EXTRACT", "FALSE",     "FETCH",     "FOLLOWING",   "FOR",       "FROM",
    "FULL",     "GROUP",   "GROUPING",  "GROUPS",    "HASH",        "HAVING",    "IF",
    "IGNORE",   "IN",      "INNER",     "INTERSECT", "INTERVAL",    "INTO",      "IS",
    "JOIN",     "LATERAL", "LEFT",      "LIKE",      "LIMIT",       "LOOKUP",    "MERGE",
    "NATURAL",  "NEW",     "NO",        "NOT",       "NULL",        "NULLS",     "OF",
    "ON",       "OR",      "ORDER",     "OUTER",     "OVER",        "PARTITION", "PRECEDING",
    "PROTO",    "RANGE",   "RECURSIVE", "RESPECT",   "RIGHT",       "ROLLUP",    "ROWS",
    "SELECT",   "SET",     "SOME",      "STRUCT",    "TABLESAMPLE", "THEN",      "TO",
    "TREAT",    "TRUE",    "UNBOUNDED", "UNION",     "UNNEST",      "USING",     "WHEN",
    "WHERE",    "WINDOW",  "WITH",      "WITHIN"};

// Sorted: words of its statements that may be names; where one is not expected, messages call it a keyword.
constexpr std::array<std::string_view, 46> kUnreserved = {
    "COLUMN",  "DATA",     "DATABASE", "DATE",   "DELETE", "ERROR",  "FILTER",    "FIRST",
    "FORMAT",  "FUNCTION", "INDEX",    "INSERT", "JSON",   "KEY",    "LANGUAGE",  "LAST",
    "LEVEL",   "MAX",      "MESSAGE",  "MIN",    "MODEL",  "OFFSET", "OPTIONS",   "READ",
    "REPLACE", "RETURN",   "ROW",      "RUN",    "SCHEMA", "SIMPLE", "SOURCE",    "SQL",
    "START",   "STORED",   "SYSTEM",   "TABLE",  "TARGET", "TIME",   "TIMESTAMP", "TRANSFORM",
    "TYPE",    "UNKNOWN",  "UPDATE",   "VALUE",  "VIEW",   "WRITE"};

bool IsReserved(std::string_view upper) {
  return std::binary_search(kReserved.begin(), kReserved.end(), upper);
}

bool IsWordStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  std::vector<Token> Run() {
    std::vector<Token> tokens;
    do {
      tokens.push_back(Next(tokens.empty() ? Token() : tokens.back()));
    } while (tokens.back().kind != TokenKind::kEnd && tokens.back().kind != TokenKind::kError);
    return tokens;
  }

 private:
  char At(size_t offset) const { return offset < query_.size() ? query_[offset] : '\0'; }

  Token Make(TokenKind kind, size_t start, std::string value) const {
    return {kind, std::move(value), query_.substr(start, at_ - start), start};
  }
  Token Error(size_t offset, std::string message) const {
    return {TokenKind::kError, std::move(message), query_.substr(offset, 0), offset};
  }

  Token Next(const Token& before) {
    const size_t end_of_before = at_;
    if (const size_t unclosed = SkipBlanks(); unclosed != std::string_view::npos) {
      return Error(unclosed, "Unclosed comment");
    }
    if (at_ >= query_.size()) return {TokenKind::kEnd, "", query_.substr(query_.size()), end_of_before};
    const char c = query_[at_];
    const bool is_after_dot = before.IsSymbol(".");
    if (IsWordStart(c) || (is_after_dot && IsDigit(c))) return Word(is_after_dot);
    // A point after a name begins a field, not a fraction.
    const bool can_be_path = before.kind == TokenKind::kIdentifier || before.IsSymbol(")");
    if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)) && !can_be_path)) return Number();
    if (c == '\'' || c == '"') return Text(at_, /*is_raw=*/false, /*is_bytes=*/false);
    if (c == '`') return QuotedIdentifier();
    return Symbol();
  }

  /// Answers where a comment begins that does not end.
  size_t SkipBlanks() {
    while (at_ < query_.size()) {
      if (absl::ascii_isspace(static_cast<unsigned char>(query_[at_]))) {
        ++at_;
      } else if (query_[at_] == '#' || query_.substr(at_, 2) == "--") {
        at_ = std::min(query_.find('\n', at_), query_.size());
      } else if (query_.substr(at_, 2) == "/*") {
        const size_t end = query_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return at_;
        at_ = end + 2;
      } else {
        break;
      }
    }
    return std::string_view::npos;
  }

  Token Word(bool is_after_dot) {
    const size_t start = at_;
    while (IsWord(At(at_))) ++at_;
    const std::string upper = absl::AsciiStrToUpper({query_.data() + start, at_ - start});
    if ((At(at_) == '\'' || At(at_) == '"') && !is_after_dot && IsTextPrefix(upper)) {
      return Text(start, upper.find('R') != std::string::npos, upper.find('B') != std::string::npos);
    }
    if (!is_after_dot && IsReserved(upper)) return Make(TokenKind::kKeyword, start, upper);
    return Make(TokenKind::kIdentifier, start, std::string(query_.substr(start, at_ - start)));
  }
  static bool IsTextPrefix(std::string_view upper) {
    return upper == "R" || upper == "B" || upper == "RB" || upper == "BR";
  }

  Token Number() {
    const size_t start = at_;
    if (At(at_) == '0' && (At(at_ + 1) | 0x20) == 'x' &&
        absl::ascii_isxdigit(static_cast<unsigned char>(At(at_ + 2)))) {
      at_ += 2;
      while (absl::ascii_isxdigit(static_cast<unsigned char>(At(at_)))) ++at_;
      return EndOfNumber(TokenKind::kInteger, start);
    }
    bool is_float = false;
    while (IsDigit(At(at_))) ++at_;
    if (At(at_) == '.') {
      is_float = true;
      ++at_;
      while (IsDigit(At(at_))) ++at_;
    }
    if ((At(at_) | 0x20) == 'e') {
      const size_t sign = At(at_ + 1) == '+' || At(at_ + 1) == '-' ? 1 : 0;
      if (IsDigit(At(at_ + 1 + sign))) {
        is_float = true;
        at_ += 1 + sign;
        while (IsDigit(At(at_))) ++at_;
      }
    }
    return EndOfNumber(is_float ? TokenKind::kFloat : TokenKind::kInteger, start);
  }
  Token EndOfNumber(TokenKind kind, size_t start) {
    if (IsWordStart(At(at_))) return Error(at_, "Missing whitespace between literal and alias");
    return Make(kind, start, std::string(query_.substr(start, at_ - start)));
  }

  /// A text from its opening quote at `at_`; `start` is where its prefix begins.
  Token Text(size_t start, bool is_raw, bool is_bytes) {
    const std::string_view what = is_bytes ? "bytes" : "string";
    const char quote = query_[at_];
    const std::string triple(3, quote);
    const bool is_triple = query_.substr(at_, 3) == triple;
    const std::string_view closing = is_triple ? std::string_view(triple) : std::string_view(&query_[at_], 1);
    at_ += closing.size();
    std::string value;
    while (query_.substr(at_, closing.size()) != closing) {
      if (at_ >= query_.size() || (!is_triple && query_[at_] == '\n')) {
        return Error(start, fmt::format("Unclosed {}{}{} literal", is_triple ? "triple-quoted " : "",
                                        is_raw ? "raw " : "", what));
      }
      if (query_[at_] != '\\') {
        value += query_[at_++];
      } else if (is_raw) {
        value += query_.substr(at_, 2);
        at_ += 2;
      } else if (const size_t escape = at_; !Unescape(value)) {
        const std::string_view shown = query_.substr(escape, 2);
        return Error(escape, fmt::format("Illegal escape sequence: {}", shown));
      }
    }
    at_ += closing.size();
    return Make(is_bytes ? TokenKind::kBytes : TokenKind::kString, start, std::move(value));
  }

  /// Reads the escape at `at_` into `value`.
  bool Unescape(std::string& value) {
    const char c = At(at_ + 1);
    constexpr std::string_view kPlain = "\\?\"'`", kNamed = "abfnrtv", kMeaning = "\a\b\f\n\r\t\v";
    if (c != '\0' && kPlain.find(c) != std::string_view::npos) {
      value += c;
    } else if (const size_t named = c == '\0' ? std::string_view::npos : kNamed.find(c);
               named != std::string_view::npos) {
      value += kMeaning[named];
    } else {
      return UnescapeCode(c, value);
    }
    at_ += 2;
    return true;
  }
  bool UnescapeCode(char c, std::string& value) {
    const bool is_octal = c >= '0' && c <= '3';
    const size_t start = at_ + (is_octal ? 1 : 2);
    const size_t num_digits = is_octal ? 3 : c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t code = 0;
    for (size_t i = 0; i < num_digits; ++i) {
      const char digit = At(start + i);
      const bool is_valid =
          is_octal ? digit >= '0' && digit <= '7' : absl::ascii_isxdigit(static_cast<unsigned char>(digit));
      if (!is_valid) return false;
      code = code * (is_octal ? 8 : 16) +
             static_cast<uint32_t>(IsDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    if (num_digits == 0 || code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    AppendUtf8(code, value);
    at_ = start + num_digits;
    return true;
  }

  Token QuotedIdentifier() {
    const size_t start = at_++;
    std::string value;
    while (At(at_) != '`') {
      if (at_ >= query_.size() || query_[at_] == '\n') return Error(start, "Unclosed identifier literal");
      if (query_[at_] != '\\') {
        value += query_[at_++];
      } else if (const size_t escape = at_; !Unescape(value)) {
        return Error(escape, fmt::format("Illegal escape sequence: {}", query_.substr(escape, 2)));
      }
    }
    ++at_;
    if (value.empty()) return Error(start, "Invalid empty identifier");
    Token token = Make(TokenKind::kIdentifier, start, std::move(value));
    token.is_quoted = true;
    return token;
  }

  Token Symbol() {
    const size_t start = at_;
    for (const std::string_view symbol : {"<=", ">=", "<>", "!=", "||", "<<", ">>"}) {
      if (query_.substr(at_, 2) != symbol) continue;
      at_ += 2;
      return Make(TokenKind::kSymbol, start, std::string(symbol));
    }
    constexpr std::string_view kSingle = "=<>+-*/(),.;:&|^~[]{}@?";
    const char c = query_[at_];
    if (c == '\0' || kSingle.find(c) == std::string_view::npos) {
      return Error(start, fmt::format("Illegal input character \"{}\"",
                                      std::string_view(absl::CEscape({&query_[start], 1}))));
    }
    ++at_;
    return Make(TokenKind::kSymbol, start, std::string(1, c));
  }

  std::string_view query_;
  size_t at_ = 0;
};

}  // namespace

std::string Token::Description() const {
  switch (kind) {
    case TokenKind::kIdentifier:
      if (const std::string upper = absl::AsciiStrToUpper(value);
          !is_quoted && std::binary_search(kUnreserved.begin(), kUnreserved.end(), upper)) {
        return "keyword " + upper;
      }
      return is_quoted ? fmt::format("identifier {}", text) : fmt::format("identifier \"{}\"", text);
    case TokenKind::kKeyword:
      return "keyword " + value;
    case TokenKind::kInteger:
      return fmt::format("integer literal \"{}\"", text);
    case TokenKind::kFloat:
      return fmt::format("floating point literal \"{}\"", text);
    case TokenKind::kString:
      return fmt::format("string literal {}", text);
    case TokenKind::kBytes:
      return fmt::format("bytes literal {}", text);
    case TokenKind::kSymbol:
      return fmt::format("\"{}\"", text);
    case TokenKind::kEnd:
    case TokenKind::kError:
      break;
  }
  return "end of expression";
}

std::vector<Token> Tokenize(std::string_view query) { return Lexer(query).Run(); }

Status ErrorAt(std::string_view query, size_t offset, std::string_view message) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < offset && i < query.size(); ++i) {
    const auto byte = static_cast<unsigned char>(query[i]);
    if (byte == '\n') {
      ++line;
      column = 1;
    } else if (byte == '\t') {
      column = (column - 1) / 8 * 8 + 9;
    } else if ((byte & 0xC0) != 0x80) {
      ++column;
    }
  }
  return InvalidArgument("{} [at {}:{}]", message, line, column);
}

std::string IdentifierText(const std::string& name) {
  const bool is_plain = !name.empty() && IsWordStart(name[0]) &&
                        std::all_of(name.begin(), name.end(), IsWord) &&
                        !IsReserved(absl::AsciiStrToUpper(name));
  return is_plain ? name : "`" + name + "`";
}

}  // namespace penstock::metadata::filter
