#pragma once

#include <cstdint>
#include <limits>

#include <arrow/array.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/state_codec.h"

namespace penstock::statistics {

/// The values of a feature that the schema calls bytes (an image domain): only their lengths matter. Exact.
class ByteSummary {
 public:
  /// `values`: (large) utf8 or binary; nulls are no values.
  void Add(const arrow::Array& values);
  Status Merge(const ByteSummary& from);
  /// Fills everything but the common statistics.
  void Finish(tensorflow::metadata::v0::BytesStatistics& out) const;

  void Encode(combine::StateWriter& writer) const;
  static Result<ByteSummary> Decode(combine::StateReader& reader);

 private:
  template <class Array>
  void AddLengths(const Array& values);

  int64_t num_values_ = 0;
  int64_t num_bytes_ = 0;
  int64_t min_num_bytes_ = std::numeric_limits<int64_t>::max();
  int64_t max_num_bytes_ = 0;
};

}  // namespace penstock::statistics
