#include "penstock/data/map_batches.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

namespace penstock::data {
namespace {

using testing::ElementsAre;

std::unique_ptr<Dataset> Numbers(const std::vector<std::vector<int64_t>>& shards) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  std::vector<Batch> batches;
  for (const auto& values : shards) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    batches.push_back(arrow::RecordBatch::Make(schema, static_cast<int64_t>(values.size()),
                                               {builder.Finish().ValueOrDie()}));
  }
  return MakeInMemoryDataset(schema, std::move(batches));
}

Result<std::vector<int64_t>> Taken(const Dataset& dataset, int num_threads, int64_t max_rows = INT64_MAX) {
  std::vector<int64_t> taken;
  PENSTOCK_RETURN_IF_ERROR(MapBatches(
      dataset, {.num_threads = num_threads}, [](const Batch& batch) -> Result<Batch> { return batch; },
      [&](const Batch& batch) {
        const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
        for (int64_t i = 0; i < column.length(); ++i) taken.push_back(column.Value(i));
        return OkStatus();
      },
      max_rows));
  return taken;
}

TEST(MapBatchesTest, HandsOnInOrderOnAnyNumberOfThreads) {
  const auto dataset = Numbers({{1, 2}, {}, {3}, {4, 5, 6}, {7}});
  for (const int num_threads : {1, 2, 3, 8}) {
    const auto taken = Taken(*dataset, num_threads);
    ASSERT_TRUE(taken.ok()) << taken.status();
    EXPECT_THAT(*taken, ElementsAre(1, 2, 3, 4, 5, 6, 7));
  }
}

TEST(MapBatchesTest, EndsWithinBatchAtTheBound) {
  const auto dataset = Numbers({{1, 2}, {3}, {4, 5, 6}, {7}});
  for (const int num_threads : {1, 2, 8}) {
    const auto taken = Taken(*dataset, num_threads, 5);
    ASSERT_TRUE(taken.ok()) << taken.status();
    EXPECT_THAT(*taken, ElementsAre(1, 2, 3, 4, 5));
  }
}

TEST(MapBatchesTest, EndsWithTheErrorOfTheMapOrOfTheSink) {
  const auto dataset = Numbers({{1}, {2}});
  const auto pass = [](const Batch& batch) -> Result<Batch> { return batch; };
  const auto fail = [](const Batch&) -> Result<Batch> { return InvalidArgument("no map"); };
  const auto keep = [](const Batch&) { return OkStatus(); };
  EXPECT_EQ(MapBatches(*dataset, {}, fail, keep).message(), "no map");
  EXPECT_EQ(MapBatches(*dataset, {}, pass, [](const Batch&) { return DataLoss("no room"); }).message(),
            "no room");
}

}  // namespace
}  // namespace penstock::data
