#pragma once

#include <cstdint>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/transform/column.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// Which nodes to compute for some outputs, and for how long to keep each. Made once, used
/// for every batch by any number of threads.
class EvaluationOrder {
 public:
  EvaluationOrder() = default;
  EvaluationOrder(const Program& program, std::vector<int32_t> wanted);

  /// The columns of `wanted`, in its order. Every analysis they need must be resolved.
  /// One pass over each column; a column is freed after its last use.
  Result<std::vector<Column>> Evaluate(const Program& program, const data::Batch& batch) const;

 private:
  std::vector<int32_t> wanted_;
  std::vector<int32_t> order_;
  std::vector<int32_t> num_uses_;  // Of every node of the program.
};

}  // namespace penstock::transform
