#pragma once

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/model/model.h"
#include "penstock/model/network/activation_ranges.h"

namespace penstock::model {

/// Where the activations of the model's network lie over all examples of `dataset`: what they are quantized
/// by. One pass, shards in parallel; labels need not be there.
/// kInvalidArgument where the model is no network or one without matrix products, where there are no examples
/// or not the columns that the model takes, or an activation is not finite.
Result<ActivationRanges> ObserveActivations(const Model& model, const data::Dataset& dataset,
                                            const ExecutionOptions& execution);

}  // namespace penstock::model
