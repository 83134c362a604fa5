#include "penstock/base/sql_expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "penstock/base/sql_tokens_internal.h"

namespace penstock::sql {
namespace {

using Kind = Expression::Kind;

constexpr std::array<std::string_view, 6> kComparisons = {"=", "!=", "<", "<=", ">", ">="};
constexpr std::array<std::string_view, 5> kAggregates = {"COUNT", "SUM", "MIN", "MAX", "AVG"};

template <size_t kSize>
bool IsOneOf(std::string_view word, const std::array<std::string_view, kSize>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<ExpressionPointer> Whole() {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer expression, Or());
    if (Now().kind != Token::Kind::kEnd) return Expected("AND, OR or the end");
    return expression;
  }

  Result<StructQuery> Query() {
    StructQuery query;
    if (!AcceptWord("SELECT")) return Expected("SELECT STRUCT(column, ...)");
    if (!AcceptWord("STRUCT") || !AcceptSign("(")) return Expected("STRUCT(column, ...)");
    do {
      PENSTOCK_ASSIGN_OR_RETURN(std::string column, Column());
      std::string as = column;
      if (AcceptWord("AS")) {
        PENSTOCK_ASSIGN_OR_RETURN(as, Column());
      }
      query.columns.push_back({std::move(column), std::move(as)});
    } while (AcceptSign(","));
    if (!AcceptSign(")")) return Expected("')'");
    std::map<std::string, std::string> aliases;
    if (AcceptWord("FROM")) {
      do {
        PENSTOCK_ASSIGN_OR_RETURN(std::string column, Column());
        if (!AcceptWord("AS")) continue;
        PENSTOCK_ASSIGN_OR_RETURN(std::string alias, Column());
        aliases[alias] = column;
      } while (AcceptSign(","));
    }
    for (StructQuery::Column& column : query.columns)
      if (const auto alias = aliases.find(column.name); alias != aliases.end()) column.name = alias->second;
    aliases_ = std::move(aliases);
    if (AcceptWord("WHERE")) {
      PENSTOCK_ASSIGN_OR_RETURN(query.where, Or());
    }
    AcceptSign(";");
    if (Now().kind != Token::Kind::kEnd)
      return Expected(query.where ? "AND, OR or the end" : "WHERE or the end");
    return query;
  }

 private:
  using Part = Result<ExpressionPointer> (Parser::*)();

  /// Holds the depth of one more level while it lives.
  struct Level {
    explicit Level(int& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    int& depth_;
  };

  const Token& Now() const { return tokens_[at_]; }
  const Token& Next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool IsWord(std::string_view word) const {
    return Now().kind == Token::Kind::kWord && Upper(Now().text) == word;
  }
  bool AcceptWord(std::string_view word) {
    if (!IsWord(word)) return false;
    ++at_;
    return true;
  }
  bool AcceptSign(std::string_view sign) {
    if (Now().kind != Token::Kind::kSign || Now().text != sign) return false;
    ++at_;
    return true;
  }
  bool IsName() const { return Now().kind == Token::Kind::kWord || Now().kind == Token::Kind::kQuotedWord; }
  Status Expected(std::string_view what) const {
    return InvalidArgument("The query has '{}' at {} where {} is expected", Now().text, Now().place, what);
  }

  std::shared_ptr<Expression> Node(Kind kind) const {
    auto node = std::make_shared<Expression>();
    node->kind = kind;
    node->place = Now().place;
    return node;
  }

  Result<ExpressionPointer> Joined(std::string_view word, Kind kind, Part part) {
    auto node = Node(kind);
    do {
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer operand, (this->*part)());
      node->operands.push_back(std::move(operand));
    } while (AcceptWord(word));
    if (node->operands.size() == 1) return node->operands[0];
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Or() {
    const Level level(depth_);
    if (depth_ > 3 * kMaxDepth) return InvalidArgument("The query nests more than {} parentheses", kMaxDepth);
    return Joined("OR", Kind::kOr, &Parser::And);
  }
  Result<ExpressionPointer> And() { return Joined("AND", Kind::kAnd, &Parser::Not); }

