#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/evaluation/evaluations_testing.h"

// The verdict where confidence intervals are on: what noise refuses, and what is refused beyond it.
namespace penstock::evaluation {
namespace {

using combine::ValueOrDie;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

// Calibrated scores, the same with some noise, and the same but turned around for one group.
data::Batch FourGroups() {
  std::mt19937 random(6);
  std::vector<std::optional<double>> labels, base, noisy, worse;
  std::vector<std::optional<std::string>> groups;
  for (int i = 0; i < 4000; ++i) {
    const auto uniform = [&] { return static_cast<double>(random() % 100'000) / 100'000; };
    const double score = 0.01 + 0.98 * uniform();
    groups.emplace_back(std::string(1, "abcd"[random() % 4]));
    labels.emplace_back(uniform() < score ? 1 : 0);
    base.emplace_back(score);
    noisy.emplace_back(std::min(0.99, std::max(0.01, score + 0.04 * (uniform() - 0.5))));
    worse.emplace_back(groups.back() == "c" ? 1 - score : score);
  }
  return combine::BatchMaker()
      .Doubles("label", labels)
      .Doubles("base", base)
      .Doubles("noisy", noisy)
      .Doubles("worse", worse)
      .Texts("group", groups)
      .Make();
}

Evaluation Judge(const std::string& prediction, Compatibility compatibility) {
  EvaluationRequest request;
  request.compatibility = compatibility;
  return ValueOrDie(EvaluateBatches(
      fmt::format(
          "{{label: label, prediction: {}, baseline_prediction: base, metrics: [auc, binary_crossentropy], "
          "slices: [[group]], confidence_intervals: bootstrap, "
          "change_thresholds: {{auc: {{absolute: 0}}, binary_crossentropy: {{absolute: 0}}}}, "
          "per_slice_thresholds: [{{slice: [group], change_thresholds: {{auc: {{absolute: 0}}, "
          "binary_crossentropy: {{absolute: 0}}}}}}]}}",
          prediction),
      {FourGroups()}, request));
}

TEST(NoiseGateTest, AChangeWithinNoiseRefusesNobody) {
  const Evaluation evaluation = Judge("noisy", Compatibility::kDocumentation);
  EXPECT_TRUE(evaluation.IsBlessed())
      << fmt::format("{}", fmt::join(ExplainValidation(evaluation.validation), "\n"));
  EXPECT_EQ(evaluation.checks.size(), 10u);
  EXPECT_TRUE(std::any_of(evaluation.checks.begin(), evaluation.checks.end(),
                          [](const ThresholdCheck& check) { return check.verdict.is_within_noise; }));
  EXPECT_FALSE(Judge("noisy", Compatibility::kTfma).IsBlessed()) << "the point alone lost a little somewhere";
}

TEST(NoiseGateTest, OnlyTheSliceThatWasMadeWorseIsNamed) {
  const Evaluation evaluation = Judge("worse", Compatibility::kDocumentation);
  EXPECT_FALSE(evaluation.IsBlessed());
  const auto reasons = ExplainValidation(evaluation.validation);
  EXPECT_THAT(reasons, Contains(HasSubstr("the change of auc of group:c is -")));
  EXPECT_THAT(reasons, Each(Not(HasSubstr("group:a"))));
  const auto lines = ListChecks({evaluation.validation, evaluation.checks});
  EXPECT_EQ(lines.size(), 10u);
  EXPECT_THAT(lines, Contains(testing::AllOf(HasSubstr("failed   the change of auc of group:c is -"),
                                             HasSubstr(" to "))));
  EXPECT_THAT(lines, Contains(HasSubstr("passed   the change of auc of group:a is 0 (0 to 0)")));
}

}  // namespace
}  // namespace penstock::evaluation
