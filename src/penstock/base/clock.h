#pragma once

#include <compare>
#include <cstdint>
#include <mutex>
#include <string>

namespace penstock {

/// A point in time: microseconds since the Unix epoch, UTC.
struct Timestamp {
  int64_t micros = 0;

  int64_t millis() const { return micros / 1000; }
  /// "2026-11-23T14:30:00.123Z".
  std::string ToIsoString() const;
  auto operator<=>(const Timestamp&) const = default;
};

/// Where a domain room gets the time from. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
};

class SystemClock : public Clock {
 public:
  Timestamp Now() const override;
};

/// Stands still until told otherwise.
class FakeClock : public Clock {
 public:
  explicit FakeClock(Timestamp start = {}) : now_(start) {}
  Timestamp Now() const override;
  void Advance(int64_t micros);

 private:
  mutable std::mutex mutex_;
  Timestamp now_;  // Guarded by mutex_.
};

}  // namespace penstock
