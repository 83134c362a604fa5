#pragma once

#include <cstdint>
#include <vector>

#include "penstock/learning/network/network_options.h"
#include "penstock/learning/training_matrix.h"
#include "penstock/model/network/network.h"

namespace penstock::learning {

/// The network that `options` mean for these features, with what it needs to know of the train split: means,
/// deviations and quantiles of numbers, which are ever missing. Its link and output's scale are the task's.
/// kInvalidArgument: a cross of an unknown feature or of one that is no id and not cut into buckets; an LSTM
/// without a series (two or more vector features of one width, or one); no features that vary.
Result<model::NetworkShape> DesignNetwork(const NetworkOptions& options,
                                          const std::vector<transform::FeatureSchema>& features,
                                          const TrainingMatrix& train, model::Task task);

/// Where training starts: weights drawn from the seed (He for relu, Glorot for tanh: uniform), wide weights
/// 0, the bias such that the network predicts `mean_label`.
std::vector<float> InitialParameters(const model::NetworkShape& shape, uint64_t seed, double mean_label);

}  // namespace penstock::learning