  Result<ExpressionPointer> Not() {
    const Level level(depth_);
    if (depth_ > 3 * kMaxDepth) return InvalidArgument("The query nests more than {} conditions", kMaxDepth);
    if (!IsWord("NOT")) return Predicate();
    auto node = Node(Kind::kNot);
    ++at_;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer operand, Not());
    node->operands.push_back(std::move(operand));
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Negated(std::shared_ptr<Expression> inner, bool is_negated) const {
    if (!is_negated) return ExpressionPointer(std::move(inner));
    auto node = Node(Kind::kNot);
    node->place = inner->place;
    node->operands.push_back(std::move(inner));
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Predicate() {
    const size_t place = Now().place;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer left, Sum());
    auto node = Node(Kind::kCompare);
    node->place = place;
    node->operands.push_back(left);
    if (AcceptWord("IS")) {
      const bool is_not = AcceptWord("NOT");
      node->kind = IsWord("NULL") ? Kind::kIsNull : Kind::kIsBool;
      node->truth = IsWord("TRUE");
      if (!IsWord("NULL") && !IsWord("TRUE") && !IsWord("FALSE")) return Expected("NULL, TRUE or FALSE");
      ++at_;
      return Negated(std::move(node), is_not);
    }
    const bool is_not = IsWord("NOT") && at_ + 1 < tokens_.size();
    if (is_not) ++at_;
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_found, Condition(*node));
    if (is_found) return Negated(std::move(node), is_not);
    if (is_not) return Expected("IN, BETWEEN or LIKE");
    if (Now().kind != Token::Kind::kSign || !IsOneOf(Now().text, kComparisons)) return left;
    node->text = tokens_[at_++].text;
    PENSTOCK_RETURN_IF_ERROR(AddOperand(*node, &Parser::Sum));
    return ExpressionPointer(std::move(node));
  }

  /// Whether IN, BETWEEN or LIKE follows, which is then read into `node`.
  Result<bool> Condition(Expression& node) {
    if (AcceptWord("LIKE")) {
      node.kind = Kind::kLike;
      PENSTOCK_RETURN_IF_ERROR(AddOperand(node, &Parser::Sum));
      return true;
    }
    if (AcceptWord("BETWEEN")) {
      node.kind = Kind::kBetween;
      PENSTOCK_RETURN_IF_ERROR(AddOperand(node, &Parser::Sum));
      if (!AcceptWord("AND")) return Expected("AND");
      PENSTOCK_RETURN_IF_ERROR(AddOperand(node, &Parser::Sum));
      return true;
    }
    if (!AcceptWord("IN")) return false;
    if (IsWord("UNNEST")) {
      node.kind = Kind::kInArray;
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer array, Unnest());
      node.operands.push_back(std::move(array));
      return true;
    }
    node.kind = Kind::kIn;
    if (!AcceptSign("(")) return Expected("'('");
    do {
      PENSTOCK_RETURN_IF_ERROR(AddOperand(node, &Parser::Sum));
    } while (AcceptSign(","));
    if (!AcceptSign(")")) return Expected("')'");
    return true;
  }

