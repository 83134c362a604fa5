#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace penstock::server {

/// What the server counts of itself, for Prometheus. Safe from any thread.
class Metrics {
 public:
  void CountRequest(const std::string& operation, int status, double seconds);
  void CountRun(const std::string& state);
  /// The text exposition format, version 0.0.4; with the process's memory, time and files.
  std::string Print() const;

  static constexpr std::array<double, 10> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5};

 private:
  struct Histogram {
    std::array<int64_t, kBounds.size() + 1> counts{};
    double sum = 0;
  };
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::pair<std::string, int>, int64_t> requests_;
  std::map<std::string, Histogram> durations_;
  std::map<std::string, int64_t> runs_;
};

}  // namespace penstock::server
