#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "penstock/model/network/network_shape.h"

namespace penstock::model {

/// Examples as a network reads them. A plain value.
struct EncodedRows {
  int64_t num_rows = 0;
  std::vector<float> numbers;  ///< num_rows x shape.numbers.
  std::vector<int32_t> ids;    ///< num_rows x shape.ids; each below its input's num_ids.
  std::vector<float> series;   ///< num_rows x shape.series.
};

/// Makes the inputs of `shape` (checked) from rows of the feature matrix.
EncodedRows EncodeRows(const NetworkShape& shape, std::span<const float> rows);

}  // namespace penstock::model
