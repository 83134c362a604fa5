#pragma once

#include "penstock/base/status.h"
#include "penstock/model/lowering/tensor_builder.h"
#include "penstock/model/network/network.h"

namespace penstock::model {

/// Writes what computes, of a feature matrix, the network's margins [examples, 1] as kFloat. kUnimplemented
/// where a table is larger than float32 counts to, or the format cannot hash the ids of crosses. `ranges`:
/// see DenseTensors.
Result<Tensor> LowerNetwork(const Network& network, const Tensor& matrix, TensorBuilder& builder,
                            const ActivationRanges* ranges = nullptr);

}  // namespace penstock::model
