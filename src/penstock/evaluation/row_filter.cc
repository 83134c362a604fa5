#include "penstock/evaluation/row_filter.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "penstock/evaluation/example_columns.h"

namespace penstock::evaluation {

/// One condition, or several joined.
struct FilterNode {
  enum class Kind { kAnd, kOr, kNot, kCompare, kIsNull, kIn, kBetween, kLike } kind = Kind::kCompare;
  /// A column, or a constant.
  struct Operand {
    std::string column;
    std::string text;
    double number = 0;
    bool is_column = false, is_text = false;
  };
  std::string comparison;
  std::vector<Operand> operands;
  std::vector<std::shared_ptr<const FilterNode>> children;
};

namespace {

using Node = FilterNode;
using Operand = FilterNode::Operand;
using NodePointer = std::shared_ptr<const FilterNode>;

constexpr size_t kMaxText = size_t{1} << 16;
constexpr int kMaxDepth = 100;

struct Token {
  enum class Kind { kWord, kNumber, kText, kSign, kEnd } kind = Kind::kEnd;
  std::string text;
  size_t place = 0;  // From 1.
};

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

Result<std::vector<Token>> Lex(const std::string& sql) {
  if (sql.size() > kMaxText) return InvalidArgument("A slicing query has more than {} bytes", kMaxText);
  std::vector<Token> tokens;
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    const size_t begin = i;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
      continue;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) ||
        (c == '-' && i + 1 < sql.size() &&
         (std::isdigit(static_cast<unsigned char>(sql[i + 1])) || sql[i + 1] == '.'))) {
      for (++i; i < sql.size() &&
                (IsWordByte(sql[i]) || ((sql[i] == '-' || sql[i] == '+') && (sql[i - 1] | 32) == 'e'));)
        ++i;
      tokens.push_back({Token::Kind::kNumber, sql.substr(begin, i - begin), begin + 1});
    } else if (IsWordByte(c) || c == '`') {
      const bool is_quoted = c == '`';
      if (is_quoted) {
        i = sql.find('`', begin + 1);
        if (i == std::string::npos)
          return InvalidArgument("A ` at {} of the query is never closed", begin + 1);
        tokens.push_back({Token::Kind::kWord, sql.substr(begin + 1, i - begin - 1), begin + 1});
        ++i;
        continue;
      }
      while (i < sql.size() && IsWordByte(sql[i])) ++i;
      tokens.push_back({Token::Kind::kWord, sql.substr(begin, i - begin), begin + 1});
    } else if (c == '\'' || c == '"') {
      std::string text;
      for (++i;; ++i) {
        if (i >= sql.size()) return InvalidArgument("A text at {} of the query is never closed", begin + 1);
        if (sql[i] != c) {
          text.push_back(sql[i]);
        } else if (i + 1 < sql.size() && sql[i + 1] == c) {
          text.push_back(sql[i++]);
        } else {
          break;
        }
      }
      ++i;
      tokens.push_back({Token::Kind::kText, text, begin + 1});
    } else {
      const std::string two = sql.substr(i, 2);
      const bool is_two = two == "<=" || two == ">=" || two == "!=" || two == "<>" || two == "==";
      tokens.push_back({Token::Kind::kSign, is_two ? two : std::string(1, c), begin + 1});
      i += is_two ? 2 : 1;
    }
  }
  tokens.push_back({Token::Kind::kEnd, "the end", sql.size() + 1});
  return tokens;
}

