#include "penstock/combine/moments.h"

#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"

namespace penstock::combine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Moments MomentsOf(const std::vector<double>& values) {
  Moments moments;
  moments.AddSpan(std::span<const double>(values));
  return moments;
}

TEST(MomentsTest, GivesCountMeanVarianceExtremesAndZeros) {
  const Moments moments = MomentsOf({2, 4, 4, 4, 5, 5, 7, 9, 0, -0.0});
  EXPECT_EQ(moments.count(), 10);
  EXPECT_DOUBLE_EQ(moments.mean(), 4);
  EXPECT_DOUBLE_EQ(moments.variance(), 7.2);
  EXPECT_DOUBLE_EQ(moments.sum(), 40);
  EXPECT_EQ(moments.min(), 0);
  EXPECT_EQ(moments.max(), 9);
  EXPECT_EQ(moments.num_zeros(), 2);
}

TEST(MomentsTest, OfNothingAreNotNumbers) {
  const Moments moments;
  EXPECT_EQ(moments.count(), 0);
  EXPECT_TRUE(std::isnan(moments.mean()));
  EXPECT_TRUE(std::isnan(moments.variance()));
  EXPECT_EQ(moments.min(), kInfinity);
}

TEST(MomentsTest, AddsSpanAsOneByOne) {
  TestRandom random(1);
  for (size_t size : {1u, 7u, 8u, 1023u, 1024u, 1025u, 5000u}) {
    std::vector<double> values(size);
    for (double& value : values) value = 1e6 + random.Uniform();
    Moments one_by_one;
    for (double value : values) one_by_one.Add(value);
    const Moments at_once = MomentsOf(values);
    EXPECT_EQ(at_once.count(), one_by_one.count());
    EXPECT_NEAR(at_once.mean(), one_by_one.mean(), 1e-9);
    EXPECT_NEAR(at_once.variance(), one_by_one.variance(), 1e-9);
    EXPECT_EQ(at_once.min(), one_by_one.min());
    EXPECT_EQ(at_once.max(), one_by_one.max());
  }
}

TEST(MomentsTest, KeepsVarianceOfSmallSpreadFarFromZero) {
  std::vector<double> values;
  for (int i = 0; i < 30'000; ++i) values.push_back(1e9 + i % 3);
  EXPECT_NEAR(MomentsOf(values).variance(), 2.0 / 3, 1e-9);
}

TEST(MomentsTest, SumsWithoutLosingSmallTerms) {
  std::vector<double> values{1e16};
  values.insert(values.end(), 4000, 1.0);
  values.push_back(-1e16);
  EXPECT_EQ(MomentsOf(values).sum(), 4000);
  Moments one_by_one;
  for (double value : values) one_by_one.Add(value);
  EXPECT_EQ(one_by_one.sum(), 4000);
}

TEST(MomentsTest, CountsNaNsApart) {
  const Moments moments = MomentsOf({1, kNaN, 3});
  EXPECT_EQ(moments.count(), 2);
  EXPECT_EQ(moments.num_nan(), 1);
  EXPECT_EQ(moments.mean(), 2);
  EXPECT_EQ(moments.variance(), 1);
}

TEST(MomentsTest, InfinityShowsInMeanButNotInFiniteMean) {
  const Moments moments = MomentsOf({1, kInfinity, 3});
  EXPECT_EQ(moments.count(), 3);
  EXPECT_EQ(moments.mean(), kInfinity);
  EXPECT_TRUE(std::isnan(moments.variance()));
  EXPECT_EQ(moments.max(), kInfinity);
  EXPECT_EQ(moments.finite_mean(), 2);
  EXPECT_TRUE(std::isnan(MomentsOf({kInfinity, -kInfinity}).mean()));
}

TEST(MomentsTest, SurvivesSumThatOverflows) {
  const double huge = std::numeric_limits<double>::max();
  const Moments moments = MomentsOf({huge, huge, huge});
  EXPECT_EQ(moments.count(), 3);
  EXPECT_EQ(moments.num_infinite(), 0);
  EXPECT_EQ(moments.finite_sum(), kInfinity);
  EXPECT_NEAR(moments.finite_mean() / huge, 1, 1e-12);
}

TEST(MomentsTest, DeviationOfHugeValuesIsInfiniteNotNothing) {
  const std::vector<double> huge = {1e200, -1e200, 1e200, -1e200};
  Moments at_once, one_by_one;
  at_once.AddSpan(std::span<const double>(huge));
  for (double value : huge) one_by_one.Add(value);
  EXPECT_EQ(at_once.variance(), kInfinity);
  EXPECT_EQ(one_by_one.variance(), kInfinity);
  EXPECT_EQ(at_once.mean(), 0);
}

TEST(MomentsTest, MeansFurtherApartThanTheLargestDoubleMerge) {
  Moments high, low;
  high.Add(1.7e308);
  low.Add(-1.7e308);
  low.Merge(high);
  EXPECT_EQ(low.mean(), 0);
  EXPECT_EQ(low.variance(), kInfinity);
}

TEST(MomentsTest, MergesToWhatOneFoldGives) {
  TestRandom random(2);
  std::vector<double> values(10'000);
  for (double& value : values) value = random.Uniform() * 100 - 20;
  Moments merged;
  for (size_t from = 0, size = 1; from < values.size(); from += size, size = size * 3 % 997 + 1) {
    const size_t to = std::min(values.size(), from + size);
    merged.Merge(MomentsOf({values.begin() + static_cast<std::ptrdiff_t>(from),
                            values.begin() + static_cast<std::ptrdiff_t>(to)}));
  }
  const Moments whole = MomentsOf(values);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_NEAR(merged.mean(), whole.mean(), 1e-12 * std::fabs(whole.mean()));
  EXPECT_NEAR(merged.variance(), whole.variance(), 1e-12 * whole.variance());
}

TEST(WeightedMomentsTest, WeighsAsRepetitionDoes) {
  WeightedMoments weighted;
  Moments repeated;
  for (int value = 1; value <= 5; ++value) {
    weighted.Add(value, value);
    for (int i = 0; i < value; ++i) repeated.Add(value);
  }
  EXPECT_DOUBLE_EQ(weighted.weighted_count(), 15);
  EXPECT_DOUBLE_EQ(weighted.mean(), repeated.mean());
  EXPECT_NEAR(weighted.variance(), repeated.variance(), 1e-12);
}

TEST(WeightedMomentsTest, SkipsWhatHasNoWeight) {
  WeightedMoments moments;
  moments.Add(7, 2);
  moments.Add(1, 0);
  moments.Add(1, -1);
  moments.Add(1, kNaN);
  moments.Add(kInfinity, 1);
  EXPECT_EQ(moments.count(), 1);
  EXPECT_EQ(moments.num_skipped(), 4);
  EXPECT_EQ(moments.mean(), 7);
}

}  // namespace
}  // namespace penstock::combine
