#include <algorithm>
#include <cctype>

#include "penstock/base/sql_expression.h"
#include "penstock/base/sql_tokens_internal.h"

namespace penstock::sql {
namespace {

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Result<std::vector<Token>> Read() {
    if (sql_.size() > kMaxTextBytes)
      return InvalidArgument("An SQL expression has more than {} bytes", kMaxTextBytes);
    while (at_ < sql_.size()) {
      const char c = sql_[at_];
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        ++at_;
      } else if (IsDigit(c) ||
                 (c == '.' && at_ + 1 < sql_.size() && IsDigit(sql_[at_ + 1]) && !FollowsName())) {
        Number();
      } else if (IsWordByte(c)) {
        const size_t begin = at_;
        while (at_ < sql_.size() && IsWordByte(sql_[at_])) ++at_;
        Add(Token::Kind::kWord, std::string(sql_.substr(begin, at_ - begin)), begin);
      } else if (c == '`' || c == '\'' || c == '"') {
        PENSTOCK_RETURN_IF_ERROR(Quoted(c));
      } else {
        Sign();
      }
    }
    Add(Token::Kind::kEnd, "the end", sql_.size());
    return std::move(tokens_);
  }

 private:
  void Add(Token::Kind kind, std::string text, size_t begin) {
    tokens_.push_back({kind, std::move(text), begin + 1});
  }

  /// Whether a dot here is between the steps of a name.
  bool FollowsName() const {
    return !tokens_.empty() && tokens_.back().place - 1 + tokens_.back().text.size() == at_ &&
           tokens_.back().kind != Token::Kind::kSign;
  }

  void Number() {
    const size_t begin = at_;
    for (; at_ < sql_.size(); ++at_) {
      const bool is_exponent_sign = (sql_[at_] == '-' || sql_[at_] == '+') && at_ > begin &&
                                    (sql_[at_ - 1] == 'e' || sql_[at_ - 1] == 'E');
      if (!IsWordByte(sql_[at_]) && sql_[at_] != '.' && !is_exponent_sign) break;
    }
    Add(Token::Kind::kNumber, std::string(sql_.substr(begin, at_ - begin)), begin);
  }

  /// The quote stands for itself where it is written twice.
  Status Quoted(char quote) {
    const size_t begin = at_;
    std::string text;
    for (++at_;; ++at_) {
      if (at_ >= sql_.size())
        return InvalidArgument("A {} at {} of the query is never closed", quote == '`' ? "`" : "text",
                               begin + 1);
      if (sql_[at_] != quote) {
        text.push_back(sql_[at_]);
      } else if (at_ + 1 < sql_.size() && sql_[at_ + 1] == quote) {
        text.push_back(sql_[at_++]);
      } else {
        break;
      }
    }
    ++at_;
    Add(quote == '`' ? Token::Kind::kQuotedWord : Token::Kind::kText, std::move(text), begin);
    return OkStatus();
  }

  void Sign() {
    const std::string_view two = sql_.substr(at_, 2);
    const bool is_two = two == "<=" || two == ">=" || two == "!=" || two == "<>" || two == "==";
    std::string text(is_two ? two : two.substr(0, 1));
    if (text == "==") text = "=";
    if (text == "<>") text = "!=";
    Add(Token::Kind::kSign, std::move(text), at_);
    at_ += is_two ? 2 : 1;
  }

  std::string_view sql_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> ReadTokens(std::string_view sql) { return Lexer(sql).Read(); }

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace penstock::sql
