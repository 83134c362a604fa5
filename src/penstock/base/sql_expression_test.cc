#include "penstock/base/sql_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace penstock::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The tree as text: (and (< a 1) (is-null b)).
std::string Shown(const Expression& node) {
  using Kind = Expression::Kind;
  static constexpr const char* kNames[] = {"null",    "bool",  "int",     "real",   "text",     "name",
                                           "neg",     "not",   "and",     "or",     "",         "",
                                           "is-null", "is",    "in",      "in[]",   "between",  "like",
                                           "call",    "field", "element", "exists", "aggregate"};
  switch (node.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return node.truth ? "true" : "false";
    case Kind::kInteger:
      return fmt::format("{}", node.integer);
    case Kind::kReal:
      return fmt::format("{}", node.real);
    case Kind::kText:
      return "'" + node.text + "'";
    case Kind::kName:
      return fmt::format("{}", fmt::join(node.steps, "."));
    default:
      break;
  }
  std::string text = "(" + std::string(kNames[static_cast<int>(node.kind)]) + node.text;
  for (const std::string& step : node.steps) text += " " + step;
  for (const auto& operand : node.operands) text += " " + (operand ? Shown(*operand) : "-");
  return text + ")";
}

std::string Parsed(const std::string& text) {
  const auto expression = ParseExpression(text);
  return expression.ok() ? Shown(**expression) : std::string(expression.status().message());
}

TEST(SqlExpressionTest, BindsAsSqlDoes) {
  for (const auto& [text, tree] :
       {std::pair("a < 1 and b is null or not c = 'x'", "(or (and (< a 1) (is-null b)) (not (= c 'x')))"),
        {"1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"},
        {"-1.5e0", "-1.5"},
        {"- a", "(neg a)"},
        {"feature.num_stats.max <> 3", "(!= feature.num_stats.max 3)"},
        {"`odd name`.x IN (1, 'b')", "(in odd name.x 1 'b')"},
        {"a NOT BETWEEN 1 AND 2 + 3", "(not (between a 1 (+ 2 3)))"},
        {"x not like '%''%'", "(not (like x '%'%'))"},
        {"abs(a.b[offset(0)].c) >= .5", "(>= (callABS (fieldc (element a.b 0))) 0.5)"},
        {"a[1] is not true", "(not (is (element a 1)))"},
        {"'x' in unnest(a.b)", "(in[] 'x' a.b)"},
        {"cast(a as float64) = null", "(= (callCAST a float64) null)"},
        {"exists(select 1 from unnest(a.b) as v where v.c > 0)", "(existsv a.b (> v.c 0))"},
        {"(select sum(v.c) from unnest(a.b) v) < 3", "(< (aggregatev SUM a.b - v.c) 3)"},
        {"(select count(*) from unnest(a)) = 0", "(= (aggregate COUNT a - -) 0)"}})
    EXPECT_EQ(Parsed(text), tree) << text;
}

TEST(SqlExpressionTest, SaysWhatIsExpectedAndWhere) {
  for (const auto& [text, message] : {std::pair("a <", "'the end' at 4 where a column, a number or a text"),
                                      {"a b", "has 'b' at 3 where AND, OR or the end"},
                                      {"(a", "where ')' is expected"},
                                      {"'a", "is never closed"},
                                      {"a in 1", "where '(' is expected"},
                                      {"a is 3", "NULL, TRUE or FALSE"},
                                      {"(select max(*) from unnest(a))", "an expression"},
                                      {"1.2.3", "a number"},
                                      {"f(1", "',' or ')'"},
                                      {"", "is expected"}})
    EXPECT_THAT(Parsed(text), HasSubstr(message)) << text;
}

TEST(SqlExpressionTest, EndsAtDeepNestingInsteadOfTheStack) {
  for (const std::string unit : {"(", "NOT ", "- ", "f(", "a[", "EXISTS(SELECT 1 FROM UNNEST(a) WHERE "}) {
    std::string text;
    while (text.size() + unit.size() < kMaxTextBytes) text += unit;
    EXPECT_FALSE(ParseExpression(text).ok()) << unit;
  }
  std::string sum = "1", fields = "f()";
  for (int i = 0; i < 10'000; ++i) {
    sum += "+1";
    fields += ".a";
  }
  EXPECT_FALSE(ParseExpression(sum).ok());
  EXPECT_FALSE(ParseExpression(fields).ok());
  EXPECT_FALSE(ParseExpression(std::string(kMaxTextBytes + 1, ' ')).ok());
}

TEST(StructQueryTest, HasColumnsTheirNamesAndTheCondition) {
  const auto query = ParseStructQuery(
      "SELECT STRUCT(example.hour, c AS town) FROM example.hour, example.city AS c WHERE c LIKE 'B%';");
  ASSERT_TRUE(query.ok()) << query.status();
  ASSERT_EQ(query->columns.size(), 2u);
  EXPECT_EQ(query->columns[0].name, "hour");
  EXPECT_EQ(query->columns[0].as, "hour");
  EXPECT_EQ(query->columns[1].name, "city");
  EXPECT_EQ(query->columns[1].as, "town");
  EXPECT_EQ(Shown(*query->where), "(like city 'B%')");
  EXPECT_EQ(ParseStructQuery("select struct(a)")->where, nullptr);
  for (const char* wrong :
       {"SELECT a FROM b", "DELETE FROM a", "SELECT STRUCT(a", "SELECT STRUCT(a) LIMIT 3", ""})
    EXPECT_EQ(ParseStructQuery(wrong).status().code(), StatusCode::kInvalidArgument) << wrong;
}

TEST(LikeTest, KnowsAnyTextAndAnyByte) {
  EXPECT_TRUE(IsLike("Bern", "B%"));
  EXPECT_TRUE(IsLike("Bern", "_er_"));
  EXPECT_TRUE(IsLike("a%b", "a%b"));
  EXPECT_TRUE(IsLike("%abc", "%c"));
  EXPECT_FALSE(IsLike("Bern", "b%"));
  EXPECT_FALSE(IsLike("", "_"));
  EXPECT_TRUE(IsLike("", "%%"));
}

}  // namespace
}  // namespace penstock::sql
