#pragma once

#include <memory>
#include <string_view>

#include <arrow/array/array_primitive.h>

#include "penstock/base/status.h"
#include "penstock/transform/column.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// What the program's label node gave, as learners take it (TransformGraph::Label says what that is).
/// kInvalidArgument for a value that no label of the program's task can have, with its example in the batch.
Result<std::shared_ptr<arrow::Array>> LabelArray(const Program& program, const Column& label);
/// The weights: finite, at least 0, null where missing.
Result<std::shared_ptr<arrow::DoubleArray>> WeightArray(const Column& weight);
/// A number that is the same for examples of one query: an integer itself, a hash of text; null where
/// missing.
Result<std::shared_ptr<arrow::Int64Array>> QueryArray(const Column& query);

}  // namespace penstock::transform
