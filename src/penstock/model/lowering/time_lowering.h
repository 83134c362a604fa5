#pragma once

#include "penstock/model/lowering/tensor_builder.h"

namespace penstock::model {

/// Part `part` (Node::integer of kTimePart) of seconds since 1970, as transform/time_kernels.cc computes it;
/// for formats that count seconds exactly.
Tensor LowerTimePart(int64_t part, const Tensor& seconds, TensorBuilder& builder);

}  // namespace penstock::model
