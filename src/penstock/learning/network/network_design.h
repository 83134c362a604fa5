#pragma once

#include <cstdint>
#include <vector>

#include "penstock/learning/network/network_options.h"
#include "penstock/learning/split_summary.h"
#include "penstock/model/network/network.h"

namespace penstock::learning {

/// The network that `options` mean for these features, with what it needs to know of the train split: means,
/// deviations and quantiles of numbers, which are ever missing. Its link and output's scale are the task's;
/// of robust losses, whose labels may have outliers, the scale is by median and median absolute deviation.
/// kInvalidArgument: a cross of an unknown feature or of one that is no id and not cut into buckets; an LSTM
/// without a series (two or more vector features of one width, or one); no features that vary.
Result<model::NetworkShape> DesignNetwork(const NetworkOptions& options,
                                          const std::vector<transform::FeatureSchema>& features,
                                          const SplitSummary& train, model::Task task, const Loss& loss);

/// Where training starts: weights drawn from the seed (He for relu, Glorot for tanh: uniform), wide weights
/// 0, the biases such that the network gives `constant_margins`, where these are not 0 once standardised.
std::vector<float> InitialParameters(const model::NetworkShape& shape, uint64_t seed,
                                     const std::vector<double>& constant_margins);

}  // namespace penstock::learning
