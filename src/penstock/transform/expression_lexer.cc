#include "penstock/transform/expression_lexer.h"

#include <array>
#include <charconv>
#include <utility>

namespace penstock::transform {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Bytes above ASCII are letters: a column may be named in any language.
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Longest first, so that "<=" is not read as "<".
constexpr std::array<std::string_view, 18> kSymbols = {"<=", ">=", "==", "!=", "<", ">", "+", "-", "*",
                                                       "/",  "%",  "(",  ")",  "[", "]", ",", "=", "`"};

/// What people write who come from another language, and what it is called here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kForeignSymbols = {
    {{"&&", "'and'"},
     {"||", "'or'"},
     {"**", "pow(x, y)"},
     {"//", "floor(a / b)"},
     {"<>", "'!='"},
     {"^", "pow(x, y)"},
     {"&", "'and'"},
     {"|", "'or'"}}};

class Lexer {
 public:
  explicit Lexer(const ExpressionSource& source) : source_(source), text_(source.text()) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      Token token;
      token.begin = at_;
      PENSTOCK_RETURN_IF_ERROR(Next(token));
      token.end = at_;
      tokens.push_back(std::move(token));
      if (tokens.back().kind == Token::Kind::kEnd) return tokens;
    }
  }

 private:
  Status Next(Token& token) {
    if (at_ == text_.size()) return OkStatus();
    const char c = text_[at_];
    const bool is_fraction = c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]);
    if (IsDigit(c) || is_fraction) return ReadNumber(token);
    if (IsNameStart(c)) return ReadName(token);
    if (c == '\'' || c == '"') return ReadQuoted(Token::Kind::kText, c, token);
    if (c == '`') return ReadQuoted(Token::Kind::kQuotedName, c, token);
    return ReadSymbol(token);
  }

  Status ReadName(Token& token) {
    const size_t begin = at_;
    while (at_ < text_.size() && (IsNameStart(text_[at_]) || IsDigit(text_[at_]))) ++at_;
    token.kind = Token::Kind::kName;
    token.text = std::string(text_.substr(begin, at_ - begin));
    return OkStatus();
  }

  Status ReadNumber(Token& token) {
    const size_t begin = at_;
    bool is_integer = true;
    auto skip_digits = [&] {
      while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    };
    skip_digits();
    if (at_ < text_.size() && text_[at_] == '.') {
      is_integer = false;
      ++at_;
      skip_digits();
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      size_t digits = at_ + 1;
      if (digits < text_.size() && (text_[digits] == '+' || text_[digits] == '-')) ++digits;
      if (digits < text_.size() && IsDigit(text_[digits])) {
        is_integer = false;
        at_ = digits;
        skip_digits();
      }
    }
    const char* const first = text_.data() + begin;
    const char* const last = text_.data() + at_;
    if (at_ < text_.size() && IsNameStart(text_[at_])) {
      return source_.ErrorAt(begin, at_ + 1,
                             "a name cannot begin with a digit; put an unusual column name in `backticks`");
    }
    const auto parsed =
        is_integer ? std::from_chars(first, last, token.integer) : std::from_chars(first, last, token.number);
    if (parsed.ec != std::errc() || parsed.ptr != last) {
      return source_.ErrorAt(begin, at_,
                             "the number is too large or too small; write it as a float such as 1e19");
    }
    token.kind = is_integer ? Token::Kind::kInteger : Token::Kind::kNumber;
    return OkStatus();
  }

  Status ReadQuoted(Token::Kind kind, char quote, Token& token) {
    const size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != quote) {
      char c = text_[at_++];
      if (c == '\\' && kind == Token::Kind::kText && at_ < text_.size()) {
        const size_t escape = at_ - 1;
        c = text_[at_++];
        if (c == 'n')
          c = '\n';
        else if (c == 't')
          c = '\t';
        else if (c != '\\' && c != '\'' && c != '"') {
          return source_.ErrorAt(escape, at_, R"(unknown escape; there are \\ \' \" \n and \t)");
        }
      }
      token.text += c;
    }
    if (at_ == text_.size()) {
      return source_.ErrorAt(begin, at_, fmt::format("the text is not closed; add a {} at its end", quote));
    }
    ++at_;
    if (kind == Token::Kind::kQuotedName && token.text.empty()) {
      return source_.ErrorAt(begin, at_, "a column name cannot be empty");
    }
    token.kind = kind;
    return OkStatus();
  }

  Status ReadSymbol(Token& token) {
    const std::string_view rest = text_.substr(at_);
    for (const auto& [foreign, native] : kForeignSymbols) {
      if (rest.substr(0, foreign.size()) == foreign) {
        return source_.ErrorAt(at_, at_ + foreign.size(),
                               fmt::format("unknown operator '{}'; write {}", foreign, native));
      }
    }
    for (const std::string_view symbol : kSymbols) {
      if (rest.substr(0, symbol.size()) != symbol) continue;
      token.kind = Token::Kind::kSymbol;
      token.text = std::string(symbol);
      at_ += symbol.size();
      return OkStatus();
    }
    if (rest[0] == '!') return source_.ErrorAt(at_, at_ + 1, "unknown operator '!'; write 'not'");
    return source_.ErrorAt(at_, at_ + 1, "a character that means nothing here");
  }

  const ExpressionSource& source_;
  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenize(const ExpressionSource& source) { return Lexer(source).Run(); }

}  // namespace penstock::transform
