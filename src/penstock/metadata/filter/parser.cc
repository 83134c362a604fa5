#include "penstock/metadata/filter/parser.h"

#include <algorithm>

#include <absl/strings/match.h>

#include "penstock/metadata/filter/lexer.h"

namespace penstock::metadata::filter {
namespace {

constexpr int kMaxDepth = 450;  // Three levels a pair of parentheses.

bool IsComparison(const Token& token) {
  for (const std::string_view symbol : {"=", "!=", "<>", "<", "<=", ">", ">="}) {
    if (token.IsSymbol(symbol)) return true;
  }
  return false;
}

ExpressionPointer Make(ExpressionKind kind, std::string text, size_t offset) {
  auto expression = std::make_unique<Expression>();
  expression->kind = kind;
  expression->text = std::move(text);
  expression->offset = offset;
  return expression;
}

/// `left` begins at its first token, parentheses included: so does what is made of it.
ExpressionPointer MakeBinary(ExpressionKind kind, std::string text, size_t offset, ExpressionPointer left,
                             ExpressionPointer right) {
  auto expression = Make(kind, std::move(text), offset);
  expression->children.push_back(std::move(left));
  expression->children.push_back(std::move(right));
  return expression;
}

class Parser {
 public:
  explicit Parser(std::string_view query) : query_(query), tokens_(Tokenize(query)) {}

  Result<ExpressionPointer> Run() {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer expression, Or());
    if (Peek().kind != TokenKind::kEnd) return Expected("end of input");
    return expression;
  }

 private:
  using Parsed = Result<ExpressionPointer>;

  const Token& Peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  Token Take() {
    Token token = Peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool TakeKeyword(std::string_view name) {
    if (!Peek().IsKeyword(name)) return false;
    Take();
    return true;
  }
  bool TakeSymbol(std::string_view symbol) {
    if (!Peek().IsSymbol(symbol)) return false;
    Take();
    return true;
  }

  Status SyntaxError(size_t offset, std::string_view message) const {
    return ErrorAt(query_, offset, fmt::format("Syntax error: {}", message));
  }
  Status Unexpected() const {
    const Token& token = Peek();
    if (token.kind == TokenKind::kError) return SyntaxError(token.offset, token.value);
    return SyntaxError(token.offset, "Unexpected " + token.Description());
  }
  Status Expected(std::string_view what) const {
    const Token& token = Peek();
    if (token.kind == TokenKind::kError) return SyntaxError(token.offset, token.value);
    return SyntaxError(token.offset, fmt::format("Expected {} but got {}", what, token.Description()));
  }
  Status BadParentheses(size_t offset) const {
    if (Peek().kind == TokenKind::kError) return Unexpected();
    return SyntaxError(
        offset,
        "Parenthesized expression cannot be parsed as an expression, struct constructor, or subquery");
  }

  /// Counts the levels of nesting while one of the recursive rules runs.
  class Level {
   public:
    explicit Level(int& depth) : depth_(++depth) {}
    ~Level() { --depth_; }
    bool IsTooDeep() const { return depth_ > kMaxDepth; }

   private:
    int& depth_;
  };

  Parsed Or() {
    const Level level(depth_);
    if (level.IsTooDeep()) return SyntaxError(Peek().offset, "The expression is nested too deeply");
    const size_t offset = Peek().offset;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer first, And());
    if (!Peek().IsKeyword("OR")) return first;
    auto expression = Make(ExpressionKind::kOr, "OR", offset);
    expression->children.push_back(std::move(first));
    while (TakeKeyword("OR")) {
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer next, And());
      expression->children.push_back(std::move(next));
    }
    return expression;
  }

