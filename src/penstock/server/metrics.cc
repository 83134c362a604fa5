#include "penstock/server/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

namespace penstock::server {
namespace {

std::string PrintProcess() {
  std::string text;
  int64_t num_pages = 0, num_resident = 0;
  std::ifstream("/proc/self/statm") >> num_pages >> num_resident;
  text += fmt::format(
      "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
      "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {}\n",
      num_resident * sysconf(_SC_PAGESIZE));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  text += fmt::format(
      "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
      "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {}\n",
      seconds);
  return text;
}

}  // namespace

void Metrics::CountRequest(const std::string& operation, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{operation, status}];
  Histogram& histogram = durations_[operation];
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++histogram.counts[static_cast<size_t>(bound - kBounds.begin())];
  histogram.sum += seconds;
}

void Metrics::CountRun(const std::string& state) {
  const std::lock_guard lock(mutex_);
  ++runs_[state];
}

std::string Metrics::Print() const {
  const std::lock_guard lock(mutex_);
  std::string text =
      "# HELP penstock_http_requests_total Requests answered, by operation and HTTP code.\n"
      "# TYPE penstock_http_requests_total counter\n";
  for (const auto& [key, count] : requests_)
    text += fmt::format("penstock_http_requests_total{{operation=\"{}\",code=\"{}\"}} {}\n", key.first,
                        key.second, count);
  text +=
      "# HELP penstock_http_request_duration_seconds Time to the answer.\n"
      "# TYPE penstock_http_request_duration_seconds histogram\n";
  for (const auto& [operation, histogram] : durations_) {
    int64_t count = 0;
    for (size_t i = 0; i < histogram.counts.size(); ++i) {
      count += histogram.counts[i];
      const std::string bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
      text += fmt::format("penstock_http_request_duration_seconds_bucket{{operation=\"{}\",le=\"{}\"}} {}\n",
                          operation, bound, count);
    }
    text += fmt::format(
        "penstock_http_request_duration_seconds_sum{{operation=\"{0}\"}} {1}\n"
        "penstock_http_request_duration_seconds_count{{operation=\"{0}\"}} {2}\n",
        operation, histogram.sum, count);
  }
  text +=
      "# HELP penstock_run_state_changes_total Runs that came into a state.\n"
      "# TYPE penstock_run_state_changes_total counter\n";
  for (const auto& [state, count] : runs_)
    text += fmt::format("penstock_run_state_changes_total{{state=\"{}\"}} {}\n", state, count);
  return text + PrintProcess();
}

}  // namespace penstock::server