  Status AddOperand(Expression& node, Part part) {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer operand, (this->*part)());
    node.operands.push_back(std::move(operand));
    return OkStatus();
  }

  /// Left-associative; the depth of the tree is bounded as that of parentheses is.
  Result<ExpressionPointer> Chain(std::string_view signs, Part part) {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer left, (this->*part)());
    for (int length = 0; Now().kind == Token::Kind::kSign && Now().text.size() == 1 &&
                         signs.find(Now().text[0]) != std::string_view::npos;
         ++length) {
      if (length >= kMaxDepth) return InvalidArgument("The query joins more than {} operands", kMaxDepth);
      auto node = Node(Kind::kArithmetic);
      node->text = tokens_[at_++].text;
      node->operands.push_back(std::move(left));
      PENSTOCK_RETURN_IF_ERROR(AddOperand(*node, part));
      left = std::move(node);
    }
    return left;
  }
  Result<ExpressionPointer> Sum() { return Chain("+-", &Parser::Product); }
  Result<ExpressionPointer> Product() { return Chain("*/", &Parser::Signed); }

  Result<ExpressionPointer> Signed() {
    const Level level(depth_);
    if (depth_ > 3 * kMaxDepth) return InvalidArgument("The query nests more than {} signs", kMaxDepth);
    if (!(Now().kind == Token::Kind::kSign && Now().text == "-")) return Postfix();
    auto node = Node(Kind::kNegate);
    ++at_;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer operand, Signed());
    if (operand->kind != Kind::kInteger && operand->kind != Kind::kReal) {
      node->operands.push_back(std::move(operand));
      return ExpressionPointer(std::move(node));
    }
    // A negative number is a literal: conditions on columns take no other arithmetic.
    node->kind = operand->kind;
    node->integer = -operand->integer;
    node->real = -operand->real;
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Postfix() {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer value, Primary());
    for (int length = 0;; ++length) {
      if (length >= kMaxDepth) return InvalidArgument("The query joins more than {} operands", kMaxDepth);
      auto node = Node(Kind::kElement);
      node->operands.push_back(value);
      if (AcceptSign("[")) {
        const bool is_offset = IsWord("OFFSET") && Next().text == "(";
        if (is_offset) at_ += 2;
        PENSTOCK_RETURN_IF_ERROR(AddOperand(*node, &Parser::Or));
        if (is_offset && !AcceptSign(")")) return Expected("')'");
        if (!AcceptSign("]")) return Expected("']'");
      } else if (value->kind != Kind::kName && AcceptSign(".")) {
        node->kind = Kind::kField;
        if (!IsName()) return Expected("a field");
        node->text = tokens_[at_++].text;
      } else {
        return value;
      }
      value = std::move(node);
    }
  }

  Result<ExpressionPointer> Primary() {
    switch (Now().kind) {
      case Token::Kind::kNumber:
        return NumberLiteral();
      case Token::Kind::kText: {
        auto node = Node(Kind::kText);
        node->text = tokens_[at_++].text;
        return ExpressionPointer(std::move(node));
      }
      case Token::Kind::kSign: {
        if (!AcceptSign("(")) return Expected("a column, a number or a text");
        if (IsWord("SELECT")) return Aggregate();
        PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer inner, Or());
        if (!AcceptSign(")")) return Expected("')'");
        return inner;
      }
      case Token::Kind::kWord:
        return Word();
      case Token::Kind::kQuotedWord:
        return Name();
      default:
        return Expected("a column, a number or a text");
    }
  }

  Result<ExpressionPointer> NumberLiteral() {
    const std::string& text = Now().text;
    const char* end = text.data() + text.size();
    auto node = Node(Kind::kInteger);
    const auto whole = std::from_chars(text.data(), end, node->integer);
    if (whole.ec != std::errc() || whole.ptr != end) {
      node->kind = Kind::kReal;
      const auto real = std::from_chars(text.data(), end, node->real);
      if (real.ec != std::errc() || real.ptr != end) return Expected("a number");
    } else {
      node->real = static_cast<double>(node->integer);
    }
    ++at_;
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Word() {
    const std::string word = Upper(Now().text);
    const bool is_call = Next().kind == Token::Kind::kSign && Next().text == "(";
    if (word == "NULL" || word == "TRUE" || word == "FALSE") {
      auto node = Node(word == "NULL" ? Kind::kNull : Kind::kBool);
      node->truth = word == "TRUE";
      ++at_;
      return ExpressionPointer(std::move(node));
    }
    if (word == "EXISTS" && is_call) {
      ++at_;
      return Exists();
    }
    return is_call ? Call() : Name();
  }

  Result<ExpressionPointer> Call() {
    auto node = Node(Kind::kCall);
    node->text = Upper(Now().text);
    at_ += 2;
    if (AcceptSign(")")) return ExpressionPointer(std::move(node));
    do {
      PENSTOCK_RETURN_IF_ERROR(AddOperand(*node, &Parser::Or));
      // CAST(x AS FLOAT64): the type is an argument like any other.
      if (node->text == "CAST" && AcceptWord("AS"))
        PENSTOCK_RETURN_IF_ERROR(AddOperand(*node, &Parser::Name));
    } while (AcceptSign(","));
    if (!AcceptSign(")")) return Expected("',' or ')'");
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Name() {
    if (!IsName()) return Expected("a name");
    auto node = Node(Kind::kName);
    node->steps.push_back(tokens_[at_++].text);
    while (Now().kind == Token::Kind::kSign && Now().text == ".") {
      ++at_;
      // A step of digits, as in a.0, reads as a number.
      if (!IsName() && Now().kind != Token::Kind::kNumber) return Expected("a field");
      node->steps.push_back(tokens_[at_++].text);
    }
    if (node->steps.size() == 1)
      if (const auto alias = aliases_.find(node->steps[0]); alias != aliases_.end())
        node->steps[0] = alias->second;
    return ExpressionPointer(std::move(node));
  }

  Result<std::string> Column() {
    PENSTOCK_ASSIGN_OR_RETURN(const ExpressionPointer name, Name());
    return ColumnOf(*name);
  }

  /// UNNEST(array): the array.
  Result<ExpressionPointer> Unnest() {
    if (!AcceptWord("UNNEST") || !AcceptSign("(")) return Expected("UNNEST(array)");
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer array, Postfix());
    if (!AcceptSign(")")) return Expected("')'");
    return array;
  }

  /// "FROM UNNEST(array) [AS] name [WHERE condition])".
  Status From(Expression& node) {
    if (!AcceptWord("FROM")) return Expected("FROM UNNEST(array)");
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer array, Unnest());
    AcceptWord("AS");
    if (IsName() && !IsWord("WHERE")) node.text = tokens_[at_++].text;
    ExpressionPointer where;
    if (AcceptWord("WHERE")) {
      PENSTOCK_ASSIGN_OR_RETURN(where, Or());
    }
    if (!AcceptSign(")")) return Expected("')'");
    node.operands = {std::move(array), std::move(where)};
    return OkStatus();
  }

  Result<ExpressionPointer> Exists() {
    auto node = Node(Kind::kExists);
    if (!AcceptSign("(") || !AcceptWord("SELECT")) return Expected("(SELECT ...");
    if (!AcceptSign("*")) PENSTOCK_RETURN_IF_ERROR(Or().status());
    PENSTOCK_RETURN_IF_ERROR(From(*node));
    return ExpressionPointer(std::move(node));
  }

  Result<ExpressionPointer> Aggregate() {
    auto node = Node(Kind::kAggregate);
    ++at_;
    const std::string function = Upper(Now().text);
    if (!IsOneOf(function, kAggregates)) return Expected(fmt::format("{}", fmt::join(kAggregates, ", ")));
    ++at_;
    if (!AcceptSign("(")) return Expected("'('");
    ExpressionPointer of;
    if (!AcceptSign("*")) {
      PENSTOCK_ASSIGN_OR_RETURN(of, Or());
    }
    if (of == nullptr && function != "COUNT") return Expected("an expression");
    if (!AcceptSign(")")) return Expected("')'");
    PENSTOCK_RETURN_IF_ERROR(From(*node));
    node->steps.push_back(function);
    node->operands.push_back(std::move(of));
    return ExpressionPointer(std::move(node));
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  std::map<std::string, std::string> aliases_;
};

}  // namespace

Result<ExpressionPointer> ParseExpression(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<Token> tokens, ReadTokens(text));
  return Parser(std::move(tokens)).Whole();
}

Result<StructQuery> ParseStructQuery(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<Token> tokens, ReadTokens(text));
  return Parser(std::move(tokens)).Query();
}

std::string ColumnOf(const Expression& name) {
  const bool has_prefix = name.steps.size() > 1 && name.steps[0] == "example";
  return fmt::format("{}", fmt::join(name.steps.begin() + (has_prefix ? 1 : 0), name.steps.end(), "."));
}

bool IsLike(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    // A '%' of the text is no wildcard: the pattern's is looked at first.
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace penstock::sql
