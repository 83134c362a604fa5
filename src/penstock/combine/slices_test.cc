#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/column_combiners.h"
#include "penstock/combine/column_numbers.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/combine/keyed_fold.h"
#include "penstock/combine/windowed_fold.h"

namespace penstock::combine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Batch Trips() {
  return BatchMaker()
      .Texts("payment", {{"Cash"}, {"Credit"}, {"Cash"}, std::nullopt})
      .Ints("hour", {1, 1, 2, 2})
      .Doubles("fare", {10, 20, 30, 40})
      .TextLists("tags", {{"a", "b"}, {"b", "b"}, {}, {"c"}})
      .Make();
}

std::vector<std::string> NamesOf(const std::vector<RowGroup>& groups) {
  std::vector<std::string> names;
  for (const RowGroup& group : groups)
    names.push_back(fmt::format("{} {}", group.key.ToString(), fmt::join(group.rows, ",")));
  return names;
}
Result<std::vector<RowGroup>> GroupBy(const Batch& batch, std::vector<std::string> columns,
                                      int64_t max_groups = 100) {
  return GroupRows(batch, columns, max_groups);
}

TEST(GroupRowsTest, GroupsByValueInOrderOfAppearanceWithoutNulls) {
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(Trips(), {"payment"}))),
              ElementsAre("payment:Cash 0,2", "payment:Credit 1"));
}
TEST(GroupRowsTest, CrossesColumns) {
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(Trips(), {"payment", "hour"}))),
              ElementsAre("payment:Cash|hour:1 0", "payment:Credit|hour:1 1", "payment:Cash|hour:2 2"));
}
TEST(GroupRowsTest, PutsRowOfSeveralValuesIntoEachSliceOnce) {
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(Trips(), {"tags"}))),
              ElementsAre("tags:a 0", "tags:b 0,1", "tags:c 3"));
}
TEST(GroupRowsTest, TakesNoColumnsAsAllRows) {
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(Trips(), {}))), ElementsAre("Overall 0,1,2,3"));
}
TEST(GroupRowsTest, WritesNumbersShort) {
  const Batch batch = BatchMaker()
                          .Doubles("x", {0.1, 2.0, std::numeric_limits<double>::quiet_NaN()})
                          .Bools("flag", {true, false, true})
                          .Make();
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(batch, {"x"}))), ElementsAre("x:0.1 0", "x:2 1", "x:nan 2"));
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(batch, {"flag"}))), ElementsAre("flag:true 0,2", "flag:false 1"));
}
TEST(GroupRowsTest, WorksOnAPartOfABatch) {
  EXPECT_THAT(NamesOf(ValueOrDie(GroupBy(Trips()->Slice(1), {"tags"}))), ElementsAre("tags:b 0", "tags:c 2"));
}
TEST(GroupRowsTest, NamesNearestColumnWhereOneIsUnknown) {
  const Status status = GroupBy(Trips(), {"payments"}).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean 'payment'?"));
}
TEST(GroupRowsTest, RefusesTooManySlices) {
  const Status status = GroupBy(Trips(), {"fare"}, 3).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'fare' gives more than 3 slices"));
}

TEST(TakeRowsTest, CopiesThoseRowsOfEveryColumn) {
  const std::vector<int64_t> rows{0, 3};
  const Batch taken = ValueOrDie(TakeRows(Trips(), rows));
  EXPECT_TRUE(taken->Equals(*BatchMaker()
                                 .Texts("payment", {{"Cash"}, std::nullopt})
                                 .Ints("hour", {1, 2})
                                 .Doubles("fare", {10, 40})
                                 .TextLists("tags", {{"a", "b"}, {"c"}})
                                 .Make()));
}

TEST(KeyedFoldTest, FoldsOverallAndEverySliceInOnePass) {
  const KeyedFold fold(ColumnMoments("fare"), {{}, {"payment"}, {"hour", "payment"}});
  std::vector<std::string> told;
  for (const auto& [key, moments] : ValueOrDie(fold.Finish(StateOf(fold, {Trips(), Trips()})))) {
    told.push_back(fmt::format("{} {} {}", key.ToString(), moments.count(), moments.mean()));
  }
  EXPECT_THAT(told, ElementsAre("Overall 8 25", "hour:1|payment:Cash 2 10", "hour:1|payment:Credit 2 20",
                                "hour:2|payment:Cash 2 30", "payment:Cash 4 20", "payment:Credit 2 20"));
}

