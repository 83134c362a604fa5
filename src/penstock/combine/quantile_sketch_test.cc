#include "penstock/combine/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"

namespace penstock::combine {
namespace {

using testing::ElementsAre;

struct Weighted {
  double value;
  double weight;
};

// The largest distance of a rank told from the true one, as a share of the whole weight.
double WorstRankError(const QuantileSummary& summary, std::vector<Weighted> truth) {
  std::sort(truth.begin(), truth.end(),
            [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double total = 0;
  for (const Weighted& item : truth) total += item.weight;
  double worst = std::fabs(summary.total_weight() - total) / total, cumulative = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    if (i == 0 || truth[i - 1].value != truth[i].value) {
      worst = std::max(worst, std::fabs(summary.CumulativeWeightBelow(truth[i].value) - cumulative) / total);
    }
    cumulative += truth[i].weight;
    if (i + 1 == truth.size() || truth[i + 1].value != truth[i].value) {
      worst = std::max(worst, std::fabs(summary.CumulativeWeight(truth[i].value) - cumulative) / total);
    }
  }
  return worst;
}

std::vector<Weighted> Draw(const std::string& shape, int64_t count, bool weighted) {
  TestRandom random(7);
  std::vector<Weighted> drawn;
  for (int64_t i = 0; i < count; ++i) {
    double value = random.Uniform();
    if (shape == "rising") value = static_cast<double>(i);
    if (shape == "falling") value = static_cast<double>(-i);
    if (shape == "skewed") value = std::exp(20 * value);
    if (shape == "few") value = std::floor(value * 10);
    if (shape == "zigzag") value = static_cast<double>(i % 2 == 0 ? i : -i);
    drawn.push_back({value, weighted ? std::exp(4 * random.Uniform()) : 1});
  }
  return drawn;
}

TEST(QuantileSketchTest, IsExactBelowItsCapacity) {
  QuantileSketch sketch;
  for (int i = 1; i <= 1001; ++i) sketch.Add(i);
  const QuantileSummary summary = sketch.Summarize();
  EXPECT_EQ(summary.Quantile(0.5), 501);
  EXPECT_EQ(summary.Quantile(0), 1);
  EXPECT_EQ(summary.Quantile(1), 1001);
  EXPECT_EQ(summary.CumulativeWeight(250.5), 250);
  EXPECT_EQ(summary.CumulativeWeightBelow(250), 249);
  EXPECT_EQ(summary.CumulativeWeight(250), 250);
}

TEST(QuantileSketchTest, CutsIntoEqualParts) {
  QuantileSketch sketch;
  for (int i = 1; i <= 100; ++i) sketch.Add(i);
  EXPECT_THAT(sketch.Summarize().Boundaries(4), ElementsAre(1, 25, 50, 75, 100));
}

TEST(QuantileSketchTest, StaysExactForFewDistinctValues) {
  const std::vector<Weighted> drawn = Draw("few", 200'000, false);
  QuantileSketch sketch;
  for (const Weighted& item : drawn) sketch.Add(item.value);
  EXPECT_EQ(WorstRankError(sketch.Summarize(), drawn), 0);
}

TEST(QuantileSketchTest, KeepsItsRankErrorForEveryShapeAndWeight) {
  for (const char* shape : {"uniform", "rising", "falling", "skewed", "zigzag"}) {
    for (bool weighted : {false, true}) {
      for (double rank_error : {0.01, 0.1}) {
        const std::vector<Weighted> drawn = Draw(shape, 300'000, weighted);
        QuantileSketch sketch(rank_error);
        for (const Weighted& item : drawn) sketch.Add(item.value, item.weight);
        EXPECT_LE(WorstRankError(sketch.Summarize(), drawn), rank_error) << shape << weighted;
      }
    }
  }
}

TEST(QuantileSketchTest, KeepsItsRankErrorWhenMergedFromManyUnevenParts) {
  const std::vector<Weighted> drawn = Draw("skewed", 300'000, true);
  QuantileSketch total(0.02);
  for (size_t from = 0, size = 1; from < drawn.size(); from += size, size = size * 7 % 4001 + 1) {
    QuantileSketch part(0.02);
    for (size_t i = from; i < std::min(drawn.size(), from + size); ++i)
      part.Add(drawn[i].value, drawn[i].weight);
    ASSERT_EQ(total.Merge(part), OkStatus());
  }
  EXPECT_EQ(total.count(), 300'000);
  EXPECT_LE(WorstRankError(total.Summarize(), drawn), 0.02);
}

TEST(QuantileSketchTest, KeepsItsBoundWhereItIsShrunkOnTheWay) {
  for (const char* shape : {"uniform", "rising", "skewed", "zigzag"}) {
    const std::vector<Weighted> drawn = Draw(shape, 200'000, false);
    QuantileSketch sketch;
    for (size_t i = 0; i < drawn.size(); ++i) {
      sketch.Add(drawn[i].value);
      if (i % 40'000 == 30'000) {
        EXPECT_TRUE(sketch.Shrink());
      }
    }
    EXPECT_EQ(sketch.count(), 200'000);
    EXPECT_EQ(sketch.capacity(), 64);
    EXPECT_LE(sketch.num_bytes(), 64 * (4 * 8 + 16 * 12));
    EXPECT_LE(WorstRankError(sketch.Summarize(), drawn), sketch.rank_error_bound()) << shape;
    EXPECT_LT(sketch.rank_error_bound(), 0.15);
    EXPECT_FALSE(sketch.Shrink());
    EXPECT_EQ(sketch.Summarize().total_weight(), 200'000);
  }
}

TEST(QuantileSketchTest, IsAsLargeWhereItIsCopiedOrDecoded) {
  for (const bool is_weighted : {false, true}) {
    const std::vector<Weighted> drawn = Draw("uniform", 50'000, is_weighted);
    QuantileSketch sketch;
    for (size_t i = 0; i < drawn.size(); ++i) {
      sketch.Add(drawn[i].value, drawn[i].weight);
      if (i == 30'000) sketch.Shrink();
      if (i % 3'001 != 0) continue;
      StateWriter writer;
      sketch.Encode(writer);
      const Bytes bytes = writer.bytes();
      StateReader reader(bytes, "the sketch");
      const auto decoded = QuantileSketch::Decode(reader);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(decoded->num_bytes(), sketch.num_bytes()) << i;
      EXPECT_EQ(QuantileSketch(sketch).num_bytes(), sketch.num_bytes()) << i;
    }
  }
}

TEST(QuantileSketchTest, KeepsItsBoundWhereUnlikeCapacitiesAreMerged) {
  const std::vector<Weighted> drawn = Draw("skewed", 100'000, false);
  for (const bool shrinks_total : {false, true}) {
    QuantileSketch total;
    for (size_t from = 0; from < drawn.size(); from += 10'000) {
      QuantileSketch part;
      for (size_t i = from; i < from + 10'000; ++i) part.Add(drawn[i].value);
      if ((from / 10'000) % 2 == (shrinks_total ? 0u : 1u)) {
        EXPECT_TRUE(part.Shrink());
      }
      ASSERT_EQ(total.Merge(part), OkStatus());
    }
    EXPECT_EQ(total.capacity(), 1024);
    EXPECT_EQ(total.count(), 100'000);
    EXPECT_LE(WorstRankError(total.Summarize(), drawn), total.rank_error_bound());
    EXPECT_LE(total.rank_error_bound(), 0.01);
  }
}

TEST(QuantileSketchTest, SaysThatItIsExactWhereItIs) {
  QuantileSketch sketch;
  for (int i = 0; i < 100'000; ++i) sketch.Add(i % 50);
  EXPECT_EQ(sketch.rank_error_bound(), 0);
  EXPECT_TRUE(sketch.Shrink());
  EXPECT_EQ(sketch.rank_error_bound(), 0) << "50 distinct values fit any capacity";
}

TEST(QuantileSketchTest, TellsExactExtremesOfManyValues) {
  QuantileSketch sketch(0.1);
  for (int i = 0; i < 100'000; ++i) sketch.Add((i * 7919) % 100'000);
  EXPECT_EQ(sketch.Summarize().min(), 0);
  EXPECT_EQ(sketch.Summarize().max(), 99'999);
  EXPECT_EQ(sketch.Summarize().Quantile(1), 99'999);
}

TEST(QuantileSketchTest, WeighsAsRepetitionDoes) {
  QuantileSketch weighted, repeated;
  for (int value = 1; value <= 20; ++value) {
    weighted.Add(value, value);
    for (int i = 0; i < value; ++i) repeated.Add(value);
  }
  for (double q : {0.0, 0.1, 0.25, 0.5, 0.9, 1.0}) {
    EXPECT_EQ(weighted.Summarize().Quantile(q), repeated.Summarize().Quantile(q)) << q;
  }
}

TEST(QuantileSketchTest, OrdersInfinitiesAndJoinsZeros) {
  QuantileSketch sketch;
  const double infinity = std::numeric_limits<double>::infinity();
  for (double value : {0.0, -0.0, infinity, -infinity, 1.0, std::numeric_limits<double>::quiet_NaN()})
    sketch.Add(value);
  const QuantileSummary summary = sketch.Summarize();
  EXPECT_EQ(sketch.num_nan(), 1);
  EXPECT_EQ(sketch.count(), 5);
  ASSERT_EQ(summary.entries().size(), 4u);
  EXPECT_EQ(summary.min(), -infinity);
  EXPECT_EQ(summary.entries()[1].weight, 2);
}

TEST(QuantileSketchTest, OfNothingTellsNaN) {
  const QuantileSummary summary = QuantileSketch().Summarize();
  EXPECT_TRUE(std::isnan(summary.Quantile(0.5)));
  EXPECT_TRUE(std::isnan(summary.Boundaries(2)[1]));
  EXPECT_EQ(summary.CumulativeWeight(3), 0);
}

TEST(QuantileSketchTest, RefusesToMergeAnotherRankError) {
  QuantileSketch sketch(0.01);
  EXPECT_EQ(sketch.Merge(QuantileSketch(0.1)).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::combine