// "example.hour" and "hour" are one column.
std::string ColumnName(const std::string& word) {
  return word.starts_with("example.") ? word.substr(8) : word;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  bool AcceptWord(std::string_view word) {
    if (Now().kind != Token::Kind::kWord || Upper(Now().text) != word) return false;
    ++at_;
    return true;
  }
  bool AcceptSign(std::string_view sign) {
    if (Now().kind != Token::Kind::kSign || Now().text != sign) return false;
    ++at_;
    return true;
  }
  bool IsAtEnd() const { return Now().kind == Token::Kind::kEnd; }
  Status Expected(std::string_view what) const {
    return InvalidArgument("The query has '{}' at {} where {} is expected", Now().text, Now().place, what);
  }
  Result<std::string> Column() {
    if (Now().kind != Token::Kind::kWord) return Expected("a column");
    return ColumnName(tokens_[at_++].text);
  }

  Result<NodePointer> Or(int depth) { return Joined("OR", Node::Kind::kOr, depth); }

 private:
  const Token& Now() const { return tokens_[at_]; }

  Result<NodePointer> Joined(std::string_view word, Node::Kind kind, int depth) {
    if (depth > kMaxDepth) return InvalidArgument("The query nests more than {} parentheses", kMaxDepth);
    auto node = std::make_shared<Node>();
    node->kind = kind;
    do {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer child, kind == Node::Kind::kOr
                                                       ? Joined("AND", Node::Kind::kAnd, depth + 1)
                                                       : Not(depth + 1));
      node->children.push_back(std::move(child));
    } while (AcceptWord(word));
    if (node->children.size() == 1) return node->children[0];
    return NodePointer(std::move(node));
  }

  Result<NodePointer> Not(int depth) {
    if (depth > kMaxDepth * 2) return InvalidArgument("The query nests more than {} conditions", kMaxDepth);
    if (!AcceptWord("NOT")) return Primary(depth);
    PENSTOCK_ASSIGN_OR_RETURN(NodePointer child, Not(depth + 1));
    return Negated(std::move(child));
  }

  static NodePointer Negated(NodePointer child) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::kNot;
    node->children.push_back(std::move(child));
    return node;
  }

  Result<Operand> ReadOperand() {
    Operand operand;
    const Token& token = Now();
    operand.text = token.text;
    if (token.kind == Token::Kind::kText) {
      operand.is_text = true;
    } else if (token.kind == Token::Kind::kNumber) {
      const char* end = token.text.data() + token.text.size();
      if (std::from_chars(token.text.data(), end, operand.number).ptr != end) return Expected("a number");
    } else if (token.kind == Token::Kind::kWord) {
      operand.is_column = true;
      operand.column = ColumnName(token.text);
    } else {
      return Expected("a column, a number or a text");
    }
    ++at_;
    return operand;
  }

  Result<NodePointer> Primary(int depth) {
    if (AcceptSign("(")) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer inner, Or(depth + 1));
      if (!AcceptSign(")")) return Expected("')'");
      return inner;
    }
    auto node = std::make_shared<Node>();
    PENSTOCK_ASSIGN_OR_RETURN(Operand left, ReadOperand());
    node->operands.push_back(std::move(left));
    if (AcceptWord("IS")) {
      const bool is_not = AcceptWord("NOT");
      if (!AcceptWord("NULL")) return Expected("NULL");
      if (!node->operands[0].is_column) return Expected("a column before IS");
      node->kind = Node::Kind::kIsNull;
      return is_not ? Negated(std::move(node)) : NodePointer(std::move(node));
    }
    const bool is_not = AcceptWord("NOT");
    PENSTOCK_RETURN_IF_ERROR(Predicate(is_not, *node));
    return is_not ? Negated(std::move(node)) : NodePointer(std::move(node));
  }

  Status Predicate(bool is_not, Node& node) {
    const auto add_operand = [&]() -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(Operand operand, ReadOperand());
      node.operands.push_back(std::move(operand));
      return OkStatus();
    };
    if (AcceptWord("IN")) {
      node.kind = Node::Kind::kIn;
      if (!AcceptSign("(")) return Expected("'('");
      do {
        PENSTOCK_RETURN_IF_ERROR(add_operand());
      } while (AcceptSign(","));
      return AcceptSign(")") ? OkStatus() : Expected("')'");
    }
    if (AcceptWord("BETWEEN")) {
      node.kind = Node::Kind::kBetween;
      PENSTOCK_RETURN_IF_ERROR(add_operand());
      if (!AcceptWord("AND")) return Expected("AND");
      return add_operand();
    }
    if (AcceptWord("LIKE")) {
      node.kind = Node::Kind::kLike;
      return add_operand();
    }
    static const std::set<std::string> kComparisons = {"=", "==", "!=", "<>", "<", "<=", ">", ">="};
    if (is_not || Now().kind != Token::Kind::kSign || kComparisons.count(Now().text) == 0)
      return Expected("a comparison");
    node.comparison = tokens_[at_++].text;
    return add_operand();
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

// A value of a row.
struct Value {
  bool is_text = false;
  double number = 0;
  std::string_view text;
};

using Columns = std::map<std::string, ColumnPointer>;

// Calls `visit` with each value of the operand until it says true.
template <class Visit>
bool AnyValue(const Operand& operand, const Columns& columns, int64_t row, const Visit& visit) {
  if (!operand.is_column) return visit(Value{operand.is_text, operand.number, operand.text});
  const ExampleColumn& column = *columns.at(operand.column);
  for (int64_t i = column.Begin(row); i < column.Begin(row) + column.Size(row); ++i) {
    const auto at = static_cast<size_t>(i);
    if (visit(column.is_text ? Value{true, 0, column.texts[at]} : Value{false, column.numbers[at], {}}))
      return true;
  }
  return false;
}

bool Compare(const Value& a, const Value& b, const std::string& comparison) {
  if (a.is_text != b.is_text) return comparison == "!=" || comparison == "<>";
  const auto decide = [&](const auto& x, const auto& y) {
    if (comparison == "=" || comparison == "==") return x == y;
    if (comparison == "!=" || comparison == "<>") return x != y;
    if (comparison == "<") return x < y;
    if (comparison == "<=") return x <= y;
    if (comparison == ">") return x > y;
    return x >= y;
  };
  return a.is_text ? decide(a.text, b.text) : decide(a.number, b.number);
}

