#include "penstock/evaluation/threshold_rule.h"

#include <cmath>
#include <limits>

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using Range = std::optional<ValueRange>;

struct Case {
  const char* name;
  const char* threshold;
  double value;
  Range range;
  std::optional<double> baseline;
  bool keeps;
  bool is_within_noise;
};

#define VALUE(bounds) "value_threshold {" bounds "}"
#define LOWER(x) "lower_bound { value: " #x " }"
#define UPPER(x) "upper_bound { value: " #x " }"
#define HIGHER(limits) "change_threshold { direction: HIGHER_IS_BETTER " limits " }"
#define LESS(limits) "change_threshold { direction: LOWER_IS_BETTER " limits " }"
#define ABSOLUTE(x) "absolute { value: " #x " }"
#define RELATIVE(x) "relative { value: " #x " }"

// The whole rule, case by case.
const Case kCases[] = {
    // A value by its point.
    {"AtTheLowerBound", VALUE(LOWER(0.9)), 0.9, {}, {}, true, false},
    {"BelowTheLowerBound", VALUE(LOWER(0.9)), 0.8999, {}, {}, false, false},
    {"AtTheUpperBound", VALUE(UPPER(0.2)), 0.2, {}, {}, true, false},
    {"AboveTheUpperBound", VALUE(UPPER(0.2)), 0.2001, {}, {}, false, false},
    {"BetweenBothBounds", VALUE(LOWER(0.8) UPPER(1.2)), 1.1, {}, {}, true, false},
    {"NoNumber", VALUE(LOWER(0)), kNaN, {}, {}, false, false},
    {"NoBounds", VALUE(""), 3, {}, {}, true, false},
    // A value by its range.
    {"MissedWithinNoise", VALUE(LOWER(0.9)), 0.88, Range({0.85, 0.91}), {}, true, true},
    {"MissedBeyondNoise", VALUE(LOWER(0.9)), 0.88, Range({0.87, 0.89}), {}, false, false},
    {"RangeEndsAtTheBound", VALUE(LOWER(0.9)), 0.88, Range({0.86, 0.9}), {}, true, true},
    {"KeptWithRoom", VALUE(LOWER(0.9)), 0.95, Range({0.93, 0.97}), {}, true, false},
    {"KeptByThePointOnly", VALUE(LOWER(0.9)), 0.901, Range({0.88, 0.899}), {}, true, false},
    {"TooHighWithinNoise", VALUE(UPPER(0.2)), 0.25, Range({0.15, 0.35}), {}, true, true},
    {"TooHighBeyondNoise", VALUE(UPPER(0.2)), 0.25, Range({0.21, 0.29}), {}, false, false},
    {"NoNumberInARange", VALUE(LOWER(0)), kNaN, Range({0, 1}), {}, false, false},
    // A change by its point.
    {"AllowedLoss", HIGHER(ABSOLUTE(-0.01)), -0.01, {}, 0.9, true, false},
    {"TooGreatALoss", HIGHER(ABSOLUTE(-0.01)), -0.011, {}, 0.9, false, false},
    {"RelativeLoss", HIGHER(RELATIVE(-0.1)), -0.09, {}, 1.0, true, false},
    {"TooGreatARelativeLoss", HIGHER(RELATIVE(-0.1)), -0.09, {}, 0.5, false, false},
    {"BothMustHold", HIGHER(ABSOLUTE(-1) RELATIVE(-0.1)), -0.5, {}, 1.0, false, false},
    {"LowerIsBetter", LESS(ABSOLUTE(0.01)), 0.01, {}, 0.3, true, false},
    {"HigherThanAllowed", LESS(ABSOLUTE(0.01)), 0.02, {}, 0.3, false, false},
    {"BaselineOfZero", HIGHER(RELATIVE(-0.1)), 0.5, {}, 0.0, false, false},
    {"NoChangeKnown", HIGHER(ABSOLUTE(0)), kNaN, {}, 0.9, false, false},
    // A change must be outside noise to count.
    {"LossWithinNoise", HIGHER(ABSOLUTE(-0.01)), -0.05, Range({-0.12, 0.02}), 0.9, true, true},
    {"LossBeyondNoise", HIGHER(ABSOLUTE(-0.01)), -0.05, Range({-0.08, -0.02}), 0.9, false, false},
    {"GainWithinNoiseIsNone", HIGHER(ABSOLUTE(0.01)), 0.03, Range({-0.01, 0.07}), 0.9, false, true},
    {"GainBeyondNoise", HIGHER(ABSOLUTE(0.01)), 0.03, Range({0.02, 0.04}), 0.9, true, false},
    {"GainBeyondNoiseButTooSmall", HIGHER(ABSOLUTE(0.01)), 0.005, Range({0.001, 0.009}), 0.9, false, false},
    {"ErrorRisesWithinNoise", LESS(ABSOLUTE(0)), 0.02, Range({-0.01, 0.05}), 0.3, true, true},
    {"ErrorRisesBeyondNoise", LESS(ABSOLUTE(0)), 0.02, Range({0.01, 0.03}), 0.3, false, false},
    {"RangeThatTouchesZeroIsNoise", HIGHER(ABSOLUTE(0)), -0.05, Range({-0.1, 0}), 0.9, true, true},
    {"RelativeLossWithinNoise", HIGHER(RELATIVE(-0.01)), -0.05, Range({-0.2, 0.1}), 0.5, true, true},
    {"NoiseAroundABaselineOfZero", HIGHER(RELATIVE(-0.1)), 0.5, Range({-1, 2}), 0.0, true, true},
    {"NoChangeKnownInARange", HIGHER(ABSOLUTE(0)), kNaN, Range({-1, 1}), 0.9, false, false},
};

class ThresholdRuleTest : public testing::TestWithParam<Case> {};

TEST_P(ThresholdRuleTest, Holds) {
  const Case& c = GetParam();
  tfma::MetricThreshold threshold;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(c.threshold, &threshold));
  const ThresholdVerdict verdict = ApplyThreshold(threshold, {c.value, c.range, c.baseline});
  EXPECT_EQ(verdict.keeps, c.keeps);
  EXPECT_EQ(verdict.is_within_noise, c.is_within_noise);
  EXPECT_EQ(verdict.problem, "");
}

INSTANTIATE_TEST_SUITE_P(EveryCase, ThresholdRuleTest, testing::ValuesIn(kCases),
                         [](const auto& instance) { return instance.param.name; });

TEST(ThresholdRuleTest, SaysThatNoDirectionIsGiven) {
  tfma::MetricThreshold threshold;
  threshold.mutable_change_threshold()->mutable_absolute()->set_value(0);
  const ThresholdVerdict verdict = ApplyThreshold(threshold, {1, {}, 1});
  EXPECT_FALSE(verdict.keeps);
  EXPECT_EQ(verdict.problem, "no direction says which way is better");
}

}  // namespace
}  // namespace penstock::evaluation
