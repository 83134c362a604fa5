#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace penstock::metadata::database {

/// Whether the next transaction of many writers is worth waiting for a moment: those who were answered by the
/// last one come back soon, and without a wait two halves of them take turns, at half the rate of syncs. A
/// lone writer is never waited for. Not for concurrent use.
class WriteRhythm {
 public:
  /// As many writers were about at the last transaction: waiting for more than these is waiting for nobody.
  size_t num_expected() const { return num_expected_; }
  /// A quarter of what the last transaction took, and never more than half a millisecond.
  std::chrono::microseconds Patience() const {
    return std::min(last_duration_ / 4, std::chrono::microseconds(500));
  }
  void Note(size_t num_answered, size_t num_waiting, std::chrono::steady_clock::duration duration) {
    num_expected_ = num_answered + num_waiting;
    last_duration_ = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  }

 private:
  size_t num_expected_ = 1;
  std::chrono::microseconds last_duration_{};
};

}  // namespace penstock::metadata::database
