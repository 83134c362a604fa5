#include <algorithm>
#include <array>
#include <utility>

#include "penstock/transform/expression.h"
#include "penstock/transform/expression_lexer.h"

namespace penstock::transform {
namespace {

/// Binds more tightly the higher; all are left-associative.
struct BinaryOperator {
  std::string_view word;
  int strength;
};
constexpr int kOr = 1, kAnd = 2, kNot = 3, kComparison = 4, kSum = 5, kProduct = 6;
constexpr std::array<BinaryOperator, 13> kBinaryOperators = {{{"or", kOr},
                                                              {"and", kAnd},
                                                              {"<", kComparison},
                                                              {"<=", kComparison},
                                                              {">", kComparison},
                                                              {">=", kComparison},
                                                              {"==", kComparison},
                                                              {"!=", kComparison},
                                                              {"+", kSum},
                                                              {"-", kSum},
                                                              {"*", kProduct},
                                                              {"/", kProduct},
                                                              {"%", kProduct}}};

/// A precedence-climbing parser. Recursion is bounded by kMaxExpressionDepth.
class Parser {
 public:
  Parser(const ExpressionSource& source, std::vector<Token> tokens)
      : source_(source), tokens_(std::move(tokens)) {}

  Result<Expression> Run() {
    if (Peek().kind == Token::Kind::kEnd) return source_.ErrorAt(0, 0, "the expression is empty");
    PENSTOCK_ASSIGN_OR_RETURN(Expression expression, ParseBinary(0));
    if (Peek().kind != Token::Kind::kEnd) return Unexpected("an operator or the end");
    return expression;
  }

 private:
  const Token& Peek() const { return tokens_[at_]; }
  Token Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  Status Unexpected(std::string_view wanted) const {
    const Token& token = Peek();
    if (token.kind == Token::Kind::kEnd) {
      return source_.ErrorAt(token.begin, token.end,
                             fmt::format("the expression ends where {} should come", wanted));
    }
    if (token.IsSymbol("=")) return source_.ErrorAt(token.begin, token.end, "to compare, write '=='");
    return source_.ErrorAt(token.begin, token.end, fmt::format("here should come {}", wanted));
  }

  const BinaryOperator* PeekOperator() const {
    const Token& token = Peek();
    if (token.kind != Token::Kind::kSymbol && token.kind != Token::Kind::kName) return nullptr;
    const auto* found = std::find_if(kBinaryOperators.begin(), kBinaryOperators.end(),
                                     [&](const BinaryOperator& known) { return known.word == token.text; });
    return found == kBinaryOperators.end() ? nullptr : found;
  }

  Status Enter(const Token& token) {
    if (++nesting_ > kMaxExpressionDepth) {
      return source_.ErrorAt(token.begin, token.end,
                             fmt::format("the expression is nested more than {} deep", kMaxExpressionDepth));
    }
    return OkStatus();
  }

  /// Finishes a node: its depth is known, and one more node is counted.
  Result<Expression> Finish(Expression expression, size_t begin, size_t end) {
    expression.begin = begin;
    expression.end = end;
    for (const Expression::Argument& argument : expression.arguments) {
      expression.depth = std::max(expression.depth, argument.value.depth + 1);
    }
    if (expression.depth > kMaxExpressionDepth) {
      return source_.ErrorAt(begin, end,
                             fmt::format("the expression is nested more than {} deep", kMaxExpressionDepth));
    }
    if (++num_nodes_ > kMaxExpressionNodes) {
      return source_.ErrorAt(begin, end,
                             fmt::format("the expression has more than {} parts", kMaxExpressionNodes));
    }
    return expression;
  }

  Result<Expression> MakeCall(std::string name, std::vector<Expression> values, size_t begin, size_t end) {
    Expression call;
    call.kind = Expression::Kind::kCall;
    call.text = std::move(name);
    for (Expression& value : values) call.arguments.push_back({.name = "", .value = std::move(value)});
    return Finish(std::move(call), begin, end);
  }

  Result<Expression> ParseBinary(int weakest) {
    PENSTOCK_ASSIGN_OR_RETURN(Expression left, ParsePrefix());
    while (const BinaryOperator* known = PeekOperator()) {
      if (known->strength < weakest) break;
      const Token word = Take();
      PENSTOCK_ASSIGN_OR_RETURN(Expression right, ParseBinary(known->strength + 1));
      const size_t begin = left.begin;
      const size_t end = right.end;
      std::vector<Expression> operands;
      operands.push_back(std::move(left));
      operands.push_back(std::move(right));
      PENSTOCK_ASSIGN_OR_RETURN(left, MakeCall(word.text, std::move(operands), begin, end));
      const BinaryOperator* next = PeekOperator();
      if (known->strength == kComparison && next != nullptr && next->strength == kComparison) {
        return source_.ErrorAt(Peek().begin, Peek().end, "comparisons do not chain; write a < b and b < c");
      }
    }
    return left;
  }

