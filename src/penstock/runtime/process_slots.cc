#include "penstock/runtime/process_slots.h"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace penstock::runtime {

Result<double> ParseQuantity(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  static constexpr std::array<std::pair<std::string_view, double>, 14> kUnits = {{{"", 1},
                                                                                  {"m", 1e-3},
                                                                                  {"k", 1e3},
                                                                                  {"K", 1e3},
                                                                                  {"M", 1e6},
                                                                                  {"G", 1e9},
                                                                                  {"T", 1e12},
                                                                                  {"P", 1e15},
                                                                                  {"Ki", 1024.0},
                                                                                  {"Mi", 1048576.0},
                                                                                  {"Gi", 1073741824.0},
                                                                                  {"Ti", 1099511627776.0},
                                                                                  {"Pi", 1125899906842624.0},
                                                                                  {"E", 1e18}}};
  if (error == std::errc() && number >= 0)
    for (const auto& [name, factor] : kUnits)
      if (name == unit) return number * factor;
  return InvalidArgument("Not a quantity of a resource (like 500m, 2 or 512Mi): {}", text);
}

bool ProcessSlots::HasRoom(const ResourceDemand& demand) const {
  if (num_running_ == 0) return true;
  return num_running_ < max_running_ && (max_cpus_ <= 0 || cpus_ + demand.cpus <= max_cpus_) &&
         (max_memory_bytes_ <= 0 || memory_bytes_ + demand.memory_bytes <= max_memory_bytes_);
}

Status ProcessSlots::Take(const ResourceDemand& demand, const CancellationToken& cancellation) {
  constexpr auto kLookAgain = std::chrono::milliseconds(20);  // How quickly a cancellation is seen.
  std::unique_lock lock(mutex_);
  const int64_t ticket = next_ticket_++;
  while (now_serving_ != ticket || (!HasRoom(demand) && !cancellation.IsCancelled()))
    changed_.wait_for(lock, kLookAgain);
  ++now_serving_;
  changed_.notify_all();
  PENSTOCK_RETURN_IF_ERROR(cancellation.Check());
  ++num_running_;
  cpus_ += demand.cpus;
  memory_bytes_ += demand.memory_bytes;
  return OkStatus();
}

void ProcessSlots::GiveBack(const ResourceDemand& demand) {
  std::lock_guard lock(mutex_);
  --num_running_;
  cpus_ -= demand.cpus;
  memory_bytes_ -= demand.memory_bytes;
  changed_.notify_all();
}

}  // namespace penstock::runtime