// SQL's LIKE: % is any text, _ any one byte. Linear by going back to the last % only.
bool IsLike(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '_' || (pattern[p] != '%' && pattern[p] == text[t]))) {
      ++t;
      ++p;
    } else if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      from = t;
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

bool AnyPair(const Operand& a, const Operand& b, const Columns& columns, int64_t row,
             const std::string& comparison) {
  return AnyValue(a, columns, row, [&](const Value& x) {
    return AnyValue(b, columns, row, [&](const Value& y) { return Compare(x, y, comparison); });
  });
}

bool HoldsFor(const Node& node, const Columns& columns, int64_t row) {
  const auto holds = [&](const NodePointer& child) { return HoldsFor(*child, columns, row); };
  switch (node.kind) {
    case Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case Node::Kind::kNot:
      return !holds(node.children[0]);
    case Node::Kind::kIsNull:
      return columns.at(node.operands[0].column)->Size(row) == 0;
    case Node::Kind::kIn:
      return std::any_of(node.operands.begin() + 1, node.operands.end(), [&](const Operand& each) {
        return AnyPair(node.operands[0], each, columns, row, "=");
      });
    case Node::Kind::kBetween:
      return AnyPair(node.operands[0], node.operands[1], columns, row, ">=") &&
             AnyPair(node.operands[0], node.operands[2], columns, row, "<=");
    case Node::Kind::kLike:
      return AnyValue(node.operands[0], columns, row, [&](const Value& text) {
        return text.is_text && AnyValue(node.operands[1], columns, row, [&](const Value& pattern) {
                 return pattern.is_text && IsLike(text.text, pattern.text);
               });
      });
    case Node::Kind::kCompare:
      break;
  }
  return AnyPair(node.operands[0], node.operands[1], columns, row, node.comparison);
}

void CollectColumns(const Node& node, std::set<std::string>& columns) {
  for (const Operand& operand : node.operands)
    if (operand.is_column) columns.insert(operand.column);
  for (const NodePointer& child : node.children) CollectColumns(*child, columns);
}

}  // namespace

Result<RowFilter> RowFilter::Parse(const std::string& condition) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<Token> tokens, Lex(condition));
  Parser parser(std::move(tokens));
  RowFilter filter;
  PENSTOCK_ASSIGN_OR_RETURN(filter.root_, parser.Or(0));
  if (!parser.IsAtEnd()) return parser.Expected("AND, OR or the end");
  return filter;
}

std::vector<std::string> RowFilter::columns() const {
  std::set<std::string> columns;
  CollectColumns(*root_, columns);
  return {columns.begin(), columns.end()};
}

Result<std::vector<bool>> RowFilter::Holds(const data::Batch& batch) const {
  Columns read;
  for (const std::string& name : columns()) {
    PENSTOCK_ASSIGN_OR_RETURN(read[name], ReadExampleColumn(batch, name));
  }
  std::vector<bool> holds(static_cast<size_t>(batch->num_rows()));
  for (int64_t row = 0; row < batch->num_rows(); ++row)
    holds[static_cast<size_t>(row)] = HoldsFor(*root_, read, row);
  return holds;
}

Result<SliceQuery> ParseSliceQuery(const std::string& given) {
  const auto last = given.find_last_not_of("; \t\r\n");
  const std::string sql = given.substr(0, last == std::string::npos ? 0 : last + 1);
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<Token> tokens, Lex(sql));
  const auto where = std::find_if(tokens.begin(), tokens.end(), [](const Token& token) {
    return token.kind == Token::Kind::kWord && Upper(token.text) == "WHERE";
  });
  SliceQuery query;
  Parser parser(tokens);
  if (!parser.AcceptWord("SELECT")) return parser.Expected("SELECT STRUCT(column, ...)");
  if (!parser.AcceptWord("STRUCT") || !parser.AcceptSign("(")) return parser.Expected("STRUCT(column, ...)");
  do {
    PENSTOCK_ASSIGN_OR_RETURN(std::string column, parser.Column());
    query.columns.push_back(std::move(column));
    if (parser.AcceptWord("AS")) PENSTOCK_RETURN_IF_ERROR(parser.Column().status());
  } while (parser.AcceptSign(","));
  if (!parser.AcceptSign(")")) return parser.Expected("')'");
  if (parser.AcceptWord("FROM")) {
    do {
      PENSTOCK_RETURN_IF_ERROR(parser.Column().status());
    } while (parser.AcceptSign(","));
  }
  if (where == tokens.end()) {
    if (!parser.IsAtEnd()) return parser.Expected("WHERE or the end");
    return query;
  }
  if (!parser.AcceptWord("WHERE")) return parser.Expected("WHERE");
  PENSTOCK_ASSIGN_OR_RETURN(query.filter, RowFilter::Parse(sql.substr((where + 1)->place - 1)));
  return query;
}

}  // namespace penstock::evaluation
