#include "penstock/combine/equal_width_histogram.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::combine {
namespace {

using testing::ElementsAre;

std::vector<double> CountsOf(const std::vector<EqualWidthHistogram::Bucket>& buckets) {
  std::vector<double> counts;
  for (const auto& bucket : buckets) counts.push_back(bucket.count);
  return counts;
}

TEST(EqualWidthHistogramTest, PutsTheUpperEndIntoTheLastBucket) {
  EqualWidthHistogram histogram(0, 10, 5);
  for (double value : {0.0, 1.9, 2.0, 9.9, 10.0}) histogram.Add(value);
  EXPECT_THAT(histogram.counts(), ElementsAre(2, 1, 0, 0, 2));
}

TEST(EqualWidthHistogramTest, CountsWhatFallsOutsideApart) {
  EqualWidthHistogram histogram(0, 1, 2);
  for (double value :
       {-1.0, 2.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    histogram.Add(value);
  }
  EXPECT_EQ(histogram.num_below(), 1);
  EXPECT_EQ(histogram.num_above(), 2);
  EXPECT_EQ(histogram.num_nan(), 1);
}

TEST(EqualWidthHistogramTest, HandlesOneSingleValueAndTheWholeRangeOfDoubles) {
  EqualWidthHistogram point(3, 3, 4);
  point.Add(3);
  EXPECT_THAT(point.counts(), ElementsAre(1, 0, 0, 0));
  const double huge = std::numeric_limits<double>::max();
  EqualWidthHistogram all(-huge, huge, 2);
  all.Add(0);
  for (const auto& bucket : all.Buckets())
    EXPECT_TRUE(std::isfinite(bucket.low) && std::isfinite(bucket.high));
}

TEST(EqualWidthHistogramTest, RefusesToMergeOtherEnds) {
  EqualWidthHistogram histogram(0, 1, 2);
  EXPECT_EQ(histogram.Merge(EqualWidthHistogram(0, 2, 2)).code(), StatusCode::kInvalidArgument);
}

TEST(EqualWidthBucketsTest, CountAsAHistogramOfTheSameRangeDoes) {
  QuantileSketch sketch;
  EqualWidthHistogram histogram(0, 99, 10);
  for (int i = 0; i < 100; ++i) {
    sketch.Add(i);
    histogram.Add(i);
  }
  EXPECT_EQ(CountsOf(EqualWidthBuckets(sketch.Summarize(), 10)), histogram.counts());
}

TEST(EqualWidthBucketsTest, LeaveInfinitiesOut) {
  QuantileSketch sketch;
  for (double value : {-std::numeric_limits<double>::infinity(), 0.0, 1.0, 4.0}) sketch.Add(value);
  const auto buckets = EqualWidthBuckets(sketch.Summarize(), 2);
  EXPECT_THAT(CountsOf(buckets), ElementsAre(2, 1));
  EXPECT_EQ(buckets[0].low, 0);
  EXPECT_EQ(buckets[1].high, 4);
}

TEST(EqualWidthBucketsTest, OfOneValueHoldItAll) {
  QuantileSketch sketch;
  sketch.Add(5);
  sketch.Add(5);
  EXPECT_THAT(CountsOf(EqualWidthBuckets(sketch.Summarize(), 3)), ElementsAre(0, 0, 2));
  EXPECT_TRUE(EqualWidthBuckets(QuantileSketch().Summarize(), 3).empty());
}

}  // namespace
}  // namespace penstock::combine
