#pragma once

#include <cstdint>

namespace penstock::model {

/// A matrix that need not lie row by row: element (row, column) is values[row * row_stride + column *
/// column_stride].
struct MatrixView {
  const float* values;
  int64_t row_stride;
  int64_t column_stride = 1;
};

/// into[i][j] += sum over p, in rising order, of left(i, p) * right[p][j]: all in float32, without fused
/// operations, so that the bits are the same on any processor and for any number of rows at a time.
/// `right` and `into` lie row by row, `right_stride` and `into_stride` apart.
///
/// Cost: about 8 (AVX2) or 4 multiplications a cycle.
void MultiplyAdd(const MatrixView& left, const float* right, int64_t right_stride, float* into,
                 int64_t into_stride, int64_t num_rows, int64_t num_steps, int64_t num_columns);

}  // namespace penstock::model
