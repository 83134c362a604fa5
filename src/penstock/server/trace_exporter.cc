#include "penstock/server/trace_exporter.h"

#include <algorithm>
#include <chrono>

#include "penstock/base/digest.h"
#include "penstock/base/logging.h"
#include "penstock/server/http_client.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using runtime::TaskSnapshot;

constexpr size_t kMaxWaiting = 1000, kSpanIdDigits = 16;
constexpr int kTries = 3, kSpanKindInternal = 1, kStatusOk = 1, kStatusError = 2;
constexpr auto kBetweenTries = std::chrono::seconds(1);

std::string SpanIdOf(const TaskSnapshot& task) {
  return DigestOf(task.task_id).ToHex().substr(0, kSpanIdDigits);
}

/// 64-bit integers are text in protobuf's JSON.
std::string Nanos(Timestamp time) { return std::to_string(time.micros * 1000); }

json Attribute(const char* key, const std::string& value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}
json Attribute(const char* key, int64_t value) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}
json Attribute(const char* key, bool value) { return {{"key", key}, {"value", {{"boolValue", value}}}}; }

json SpanOf(const runtime::RunSnapshot& run, const TaskSnapshot& task) {
  const Timestamp begin = task.started.micros != 0 ? task.started : task.created;
  const Timestamp end = std::max(task.ended.micros, begin.micros) == begin.micros ? begin : task.ended;
  json span = {{"traceId", DigestOf(run.run_id).ToHex()},
               {"spanId", SpanIdOf(task)},
               {"name", task.path.empty() ? run.pipeline_name : task.path},
               {"kind", kSpanKindInternal},
               {"startTimeUnixNano", Nanos(begin)},
               {"endTimeUnixNano", Nanos(end)}};
  if (task.parent_index >= 0 && task.parent_index < static_cast<int64_t>(run.tasks.size()))
    span["parentSpanId"] = SpanIdOf(run.tasks[static_cast<size_t>(task.parent_index)]);
  span["attributes"] = {Attribute("penstock.run_id", run.run_id),
                        Attribute("penstock.task_id", task.task_id),
                        Attribute("penstock.kind", std::string(runtime::TaskKindName(task.kind))),
                        Attribute("penstock.state", std::string(runtime::RuntimeStateName(task.state))),
                        Attribute("penstock.num_attempts", static_cast<int64_t>(task.num_attempts)),
                        Attribute("penstock.is_cached", task.is_cached)};
  if (!task.component.empty()) span["attributes"].push_back(Attribute("penstock.component", task.component));
  if (!task.cache_note.empty())
    span["attributes"].push_back(Attribute("penstock.cache_note", task.cache_note));
  if (task.state == runtime::RuntimeState::kSucceeded) span["status"]["code"] = kStatusOk;
  if (task.state == runtime::RuntimeState::kFailed)
    span["status"] = {{"code", kStatusError}, {"message", std::string(task.error.message())}};
  return span;
}

}  // namespace

json TraceOf(const runtime::RunSnapshot& run) {
  json spans = json::array();
  for (const TaskSnapshot& task : run.tasks) spans.push_back(SpanOf(run, task));
  json resource = {{"attributes", json::array({Attribute("service.name", std::string("penstock")),
                                               Attribute("penstock.pipeline", run.pipeline_name)})}};
  json scope = {{"scope", {{"name", "penstock"}}}, {"spans", std::move(spans)}};
  return {{"resourceSpans", json::array({{{"resource", std::move(resource)},
                                          {"scopeSpans", json::array({std::move(scope)})}}})}};
}

TraceExporter::TraceExporter(std::string endpoint, FindRun find_run)
    : endpoint_(std::move(endpoint)), find_run_(std::move(find_run)), worker_([this] { Work(); }) {}

TraceExporter::~TraceExporter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void TraceExporter::Export(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMaxWaiting)
    waiting_.pop_front();  // A collector that is away for long loses the oldest.
  waiting_.push_back(run_id);
  changed_.notify_all();
}

void TraceExporter::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::string run_id = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Send(run_id);
    lock.lock();
  }
}

void TraceExporter::Send(const std::string& run_id) {
  const auto run = find_run_(run_id);
  if (!run.ok()) return;  // Deleted meanwhile.
  HttpCall call{.method = "POST",
                .url = endpoint_,
                .body = TraceOf(*run).dump(-1, ' ', false, json::error_handler_t::replace),
                .headers = {{"Content-Type", "application/json"}},
                .num_timeout_seconds = 10};
  std::string reason;
  for (int i = 0; i < kTries; ++i) {
    const auto reply = CallHttp(call);
    if (reply.ok() && reply->status >= 200 && reply->status < 300) return;
    reason = reply.ok() ? fmt::format("HTTP {}", reply->status) : std::string(reply.status().message());
    // What is refused stays refused.
    if (reply.ok() && reply->status >= 400 && reply->status < 500 && reply->status != 429) break;
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kBetweenTries, [this] { return is_stopping_; })) break;
  }
  logging::Warning("a trace was not taken", {{"run", run_id}, {"endpoint", endpoint_}, {"reason", reason}});
}

}  // namespace penstock::server
