#include "penstock/runtime/run_engine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/base/storage_uri.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/pipeline/tfx_components.h"
#include "penstock/runtime/engine_internal.h"
#include "penstock/runtime/engine_notice_internal.h"
#include "penstock/runtime/run_settings.h"
#include "penstock/runtime/struct_properties.h"

namespace penstock::runtime {

using nlohmann::json;

namespace {

int ResolvedRunning(const EngineOptions& options) {
  return options.max_running > 0 ? options.max_running : ExecutionOptions{}.ResolvedThreads();
}

int64_t MachineMemory() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0 ? pages * page : 0;
}

double ResolvedCpus(const EngineOptions& options) {
  return options.max_cpus > 0 ? options.max_cpus : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Engine::Engine(EngineOptions options, const pipeline::ComponentCatalog& components,
               metadata::MetadataStore& store, TaskBackend& backend, const Clock& clock,
               EngineObserver* observer, std::unique_ptr<RootLock> lock)
    : options_(std::move(options)),
      // More than run at a time: those that write the store leave their place to those that compute.
      max_in_flight_(std::max(16, 2 * ResolvedRunning(options_))),
      components_(components),
      store_(store),
      backend_(backend),
      clock_(clock),
      observer_(observer),
      lock_(std::move(lock)),
      slots_(ResolvedRunning(options_), ResolvedCpus(options_),
             options_.max_memory_bytes > 0 ? options_.max_memory_bytes : MachineMemory()),
      launcher_(components, store, backend, slots_, clock, {options_.num_threads_per_task}),
      notes_(store),
      workers_(max_in_flight_) {}

Status Engine::Start() {
  // The lock is ours, so whatever runs or is staged belongs to the dead.
  backend_.EndLeftovers(options_.root);
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(options_.root, "staging")));
  reactor_ = std::thread([this] { React(); });
  if (!options_.resumes_runs) return OkStatus();
  constexpr int kAll = 1'000'000;
  PENSTOCK_ASSIGN_OR_RETURN(const auto unfinished,
                            store_.FindRuns({.state = metadata::RunState::kRunning, .limit = kAll}));
  for (const auto& run : unfinished) PENSTOCK_RETURN_IF_ERROR(Resume(run.run_id));
  return OkStatus();
}

Engine::~Engine() {
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (auto& [id, run] : runs_) run->StopWork(/*only_stopped=*/false);
    work_.notify_one();
    changed_.notify_all();
  }
  workers_.Stop();
  {
    std::lock_guard lock(mutex_);
    work_.notify_one();
  }
  if (reactor_.joinable()) reactor_.join();
}

Result<StoredRun> Engine::Prepare(const RunRequest& request, std::string& spec) const {
  PENSTOCK_ASSIGN_OR_RETURN(auto ir, pipeline::ParsePipelineIr(request.pipeline, "the pipeline"));
  if (!request.platform.empty()) PENSTOCK_RETURN_IF_ERROR(pipeline::ParsePlatform(request.platform, ir));
  if (options_.is_native_enabled) pipeline::UseNativeTfxComponents(ir);
  StoredRun run;
  PENSTOCK_ASSIGN_OR_RETURN(auto view, pipeline::ViewPipeline(ir));
  run.view = std::make_unique<const pipeline::PipelineView>(std::move(view));
  PENSTOCK_RETURN_IF_ERROR(TasksFrom(*run.view, request.from_node).status());
  PENSTOCK_ASSIGN_OR_RETURN(run.parameters, pipeline::BindParameters(*run.view, request.parameters));
  run.settings = SettingsOf(request);
  if (run.settings.pipeline_root.empty()) run.settings.pipeline_root = options_.pipeline_root;
  PENSTOCK_RETURN_IF_ERROR(CheckForPasswords(*run.view, run.parameters, run.settings));
  run.record.run_id = request.run_id.empty() ? NewUuid() : request.run_id;
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(run.record.run_id, "A run's id"));
  run.record.pipeline_name = run.view->name;
  run.record.spec_digest = RunKeyOf(ir, run.parameters, run.settings);
  run.record.root = options_.root;
  run.record.state = metadata::RunState::kRunning;
  run.record.created = clock_.Now();
  for (const auto& [name, value] : run.parameters) run.record.parameters[name] = value;
  run.machine = std::make_unique<RunMachine>(*run.view, run.record.created);
  spec = pipeline::PrintPipelineJson(ir);
  return run;
}

Status Engine::Check(const RunRequest& request) const {
  std::string spec;
  return Prepare(request, spec).status();
}