TEST(KeyedFoldTest, RefusesTooManySlicesOverAllBatches) {
  const KeyedFold fold(ColumnMoments("fare"), {{"hour"}}, 2);
  auto state = StateOf(fold, {Trips()});
  const Batch other = BatchMaker().Ints("hour", {7}).Doubles("fare", {1}).Make();
  EXPECT_EQ(fold.Add(other, state).code(), StatusCode::kInvalidArgument);
}

TEST(WindowedFoldTest, SlidesOverPanesAndTakesLateExamples) {
  const WindowedFold fold(ColumnMoments("x"),
                          {.time_column = "at", .pane_micros = 10, .panes_per_window = 2});
  const auto state = StateOf(fold, {BatchMaker().Ints("at", {0, 12, 25}).Doubles("x", {1, 2, 3}).Make(),
                                    BatchMaker().Ints("at", {-1, 5}).Doubles("x", {7, 9}).Make()});
  const auto windows = ValueOrDie(fold.Finish(state));
  std::vector<std::string> told;
  for (const auto& [pane, moments] : windows)
    told.push_back(fmt::format("{}: {} {}", pane, moments.count(), moments.sum()));
  EXPECT_THAT(told, ElementsAre("-1: 1 7", "0: 3 17", "1: 3 12", "2: 2 5", "3: 1 3"));
}

TEST(WindowedFoldTest, ReadsTimestampsOfAnyUnit) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MILLI), arrow::default_memory_pool());
  ASSERT_TRUE(builder.AppendValues({0, 999, 1000, 2500}).ok());
  const auto times = *builder.Finish();
  const Batch batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("at", times->type())}), 4, {times});
  const auto panes = ValueOrDie(GroupRowsByPane(batch, "at", 1'000'000));
  ASSERT_EQ(panes.size(), 3u);
  EXPECT_THAT(panes.at(0), ElementsAre(0, 1));
}

TEST(WindowedFoldTest, NamesRowWithoutTime) {
  const Batch batch = BatchMaker().Ints("at", {0, std::nullopt}).Make();
  EXPECT_THAT(std::string(GroupRowsByPane(batch, "at", 10).status().message()),
              HasSubstr("no value in row 2"));
}

TEST(ColumnNumbersTest, LeavesNullsOutAndRemembersRows) {
  const Batch batch = BatchMaker().Ints("x", {5, std::nullopt, 7}).Make();
  const ColumnNumbers numbers = ValueOrDie(ColumnNumbers::Read(batch, "x"));
  EXPECT_THAT(numbers.values(), ElementsAre(5, 7));
  EXPECT_EQ(numbers.RowOf(1), 2);
}
TEST(ColumnNumbersTest, NamesTypeOfColumnThatIsNotNumeric) {
  EXPECT_THAT(std::string(ColumnNumbers::Read(Trips(), "payment").status().message()),
              HasSubstr("of type string"));
}
TEST(ColumnNumbersTest, NamesRowWithoutNumber) {
  const Batch batch =
      BatchMaker().Doubles("x", {5, std::nullopt, 7}).Doubles("y", {1, 2, std::nullopt}).Make();
  EXPECT_THAT(std::string(ReadNumberPerRow(batch, "x").status().message()), HasSubstr("no value in row 2"));
  EXPECT_THAT(std::string(ReadNumberPerRow(batch, "y").status().message()), HasSubstr("no value in row 3"));
}
TEST(ColumnNumbersTest, RefusesNegativeWeight) {
  const Batch batch = BatchMaker().Doubles("w", {1, -2}).Make();
  EXPECT_THAT(std::string(ReadWeights(batch, "w").status().message()), HasSubstr("holds -2 in row 2"));
}

}  // namespace
}  // namespace penstock::combine
