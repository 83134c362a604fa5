#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"

namespace penstock::runtime {

/// What a task process takes of the machine while it runs.
struct ResourceDemand {
  double cpus = 0;
  int64_t memory_bytes = 0;
};

/// "500m", "2", "1.5" in cores; "512Mi", "2G", "1e9" in bytes: as Kubernetes writes quantities.
/// kInvalidArgument: anything else, or below zero.
Result<double> ParseQuantity(std::string_view text);

/// Admits task processes: so many at a time, and no more than the machine has of what they ask for (a task
/// that asks for more than there is runs alone). Safe from any thread; first come, first served.
class ProcessSlots {
 public:
  ProcessSlots(int max_running, double max_cpus, int64_t max_memory_bytes)
      : max_running_(max_running), max_cpus_(max_cpus), max_memory_bytes_(max_memory_bytes) {}

  /// Blocks until there is room; kCancelled.
  Status Take(const ResourceDemand& demand, const CancellationToken& cancellation);
  void GiveBack(const ResourceDemand& demand);

 private:
  bool HasRoom(const ResourceDemand& demand) const;

  // Constant after construction.
  const int max_running_;
  const double max_cpus_;
  const int64_t max_memory_bytes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  int64_t next_ticket_ = 0;
  int64_t now_serving_ = 0;
  int num_running_ = 0;
  double cpus_ = 0;
  int64_t memory_bytes_ = 0;
};

}  // namespace penstock::runtime
