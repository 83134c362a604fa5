#include "penstock/runtime/pipeline_runner.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <thread>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/base/near_miss.h"
#include "penstock/metadata/sqlite/sqlite_store.h"
#include "penstock/runtime/interrupted_execution.h"
#include "penstock/runtime/launcher.h"
#include "penstock/runtime/run_history.h"
#include "penstock/runtime/scheduler.h"

namespace penstock::runtime {
namespace {

/// Held by whoever runs something below a root; the kernel lets go of it when its process dies.
class RootLock {
 public:
  static Result<std::unique_ptr<RootLock>> Take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return PermissionDenied("Cannot write {}: {}", path, std::generic_category().message(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd);
      return FailedPrecondition(
          "Another penstock runs a pipeline below {}: wait for it, or use another --root", fs::DirName(path));
    }
    return std::unique_ptr<RootLock>(new RootLock(fd));
  }
  ~RootLock() { ::close(fd_); }

 private:
  explicit RootLock(int fd) : fd_(fd) {}
  int fd_;
};

/// `from` and everything downstream of it.
Result<std::set<std::string>> NodesFrom(const pipeline::PipelineView& pipeline, const std::string& from) {
  std::set<std::string> nodes;
  if (from.empty()) return nodes;
  if (pipeline.FindTask(from) == nullptr) {
    std::vector<std::string> names;
    for (const auto& task : pipeline.tasks) names.push_back(task.id);
    return InvalidArgument("The pipeline has no node '{}'{}", from, DidYouMean(from, names));
  }
  nodes.insert(from);
  for (const auto& task : pipeline.tasks)
    for (const auto& dependency : task.dependencies)
      if (nodes.contains(dependency)) nodes.insert(task.id);
  return nodes;
}

/// The same for the same command: what makes an interrupted run ours to go on with.
Digest RunKey(const pipeline::PipelineIr& ir, const RunOptions& options) {
  DigestBuilder key;
  key.Add(pipeline::SpecDigest(ir)).Add(options.from_node).Add(int64_t{options.is_cache_enabled});
  for (const auto& [name, value] : options.parameters) key.Add(name).Add(value.dump());
  return key.Finish();
}

metadata::RunState StoredStateOf(const RunState& state) {
  if (state.is_cancelled) return metadata::RunState::kCancelled;
  switch (ExitCodeOf(state)) {
    case 0:
      return metadata::RunState::kSucceeded;
    case 3:
      return metadata::RunState::kRefused;
    default:
      return metadata::RunState::kFailed;
  }
}

struct OpenedRun {
  std::string run_id;
  bool is_resumed = false;
};

/// Closes a run that was killed and that nobody goes on with: what it had not published goes away.
Status CloseInterrupted(metadata::MetadataStore& store, const RunLayout& layout, const std::string& run_id) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store.FindExecutions(run_id));
  for (const auto& execution : executions) {
    if (execution.state != metadata::ExecutionState::kRunning) continue;
    PENSTOCK_RETURN_IF_ERROR(GiveUpInterrupted(store, layout, execution));
  }
  return store.SetRunState(run_id, metadata::RunState::kFailed);
}

/// The interrupted run of the same command, or a new one; other unfinished runs are closed.
Result<OpenedRun> OpenRun(metadata::MetadataStore& store, const pipeline::PipelineIr& ir,
                          const std::string& name, const RunOptions& options) {
  const Digest key = RunKey(ir, options);
  PENSTOCK_ASSIGN_OR_RETURN(const auto unfinished, store.FindRuns({.state = metadata::RunState::kRunning}));
  OpenedRun opened;
  for (const auto& run : unfinished) {
    if (opened.run_id.empty() && run.pipeline_name == name && run.spec_digest == key) {
      opened = {run.run_id, true};
    } else {
      PENSTOCK_RETURN_IF_ERROR(CloseInterrupted(store, RunLayout(options.root), run.run_id));
    }
  }
  if (opened.is_resumed) return opened;
  opened.run_id = NewUuid();
  metadata::RunRecord record{.run_id = opened.run_id,
                             .pipeline_name = name,
                             .spec_digest = key,
                             .spec = pipeline::PrintPipelineYaml(ir),
                             .root = options.root,
                             .state = metadata::RunState::kRunning};
  for (const auto& [parameter, value] : options.parameters) record.parameters[parameter] = value;
  PENSTOCK_RETURN_IF_ERROR(store.CreateRun(record));
  return opened;
}

/// Performs what Decide decides, a thread per running node.
class Shell {
 public:
  Shell(const pipeline::PipelineView& pipeline, Launcher& launcher, RunHistory& history,
        RunObserver& observer, std::mutex& observer_mutex, const Clock& clock,
        const CancellationToken& cancellation, int max_running)
      : pipeline_(pipeline),
        launcher_(launcher),
        history_(history),
        observer_(observer),
        observer_mutex_(observer_mutex),
        clock_(clock),
        cancellation_(cancellation),
        max_running_(max_running) {}

  Status Run() {
    const Status status = Loop();
    if (!status.ok()) task_cancellation_.Cancel();
    for (auto& [node, thread] : threads_) thread.join();
    return status.ok() ? Fault() : status;
  }

