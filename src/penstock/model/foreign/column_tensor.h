#pragma once

#include <vector>

#include <arrow/array.h>

#include "penstock/base/status.h"
#include "penstock/model/foreign/saved_model_reader.h"
#include "penstock/model/foreign/tensor_message.h"

namespace penstock::model::foreign {

/// A column as the tensor that `input` asks for. kInvalidArgument names what does not fit: a type, a number
/// of dimensions, lists of other lengths, or an integer that is missing (the row counts from 1).
Result<TensorValue> ColumnTensor(const arrow::Array& column, const SignatureTensor& input);

/// The elements of a tensor of numbers; kInvalidArgument for one of texts.
Result<std::vector<double>> NumbersOf(const TensorValue& tensor);

}  // namespace penstock::model::foreign
