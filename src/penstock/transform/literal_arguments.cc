#include <algorithm>
#include <cmath>

#include "penstock/transform/expression_planner.h"

namespace penstock::transform {
namespace {

bool IsNegation(const Expression& expression) {
  return expression.kind == Expression::Kind::kCall && expression.text == "-" &&
         expression.arguments.size() == 1;
}

}  // namespace

bool ExpressionPlanner::IsListLiteral(const Expression& expression) {
  return expression.kind == Expression::Kind::kCall && expression.text == "[";
}

Result<int64_t> ExpressionPlanner::IntegerLiteral(const Expression* argument, std::string_view name,
                                                  int64_t absent, int64_t least, int64_t most) {
  if (argument == nullptr) return absent;
  const bool is_negated = IsNegation(*argument);
  const Expression& literal = is_negated ? argument->arguments[0].value : *argument;
  if (literal.kind != Expression::Kind::kInteger) {
    return Error(*argument, fmt::format("{} must be an integer written out, such as {}={}", name, name,
                                        std::max<int64_t>(least, 10)));
  }
  const int64_t value = is_negated ? -literal.integer : literal.integer;
  if (value < least) return Error(*argument, fmt::format("{} must be at least {}", name, least));
  if (value > most) return Error(*argument, fmt::format("{} must be at most {}", name, most));
  return value;
}

Result<double> ExpressionPlanner::NumberLiteral(const Expression* argument, std::string_view name,
                                                double absent) {
  if (argument == nullptr) return absent;
  const bool is_negated = IsNegation(*argument);
  const Expression& literal = is_negated ? argument->arguments[0].value : *argument;
  const bool is_integer = literal.kind == Expression::Kind::kInteger;
  const bool is_word = literal.kind == Expression::Kind::kColumn && !literal.is_quoted;
  if (is_word && literal.text == "inf") return is_negated ? -HUGE_VAL : HUGE_VAL;
  if (is_word && literal.text == "nan") return std::nan("");
  if (!is_integer && literal.kind != Expression::Kind::kNumber) {
    return Error(*argument, fmt::format("{} must be a number written out, such as {}=1.5", name, name));
  }
  const double value = is_integer ? static_cast<double>(literal.integer) : literal.number;
  return is_negated ? -value : value;
}

Result<std::string> ExpressionPlanner::TextLiteral(const Expression* argument, std::string_view name,
                                                   const std::string& absent) {
  if (argument == nullptr) return absent;
  if (argument->kind == Expression::Kind::kText) return argument->text;
  return Error(*argument, fmt::format("{} must be a text in quotes", name));
}

Result<bool> ExpressionPlanner::BooleanLiteral(const Expression* argument, std::string_view name,
                                               bool absent) {
  if (argument == nullptr) return absent;
  if (argument->kind == Expression::Kind::kBoolean) return argument->integer != 0;
  return Error(*argument, fmt::format("{} must be true or false", name));
}

Result<std::vector<std::string>> ExpressionPlanner::TextsLiteral(const Expression* argument,
                                                                 std::string_view name) {
  std::vector<std::string> texts;
  if (argument == nullptr) return texts;
  if (!IsListLiteral(*argument))
    return Error(*argument, fmt::format("{} must be a list of texts, such as {}=['a', 'b']", name, name));
  for (const Expression::Argument& entry : argument->arguments) {
    PENSTOCK_ASSIGN_OR_RETURN(std::string text, TextLiteral(&entry.value, name, ""));
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<std::vector<double>> ExpressionPlanner::NumbersLiteral(const Expression* argument,
                                                              std::string_view name) {
  std::vector<double> numbers;
  if (argument == nullptr) return numbers;
  if (!IsListLiteral(*argument))
    return Error(*argument, fmt::format("{} must be a list of numbers, such as {}=[0.5, 1]", name, name));
  for (const Expression::Argument& entry : argument->arguments) {
    PENSTOCK_ASSIGN_OR_RETURN(const double number, NumberLiteral(&entry.value, name, 0));
    numbers.push_back(number);
  }
  return numbers;
}

Result<size_t> ExpressionPlanner::ChoiceLiteral(const Expression* argument, std::string_view name,
                                                const std::vector<std::string>& words) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string word, TextLiteral(argument, name, words[0]));
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end())
    return Error(*argument, fmt::format("{} must be '{}'", name, fmt::join(words, "' or '")));
  return static_cast<size_t>(found - words.begin());
}

}  // namespace penstock::transform