 private:
  Status Loop() {
    constexpr int64_t kWaitMillis = 50;  // How quickly a cancellation is seen.
    int64_t num_seen = history_.WaitForMore(-1, 0);
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(Fault());
      // First who is at work, then the state: whoever has left by now has left its event there.
      const std::set<std::string> active = Active();
      RunState state = history_.state();
      if (state.is_complete) return OkStatus();
      if (cancellation_.IsCancelled() && !state.is_cancelled) {
        task_cancellation_.Cancel();
        PENSTOCK_RETURN_IF_ERROR(history_.Append(event::CancelRequested{}));
        state = history_.state();
      }
      for (const auto& node : active) {
        auto& status = state.nodes[node].status;
        if (status == NodeStatus::kWaiting || status == NodeStatus::kFailed) status = NodeStatus::kRunning;
      }
      for (const auto& what : Decide(pipeline_, state, clock_.Now(), max_running_))
        PENSTOCK_RETURN_IF_ERROR(Perform(what));
      num_seen = history_.WaitForMore(num_seen, kWaitMillis);
    }
  }

  Status Perform(const Command& what) {
    if (const auto* launch = std::get_if<command::LaunchNode>(&what)) {
      Start(*pipeline_.FindTask(launch->node), launch->attempt);
    } else if (const auto* skip = std::get_if<command::SkipNode>(&what)) {
      return history_.Append(event::NodeSkipped{skip->node, skip->cause});
    } else if (const auto* complete = std::get_if<command::CompleteRun>(&what)) {
      RunState ended = history_.state();
      ended.succeeded = complete->succeeded;
      return history_.AppendWithState(event::RunCompleted{complete->succeeded}, StoredStateOf(ended));
    }
    return OkStatus();  // WaitUntil: the loop wakes often enough.
  }

  void Start(const pipeline::TaskView& task, int attempt) {
    if (auto entry = threads_.find(task.id); entry != threads_.end())
      entry->second.join();  // An earlier attempt.
    {
      std::lock_guard lock(mutex_);
      active_.insert(task.id);
    }
    threads_[task.id] = std::thread([this, &task, attempt] {
      const Status status = launcher_.Launch(task, attempt, task_cancellation_,
                                             [&](double fraction, const std::string& message) {
                                               std::lock_guard lock(observer_mutex_);
                                               observer_.OnProgress(task.id, fraction, message);
                                             });
      std::lock_guard lock(mutex_);
      active_.erase(task.id);
      if (!status.ok() && fault_.ok()) fault_ = Annotate(status, task.id);
    });
  }

  std::set<std::string> Active() const {
    std::lock_guard lock(mutex_);
    return active_;
  }

  Status Fault() const {
    std::lock_guard lock(mutex_);
    return fault_;
  }

  // Constant after construction.
  const pipeline::PipelineView& pipeline_;
  Launcher& launcher_;
  RunHistory& history_;
  RunObserver& observer_;
  std::mutex& observer_mutex_;
  const Clock& clock_;
  const CancellationToken& cancellation_;
  const int max_running_;

  CancellationToken task_cancellation_;
  std::map<std::string, std::thread> threads_;  // Of the loop's thread alone.

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::set<std::string> active_;  // Nodes a thread is at work on.
  Status fault_;                  // The store cannot be written any more.
};

}  // namespace

Result<std::unique_ptr<metadata::MetadataStore>> OpenExistingStore(const std::string& root,
                                                                   const Clock& clock) {
  const RunLayout layout(root);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(layout.DatabasePath()));
  if (!exists)
    return NotFound("No pipeline has run below {} yet (its metadata.sqlite is not there); set --root", root);
  return metadata::OpenSqliteStore(layout.DatabasePath(), clock);
}

Result<RunResult> RunPipeline(const pipeline::PipelineIr& ir, const RunOptions& options,
                              const pipeline::ComponentCatalog& components, TaskBackend& backend,
                              const Clock& clock, const CancellationToken& cancellation,
                              RunObserver& observer) {
  const Timestamp started = clock.Now();
  PENSTOCK_ASSIGN_OR_RETURN(const auto pipeline, pipeline::ViewPipeline(ir));
  PENSTOCK_ASSIGN_OR_RETURN(const auto always_run, NodesFrom(pipeline, options.from_node));
  const RunLayout layout(options.root);
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(options.root));
  PENSTOCK_ASSIGN_OR_RETURN(const auto lock, RootLock::Take(layout.LockPath()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, metadata::OpenSqliteStore(layout.DatabasePath(), clock));
  PENSTOCK_ASSIGN_OR_RETURN(const OpenedRun opened, OpenRun(*store, ir, pipeline.name, options));

  std::mutex observer_mutex;
  RunHistory history(*store, clock, opened.run_id, [&](const RunEvent& event, const RunState& state) {
    std::lock_guard guard(observer_mutex);
    observer.OnEvent(event, state);
  });
  PENSTOCK_RETURN_IF_ERROR(history.Load());
  observer.OnStart(opened.run_id, opened.is_resumed);
  Launcher launcher(
      pipeline, options.parameters, components, *store, backend, history, layout,
      {options.base_directory, options.is_cache_enabled, always_run, options.num_threads_per_task});
  // The lock is ours, so whatever is staged belongs to the dead.
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(options.root, "staging")));
  const RunState loaded = history.state();
  for (const auto& task : pipeline.tasks)
    if (const auto entry = loaded.nodes.find(task.id);
        entry != loaded.nodes.end() && entry->second.status == NodeStatus::kRunning)
      PENSTOCK_RETURN_IF_ERROR(launcher.AbandonInterrupted(task));
  const int max_running =
      options.max_running > 0 ? options.max_running : ExecutionOptions{}.ResolvedThreads();
  Shell shell(pipeline, launcher, history, observer, observer_mutex, clock, cancellation, max_running);
  PENSTOCK_RETURN_IF_ERROR(shell.Run());
  return RunResult{opened.run_id, history.state(), opened.is_resumed,
                   static_cast<double>(clock.Now().micros - started.micros) * 1e-6};
}

}  // namespace penstock::runtime
