#include "penstock/model/network/input_encoder.h"

#include <algorithm>
#include <cmath>

namespace penstock::model {
namespace {

float Standardise(const NumberInput& input, float value) {
  if (input.is_indicator) return std::isnan(value) ? 1.0f : 0.0f;
  const float standard = (value - input.mean) * input.scale;
  // Missing is 0, the mean. The comparisons are also false for what an infinite difference makes.
  if (!(standard >= -kStandardLimit)) return std::isnan(standard) ? 0.0f : -kStandardLimit;
  return standard <= kStandardLimit ? standard : kStandardLimit;
}

int32_t IdOf(const IdInput& input, const float* row, const int32_t* ids) {
  switch (input.source) {
    case IdInput::Source::kCategory: {
      const float value = row[input.column];
      // Also false for NaN.
      return value >= 0 && value < static_cast<float>(input.num_ids - 1) ? static_cast<int32_t>(value)
                                                                         : input.num_ids - 1;
    }
    case IdInput::Source::kBuckets: {
      const float value = row[input.column];
      if (std::isnan(value)) return input.num_ids - 1;
      return static_cast<int32_t>(std::upper_bound(input.boundaries.begin(), input.boundaries.end(), value) -
                                  input.boundaries.begin());
    }
    case IdInput::Source::kCross:
      break;
  }
  // FNV-1a over the ids, then the finaliser of MurmurHash3.
  uint64_t hash = 0xcbf29ce484222325u;
  for (int32_t other : input.crossed) hash = (hash ^ static_cast<uint32_t>(ids[other])) * 0x100000001b3u;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  hash ^= hash >> 33;
  return static_cast<int32_t>(hash % static_cast<uint32_t>(input.num_ids));
}

}  // namespace

EncodedRows EncodeRows(const NetworkShape& shape, std::span<const float> rows) {
  EncodedRows encoded;
  encoded.num_rows = shape.num_columns == 0 ? 0 : static_cast<int64_t>(rows.size()) / shape.num_columns;
  encoded.numbers.resize(encoded.num_rows * shape.numbers.size());
  encoded.ids.resize(encoded.num_rows * shape.ids.size());
  encoded.series.resize(encoded.num_rows * shape.series.size());
  float* numbers = encoded.numbers.data();
  int32_t* ids = encoded.ids.data();
  float* series = encoded.series.data();
  for (int64_t i = 0; i < encoded.num_rows; ++i) {
    const float* row = rows.data() + i * shape.num_columns;
    for (const NumberInput& input : shape.numbers) *numbers++ = Standardise(input, row[input.column]);
    for (size_t slot = 0; slot < shape.ids.size(); ++slot) ids[slot] = IdOf(shape.ids[slot], row, ids);
    ids += shape.ids.size();
    for (const NumberInput& input : shape.series) *series++ = Standardise(input, row[input.column]);
  }
  return encoded;
}

}  // namespace penstock::model