  Result<Expression> ParsePrefix() {
    const Token& token = Peek();
    const bool is_not = token.IsName("not");
    if (!is_not && !token.IsSymbol("-")) return ParsePrimary();
    const size_t begin = token.begin;
    PENSTOCK_RETURN_IF_ERROR(Enter(token));
    Take();
    // "not a == b" negates the comparison; "-a * b" only a.
    PENSTOCK_ASSIGN_OR_RETURN(Expression operand, is_not ? ParseBinary(kNot) : ParsePrefix());
    --nesting_;
    const size_t end = operand.end;
    std::vector<Expression> operands;
    operands.push_back(std::move(operand));
    return MakeCall(is_not ? "not" : "-", std::move(operands), begin, end);
  }

  Result<Expression> ParsePrimary() {
    const Token token = Peek();
    Expression leaf;
    switch (token.kind) {
      case Token::Kind::kInteger:
        leaf.kind = Expression::Kind::kInteger;
        break;
      case Token::Kind::kNumber:
        leaf.kind = Expression::Kind::kNumber;
        break;
      case Token::Kind::kText:
        leaf.kind = Expression::Kind::kText;
        break;
      case Token::Kind::kQuotedName:
        leaf.kind = Expression::Kind::kColumn;
        break;
      case Token::Kind::kName:
        return ParseName();
      case Token::Kind::kSymbol:
        if (token.text == "(") return ParseParenthesis();
        if (token.text == "[") return ParseList();
        return Unexpected("a column, a number, a 'text' or a function");
      case Token::Kind::kEnd:
        return Unexpected("a column, a number, a 'text' or a function");
    }
    Take();
    leaf.is_quoted = token.kind == Token::Kind::kQuotedName;
    leaf.text = token.text;
    leaf.integer = token.integer;
    leaf.number = token.number;
    return Finish(std::move(leaf), token.begin, token.end);
  }

  Result<Expression> ParseParenthesis() {
    const Token open = Peek();
    PENSTOCK_RETURN_IF_ERROR(Enter(open));
    Take();
    PENSTOCK_ASSIGN_OR_RETURN(Expression inner, ParseBinary(0));
    if (!Peek().IsSymbol(")")) return Unexpected("an operator or ')'");
    inner.begin = open.begin;
    inner.end = Take().end;
    --nesting_;
    return inner;
  }

  /// A list written out: a call of "[", which only arguments can be.
  Result<Expression> ParseList() {
    const Token open = Peek();
    PENSTOCK_RETURN_IF_ERROR(Enter(open));
    Take();
    std::vector<Expression> values;
    while (!Peek().IsSymbol("]")) {
      if (!values.empty()) {
        if (!Peek().IsSymbol(",")) return Unexpected("',' or ']'");
        Take();
      }
      PENSTOCK_ASSIGN_OR_RETURN(Expression value, ParseBinary(0));
      values.push_back(std::move(value));
    }
    --nesting_;
    const size_t end = Take().end;
    return MakeCall("[", std::move(values), open.begin, end);
  }

  Result<Expression> ParseName() {
    const Token name = Peek();
    if (name.text == "and" || name.text == "or")
      return Unexpected("a column, a number, a 'text' or a function");
    Take();
    Expression expression;
    expression.text = name.text;
    if (Peek().IsSymbol("(")) return ParseCall(std::move(expression), name);
    const bool is_true = name.text == "true" || name.text == "True";
    if (is_true || name.text == "false" || name.text == "False") {
      expression.kind = Expression::Kind::kBoolean;
      expression.integer = is_true ? 1 : 0;
    } else {
      expression.kind = Expression::Kind::kColumn;
    }
    return Finish(std::move(expression), name.begin, name.end);
  }

  Result<Expression> ParseCall(Expression call, const Token& name) {
    call.kind = Expression::Kind::kCall;
    PENSTOCK_RETURN_IF_ERROR(Enter(name));
    Take();
    while (!Peek().IsSymbol(")")) {
      if (!call.arguments.empty()) {
        if (!Peek().IsSymbol(",")) return Unexpected("',' or ')'");
        Take();
      }
      Expression::Argument argument;
      if (Peek().kind == Token::Kind::kName && tokens_[at_ + 1].IsSymbol("=")) {
        argument.name_begin = Peek().begin;
        argument.name = Take().text;
        Take();
      }
      PENSTOCK_ASSIGN_OR_RETURN(argument.value, ParseBinary(0));
      call.arguments.push_back(std::move(argument));
    }
    --nesting_;
    const size_t end = Take().end;
    return Finish(std::move(call), name.begin, end);
  }

  const ExpressionSource& source_;
  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
  int num_nodes_ = 0;
};

}  // namespace

Result<Expression> ParseExpression(const ExpressionSource& source) {
  if (source.text().size() > kMaxExpressionBytes) {
    return source.ErrorAt(0, 0, fmt::format("the expression is longer than {} bytes", kMaxExpressionBytes));
  }
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(source));
  return Parser(source, std::move(tokens)).Run();
}

}  // namespace penstock::transform
