#include "penstock/statistics/histogram_protos.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::statistics {
namespace {

using tensorflow::metadata::v0::Histogram;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::ElementsAreArray;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Distribution DistributionOf(std::vector<combine::QuantileSummary::Entry> entries) {
  const double min = entries.front().value;
  const double max = entries.back().value;
  return Distribution(combine::QuantileSummary(std::move(entries), min, max));
}

std::vector<double> CountsOf(const Histogram& histogram) {
  std::vector<double> counts;
  for (const auto& bucket : histogram.buckets()) counts.push_back(bucket.sample_count());
  return counts;
}

std::vector<double> LowsOf(const Histogram& histogram) {
  std::vector<double> lows;
  for (const auto& bucket : histogram.buckets()) lows.push_back(bucket.low_value());
  return lows;
}

std::vector<double> HighsOf(const Histogram& histogram) {
  std::vector<double> highs;
  for (const auto& bucket : histogram.buckets()) highs.push_back(bucket.high_value());
  return highs;
}

TEST(DistributionTest, GivesTheUpperOfTwoValuesAtACut) {
  const Distribution distribution = DistributionOf({{1, 2}, {5, 1}, {9, 1}});
  EXPECT_EQ(distribution.ValueAt(0), 1);
  EXPECT_EQ(distribution.ValueAt(1.9), 1);
  EXPECT_EQ(distribution.ValueAt(2), 5);
  EXPECT_EQ(distribution.ValueAt(4), 9);
  EXPECT_EQ(Median(distribution), 5);
}

TEST(DistributionTest, CountsValuesUpToAndWithABound) {
  const Distribution distribution = DistributionOf({{1, 2}, {5, 1}, {9, 1}});
  EXPECT_EQ(distribution.CountUpTo(0.5), 0);
  EXPECT_EQ(distribution.CountUpTo(1), 2);
  EXPECT_EQ(distribution.CountUpTo(8), 3);
  EXPECT_EQ(distribution.CountUpTo(kInfinity), 4);
}

TEST(DistributionTest, StartsAndEndsAtTheExtremesThatASketchKnowsButNoLongerHolds) {
  const Distribution distribution(combine::QuantileSummary({{2, 10}, {8, 10}}, 1, 9));
  EXPECT_EQ(distribution.ValueAt(0), 1);
  EXPECT_EQ(distribution.ValueAt(1), 2);
  EXPECT_EQ(distribution.ValueAt(18.5), 8);
  EXPECT_EQ(distribution.ValueAt(20), 9);
  EXPECT_EQ(distribution.total(), 20);
}

// TFDV 1.21 on 1, 2, 3 (conformance case 10).
TEST(MakeQuantilesHistogramTest, SharesCountsAmongBucketsThatEndAtOneValue) {
  const Histogram histogram = MakeQuantilesHistogram(DistributionOf({{1, 1}, {2, 1}, {3, 1}}), 10);
  EXPECT_EQ(histogram.type(), Histogram::QUANTILES);
  EXPECT_THAT(LowsOf(histogram), ElementsAre(1, 1, 1, 1, 2, 2, 2, 3, 3, 3));
  EXPECT_THAT(HighsOf(histogram), ElementsAre(1, 1, 1, 2, 2, 2, 3, 3, 3, 3));
  const double third = 1.0 / 3;
  EXPECT_THAT(CountsOf(histogram),
              ElementsAre(DoubleEq(third), DoubleEq(third), DoubleEq(third), DoubleEq(third), DoubleEq(third),
                          DoubleEq(third), 0.25, 0.25, 0.25, 0.25));
}

// TFDV 1.21 on 20 ... 69, twice each (conformance case 38).
TEST(MakeQuantilesHistogramTest, CountsTheMinimumInTheFirstBucket) {
  std::vector<combine::QuantileSummary::Entry> entries;
  for (int value = 20; value < 70; ++value) entries.push_back({static_cast<double>(value), 2});
  const Histogram histogram = MakeQuantilesHistogram(DistributionOf(std::move(entries)), 10);
  EXPECT_THAT(CountsOf(histogram), ElementsAre(12, 10, 10, 10, 10, 10, 10, 10, 10, 8));
  EXPECT_THAT(HighsOf(histogram), ElementsAre(25, 30, 35, 40, 45, 50, 55, 60, 65, 69));
}

TEST(MakeQuantilesHistogramTest, OfOneValueHasEqualBuckets) {
  const Histogram histogram = MakeQuantilesHistogram(DistributionOf({{7, 5}}), 10);
  EXPECT_THAT(CountsOf(histogram), ElementsAreArray(std::vector<double>(10, 0.5)));
}

TEST(MakeQuantilesHistogramTest, OfNothingHasNoBuckets) {
  EXPECT_EQ(MakeQuantilesHistogram(Distribution(), 10).buckets_size(), 0);
}

TEST(MakeStandardHistogramTest, ClosesBucketsAboveAndTheFirstBelowToo) {
  const Histogram histogram =
      MakeStandardHistogram(DistributionOf({{0, 1}, {1, 2}, {2, 4}, {4, 8}}), 0, 4, 4, InfinityCounts{});
  EXPECT_EQ(histogram.type(), Histogram::STANDARD);
  EXPECT_THAT(LowsOf(histogram), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(HighsOf(histogram), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(CountsOf(histogram), ElementsAre(3, 4, 0, 8));
}

TEST(MakeStandardHistogramTest, HasOneBucketForOneValue) {
  const Histogram histogram = MakeStandardHistogram(DistributionOf({{3, 6}}), 3, 3, 10, InfinityCounts{});
  EXPECT_THAT(LowsOf(histogram), ElementsAre(3));
  EXPECT_THAT(HighsOf(histogram), ElementsAre(3));
  EXPECT_THAT(CountsOf(histogram), ElementsAre(6));
}

TEST(MakeStandardHistogramTest, PutsInfinitiesIntoBucketsOfTheirOwn) {
  const Histogram histogram = MakeStandardHistogram(
      DistributionOf({{-kInfinity, 2}, {0, 1}, {10, 3}, {kInfinity, 4}}), 0, 10, 2, InfinityCounts{2, 4});
  EXPECT_THAT(LowsOf(histogram), ElementsAre(-kInfinity, 0, 5, kInfinity));
  EXPECT_THAT(HighsOf(histogram), ElementsAre(-kInfinity, 5, 10, kInfinity));
  EXPECT_THAT(CountsOf(histogram), ElementsAre(2, 1, 3, 4));
}

TEST(MakeStandardHistogramTest, HasOneBucketWhereNothingIsFinite) {
  const Histogram histogram = MakeStandardHistogram(DistributionOf({{kInfinity, 4}}), kInfinity, -kInfinity,
                                                    10, InfinityCounts{0, 4});
  EXPECT_THAT(CountsOf(histogram), ElementsAre(4));
}

TEST(MakeStandardHistogramTest, HasNoBucketsWhereTheRangeOverflows) {
  const double big = std::numeric_limits<double>::max();
  EXPECT_EQ(MakeStandardHistogram(DistributionOf({{-big, 1}, {big, 1}}), -big, big, 10, {}).buckets_size(),
            0);
}

}  // namespace
}  // namespace penstock::statistics