Result<std::string> Engine::Submit(const RunRequest& request) {
  std::string spec;
  PENSTOCK_ASSIGN_OR_RETURN(StoredRun stored, Prepare(request, spec));
  PENSTOCK_ASSIGN_OR_RETURN(RunContext context, MakeContext(stored, options_.root));
  const auto run = std::make_shared<ActiveRun>(std::move(stored), store_);
  run->context = std::move(context);
  const json settings = ToJson(run->run.settings);
  PENSTOCK_RETURN_IF_ERROR(WriteNow({run,
                                     -1,
                                     event::RunCreated{settings},
                                     [&](const metadata::RunEvents& events) {
                                       metadata::RunRecord record = run->run.record;
                                       record.spec = spec;
                                       return store_.CreateRun(record, events);
                                     },
                                     nullptr,
                                     {}}));
  return run->run.record.run_id;
}

Status Engine::Resume(const std::string& run_id) {
  if (Find(run_id) != nullptr) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(StoredRun stored, LoadRun(store_, run_id));
  if (stored.machine->is_complete()) return FailedPrecondition("The run '{}' has ended", run_id);
  PENSTOCK_ASSIGN_OR_RETURN(RunContext context, MakeContext(stored, options_.root));
  const auto run = std::make_shared<ActiveRun>(std::move(stored), store_);
  run->context = std::move(context);
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store_.FindExecutions(run_id));
  for (const auto& execution : executions) {
    if (execution.state != metadata::ExecutionState::kRunning) continue;
    PENSTOCK_RETURN_IF_ERROR(GiveUpInterrupted(store_, run->context.layout, execution));
  }
  std::vector<TaskIndex> interrupted;
  for (size_t i = 0; i < run->run.machine->tasks().size(); ++i) {
    const TaskState& task = run->run.machine->tasks()[i];
    const bool is_leaf = task.view != nullptr && task.kind != TaskKind::kDag && task.kind != TaskKind::kLoop;
    if (is_leaf && task.state == RuntimeState::kRunning) interrupted.push_back(static_cast<TaskIndex>(i));
  }
  std::vector<Notice> notices;
  {
    std::lock_guard lock(mutex_);
    runs_[run->run.record.run_id] = run;
    for (const TaskIndex task : interrupted)
      queue_.push_back({run, task, event::TaskInterrupted{task}, {}, nullptr, {}});
    CollectNotices(*run, true, true, notices);
    touched_.push_back(run);
    work_.notify_one();
  }
  Tell(notices);
  return OkStatus();
}

Status Engine::Abandon(const std::string& run_id) {
  if (Find(run_id) != nullptr) return FailedPrecondition("The run '{}' is at work", run_id);
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store_.FindExecutions(run_id));
  RunLayout layout(options_.root);
  if (const auto stored = LoadRun(store_, run_id); stored.ok())
    if (const auto context = MakeContext(*stored, options_.root); context.ok()) layout = context->layout;
  for (const auto& execution : executions) {
    if (execution.state != metadata::ExecutionState::kRunning) continue;
    PENSTOCK_RETURN_IF_ERROR(GiveUpInterrupted(store_, layout, execution));
  }
  return store_.SetRunState(run_id, metadata::RunState::kFailed);
}

std::shared_ptr<ActiveRun> Engine::Find(const std::string& run_id) const {
  std::lock_guard lock(mutex_);
  const auto entry = runs_.find(run_id);
  return entry == runs_.end() ? nullptr : entry->second;
}

Status Engine::Terminate(const std::string& run_id) {
  const auto run = Find(run_id);
  if (run == nullptr) {
    PENSTOCK_RETURN_IF_ERROR(store_.GetRun(run_id).status());
    return FailedPrecondition("The run '{}' has ended", run_id);
  }
  return WriteNow({run, -1, event::CancelRequested{}, {}, nullptr, {}});
}

Status Engine::Retry(const std::string& run_id) {
  if (Find(run_id) != nullptr) return FailedPrecondition("The run '{}' has not ended", run_id);
  PENSTOCK_ASSIGN_OR_RETURN(StoredRun stored, LoadRun(store_, run_id));
  if (!stored.machine->is_complete()) return FailedPrecondition("The run '{}' has not ended", run_id);
  if (stored.machine->state() == RuntimeState::kSucceeded)
    return FailedPrecondition("The run '{}' has succeeded; there is nothing to retry", run_id);
  PENSTOCK_ASSIGN_OR_RETURN(RunContext context, MakeContext(stored, options_.root));
  const auto run = std::make_shared<ActiveRun>(std::move(stored), store_);
  run->context = std::move(context);
  {
    std::lock_guard lock(mutex_);
    if (!runs_.emplace(run_id, run).second) return FailedPrecondition("The run '{}' has not ended", run_id);
  }
  const Status written = WriteNow({run,
                                   -1,
                                   event::RetryRequested{},
                                   [&](const metadata::RunEvents& events) {
                                     return store_.SetRunState(run_id, metadata::RunState::kRunning, events);
                                   },
                                   nullptr,
                                   {}});
  if (!written.ok()) {
    std::lock_guard lock(mutex_);
    runs_.erase(run_id);
  }
  return written;
}

