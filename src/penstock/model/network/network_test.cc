#include "penstock/model/network/network.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <penstock/model.pb.h>

namespace penstock::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// One number, one category of 3 ids (+ the one for unknown), a number cut at 10 and 20, their cross.
NetworkShape WideShape() {
  NetworkShape shape;
  shape.num_columns = 2;
  shape.numbers = {{0, 5, 0.5f, false}, {0, 0, 1, true}};
  IdInput category, buckets, cross;
  category.column = 1;
  category.num_ids = 4;
  category.is_wide = true;
  buckets.source = IdInput::Source::kBuckets;
  buckets.boundaries = {10, 20};
  buckets.num_ids = 4;
  buckets.is_wide = true;
  cross.source = IdInput::Source::kCross;
  cross.crossed = {0, 1};
  cross.num_ids = 8;
  cross.is_wide = true;
  shape.ids = {category, buckets, cross};
  shape.has_wide = true;
  return shape;
}

NetworkShape DeepShape() {
  NetworkShape shape = WideShape();
  shape.ids[0].embedding_width = 2;
  shape.layers = {{3, Activation::kTanh, true}, {2, Activation::kRelu, false}};
  shape.series = {{0, 0, 1, false}, {1, 0, 1, false}};
  shape.num_channels = 1;
  shape.recurrent_width = 2;
  shape.has_deep = true;
  shape.link = NetworkLink::kLogistic;
  return shape;
}

std::vector<float> Parameters(const NetworkShape& shape) {
  std::vector<float> parameters(NetworkLayout(shape).num_parameters);
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i] = 0.01f * static_cast<float>(i % 37) + 0.01f;
  return parameters;
}

TEST(EncodeRowsTest, StandardisesNumbersAndMarksMissingOnes) {
  const EncodedRows rows = EncodeRows(WideShape(), std::vector<float>{7, 0, kNaN, 0, 1e30f, 0});
  EXPECT_THAT(rows.numbers, ElementsAre(1, 0, 0, 1, kStandardLimit, 0));
}

TEST(EncodeRowsTest, GivesUnknownAndMissingIdsTheLastOne) {
  const EncodedRows rows =
      EncodeRows(WideShape(), std::vector<float>{9, 2, 10, -1, 19, 3, 20, kNaN, kNaN, 1e9f});
  std::vector<int32_t> categories, buckets;
  for (size_t i = 0; i < 5; ++i) {
    categories.push_back(rows.ids[i * 3]);
    buckets.push_back(rows.ids[i * 3 + 1]);
    EXPECT_GE(rows.ids[i * 3 + 2], 0);
    EXPECT_LT(rows.ids[i * 3 + 2], 8);
  }
  EXPECT_THAT(categories, ElementsAre(2, 3, 3, 3, 3));
  EXPECT_THAT(buckets, ElementsAre(0, 1, 1, 2, 3));
}

TEST(NetworkTest, WidePartIsASumOfWeights) {
  const NetworkShape shape = WideShape();
  const NetworkLayout layout(shape);
  std::vector<float> parameters(layout.num_parameters, 0.0f);
  parameters[layout.bias.offset] = 100;
  parameters[layout.wide_numbers.offset] = 3;
  parameters[layout.wide_tables[0].offset + 2] = 10;
  parameters[layout.wide_tables[1].offset + 1] = 1000;
  const auto network = Network::Make(shape, parameters);
  ASSERT_TRUE(network.ok()) << network.status();
  std::vector<float> margins(2);
  network->Margins(std::vector<float>{11, 2, 5, 0}, margins);
  EXPECT_THAT(margins, ElementsAre(100 + 3 * 3 + 10 + 1000, 100));
}

TEST(NetworkTest, FoldsNormsAsTheyAreDefined) {
  NetworkShape shape;
  shape.num_columns = 1;
  shape.numbers = {{0, 0, 1, false}};
  shape.has_deep = true;
  shape.layers = {{1, Activation::kRelu, true}};
  const NetworkLayout layout(shape);
  std::vector<float> parameters(layout.num_parameters, 0.0f);
  const NetworkLayout::Layer& layer = layout.layers[0];
  parameters[layer.weights.offset] = 2;
  parameters[layer.bias.offset] = 1;
  parameters[layer.norm_mean.offset] = 3;
  parameters[layer.norm_variance.offset] = 4 - kNormEpsilon;
  parameters[layer.norm_scale.offset] = 5;
  parameters[layer.norm_shift.offset] = 0.5f;
  parameters[layout.output_weights.offset] = 1;
  const auto network = Network::Make(shape, parameters);
  ASSERT_TRUE(network.ok()) << network.status();
  std::vector<float> margins(1);
  network->Margins(std::vector<float>{4}, margins);
  EXPECT_NEAR(margins[0], (2.0 * 4 + 1 - 3) / 2 * 5 + 0.5, 1e-4);
}

