#include "penstock/apps/training_progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace penstock::apps {
namespace {

constexpr int64_t kQuietMicros = 500'000;
constexpr int64_t kRedrawMicros = 50'000;
constexpr int kBarWidth = 24;

}  // namespace

TrainingProgress::TrainingProgress(const Clock& clock)
    : clock_(clock), is_terminal_(isatty(STDERR_FILENO) != 0), started_(clock.Now()) {}

TrainingProgress::~TrainingProgress() {
  if (is_drawn_) fmt::print(stderr, "\r\x1b[K");
}

void TrainingProgress::Show(double fraction, std::string_view message) {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.Now();
  if (!is_terminal_ || now.micros - started_.micros < kQuietMicros) return;
  if (is_drawn_ && now.micros - drawn_.micros < kRedrawMicros) return;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarWidth);
  fmt::print(stderr, "\r\x1b[K[{:#<{}}{:.<{}}] {:3.0f} %  {}", "", filled, "", kBarWidth - filled,
             100 * fraction, message);
  std::fflush(stderr);
  drawn_ = now;
  is_drawn_ = true;
}

}  // namespace penstock::apps
