// Every gradient against the difference quotient of the loss.
#include "penstock/learning/network/chunk_pass.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "penstock/learning/network/network_design.h"

namespace penstock::learning {
namespace {

using model::Activation;
using model::IdInput;
using model::NetworkLink;
using model::NetworkShape;

NetworkShape SmallShape(NetworkLink link) {
  NetworkShape shape;
  shape.num_columns = 6;
  shape.numbers = {{0, 0, 1, false}, {1, 0.1f, 0.9f, false}};
  IdInput category, buckets, cross;
  category.column = 5;
  category.num_ids = 4;
  category.embedding_width = 3;
  category.is_wide = true;
  buckets.source = IdInput::Source::kBuckets;
  buckets.boundaries = {-0.5f, 0.5f};
  buckets.num_ids = 4;
  buckets.embedding_width = 2;
  cross.source = IdInput::Source::kCross;
  cross.crossed = {0, 1};
  cross.num_ids = 5;
  cross.is_wide = true;
  shape.ids = {category, buckets, cross};
  shape.has_wide = true;
  shape.has_deep = true;
  shape.link = link;
  if (link == NetworkLink::kReconstructionError) shape.num_outputs = 2;
  return shape;
}

/// The weighted loss and its gradients, of 20 random examples.
class Problem {
 public:
  explicit Problem(NetworkShape given) : shape(std::move(given)), layout(shape) {
    std::mt19937 random(3);
    std::normal_distribution<float> number;
    std::vector<float> values;
    for (int i = 0; i < 20; ++i) {
      for (int j = 0; j < 5; ++j) values.push_back(number(random));
      values.push_back(static_cast<float>(i % 4));
      if (shape.link == NetworkLink::kSoftmax || shape.num_outputs == 1 ||
          shape.link == NetworkLink::kReconstructionError) {
        labels.push_back(i % 2);
      } else {
        for (int j = 0; j < shape.num_outputs; ++j) labels.push_back((i + j) % 3 == 0 ? 1 : 0);
      }
      weights.push_back(0.5 + i % 3);
      picked.push_back(i);
    }
    rows = model::EncodeRows(shape, values);
    parameters =
        InitialParameters(shape, 7, std::vector<double>(static_cast<size_t>(shape.num_outputs), -0.4));
    for (float& value : parameters) value += 0.3f * number(random);
    for (const auto& layer : layout.layers) {
      for (int64_t i = 0; i < layer.norm_variance.size(); ++i) parameters[layer.norm_variance.offset + i] = 1;
    }
  }

  double Loss(ChunkPass& pass) const {
    TransposedWeights transposed(layout);
    transposed.Refresh(parameters);
    pass.Run(parameters, transposed, {rows, loss, labels, weights}, picked, 1, 11);
    return pass.loss();
  }

  /// Of parameter `index`, by the chain rule; tables through the rows that use them.
  double Gradient(const ChunkPass& pass, int64_t index) const {
    if (index < layout.num_trained_dense) return pass.gradient()[index];
    int64_t column = static_cast<int64_t>(shape.numbers.size());
    for (size_t slot = 0; slot < shape.ids.size(); ++slot) {
      for (const bool is_wide : {true, false}) {
        const auto& table = is_wide ? layout.wide_tables[slot] : layout.embeddings[slot];
        if (index < table.offset || index >= table.offset + table.size()) continue;
        const int64_t id = (index - table.offset) / table.columns, j = (index - table.offset) % table.columns;
        double sum = 0;
        for (size_t row = 0; row < picked.size(); ++row) {
          if (rows.ids[row * shape.ids.size() + slot] != id) continue;
          sum += is_wide ? pass.output_gradient()[row * shape.num_outputs + j]
                         : pass.deep_gradient()[row * shape.deep_width() + column + j];
        }
        return sum;
      }
      column += layout.embeddings[slot].columns;
    }
    return 0;
  }

  static learning::Loss LossOf(const NetworkShape& shape) {
    switch (shape.link) {
      case NetworkLink::kLogistic:
        return {.kind = LossKind::kLogLoss, .num_outputs = shape.num_outputs};
      case NetworkLink::kSoftmax:
        return {.kind = LossKind::kSoftmaxLogLoss, .num_outputs = shape.num_outputs};
      case NetworkLink::kReconstructionError:
        return {.kind = LossKind::kReconstruction};
      case NetworkLink::kIdentity:
        break;
    }
    return {};
  }

