#include "penstock/model/tflite/quantized_dense.h"

#include <cmath>

#include <gmock/gmock.h>

namespace penstock::model::tflite {
namespace {

using testing::ElementsAre;

float ValueOf(Steps steps, int64_t integer) {
  return steps.scale * static_cast<float>(integer - steps.zero_point);
}

TEST(StepsTest, SpanTheRangeAndHaveZeroAmongThem) {
  const Steps steps = StepsOf({-1, 3});
  EXPECT_FLOAT_EQ(steps.scale, 4.0f / 255);
  EXPECT_EQ(ValueOf(steps, steps.zero_point), 0);
  EXPECT_NEAR(ValueOf(steps, -128), -1, steps.scale / 2);
  EXPECT_NEAR(ValueOf(steps, 127), 3, steps.scale / 2);
}

TEST(StepsTest, RangesOnOneSideOfZeroReachToIt) {
  EXPECT_EQ(StepsOf({0, 5}).zero_point, -128);
  EXPECT_EQ(StepsOf({-5, 0}).zero_point, 127);
}

TEST(StepsTest, NothingButZeroIsOneStep) {
  EXPECT_EQ(StepsOf({}).scale, 1);
  EXPECT_EQ(StepsOf({}).zero_point, 0);
}

TEST(QuantizedDenseTest, EachOutputHasItsOwnScaleAndItsBiasThatOfTheProducts) {
  const std::vector<float> weights{1, -100, -2, 50};  // Two inputs, two outputs.
  const QuantizedDense made = QuantizeDense(weights, std::vector<float>{0.5f, -1}, {0.1f, 3}, {-10, 10});
  EXPECT_THAT(made.weights, ElementsAre(64, -127, -127, 64));
  EXPECT_FLOAT_EQ(made.weight_scales[0], 2.0f / 127);
  EXPECT_FLOAT_EQ(made.weight_scales[1], 100.0f / 127);
  EXPECT_FLOAT_EQ(made.bias_scales[0], 0.1f * 2 / 127);
  EXPECT_NEAR(static_cast<float>(made.biases[0]) * made.bias_scales[0], 0.5, made.bias_scales[0] / 2);
  EXPECT_NEAR(static_cast<float>(made.biases[1]) * made.bias_scales[1], -1, made.bias_scales[1] / 2);
}

TEST(QuantizedDenseTest, BiasOfAnOutputWithoutWeightsStaysWithin32Bits) {
  const QuantizedDense made =
      QuantizeDense(std::vector<float>{0, 1e-30f}, std::vector<float>{1000, 1000}, {0.1f, 0}, {0, 1000});
  for (size_t j = 0; j < 2; ++j)
    EXPECT_NEAR(static_cast<double>(made.biases[j]) * made.bias_scales[j], 1000, 0.01) << j;
}

TEST(QuantizedDenseTest, OutputThatIsAlmostConstantKeepsTheRescalingWithinBounds) {
  const QuantizedDense made =
      QuantizeDense(std::vector<float>{100}, std::vector<float>{0}, {1, 0}, {0, 1e-20f});
  EXPECT_LE(made.bias_scales[0] / made.outputs.scale, 129);
  EXPECT_EQ(made.outputs.zero_point, -128);
}

}  // namespace
}  // namespace penstock::model::tflite
