#include "penstock/transform/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::transform {
namespace {

using testing::HasSubstr;

ExpressionSource Source(const std::string& text) {
  return ExpressionSource::OnOneLine("features.yaml", "feature 'x'", text, {.line = 3, .column = 6});
}

/// The tree in prefix form, so that a test shows what binds to what.
std::string Print(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kColumn:
      return expression.text;
    case Expression::Kind::kInteger:
      return std::to_string(expression.integer);
    case Expression::Kind::kNumber:
      return fmt::format("{}", expression.number);
    case Expression::Kind::kText:
      return "'" + expression.text + "'";
    case Expression::Kind::kBoolean:
      return expression.integer != 0 ? "true" : "false";
    case Expression::Kind::kCall:
      break;
  }
  std::string printed = "(" + expression.text;
  for (const Expression::Argument& argument : expression.arguments) {
    printed += " " + (argument.name.empty() ? "" : argument.name + "=") + Print(argument.value);
  }
  return printed + ")";
}

std::string Parse(const std::string& text) {
  const Result<Expression> expression = ParseExpression(Source(text));
  return expression.ok() ? Print(*expression) : std::string(expression.status().message());
}

TEST(ExpressionTest, BindsOperatorsAsPythonDoes) {
  EXPECT_EQ(Parse("a + b * c"), "(+ a (* b c))");
  EXPECT_EQ(Parse("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(Parse("(a - (b - c))"), "(- a (- b c))");
  EXPECT_EQ(Parse("-a * b"), "(* (- a) b)");
  EXPECT_EQ(Parse("a % 24 < 3 + 1"), "(< (% a 24) (+ 3 1))");
  EXPECT_EQ(Parse("a > 1 and b or not c == d and e"), "(or (and (> a 1) b) (and (not (== c d)) e))");
  EXPECT_EQ(Parse("tips > fare * 0.2"), "(> tips (* fare 0.2))");
}

TEST(ExpressionTest, ReadsLiteralsAndNames) {
  EXPECT_EQ(Parse("1e3"), "1000");
  EXPECT_EQ(Parse(".5 + 2."), "(+ 0.5 2)");
  EXPECT_EQ(Parse("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Parse(R"('it\'s' == "a\tb\\")"), "(== 'it's' 'a\tb\\')");
  EXPECT_EQ(Parse("`trip miles` != größe"), "(!= trip miles größe)");
  EXPECT_EQ(Parse("true or False"), "(or true false)");
}

TEST(ExpressionTest, ReadsCallsWithNamedArguments) {
  EXPECT_EQ(Parse("f()"), "(f)");
  EXPECT_EQ(Parse("f(a, g(b, 1), top_k=10, flag = not c)"), "(f a (g b 1) top_k=10 flag=(not c))");
}

TEST(ExpressionTest, MarksTheFaultWithPositionAndCaret) {
  EXPECT_EQ(Parse("log(trip_miles"),
            "features.yaml:3:20: feature 'x': the expression ends where ',' or ')' should come\n"
            "  log(trip_miles\n"
            "                ^");
  EXPECT_EQ(Parse("größe = 3"),
            "features.yaml:3:12: feature 'x': to compare, write '=='\n"
            "  größe = 3\n"
            "        ^");
  EXPECT_EQ(Parse("a && b"),
            "features.yaml:3:8: feature 'x': unknown operator '&&'; write 'and'\n"
            "  a && b\n"
            "    ^^");
}

TEST(ExpressionTest, RefusesWhatIsNotAnExpression) {
  EXPECT_THAT(Parse(""), HasSubstr("features.yaml:3:6: feature 'x': the expression is empty"));
  EXPECT_THAT(Parse("a b"),
              HasSubstr("features.yaml:3:8: feature 'x': here should come an operator or the end"));
  EXPECT_THAT(Parse("a +"),
              HasSubstr("the expression ends where a column, a number, a 'text' or a function"));
  EXPECT_THAT(Parse("'open"), HasSubstr("the text is not closed; add a ' at its end"));
  EXPECT_THAT(Parse("a < b < c"), HasSubstr("features.yaml:3:12: feature 'x': comparisons do not chain"));
  EXPECT_THAT(Parse("99999999999999999999"), HasSubstr("too large"));
  EXPECT_THAT(Parse("3miles"), HasSubstr("a name cannot begin with a digit"));
  EXPECT_THAT(Parse("a and and b"), HasSubstr("features.yaml:3:12: feature 'x': here should come a column"));
  EXPECT_THAT(Parse("f(a,,b)"), HasSubstr("features.yaml:3:10: feature 'x': here should come a column"));
  EXPECT_THAT(Parse("a ; b"),
              HasSubstr("features.yaml:3:8: feature 'x': a character that means nothing here"));
  EXPECT_THAT(Parse("``"), HasSubstr("a column name cannot be empty"));
}

TEST(ExpressionTest, BoundsDepthAndSize) {
  const auto nested = [](int depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  EXPECT_EQ(Parse(nested(kMaxExpressionDepth)), "a");
  EXPECT_THAT(Parse(nested(kMaxExpressionDepth + 1)), HasSubstr("nested more than 128 deep"));
  EXPECT_THAT(Parse(std::string(60'000, '-') + "a"), HasSubstr("nested more than 128 deep"));
  std::string sum = "a";
  for (int i = 0; i < 200; ++i) sum += "+a";
  EXPECT_THAT(Parse(sum), HasSubstr("nested more than 128 deep"));
  std::string wide = "f(a";
  for (int i = 0; i < kMaxExpressionNodes; ++i) wide += ",a";
  EXPECT_THAT(Parse(wide + ")"), HasSubstr("more than 4096 parts"));
  EXPECT_THAT(Parse(std::string(kMaxExpressionBytes + 1, ' ')), HasSubstr("longer than 65536 bytes"));
}

TEST(ExpressionTest, ShowsOnlyThePartAroundTheFaultOfALongLine) {
  std::string text = "f(";
  for (int i = 0; i < 400; ++i) text += "abc, ";
  const std::string message = Parse(text + "$)");
  EXPECT_THAT(message,
              HasSubstr("features.yaml:3:2008: feature 'x': a character that means nothing here\n  ..."));
  EXPECT_LT(message.size(), 400u);
  EXPECT_EQ(message.back(), '^');
}

}  // namespace
}  // namespace penstock::transform