  Parsed And() {
    const size_t offset = Peek().offset;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer first, Not());
    if (!Peek().IsKeyword("AND")) return first;
    auto expression = Make(ExpressionKind::kAnd, "AND", offset);
    expression->children.push_back(std::move(first));
    while (TakeKeyword("AND")) {
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer next, Not());
      expression->children.push_back(std::move(next));
    }
    return expression;
  }

  Parsed Not() {
    const Level level(depth_);
    if (level.IsTooDeep()) return SyntaxError(Peek().offset, "The expression is nested too deeply");
    const size_t offset = Peek().offset;
    if (!TakeKeyword("NOT")) return Comparison();
    auto expression = Make(ExpressionKind::kNot, "NOT", offset);
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer child, Not());
    expression->children.push_back(std::move(child));
    return expression;
  }

  Parsed Comparison() {
    const size_t offset = Peek().offset;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer left, BitOr());
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer expression, ComparisonOf(std::move(left), offset));
    const bool is_is = expression->kind == ExpressionKind::kIs && expression->offset == offset;
    if (is_is && Peek().IsKeyword("IS")) {
      return SyntaxError(Peek().offset, "Expression to the left of IS must be parenthesized");
    }
    // Comparisons do not chain.
    if (is_comparison_ && (IsComparison(Peek()) || IsPredicate())) return Unexpected();
    is_comparison_ = false;
    return expression;
  }

  /// IN, LIKE, BETWEEN, with or without NOT, or IS comes next.
  bool IsPredicate() const {
    const Token& token = Peek().IsKeyword("NOT") ? Peek(1) : Peek();
    return token.IsKeyword("IN") || token.IsKeyword("LIKE") || token.IsKeyword("BETWEEN") ||
           Peek().IsKeyword("IS");
  }

  Parsed ComparisonOf(ExpressionPointer left, size_t offset) {
    is_comparison_ = false;
    if (IsComparison(Peek())) {
      std::string symbol = Take().value;
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer right, BitOr());
      is_comparison_ = true;
      return MakeBinary(ExpressionKind::kComparison, symbol == "<>" ? "!=" : std::move(symbol), offset,
                        std::move(left), std::move(right));
    }
    if (!IsPredicate()) return left;
    const size_t operator_offset = Peek().offset;
    const bool is_negated = TakeKeyword("NOT");
    const Token word = Take();
    Parsed expression = word.value == "IS"     ? Is(std::move(left), offset)
                        : word.value == "IN"   ? In(std::move(left), offset)
                        : word.value == "LIKE" ? Like(std::move(left), offset)
                                               : Between(std::move(left), offset);
    if (!expression.ok()) return expression;
    (*expression)->operator_offset = operator_offset;
    if (is_negated) (*expression)->is_negated = true;
    is_comparison_ = true;
    return expression;
  }

  Parsed Is(ExpressionPointer left, size_t offset) {
    auto expression = Make(ExpressionKind::kIs, "", offset);
    expression->is_negated = TakeKeyword("NOT");
    if (Peek().IsKeyword("DISTINCT"))
      return ErrorAt(query_, Peek().offset, "IS DISTINCT FROM is not supported");
    const Token& token = Peek();
    const bool is_unknown = token.kind == TokenKind::kIdentifier && token.text.size() == 7 &&
                            absl::EqualsIgnoreCase(token.value, "UNKNOWN");
    if (!is_unknown && !token.IsKeyword("NULL") && !token.IsKeyword("TRUE") && !token.IsKeyword("FALSE")) {
      return Expected("keyword FALSE or keyword NULL or keyword TRUE or keyword UNKNOWN");
    }
    expression->text = is_unknown ? "UNKNOWN" : token.value;
    Take();
    expression->children.push_back(std::move(left));
    return expression;
  }

  Parsed In(ExpressionPointer left, size_t offset) {
    auto expression = Make(ExpressionKind::kIn, "IN", offset);
    expression->children.push_back(std::move(left));
    if (!TakeSymbol("(")) return Expected("\"(\" or keyword UNNEST");
    const size_t inside = Peek().offset;
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer element, Or());
      expression->children.push_back(std::move(element));
      if (TakeSymbol(")")) return expression;
      if (TakeSymbol(",")) continue;
      if (expression->children.size() == 2) return BadParentheses(inside);
      return Expected("\")\" or \",\"");
    }
  }

  Parsed Like(ExpressionPointer left, size_t offset) {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer pattern, BitOr());
    return MakeBinary(ExpressionKind::kLike, "LIKE", offset, std::move(left), std::move(pattern));
  }

  Parsed Between(ExpressionPointer left, size_t offset) {
    auto expression = Make(ExpressionKind::kBetween, "BETWEEN", offset);
    expression->children.push_back(std::move(left));
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer low, BitOr());
    expression->children.push_back(std::move(low));
    if (!TakeKeyword("AND")) return Unexpected();
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer high, BitOr());
    expression->children.push_back(std::move(high));
    return expression;
  }

  /// One level of left-associative operators over the next.
  template <class Next>
  Parsed LeftToRight(std::initializer_list<std::string_view> symbols, const Next& next) {
    const size_t offset = Peek().offset;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer left, next());
    while (true) {
      const Token token = Peek();
      bool is_here = false;
      for (const std::string_view symbol : symbols) is_here = is_here || token.IsSymbol(symbol);
      if (!is_here) return left;
      if (++num_operators_ > kMaxOperators) return SyntaxError(token.offset, "The expression is too long");
      Take();
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer right, next());
      left = MakeBinary(ExpressionKind::kBinary, token.value, offset, std::move(left), std::move(right));
    }
  }
  Parsed BitOr() {
    return LeftToRight({"|"}, [this] { return BitXor(); });
  }
  Parsed BitXor() {
    return LeftToRight({"^"}, [this] { return BitAnd(); });
  }
  Parsed BitAnd() {
    return LeftToRight({"&"}, [this] { return Shift(); });
  }
  Parsed Shift() {
    return LeftToRight({"<<", ">>"}, [this] { return Sum(); });
  }
  Parsed Sum() {
    return LeftToRight({"+", "-"}, [this] { return Product(); });
  }
  Parsed Product() {
    return LeftToRight({"*", "/", "||"}, [this] { return Unary(); });
  }

  Parsed Unary() {
    const Level level(depth_);
    if (level.IsTooDeep()) return SyntaxError(Peek().offset, "The expression is nested too deeply");
    const Token token = Peek();
    if (!token.IsSymbol("-") && !token.IsSymbol("+") && !token.IsSymbol("~")) return Path();
    Take();
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer child, Unary());
    const bool is_number = child->kind == ExpressionKind::kInteger || child->kind == ExpressionKind::kFloat;
    if (token.value == "-" && is_number && child->text[0] != '-') {
      child->text.insert(0, "-");
      child->offset = token.offset;
      return child;
    }
    auto expression = Make(ExpressionKind::kUnary, token.value, token.offset);
    expression->children.push_back(std::move(child));
    return expression;
  }

  Parsed Path() {
    const size_t offset = Peek().offset;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer expression, Primary());
    while (TakeSymbol(".")) {
      if (++num_operators_ > kMaxOperators) return SyntaxError(Peek().offset, "The expression is too long");
      TakeSymbol("(");  // GoogleSQL has extension fields in parentheses: no neighbour has any.
      if (Peek().kind != TokenKind::kIdentifier) return Unexpected();
      const Token name = Take();
      auto field = Make(ExpressionKind::kField, name.value, offset);
      field->operator_offset = name.offset;
      field->children.push_back(std::move(expression));
      expression = std::move(field);
    }
    return expression;
  }

  Parsed Primary() {
    const Token token = Peek();
    switch (token.kind) {
      case TokenKind::kInteger:
        return Literal(ExpressionKind::kInteger);
      case TokenKind::kFloat:
        return Literal(ExpressionKind::kFloat);
      case TokenKind::kString:
        return Literal(ExpressionKind::kString);
      case TokenKind::kBytes:
        return Literal(ExpressionKind::kBytes);
      case TokenKind::kIdentifier:
        Take();
        if (Peek().IsSymbol("(")) return Call(token);
        return Make(ExpressionKind::kName, token.value, token.offset);
      case TokenKind::kKeyword:
        return Keyword(token);
      case TokenKind::kSymbol:
        break;
      case TokenKind::kEnd:
      case TokenKind::kError:
        return Unexpected();
    }
    if (token.value == "(") return Parentheses();
    if (token.value == "?") {
      Take();
      return Make(ExpressionKind::kParameter, "", token.offset);
    }
    if (token.value != "@") return Unexpected();
    Take();
    if (Peek().kind != TokenKind::kIdentifier) return Unexpected();
    return Make(ExpressionKind::kParameter, Take().value, token.offset);
  }

  Parsed Literal(ExpressionKind kind) {
    const Token token = Take();
    return Make(kind, token.value, token.offset);
  }

  Parsed Parentheses() {
    Take();
    const size_t inside = Peek().offset;
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer expression, Or());
    is_comparison_ = false;
    if (TakeSymbol(")")) return expression;
    return BadParentheses(inside);
  }

  Parsed Keyword(const Token& token) {
    if (token.value == "TRUE" || token.value == "FALSE") {
      Take();
      return Make(ExpressionKind::kBool, token.value == "TRUE" ? "true" : "false", token.offset);
    }
    if (token.value == "NULL") {
      Take();
      return Make(ExpressionKind::kNull, "NULL", token.offset);
    }
    if (token.value == "CASE") return Case();
    if (token.value == "CAST") return Cast();
    if (token.value == "IF" && Peek(1).IsSymbol("(")) {
      Take();
      return Call(token);
    }
    // The operator NEW wants the name of a type, which no query has: what follows it is at fault.
    if (token.value == "NEW") Take();
    return Unexpected();
  }

  Parsed Call(const Token& name) {
    Take();
    auto expression = Make(ExpressionKind::kCall, std::string(name.text), name.offset);
    if (TakeSymbol(")")) return expression;
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer argument, Or());
      is_comparison_ = false;
      expression->children.push_back(std::move(argument));
      if (TakeSymbol(")")) return expression;
      if (!TakeSymbol(",")) return Expected("\")\"");
    }
  }

  Parsed Case() {
    auto expression = Make(ExpressionKind::kCase, "CASE", Take().offset);
    if (!Peek().IsKeyword("WHEN")) {
      expression->has_case_value = true;
      PENSTOCK_RETURN_IF_ERROR(TakeChild(*expression));
      if (!Peek().IsKeyword("WHEN")) return Expected("keyword WHEN");
    }
    while (TakeKeyword("WHEN")) {
      PENSTOCK_RETURN_IF_ERROR(TakeChild(*expression));
      if (!TakeKeyword("THEN")) return Expected("keyword THEN");
      PENSTOCK_RETURN_IF_ERROR(TakeChild(*expression));
    }
    if (TakeKeyword("ELSE")) {
      expression->has_else = true;
      PENSTOCK_RETURN_IF_ERROR(TakeChild(*expression));
    }
    if (!TakeKeyword("END")) return Expected("keyword END");
    return expression;
  }
  Parsed Cast() {
    auto expression = Make(ExpressionKind::kCast, "", Take().offset);
    if (!TakeSymbol("(")) return Expected("\"(\"");
    PENSTOCK_RETURN_IF_ERROR(TakeChild(*expression));
    if (!TakeKeyword("AS")) return Expected("keyword AS");
    if (Peek().kind != TokenKind::kIdentifier) return Unexpected();
    expression->operator_offset = Peek().offset;
    expression->text = Take().value;
    if (!TakeSymbol(")")) return Expected("\")\"");
    return expression;
  }

  Status TakeChild(Expression& expression) {
    PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer child, Or());
    is_comparison_ = false;
    expression.children.push_back(std::move(child));
    return OkStatus();
  }

  static constexpr int kMaxOperators = 500;  // Each is a level of the tree.

  std::string_view query_;
  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  int num_operators_ = 0;
  bool is_comparison_ = false;  // What was read last is a comparison outside parentheses.
};

}  // namespace

Result<ExpressionPointer> ParseExpression(std::string_view query) { return Parser(query).Run(); }

}  // namespace penstock::metadata::filter