Status Engine::Forget(const std::string& run_id) {
  if (Find(run_id) == nullptr) return OkStatus();
  for (int i = 0; i < 2; ++i)  // The second ends exit tasks too.
    if (const Status status = Terminate(run_id); !status.ok() && !absl::IsFailedPrecondition(status))
      return status;
  return Wait(run_id, -1, nullptr).status();
}

Result<RuntimeState> Engine::Wait(const std::string& run_id, int64_t timeout_millis,
                                  const CancellationToken* cancellation) const {
  constexpr auto kLookAgain = std::chrono::milliseconds(20);  // How quickly a cancellation is seen.
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(std::max<int64_t>(timeout_millis, 0));
  std::unique_lock lock(mutex_);
  while (runs_.contains(run_id)) {
    if (!fault_.ok()) return fault_;
    if (is_stopping_) return Cancelled("The engine is stopping");
    if (cancellation != nullptr && cancellation->IsCancelled()) return Cancelled("Cancelled by request");
    if (timeout_millis >= 0 && std::chrono::steady_clock::now() >= deadline)
      return DeadlineExceeded("The run '{}' has not ended within {} ms", run_id, timeout_millis);
    changed_.wait_for(lock, kLookAgain);
  }
  lock.unlock();
  PENSTOCK_ASSIGN_OR_RETURN(const auto record, store_.GetRun(run_id));
  return RuntimeStateOf(record.state);
}

Result<RunSnapshot> Engine::Snapshot(const std::string& run_id, bool with_values) const {
  RunSnapshot snapshot;
  {
    std::lock_guard lock(mutex_);
    if (const auto entry = runs_.find(run_id); entry != runs_.end())
      snapshot = entry->second->run.Snapshot(true);
  }
  if (snapshot.run_id.empty()) return ReadRunSnapshot(store_, run_id, with_values);
  if (with_values) PENSTOCK_RETURN_IF_ERROR(FillValues(store_, snapshot));
  return snapshot;
}

int Engine::NumRunning() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(runs_.size());
}

Result<std::unique_ptr<RunEngine>> RunEngine::Open(const EngineOptions& options,
                                                   const pipeline::ComponentCatalog& components,
                                                   metadata::MetadataStore& store, TaskBackend& backend,
                                                   const Clock& clock, EngineObserver* observer) {
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(options.root));
  PENSTOCK_ASSIGN_OR_RETURN(auto lock, RootLock::Take(RunLayout(options.root).LockPath()));
  auto engine =
      std::make_unique<Engine>(options, components, store, backend, clock, observer, std::move(lock));
  PENSTOCK_RETURN_IF_ERROR(engine->Start());
  return std::unique_ptr<RunEngine>(std::move(engine));
}

Result<RunSnapshot> ReadRunSnapshot(const metadata::MetadataStore& store, const std::string& run_id,
                                    bool with_values) {
  PENSTOCK_ASSIGN_OR_RETURN(const StoredRun run, LoadRun(store, run_id));
  RunSnapshot snapshot = run.Snapshot(true);
  if (!with_values) return snapshot;
  PENSTOCK_RETURN_IF_ERROR(FillValues(store, snapshot));
  RunValues values(*run.view, *run.machine, run.record.run_id, run.parameters, store);
  PENSTOCK_ASSIGN_OR_RETURN(TaskOutputs outputs, values.OutputsOfDag(0));
  UnpackAll(outputs.artifacts);
  snapshot.tasks[0].output_parameters = std::move(outputs.parameters);
  snapshot.tasks[0].output_artifacts = std::move(outputs.artifacts);
  return snapshot;
}

Result<std::unique_ptr<metadata::MetadataStore>> OpenExistingStore(const std::string& root,
                                                                   const Clock& clock) {
  const RunLayout layout(root);
  if (fs::IsRemote(root))
    return InvalidArgument(
        "Object storage keeps the artifacts of runs, a local folder their record: set --root to that folder "
        "(.penstock beside the pipeline, unless the run was given another), not to {}",
        root);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(layout.DatabasePath()));
  if (!exists)
    return NotFound("No pipeline has run below {} yet (its metadata.sqlite is not there); set --root", root);
  return metadata::OpenStore(layout.DatabasePath(), clock);
}

}  // namespace penstock::runtime
