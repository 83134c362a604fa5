#include "penstock/statistics/statistics.h"

#include <cmath>
#include <random>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/proto_io.h"
#include "penstock/combine/fold.h"
#include "penstock/data/dataset.h"
#include "penstock/statistics/dataset_statistics.h"

namespace penstock::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::NumericStatistics;

/// Shards with far more values than a sketch holds exactly.
std::unique_ptr<data::Dataset> ManyShards(int num_shards, int num_rows) {
  const auto schema =
      arrow::schema({arrow::field("real", arrow::float64()), arrow::field("integer", arrow::int64()),
                     arrow::field("text", arrow::utf8())});
  std::vector<data::Batch> batches;
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> lognormal(0, 1);
  for (int shard = 0; shard < num_shards; ++shard) {
    arrow::DoubleBuilder reals;
    arrow::Int64Builder integers;
    arrow::StringBuilder texts;
    for (int row = 0; row < num_rows; ++row) {
      EXPECT_TRUE(reals.Append(lognormal(random)).ok());
      EXPECT_TRUE((random() % 10 == 0 ? integers.AppendNull()
                                      : integers.Append(static_cast<int64_t>(random() % 1'000'000)))
                      .ok());
      EXPECT_TRUE(texts.Append("text " + std::to_string(random() % 5000)).ok());
    }
    batches.push_back(arrow::RecordBatch::Make(
        schema, num_rows,
        {reals.Finish().ValueOrDie(), integers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()}));
  }
  return data::MakeInMemoryDataset(schema, std::move(batches));
}

DatasetFeatureStatisticsList StatisticsWith(const data::Dataset& dataset, int num_threads) {
  auto statistics = ComputeStatistics(dataset, {}, {.num_threads = num_threads});
  EXPECT_TRUE(statistics.ok()) << statistics.status();
  return std::move(statistics).value();
}

TEST(ComputeStatisticsTest, IsBitEqualForAnyNumberOfThreads) {
  const auto dataset = ManyShards(12, 5000);
  const std::string expected = SerializeDeterministically(StatisticsWith(*dataset, 1));
  EXPECT_EQ(SerializeDeterministically(StatisticsWith(*dataset, 2)), expected);
  EXPECT_EQ(SerializeDeterministically(StatisticsWith(*dataset, 8)), expected);
}

