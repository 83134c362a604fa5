#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace penstock::model {

/// Where values were seen to lie; 0 always counts as seen, as integers that stand for them need it exact.
struct ValueRange {
  float low = 0;
  float high = 0;

  void Add(std::span<const float> values) {
    for (const float value : values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  void Add(const ValueRange& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  bool operator==(const ValueRange&) const = default;
};

/// What goes into the matrix products of a network and what comes out of them, over some examples. A plain
/// value; the same in whatever order the examples came.
struct ActivationRanges {
  int64_t num_rows = 0;
  ValueRange numbers;              ///< Into the wide part.
  ValueRange wide;                 ///< Bias and numbers of the wide part; the tables are not in it.
  ValueRange deep_input;           ///< Numbers, embeddings and states side by side.
  std::vector<ValueRange> layers;  ///< After a relu, before a tanh.
  ValueRange deep;                 ///< What the deep part adds to the outputs.

  void Add(const ActivationRanges& other) {
    num_rows += other.num_rows;
    numbers.Add(other.numbers);
    wide.Add(other.wide);
    deep_input.Add(other.deep_input);
    layers.resize(std::max(layers.size(), other.layers.size()));
    for (size_t i = 0; i < other.layers.size(); ++i) layers[i].Add(other.layers[i]);
    deep.Add(other.deep);
  }
};

}  // namespace penstock::model
