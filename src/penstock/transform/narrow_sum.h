#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace penstock::transform {

/// The sum in the order in which TensorFlow's kernels take it, which shows in float32: eight values side by
/// side as long as there are eight, those sums by halves, and what is left one after the other.
template <class Number>
Number AddUpInLanes(std::span<const Number> values) {
  constexpr size_t kLanes = 8;
  std::array<Number, kLanes> lanes = {};
  size_t at = 0;
  for (; at + kLanes <= values.size(); at += kLanes) {
    for (size_t i = 0; i < kLanes; ++i) lanes[i] += values[at + i];
  }
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  Number rest = 0;
  for (; at < values.size(); ++at) rest += values[at];
  return rest + lanes[0];
}

}  // namespace penstock::transform