TEST(ComputeStatisticsTest, StaysWithinEpsilonAboveTheExactRange) {
  const auto dataset = ManyShards(10, 10'000);
  const auto statistics = StatisticsWith(*dataset, 2).datasets(0);
  EXPECT_EQ(statistics.num_examples(), 100'000u);
  const NumericStatistics& integer = statistics.features(1).num_stats();
  EXPECT_NEAR(integer.median(), 500'000, 15'000);
  for (const auto& bucket : integer.histograms(0).buckets()) {
    EXPECT_NEAR(bucket.sample_count(), integer.common_stats().tot_num_values() / 10.0,
                0.025 * static_cast<double>(integer.common_stats().tot_num_values()));
  }
  double total = 0;
  for (const auto& bucket : integer.histograms(0).buckets()) total += bucket.sample_count();
  EXPECT_NEAR(total, static_cast<double>(integer.common_stats().tot_num_values()), 1e-6);
  EXPECT_NEAR(statistics.features(0).num_stats().mean(), std::exp(0.5), 0.05);
  EXPECT_EQ(statistics.features(2).string_stats().unique(), 5000u);
}

/// 30 shards of 40 columns, each with more distinct values than 16 MiB can hold of all.
std::unique_ptr<data::Dataset> ManyLargeColumns() {
  arrow::FieldVector fields;
  for (int i = 0; i < 40; ++i)
    fields.push_back(arrow::field("c" + std::to_string(i), i % 2 == 0 ? arrow::float64() : arrow::utf8()));
  const auto schema = arrow::schema(fields);
  std::vector<data::Batch> batches;
  std::mt19937_64 random(5);
  for (int shard = 0; shard < 30; ++shard) {
    arrow::ArrayVector columns;
    for (int i = 0; i < 40; ++i) {
      arrow::DoubleBuilder reals;
      arrow::StringBuilder texts;
      for (int row = 0; row < 2000; ++row) {
        const uint64_t drawn = random() % 1'000'000;
        // A tenth is the same value: what is frequent must be found in spite of all.
        EXPECT_TRUE(reals.Append(static_cast<double>(drawn)).ok());
        EXPECT_TRUE(texts.Append(drawn % 10 == 0 ? "frequent" : "text " + std::to_string(drawn)).ok());
      }
      columns.push_back(i % 2 == 0 ? reals.Finish().ValueOrDie() : texts.Finish().ValueOrDie());
    }
    batches.push_back(arrow::RecordBatch::Make(schema, 2000, std::move(columns)));
  }
  return data::MakeInMemoryDataset(schema, std::move(batches));
}

TEST(ComputeStatisticsTest, StaysInItsMemoryAndTellsAlikeOnAnyNumberOfThreads) {
  const auto dataset = ManyLargeColumns();
  StatisticsOptions options;
  options.memory_limit_bytes = int64_t{16} << 20;
  const auto combiner = DatasetStatistics::Make(*dataset->schema(), options);
  ASSERT_TRUE(combiner.ok()) << combiner.status();
  const auto state = combine::FoldDataset(*combiner, *dataset, {.num_threads = 2});
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_LE(combiner->StateBytes(*state), options.memory_limit_bytes / kNumStatesInMemory);
  EXPECT_GT(combiner->StateBytes(*state), options.memory_limit_bytes / 8) << "no smaller than need be";
  const auto decoded = combiner->Decode(combiner->Encode(*state));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(combiner->StateBytes(*decoded), combiner->StateBytes(*state)) << "a cached state is shrunk alike";
  const auto one = ComputeStatistics(*dataset, options, {.num_threads = 1});
  const auto eight = ComputeStatistics(*dataset, options, {.num_threads = 8});
  ASSERT_TRUE(one.ok() && eight.ok());
  EXPECT_EQ(SerializeDeterministically(*one), SerializeDeterministically(*eight));
  const auto& real = one->datasets(0).features(0).num_stats();
  EXPECT_NEAR(real.median(), 500'000, 30'000);
  EXPECT_EQ(real.common_stats().num_non_missing(), 60'000u);
  const auto& text = one->datasets(0).features(1).string_stats();
  EXPECT_EQ(text.top_values(0).value(), "frequent");
  EXPECT_NEAR(text.top_values(0).frequency(), 6'000, 300);
  EXPECT_NEAR(static_cast<double>(text.unique()), 52'500, 2'500);
}

TEST(ComputeStatisticsTest, IsTheSameWhereAllFitsIntoMemory) {
  const auto dataset = ManyShards(6, 3000);
  StatisticsOptions ample;
  ample.memory_limit_bytes = int64_t{4} << 30;
  const auto with_more = ComputeStatistics(*dataset, ample, {});
  ASSERT_TRUE(with_more.ok());
  EXPECT_EQ(SerializeDeterministically(*with_more), SerializeDeterministically(StatisticsWith(*dataset, 2)));
}

TEST(ComputeStatisticsTest, OfNoRowsHasFeaturesWithoutValues) {
  const auto dataset = ManyShards(1, 0);
  const auto statistics = StatisticsWith(*dataset, 2).datasets(0);
  EXPECT_EQ(statistics.num_examples(), 0u);
  EXPECT_EQ(statistics.features_size(), 3);
}

TEST(ComputeStatisticsTest, StopsWhenCancelled) {
  CancellationToken token;
  token.Cancel();
  const auto statistics =
      ComputeStatistics(*ManyShards(2, 10), {}, {.num_threads = 1, .cancellation = &token});
  EXPECT_EQ(statistics.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace penstock::statistics
