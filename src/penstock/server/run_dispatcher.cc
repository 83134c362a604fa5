#include "penstock/server/run_dispatcher.h"

#include <utility>

#include "penstock/base/logging.h"

namespace penstock::server {
namespace {

using nlohmann::json;

constexpr size_t kMaxChecked = 1000;

runtime::RunRequest RequestOf(const metadata::ServiceRunRecord& run) {
  runtime::RunRequest request{.run_id = run.id, .pipeline = run.spec, .display_name = run.display_name};
  if (const auto entry = run.runtime_config.find("parameters"); entry != run.runtime_config.end())
    for (const auto& [name, value] : entry->items()) request.parameters[name] = value;
  request.pipeline_root = run.runtime_config.value("pipeline_root", std::string());
  if (run.scheduled_seconds != run.created_seconds)
    request.scheduled.micros = run.scheduled_seconds * 1'000'000;
  return request;
}

json ErrorOf(const Status& error) {
  if (error.ok()) return nullptr;
  return {{"code", static_cast<int>(error.code())}, {"message", std::string(error.message())}};
}

}  // namespace

RunDispatcher::RunDispatcher(metadata::ServiceStore& store, EventHub& events, Metrics& metrics,
                             const Clock& clock)
    : store_(store), events_(events), metrics_(metrics), clock_(clock) {}

RunDispatcher::~RunDispatcher() { Stop(); }

Status RunDispatcher::Begin(runtime::RunEngine& engine) {
  engine_ = &engine;
  PENSTOCK_ASSIGN_OR_RETURN(const auto unfinished, store_.FindUnfinishedRuns());
  for (const std::string& run_id : unfinished) Start(run_id);
  worker_ = std::thread([this] { Work(); });
  return OkStatus();
}

void RunDispatcher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

void RunDispatcher::Post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void RunDispatcher::Work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

Status RunDispatcher::Check(const metadata::ServiceRunRecord& run) {
  if (engine_ == nullptr) return Unavailable("The server is starting; try again");
  const Digest digest = DigestBuilder().Add(run.spec).Add(run.runtime_config.dump()).Finish();
  {
    const std::lock_guard lock(mutex_);
    if (checked_.contains(digest)) return OkStatus();
  }
  PENSTOCK_RETURN_IF_ERROR(engine_->Check(RequestOf(run)));
  const std::lock_guard lock(mutex_);
  if (checked_.size() >= kMaxChecked) checked_.clear();
  checked_.insert(digest);
  return OkStatus();
}

void RunDispatcher::Start(const std::string& run_id) {
  Post([this, run_id] { Submit(run_id); });
}

void RunDispatcher::Submit(const std::string& run_id) {
  const auto known = engine_->Snapshot(run_id, false);
  if (known.ok()) return SetState(run_id, std::string(runtime::RuntimeStateName(known->state)), known->error);
  const auto run = store_.GetRun(run_id);
  if (!run.ok()) return;  // Deleted meanwhile.
  if (run->state == "CANCELING") return SetState(run_id, "CANCELED", OkStatus());
  if (metadata::IsFinalState(run->state)) return;
  const auto submitted = engine_->Submit(RequestOf(*run));
  if (!submitted.ok() && !absl::IsAlreadyExists(submitted.status()))
    SetState(run_id, "FAILED", submitted.status());
}

void RunDispatcher::SetState(const std::string& run_id, const std::string& state, const Status& error) {
  const Status status = store_.SetRunState(run_id, state, ErrorOf(error), clock_.Now());
  if (status.ok()) {
    metrics_.CountRun(state);
  } else if (!absl::IsNotFound(status)) {
    logging::Error("cannot store the state of a run",
                   {{"run", run_id}, {"state", state}, {"error", status.message()}});
  }
}

Status RunDispatcher::Terminate(const std::string& run_id) {
  const Status status = engine_->Terminate(run_id);
  if (!absl::IsNotFound(status) && !absl::IsFailedPrecondition(status)) return status;
  // It is not handed over yet, is just being so, or has ended: which of these is known after the jobs before.
  Post([this, run_id] {
    if (!engine_->Terminate(run_id).ok()) Submit(run_id);
  });
  return OkStatus();
}

Status RunDispatcher::Retry(const std::string& run_id) {
  const Status status = engine_->Retry(run_id);
  if (!absl::IsNotFound(status)) return status;
  // It failed before the engine had it.
  PENSTOCK_RETURN_IF_ERROR(store_.SetRunState(run_id, "PENDING", nullptr, clock_.Now()));
  Start(run_id);
  return OkStatus();
}

Status RunDispatcher::Forget(const std::string& run_id) {
  const Status status = engine_->Forget(run_id);
  return absl::IsNotFound(status) ? OkStatus() : status;
}

Result<runtime::RunSnapshot> RunDispatcher::Snapshot(const std::string& run_id, bool with_values) {
  if (engine_ == nullptr) return Unavailable("The server is starting; try again");
  return engine_->Snapshot(run_id, with_values);
}

void RunDispatcher::OnRunChanged(const runtime::RunSnapshot& run, bool is_resumed) {
  const std::string state(runtime::RuntimeStateName(run.state));
  const json event = {{"type", "run"}, {"run_id", run.run_id}, {"state", state}, {"is_resumed", is_resumed}};
  events_.Publish(run.run_id, event.dump());
  Post([this, run_id = run.run_id, state, error = run.error] { SetState(run_id, state, error); });
  if (traces_ != nullptr && runtime::IsFinal(run.state)) traces_->Export(run.run_id);
}

void RunDispatcher::OnTaskChanged(const std::string& run_id, const runtime::TaskSnapshot& task) {
  json event = {{"type", "task"},
                {"run_id", run_id},
                {"task_id", task.task_id},
                {"path", task.path},
                {"display_name", task.display_name},
                {"state", std::string(runtime::RuntimeStateName(task.state))}};
  if (!task.error.ok()) event["error"] = ErrorOf(task.error);
  events_.Publish(run_id, event.dump(-1, ' ', false, json::error_handler_t::replace));
}

void RunDispatcher::OnProgress(const std::string& run_id, const std::string& path, double fraction,
                               const std::string& message) {
  const json event = {
      {"type", "progress"}, {"run_id", run_id}, {"path", path}, {"fraction", fraction}, {"message", message}};
  events_.Publish(run_id, event.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace penstock::server
