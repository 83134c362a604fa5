#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/runtime/run_snapshot.h"

namespace penstock::server {

/// A run as OpenTelemetry's ExportTraceServiceRequest in OTLP's JSON form: one trace, a span for the run and
/// for each of its tasks below the span of its DAG. Ids are made of the run's and tasks' own, so a run that
/// is sent again is the same trace.
nlohmann::json TraceOf(const runtime::RunSnapshot& run);

/// Sends each run that has ended to a collector by OTLP over HTTP, from a thread of its own: runs never wait
/// for it. What a collector does not take after three tries is dropped, and logged. Safe from any thread.
class TraceExporter {
 public:
  using FindRun = std::function<Result<runtime::RunSnapshot>(const std::string& run_id)>;
  /// `endpoint`: "http://collector:4318/v1/traces".
  TraceExporter(std::string endpoint, FindRun find_run);
  /// Sends what waits, once.
  ~TraceExporter();
  TraceExporter(const TraceExporter&) = delete;
  TraceExporter& operator=(const TraceExporter&) = delete;

  void Export(const std::string& run_id);

 private:
  void Work();
  void Send(const std::string& run_id);

  const std::string endpoint_;
  const FindRun find_run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::string> waiting_;
  bool is_stopping_ = false;
  std::thread worker_;
};

}  // namespace penstock::server
