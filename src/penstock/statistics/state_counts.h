#pragma once

#include <cstdint>

#include "penstock/combine/state_codec.h"

namespace penstock::statistics {

/// More than any fold reaches, and so far below int64's end that sums of a few cannot overflow: a
/// damaged state must not make a merge undefined.
inline constexpr int64_t kMaxStateCount = int64_t{1} << 58;

inline void WriteCount(int64_t count, combine::StateWriter& writer) {
  writer.Varint(static_cast<uint64_t>(count));
}

/// Marks the state as damaged where the count cannot be one.
inline int64_t ReadCount(combine::StateReader& reader) {
  const int64_t count = reader.NonNegative();
  if (count > kMaxStateCount) reader.Fail("a count is too large");
  return count;
}

}  // namespace penstock::statistics
