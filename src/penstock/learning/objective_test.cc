#include "penstock/learning/objective.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace penstock::learning {
namespace {

using model::Task;

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
  const Evaluated at = Evaluate(Objective(Task::kBinaryClassification, labels, {}), {0, 0});
  EXPECT_DOUBLE_EQ(at.loss, std::log(2.0));
  EXPECT_EQ(at.gradients, (std::vector<float>{0.5f, -0.5f}));
  EXPECT_EQ(at.hessians, (std::vector<float>{0.25f, 0.25f}));
}

TEST(ObjectiveTest, LogLossOfSureWrongAnswerIsItsMargin) {
  const std::vector<double> labels{1, 0};
  EXPECT_DOUBLE_EQ(
      *Objective(Task::kBinaryClassification, labels, {}).Loss(std::vector<float>{-1000, 1000}, {}), 1000);
}

TEST(ObjectiveTest, SquaredErrorDerivativesAreTheResidual) {
  const std::vector<double> labels{1, 4};
  const Evaluated at = Evaluate(Objective(Task::kRegression, labels, {}), {3, 4});
  EXPECT_DOUBLE_EQ(at.loss, 2);
  EXPECT_EQ(at.gradients, (std::vector<float>{2, 0}));
  EXPECT_EQ(at.hessians, (std::vector<float>{1, 1}));
}

TEST(ObjectiveTest, WeightsExamples) {
  const std::vector<double> labels{0, 10};
  const std::vector<double> weights{3, 1};
  const Objective objective(Task::kRegression, labels, weights);
  EXPECT_DOUBLE_EQ(objective.MeanLabel(), 2.5);
  EXPECT_DOUBLE_EQ(*objective.Loss(std::vector<float>{1, 10}, {}), 0.75);
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
  const Evaluated at = Evaluate(Objective(Task::kBinaryClassification, labels, {}), margins);
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
  const Objective objective(Task::kRegression, labels, {});
  const Evaluated one = Evaluate(objective, margins, 1);
  for (int num_threads : {2, 8}) {
    const Evaluated many = Evaluate(objective, margins, num_threads);
    EXPECT_EQ(many.loss, one.loss);
    EXPECT_EQ(many.gradients, one.gradients);
  }
}

}  // namespace
}  // namespace penstock::learning
