#include "penstock/model/network/multiply_add.h"

#include <cstring>

namespace penstock::model {
namespace {

constexpr int64_t kLanes = 8;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

/// kRows x (kVectors * 8) of the result stay in registers while the steps go by.
template <int kRows, int kVectors>
__attribute__((always_inline)) inline void Tile(const MatrixView& left, const float* right,
                                                int64_t right_stride, float* into, int64_t into_stride,
                                                int64_t num_steps) {
  Lanes sums[kRows][kVectors];
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v)
      std::memcpy(&sums[i][v], into + i * into_stride + v * kLanes, sizeof(Lanes));
  }
  for (int64_t p = 0; p < num_steps; ++p) {
    Lanes values[kVectors];
    for (int v = 0; v < kVectors; ++v)
      std::memcpy(&values[v], right + p * right_stride + v * kLanes, sizeof(Lanes));
    for (int i = 0; i < kRows; ++i) {
      const float factor = left.values[i * left.row_stride + p * left.column_stride];
      for (int v = 0; v < kVectors; ++v) sums[i][v] += factor * values[v];
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v)
      std::memcpy(into + i * into_stride + v * kLanes, &sums[i][v], sizeof(Lanes));
  }
}

/// The columns that do not fill a vector, four rows at a time so that their sums overlap.
template <int kRows>
__attribute__((always_inline)) inline void Rest(const MatrixView& left, const float* right,
                                                int64_t right_stride, float* into, int64_t into_stride,
                                                int64_t num_steps, int64_t num_columns) {
  for (int64_t j = 0; j < num_columns; ++j) {
    float sums[kRows];
    for (int i = 0; i < kRows; ++i) sums[i] = into[i * into_stride + j];
    for (int64_t p = 0; p < num_steps; ++p) {
      const float value = right[p * right_stride + j];
      for (int i = 0; i < kRows; ++i)
        sums[i] += left.values[i * left.row_stride + p * left.column_stride] * value;
    }
    for (int i = 0; i < kRows; ++i) into[i * into_stride + j] = sums[i];
  }
}

template <int kRows>
__attribute__((always_inline)) inline void Band(const MatrixView& left, const float* right,
                                                int64_t right_stride, float* into, int64_t into_stride,
                                                int64_t num_steps, int64_t num_columns) {
  int64_t j = 0;
  for (; j + 2 * kLanes <= num_columns; j += 2 * kLanes)
    Tile<kRows, 2>(left, right + j, right_stride, into + j, into_stride, num_steps);
  for (; j + kLanes <= num_columns; j += kLanes)
    Tile<kRows, 1>(left, right + j, right_stride, into + j, into_stride, num_steps);
  if (j < num_columns)
    Rest<kRows>(left, right + j, right_stride, into + j, into_stride, num_steps, num_columns - j);
}

__attribute__((always_inline)) inline void All(const MatrixView& left, const float* right,
                                               int64_t right_stride, float* into, int64_t into_stride,
                                               int64_t num_rows, int64_t num_steps, int64_t num_columns) {
  int64_t i = 0;
  for (; i + 4 <= num_rows; i += 4) {
    const MatrixView rows{left.values + i * left.row_stride, left.row_stride, left.column_stride};
    Band<4>(rows, right, right_stride, into + i * into_stride, into_stride, num_steps, num_columns);
  }
  for (; i < num_rows; ++i) {
    const MatrixView row{left.values + i * left.row_stride, left.row_stride, left.column_stride};
    Band<1>(row, right, right_stride, into + i * into_stride, into_stride, num_steps, num_columns);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void MultiplyAddAvx2(const MatrixView& left, const float* right,
                                                     int64_t right_stride, float* into, int64_t into_stride,
                                                     int64_t num_rows, int64_t num_steps,
                                                     int64_t num_columns) {
  All(left, right, right_stride, into, into_stride, num_rows, num_steps, num_columns);
}
#endif

}  // namespace

void MultiplyAdd(const MatrixView& left, const float* right, int64_t right_stride, float* into,
                 int64_t into_stride, int64_t num_rows, int64_t num_steps, int64_t num_columns) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    MultiplyAddAvx2(left, right, right_stride, into, into_stride, num_rows, num_steps, num_columns);
    return;
  }
#endif
  All(left, right, right_stride, into, into_stride, num_rows, num_steps, num_columns);
}

}  // namespace penstock::model
