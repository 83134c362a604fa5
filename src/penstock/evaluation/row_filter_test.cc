#include "penstock/evaluation/row_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"

namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ValueOrDie;
using testing::HasSubstr;

const data::Batch& Rows() {
  static const data::Batch kRows = BatchMaker()
                                       .Ints("hour", {1, 5, std::nullopt, 23})
                                       .Texts("city", {{"Bern"}, {"Zürich"}, {"Basel"}, std::nullopt})
                                       .TextLists("tags", {{"a", "b"}, {}, {"b"}, {"c"}})
                                       .Make();
  return kRows;
}

// "1.0." for rows that hold and do not.
std::string Holds(const std::string& condition) {
  std::string text;
  for (const bool holds : ValueOrDie(ValueOrDie(RowFilter::Parse(condition)).Holds(Rows())))
    text += holds ? '1' : '.';
  return text;
}

TEST(RowFilterTest, HoldsAsSqlDoes) {
  for (const auto& [condition, rows] : {std::pair("hour < 5", "1..."),
                                        {"hour <= 5", "11.."},
                                        {"hour = 23 OR city = 'Basel'", "..11"},
                                        {"hour > 0 AND NOT city = \"Bern\"", ".1.1"},
                                        {"(hour = 1 OR hour = 5) AND city <> 'Bern'", ".1.."},
                                        {"hour IS NULL", "..1."},
                                        {"city IS NOT NULL", "111."},
                                        {"hour BETWEEN 2 AND 23", ".1.1"},
                                        {"city IN ('Bern', 'Basel')", "1.1."},
                                        {"city NOT IN ('Bern')", ".111"},
                                        {"city LIKE 'B%'", "1.1."},
                                        {"city LIKE '_er%'", "1..."},
                                        {"tags = 'b'", "1.1."},
                                        {"example.hour >= -1.5e0", "11.1"}})
    EXPECT_EQ(Holds(condition), rows) << condition;
}

TEST(RowFilterTest, SaysWhatIsExpectedAndWhere) {
  for (const auto& [condition, message] :
       {std::pair("hour <", "where a column, a number or a text is expected"),
        {"hour 5", "has '5' at 6 where AND, OR or the end is expected"},
        {"(hour = 1", "where ')' is expected"},
        {"city = 'Bern", "is never closed"},
        {"hour = 1 1", "where AND, OR or the end is expected"},
        {"", "is expected"}}) {
    const auto filter = RowFilter::Parse(condition);
    EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument) << condition;
    EXPECT_THAT(std::string(filter.status().message()), HasSubstr(message)) << condition;
  }
}

TEST(RowFilterTest, EndsAtDeepNestingInsteadOfTheStack) {
  EXPECT_THAT(std::string(RowFilter::Parse(std::string(5000, '(')).status().message()),
              HasSubstr("nests more than"));
  std::string nots;
  for (int i = 0; i < 5000; ++i) nots += "NOT ";
  EXPECT_FALSE(RowFilter::Parse(nots + "a = 1").ok());
}

TEST(SliceQueryTest, HasColumnsAndCondition) {
  const auto query = ValueOrDie(ParseSliceQuery(
      "SELECT STRUCT(hour, city) FROM example.hour, example.city WHERE hour < 4 AND city = 'Bern';"));
  EXPECT_THAT(query.columns, testing::ElementsAre("hour", "city"));
  EXPECT_THAT(query.filter->columns(), testing::ElementsAre("city", "hour"));
  EXPECT_FALSE(ValueOrDie(ParseSliceQuery("select struct(hour) from example.hour")).filter.has_value());
  EXPECT_FALSE(ParseSliceQuery("DELETE FROM example").ok());
}

}  // namespace
}  // namespace penstock::evaluation
