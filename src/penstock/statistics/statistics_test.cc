#include "penstock/statistics/statistics.h"

#include <cmath>
#include <random>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/proto_io.h"
#include "penstock/data/dataset.h"

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
