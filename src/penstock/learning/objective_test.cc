#include "penstock/learning/objective.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace penstock::learning {
namespace {

const Loss kLogLoss{.kind = LossKind::kLogLoss};
const Loss kSquaredError{.kind = LossKind::kSquaredError};

struct Evaluated {
  double loss;
  std::vector<float> gradients;
  std::vector<float> hessians;
};

Evaluated Evaluate(const Objective& objective, const std::vector<float>& margins, int num_threads = 1) {
  Evaluated result{0, std::vector<float>(margins.size()), std::vector<float>(margins.size())};
  result.loss =
      *objective.LossAndGradients(margins, {.num_threads = num_threads}, result.gradients, result.hessians);
  return result;
}

TEST(ObjectiveTest, LogLossOfEvenOddsIsLogTwo) {
  const std::vector<double> labels{0, 1};
  const Evaluated at = Evaluate(Objective(kLogLoss, labels, {}), {0, 0});
  EXPECT_DOUBLE_EQ(at.loss, std::log(2.0));
  EXPECT_EQ(at.gradients, (std::vector<float>{0.5f, -0.5f}));
  EXPECT_EQ(at.hessians, (std::vector<float>{0.25f, 0.25f}));
}

TEST(ObjectiveTest, LogLossOfSureWrongAnswerIsItsMargin) {
  const std::vector<double> labels{1, 0};
  EXPECT_DOUBLE_EQ(*Objective(kLogLoss, labels, {}).MeanLoss(std::vector<float>{-1000, 1000}, {}), 1000);
}

TEST(ObjectiveTest, SquaredErrorDerivativesAreTheResidual) {
  const std::vector<double> labels{1, 4};
  const Evaluated at = Evaluate(Objective(kSquaredError, labels, {}), {3, 4});
  EXPECT_DOUBLE_EQ(at.loss, 2);
  EXPECT_EQ(at.gradients, (std::vector<float>{2, 0}));
  EXPECT_EQ(at.hessians, (std::vector<float>{1, 1}));
}

TEST(ObjectiveTest, WeightsExamples) {
  const std::vector<double> labels{0, 10};
  const std::vector<double> weights{3, 1};
  const Objective objective(kSquaredError, labels, weights);
  EXPECT_DOUBLE_EQ(objective.mean_labels()[0], 2.5);
  EXPECT_DOUBLE_EQ(*objective.MeanLoss(std::vector<float>{1, 10}, {}), 0.75);
}

/// Every derivative against a difference quotient of the loss; second derivatives are never below.
void ExpectDerivativesOf(const Loss& loss, const std::vector<double>& labels, std::vector<float> margins,
                         const std::vector<int64_t>& query_ends = {}) {
  const Objective objective(loss, labels, {}, query_ends);
  const Evaluated at = Evaluate(objective, margins);
  const double units =
      query_ends.empty() ? static_cast<double>(objective.num_rows()) : static_cast<double>(query_ends.size());
  const double factor = GradientFactor(loss);
  for (size_t i = 0; i < margins.size(); ++i) {
    constexpr float kStep = 1.0f / 64;
    const float middle = margins[i];
    margins[i] = middle + kStep;
    const double above = *objective.MeanLoss(margins, {});
    margins[i] = middle - kStep;
    const double below = *objective.MeanLoss(margins, {});
    margins[i] = middle;
    EXPECT_NEAR(factor * at.gradients[i], units * (above - below) / (2 * kStep), 1e-3) << i;
    EXPECT_GE(factor * at.hessians[i], units * (above - 2 * at.loss + below) / (kStep * kStep) - 1e-2) << i;
  }
}

TEST(ObjectiveTest, SoftmaxDerivativesAreThoseOfItsLoss) {
  ExpectDerivativesOf({.kind = LossKind::kSoftmaxLogLoss, .num_outputs = 3}, {0, 2, 1},
                      {0.5f, -1, 2, 0, 0, 0, 3, -2, 1});
}

TEST(ObjectiveTest, LogLossOfSeveralClassesIsTheirMean) {
  const Loss loss{.kind = LossKind::kLogLoss, .num_outputs = 2};
  ExpectDerivativesOf(loss, {0, 1, 1, 1}, {0.5f, -1, 2, 0});
  EXPECT_DOUBLE_EQ(*Objective(loss, std::vector<double>{0, 1}, {}).MeanLoss(std::vector<float>{0, 0}, {}),
                   std::log(2.0));
}

TEST(ObjectiveTest, RobustDerivativesAreThoseOfTheirLosses) {
  const std::vector<double> labels{0, 1, -4, 100};
  const std::vector<float> margins{0.5f, -1.5f, 2, 3};
  ExpectDerivativesOf({.kind = LossKind::kHuber, .huber_delta = 2}, labels, margins);
  ExpectDerivativesOf({.kind = LossKind::kAbsoluteError, .huber_delta = 3}, labels, margins);
  ExpectDerivativesOf(kSquaredError, labels, {0.5f, -1, 2, 90});
}

TEST(ObjectiveTest, PairwiseGradientsSumUpThePairs) {
  const Loss loss{.kind = LossKind::kPairwiseRanking};
  const std::vector<double> labels{2, 0, 1, 5, 5};
  const std::vector<int64_t> ends{3, 5};
  const Evaluated at = Evaluate(Objective(loss, labels, {}, ends), {0, 0, 0, 1, 2});
  // Three pairs of even odds in the first query; none in the second, whose examples are equal.
  EXPECT_DOUBLE_EQ(at.loss, std::log(2.0) / 2);
  EXPECT_EQ(at.gradients, (std::vector<float>{-1, 1, 0, 0, 0}));
}

TEST(ObjectiveTest, NdcgIsThatOfItsDefinition) {
  const Loss loss{.kind = LossKind::kNdcg};
  const std::vector<double> labels{3, 0, 1};
  const std::vector<int64_t> ends{3};
  const Objective objective(loss, labels, {}, ends);
  const double ideal = 7 + 1 / std::log2(3.0);
  EXPECT_DOUBLE_EQ(*objective.MeanLoss(std::vector<float>{3, 1, 2}, {}), 0);
  EXPECT_NEAR(*objective.MeanLoss(std::vector<float>{1, 3, 2}, {}),
              1 - (1 / std::log2(3.0) + 7 / std::log2(4.0)) / ideal, 1e-12);
  const Evaluated at = Evaluate(objective, {1, 3, 2});
  EXPECT_LT(at.gradients[0], 0);  // Has to rise.
  EXPECT_GT(at.gradients[1], 0);
}

TEST(ObjectiveTest, ConstantsAreTheBestOfTheirLoss) {
  const std::vector<double> labels{0, 0, 0, 1, 100};
  EXPECT_EQ(Objective(kSquaredError, labels, {}).ConstantMargins(), std::vector<double>{20.2});
  EXPECT_EQ(Objective({.kind = LossKind::kAbsoluteError}, labels, {}).ConstantMargins(),
            std::vector<double>{0});
  const std::vector<double> classes{0, 1, 1, 1};
  const auto of_classes =
      Objective({.kind = LossKind::kSoftmaxLogLoss, .num_outputs = 3}, classes, {}).ConstantMargins();
  EXPECT_DOUBLE_EQ(of_classes[0], std::log(0.25));
  EXPECT_TRUE(std::isfinite(of_classes[2]));  // A class that is never there.
}

TEST(ObjectiveTest, HuberBeginsToBeLinearByTheLabelsSpread) {
  Loss loss{.kind = LossKind::kHuber, .huber_delta = 0};
  FitLossToLabels(std::vector<double>{1, 2, 3, 4, 1000}, loss);
  EXPECT_NEAR(loss.huber_delta, 1.345 * 1.4826, 1e-9);
}

TEST(ObjectiveTest, GradientsAddUpExactlyInAnyOrder) {
  std::mt19937 random(3);
  std::normal_distribution<float> number;
  std::vector<double> labels(20000);
  std::vector<float> margins(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    labels[i] = random() % 2;
    margins[i] = 5 * number(random);
  }
  const Evaluated at = Evaluate(Objective(kLogLoss, labels, {}), margins);
  double forwards = 0, backwards = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    forwards += at.gradients[i];
    backwards += at.gradients[labels.size() - 1 - i];
    const double exact = 1 / (1 + std::exp(-static_cast<double>(margins[i]))) - labels[i];
    ASSERT_NEAR(at.gradients[i], exact, 3e-7);
  }
  EXPECT_EQ(forwards, backwards);
}

TEST(ObjectiveTest, IsBitEqualOnAnyNumberOfThreads) {
  std::mt19937 random(4);
  std::normal_distribution<double> number;
  std::vector<double> labels(200001);
  std::vector<float> margins(labels.size());
  for (double& label : labels) label = 1e6 * number(random);
  for (float& margin : margins) margin = static_cast<float>(number(random));
  const Objective objective(kSquaredError, labels, {});
  const Evaluated one = Evaluate(objective, margins, 1);
  for (int num_threads : {2, 8}) {
    const Evaluated many = Evaluate(objective, margins, num_threads);
    EXPECT_EQ(many.loss, one.loss);
    EXPECT_EQ(many.gradients, one.gradients);
  }
}

}  // namespace
}  // namespace penstock::learning
