#pragma once

#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/lowering/tensor_builder.h"

namespace penstock::model {

/// Writes one node that applies the answer to an analysis. kUnimplemented says why the format cannot.
Result<OptionalTensor> LowerAnalyzed(const transform::Node& node, const transform::Analysis& analysis,
                                     const std::vector<OptionalTensor>& inputs,
                                     const std::vector<transform::ValueType>& types, bool is_tft,
                                     TensorBuilder& builder);

}  // namespace penstock::model
