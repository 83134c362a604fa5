#include "penstock/evaluation/score_distribution.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"

namespace penstock::evaluation {
namespace {

using combine::TestRandom;

struct Scored {
  double score;
  bool is_positive;
  double weight = 1;
};

ScoreDistribution DistributionOf(const std::vector<Scored>& examples,
                                 int64_t max_exact = ScoreDistribution::kMaxExact) {
  ScoreDistribution scores(max_exact);
  for (const Scored& each : examples) scores.Add(each.score, each.is_positive, each.weight);
  return scores;
}

// What AUC means: the weight of pairs in the right order, ties counting half.
double AucByPairs(const std::vector<Scored>& examples) {
  double right = 0, pairs = 0;
  for (const Scored& positive : examples) {
    if (!positive.is_positive) continue;
    for (const Scored& negative : examples) {
      if (negative.is_positive) continue;
      const double weight = positive.weight * negative.weight;
      pairs += weight;
      right += weight * (positive.score > negative.score ? 1 : positive.score == negative.score ? 0.5 : 0);
    }
  }
  return right / pairs;
}

std::vector<Scored> Draw(uint64_t seed, int64_t count, bool coarse, bool weighted) {
  TestRandom random(seed);
  std::vector<Scored> examples;
  for (int64_t i = 0; i < count; ++i) {
    double score = random.Uniform();
    const bool is_positive = random.Uniform() < 0.2 + 0.6 * score;
    if (coarse) score = std::round(score * 10) / 10;
    examples.push_back({score, is_positive, weighted ? random.Uniform() * 5 : 1});
  }
  return examples;
}

TEST(ScoreDistributionTest, CountsPairsInTheRightOrder) {
  const auto scores = DistributionOf({{0.9, true}, {0.8, false}, {0.7, true}, {0.3, false}, {0.2, true}});
  EXPECT_DOUBLE_EQ(scores.AreaUnderRoc().value, 0.5);
  EXPECT_EQ(scores.AreaUnderRoc().error_bound, 0);
}

TEST(ScoreDistributionTest, CountsTiesHalf) {
  EXPECT_DOUBLE_EQ(DistributionOf({{0.5, true}, {0.5, false}}).AreaUnderRoc().value, 0.5);
  EXPECT_DOUBLE_EQ(DistributionOf({{0.5, true}, {0.5, false}, {0.4, false}}).AreaUnderRoc().value, 0.75);
}

TEST(ScoreDistributionTest, EqualsCountingOfAllPairs) {
  for (bool coarse : {false, true}) {
    for (bool weighted : {false, true}) {
      const auto examples = Draw(5, 800, coarse, weighted);
      EXPECT_NEAR(DistributionOf(examples).AreaUnderRoc().value, AucByPairs(examples), 1e-12)
          << coarse << weighted;
    }
  }
}

TEST(ScoreDistributionTest, HasNoAreaWithoutBothClasses) {
  EXPECT_TRUE(std::isnan(ScoreDistribution().AreaUnderRoc().value));
  EXPECT_TRUE(std::isnan(DistributionOf({{0.5, true}}).AreaUnderRoc().value));
  EXPECT_TRUE(std::isnan(DistributionOf({{0.5, false}}).AreaUnderPrecisionRecall().value));
  EXPECT_DOUBLE_EQ(DistributionOf({{0.5, true}}).AreaUnderPrecisionRecall().value, 1);
}

TEST(ScoreDistributionTest, IgnoresExamplesOfNoWeight) {
  const auto scores = DistributionOf({{0.9, true, 2}, {0.1, false, 1}, {0.95, false, 0}});
  EXPECT_EQ(scores.AreaUnderRoc().value, 1);
}

TEST(ScoreDistributionTest, InterpolatesPrecisionAsDavisAndGoadrich) {
  const auto scores = DistributionOf({{0.9, true}, {0.8, false}, {0.7, true}, {0.3, false}, {0.2, true}});
  const double expected = (1 + (1 - std::log(1.5)) + (1 - 2 * std::log(1.25))) / 3;
  EXPECT_DOUBLE_EQ(scores.AreaUnderPrecisionRecall().value, expected);
  // One tie of all: the precision is the same at every recall.
  EXPECT_DOUBLE_EQ(DistributionOf({{0.5, true}, {0.5, false}, {0.5, false}, {0.5, false}})
                       .AreaUnderPrecisionRecall()
                       .value,
                   0.25);
}

TEST(ScoreDistributionTest, AboveItsLimitStaysWithinTheBoundItTells) {
  for (bool weighted : {false, true}) {
    const auto examples = Draw(6, 60'000, false, weighted);
    const auto exact = DistributionOf(examples);
    const auto counted = DistributionOf(examples, 1000);
    ASSERT_TRUE(exact.is_exact());
    ASSERT_FALSE(counted.is_exact());
    const BoundedValue roc = counted.AreaUnderRoc(), curve = counted.AreaUnderPrecisionRecall();
    EXPECT_LT(roc.error_bound, 1e-4);
    EXPECT_GT(roc.error_bound, 0);
    EXPECT_NEAR(roc.value, exact.AreaUnderRoc().value, roc.error_bound);
    EXPECT_LT(curve.error_bound, 1e-3);
    EXPECT_NEAR(curve.value, exact.AreaUnderPrecisionRecall().value, curve.error_bound);
  }
}

TEST(ScoreDistributionTest, MergesTheSameInWhateverState) {
  const auto examples = Draw(7, 3000, false, false);
  for (int64_t max_exact : {100, 1400, 1600, 5000}) {
    const auto whole = DistributionOf(examples, max_exact);
    const auto first = DistributionOf({examples.begin(), examples.begin() + 1500}, max_exact);
    const auto second = DistributionOf({examples.begin() + 1500, examples.end()}, max_exact);
    ScoreDistribution merged(max_exact);
    merged.Merge(first);
    merged.Merge(second);
    EXPECT_EQ(merged.is_exact(), whole.is_exact());
    EXPECT_EQ(merged.AreaUnderRoc().value, whole.AreaUnderRoc().value) << max_exact;
  }
}

TEST(ScoreDistributionTest, RefusesDamagedScores) {
  combine::StateWriter writer;
  DistributionOf({{0.5, true}}).Encode(writer);
  combine::Bytes bytes = std::move(writer).Take();
  bytes[bytes.size() - 2] = '\x7f';  // The last byte of the weight: now not finite.
  bytes[bytes.size() - 3] = '\xf0';
  combine::StateReader reader(bytes, "scores");
  EXPECT_EQ(ScoreDistribution::Decode(reader).status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penstock::evaluation
