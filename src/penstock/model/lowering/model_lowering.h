#pragma once

#include "penstock/base/status.h"
#include "penstock/model/lowering/tensor_builder.h"
#include "penstock/model/model.h"

namespace penstock::model {

/// Writes the whole model, raw columns to predictions, and answers these: [examples, 1] of kNumber, or a
/// column for each class.
/// kUnimplemented names what the format cannot compute. `ranges`: of a network, see DenseTensors.
Result<Tensor> LowerModel(const Model& model, TensorBuilder& builder,
                          const ActivationRanges* ranges = nullptr);

}  // namespace penstock::model