TEST(NetworkTest, ReconstructionErrorIsTheMeanSquaredDifference) {
  NetworkShape shape;
  shape.num_columns = 2;
  shape.numbers = {{0, 1, 1, false}, {1, 0, 1, false}};
  shape.has_deep = true;
  shape.num_outputs = 2;
  shape.link = NetworkLink::kReconstructionError;
  std::vector<float> parameters(NetworkLayout(shape).num_parameters, 0.0f);  // Always says 0.
  std::vector<float> margins(1);
  Network::Make(shape, parameters)->Margins(std::vector<float>{3, 4}, margins);
  EXPECT_FLOAT_EQ(margins[0], (2 * 2 + 4 * 4) / 2.0f);
}

TEST(NetworkTest, RowGetsTheSameBitsAloneAndAmongOthers) {
  const NetworkShape shape = DeepShape();
  const auto network = Network::Make(shape, Parameters(shape));
  ASSERT_TRUE(network.ok()) << network.status();
  std::vector<float> rows;
  for (int i = 0; i < 100; ++i)
    rows.insert(rows.end(), {0.37f * static_cast<float>(i), static_cast<float>(i % 5)});
  std::vector<float> all(100), one(1);
  network->Margins(rows, all);
  for (size_t i = 0; i < 100; ++i) {
    network->Margins(std::span<const float>(rows).subspan(2 * i, 2), one);
    EXPECT_EQ(one[0], all[i]);
  }
}

TEST(NetworkTest, ComesBackFromItsBytes) {
  const NetworkShape shape = DeepShape();
  const auto network = Network::Make(shape, Parameters(shape));
  v1::Network file;
  network->Encode(file);
  const auto decoded = Network::Decode(file);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->shape(), shape);
  EXPECT_EQ(decoded->parameters(), network->parameters());
}

TEST(NetworkTest, RefusesWhatCannotBe) {
  const auto refusal = [](const NetworkShape& shape) {
    const Status status = shape.Check();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    return std::string(status.message());
  };
  NetworkShape shape = DeepShape();
  shape.numbers[0].column = 2;
  EXPECT_THAT(refusal(shape), HasSubstr("column that does not exist: 2 of 2"));
  shape = DeepShape();
  shape.ids[1].boundaries = {20, 10};
  EXPECT_THAT(refusal(shape), HasSubstr("do not rise"));
  shape = DeepShape();
  shape.ids[2].crossed = {0, 2};
  EXPECT_THAT(refusal(shape), HasSubstr("cannot be crossed"));
  shape = DeepShape();
  shape.layers[0].width = 0;
  EXPECT_THAT(refusal(shape), HasSubstr("0 wide"));
  shape = DeepShape();
  shape.num_channels = 3;
  EXPECT_THAT(refusal(shape), HasSubstr("series"));
  shape = DeepShape();
  shape.layers.assign(10, {60000, Activation::kRelu, false});
  EXPECT_THAT(refusal(shape), HasSubstr("more than"));
}

TEST(NetworkTest, RefusesWrongOrBadParameters) {
  const NetworkShape shape = DeepShape();
  std::vector<float> parameters = Parameters(shape);
  parameters.pop_back();
  EXPECT_THAT(std::string(Network::Make(shape, parameters).status().message()),
              HasSubstr("where its shape takes"));
  parameters = Parameters(shape);
  parameters[3] = kNaN;
  EXPECT_THAT(std::string(Network::Make(shape, parameters).status().message()), HasSubstr("not finite"));
  parameters = Parameters(shape);
  parameters[NetworkLayout(shape).layers[0].norm_variance.offset] = -1;
  EXPECT_THAT(std::string(Network::Make(shape, parameters).status().message()), HasSubstr("variance"));
}

}  // namespace
}  // namespace penstock::model
