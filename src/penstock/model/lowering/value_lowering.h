#pragma once

#include <span>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/lowering/tensor_builder.h"

namespace penstock::model {

/// Writes one node that is no column and applies no analysis. kUnimplemented says why the format cannot.
Result<OptionalTensor> LowerValue(const transform::Node& node, const std::vector<OptionalTensor>& inputs,
                                  const std::vector<transform::ValueType>& types, TensorBuilder& builder);

/// What several lowerings need of a format.
class Logic {
 public:
  explicit Logic(TensorBuilder& builder) : builder_(builder) {}

  Tensor Not(const Tensor& a) { return builder_.Apply(TensorOp::kNot, a); }
  Tensor IsNan(const Tensor& x) { return Not(builder_.Apply(TensorOp::kEqual, x, x)); }
  /// There where both are; one that does not exist always is.
  Tensor Both(const Tensor& a, const Tensor& b);
  Tensor AllThere(const std::vector<OptionalTensor>& inputs);
  Tensor True() { return builder_.Booleans({true}); }

 private:
  TensorBuilder& builder_;
};

}  // namespace penstock::model