  NetworkShape shape;
  learning::Loss loss = LossOf(shape);
  model::NetworkLayout layout;
  model::EncodedRows rows;
  std::vector<double> labels, weights;
  std::vector<int64_t> picked;
  std::vector<float> parameters;
};

void ExpectGradientsAreDifferenceQuotients(const NetworkShape& shape, double dropout) {
  Problem problem(shape);
  ChunkPass pass(problem.shape, problem.layout, dropout), probe(problem.shape, problem.layout, dropout);
  problem.Loss(pass);
  constexpr float kStep = 2e-3f;
  int num_checked = 0;
  for (int64_t i = 0; i < problem.layout.num_parameters; ++i) {
    if (i >= problem.layout.num_trained_dense && i < problem.layout.num_dense) continue;  // Statistics.
    const float kept = problem.parameters[i];
    problem.parameters[i] = kept + kStep;
    const double above = problem.Loss(probe);
    problem.parameters[i] = kept - kStep;
    const double below = problem.Loss(probe);
    problem.parameters[i] = kept;
    const double expected = (above - below) / (2.0 * kStep);
    const double gradient = problem.Gradient(pass, i);
    ASSERT_NEAR(gradient, expected, 0.01 + 0.02 * std::abs(expected)) << "parameter " << i;
    ++num_checked;
  }
  EXPECT_GT(num_checked, 10);
}

TEST(ChunkPassTest, GradientsOfALinearModelAreDifferenceQuotients) {
  NetworkShape shape = SmallShape(NetworkLink::kLogistic);
  shape.has_deep = false;
  for (IdInput& input : shape.ids) input.embedding_width = 0;
  ExpectGradientsAreDifferenceQuotients(shape, 0);
}

TEST(ChunkPassTest, GradientsOfLayersAreDifferenceQuotients) {
  NetworkShape shape = SmallShape(NetworkLink::kLogistic);
  shape.layers = {{5, Activation::kTanh, false}, {4, Activation::kTanh, false}};
  ExpectGradientsAreDifferenceQuotients(shape, 0);
  shape.link = NetworkLink::kIdentity;
  ExpectGradientsAreDifferenceQuotients(shape, 0);
}

TEST(ChunkPassTest, GradientsThroughNormsAreDifferenceQuotients) {
  NetworkShape shape = SmallShape(NetworkLink::kLogistic);
  shape.layers = {{5, Activation::kTanh, true}, {3, Activation::kTanh, true}};
  ExpectGradientsAreDifferenceQuotients(shape, 0);
}

TEST(ChunkPassTest, GradientsThroughDropoutAreDifferenceQuotients) {
  NetworkShape shape = SmallShape(NetworkLink::kIdentity);
  shape.layers = {{6, Activation::kTanh, false}};
  ExpectGradientsAreDifferenceQuotients(shape, 0.4);
}

TEST(ChunkPassTest, GradientsOfSeveralClassesAreDifferenceQuotients) {
  for (const NetworkLink link : {NetworkLink::kSoftmax, NetworkLink::kLogistic}) {
    NetworkShape shape = SmallShape(link);
    shape.num_outputs = 3;
    shape.layers = {{5, Activation::kTanh, false}};
    ExpectGradientsAreDifferenceQuotients(shape, 0);
  }
}

TEST(ChunkPassTest, GradientsThroughTimeAreDifferenceQuotients) {
  NetworkShape shape = SmallShape(NetworkLink::kLogistic);
  // Three steps of two channels.
  for (int32_t column : {0, 1, 2, 3, 4, 0}) shape.series.push_back({column, 0, 1, false});
  shape.num_channels = 2;
  shape.recurrent_width = 3;
  shape.layers = {{4, Activation::kTanh, false}};
  ExpectGradientsAreDifferenceQuotients(shape, 0);
}

TEST(ChunkPassTest, GradientsOfReconstructionAreDifferenceQuotients) {
  NetworkShape shape = SmallShape(NetworkLink::kReconstructionError);
  shape.layers = {{3, Activation::kTanh, false}};
  ExpectGradientsAreDifferenceQuotients(shape, 0);
}

TEST(ChunkPassTest, LossIsThatOfTheNetworkThatIsServed) {
  NetworkShape shape = SmallShape(NetworkLink::kIdentity);
  shape.layers = {{5, Activation::kRelu, false}};
  const Problem problem(shape);
  ChunkPass pass(problem.shape, problem.layout, 0);
  const double loss = problem.Loss(pass);
  const auto network = model::Network::Make(shape, problem.parameters);
  ASSERT_TRUE(network.ok()) << network.status();
  std::vector<float> margins(20);
  network->EncodedMargins(problem.rows, 0, margins);
  double expected = 0;
  for (size_t i = 0; i < 20; ++i)
    expected += problem.weights[i] * std::pow(margins[i] - problem.labels[i], 2);
  EXPECT_NEAR(loss, expected, 1e-4 * expected);
}

}  // namespace
}  // namespace penstock::learning
