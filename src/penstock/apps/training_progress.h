#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "penstock/base/clock.h"

namespace penstock::apps {

/// A bar on the terminal with what a training says of its losses, once it takes longer than half a second.
/// Without a terminal nothing is shown. Safe from any thread.
class TrainingProgress {
 public:
  /// `clock` must outlive this.
  explicit TrainingProgress(const Clock& clock);
  ~TrainingProgress();

  void Show(double fraction, std::string_view message);

 private:
  const Clock& clock_;
  const bool is_terminal_;
  const Timestamp started_;
  std::mutex mutex_;
  Timestamp drawn_;        // Guarded by mutex_.
  bool is_drawn_ = false;  // Guarded by mutex_.
};

}  // namespace penstock::apps
