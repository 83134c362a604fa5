#include "penstock/backends/container.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "penstock/base/digest.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/base/logging.h"

namespace penstock::backends {
namespace {

using runtime::TaskCommand;
using runtime::TaskOutcome;

constexpr int kEngineFailed = 125;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

class ContainerBackend : public runtime::TaskBackend {
 public:
  ContainerBackend(ContainerEngine engine, runtime::TaskBackend& local)
      : engine_(std::move(engine)), local_(local) {}

  Result<TaskOutcome> Run(const TaskCommand& asked, const CancellationToken& cancellation,
                          const std::function<void(double, const std::string&)>& on_progress) override {
    PENSTOCK_RETURN_IF_ERROR(LeaveMark(asked.owner));
    const std::string name = fmt::format("penstock-{}-{}", ::getpid(), NewUuid().substr(0, 8));
    TaskCommand engine;
    engine.arguments = ContainerCommand(engine_, asked, name, ::geteuid(), ::getegid());
    engine.owner = asked.owner;
    engine.log_path = asked.log_path;
    for (const auto& [variable, value] : asked.environment)
      if (!IsTheEnginesOwn(variable)) engine.environment[variable] = value;
    auto outcome = local_.Run(engine, cancellation, on_progress);
    const bool is_over = outcome.ok() && outcome->signal == 0 && outcome->exit_code != kEngineFailed;
    if (!is_over) Remove({name});
    if (!outcome.ok()) return outcome.status();
    if (outcome->exit_code == kEngineFailed)
      return Unavailable("{} could not start a container of the image {} (log: {})",
                         fs::BaseName(engine_.program), asked.image, asked.log_path);
    // These are the engine's program's own.
    outcome->cpu_seconds = 0;
    outcome->peak_memory_bytes = 0;
    return outcome;
  }

  void EndLeftovers(const std::string& owner) override {
    const std::string mark = MarkOf(owner);
    if (const auto exists = fs::Exists(mark); !exists.ok() || !*exists) return;
    const auto names = Ask(
        {engine_.program, "ps", "--all", "--quiet", fmt::format("--filter=label={}={}", kOwnerLabel, owner)});
    if (!names.ok()) {
      logging::Warning("cannot look for containers of a killed server",
                       {{"error", names.status().message()}});
      return;
    }
    Remove(LinesOf(*names));
    if (const Status removed = fs::RemoveAll(mark); !removed.ok())
      logging::Warning("cannot remove the mark of containers", {{"error", removed.message()}});
  }

  std::string IdentityOf(const std::string&, const std::string& image,
                         const std::string& pull_policy) override {
    if (pull_policy != "always") {
      const std::lock_guard lock(mutex_);
      const auto known = identities_.find(image);
      if (known != identities_.end()) return known->second;
    }
    // Without the lock: a registry can take minutes, and other tasks need not wait for it.
    const std::vector<std::string> look = {engine_.program, "image", "inspect", "--format={{.Id}}", image};
    auto id = Ask(look);
    const bool may_pull = pull_policy != "never";
    if ((!id.ok() && may_pull) || pull_policy == "always") {
      if (Ask({engine_.program, "pull", "--quiet", image}).ok()) id = Ask(look);
    }
    if (!id.ok() || LinesOf(*id).size() != 1)
      return image;  // The task itself will say what is wrong with it.
    const std::lock_guard lock(mutex_);
    return identities_[image] = LinesOf(*id).front();
  }

 private:
  static std::string MarkOf(const std::string& owner) { return fs::Join(owner, "containers"); }

  /// So that a start after a kill asks the engine only where there may be something.
  Status LeaveMark(const std::string& owner) {
    const std::lock_guard lock(mutex_);
    if (owner.empty() || !marked_.insert(owner).second) return OkStatus();
    return fs::WriteFileAtomically(MarkOf(owner), engine_.program + "\n");
  }

  void Remove(const std::vector<std::string>& containers) {
    if (containers.empty()) return;
    std::vector<std::string> words = {engine_.program, "rm", "--force", "--volumes"};
    words.insert(words.end(), containers.begin(), containers.end());
    // Mostly there is none any more, and the engine says so.
    if (const auto removed = Ask(words); !removed.ok())
      logging::Debug("no container to remove", {{"error", removed.status().message()}});
  }

  /// What the engine's program says; kUnavailable with that text where it fails.
  Result<std::string> Ask(const std::vector<std::string>& words) {
    TaskCommand command;
    command.arguments = words;
    command.log_path = fs::Join(std::filesystem::temp_directory_path().string(), "penstock-" + NewUuid());
    const CancellationToken never;
    const auto ended = local_.Run(command, never, nullptr);
    const auto text = fs::ReadFile(command.log_path);
    std::error_code ignored;
    std::filesystem::remove(command.log_path, ignored);
    PENSTOCK_RETURN_IF_ERROR(ended.status());
    PENSTOCK_RETURN_IF_ERROR(text.status());
    if (ended->exit_code != 0 || ended->signal != 0)
      return Unavailable("{} {} failed: {}", fs::BaseName(words[0]), words[1], *text);
    return *text;
  }

  // Constant after construction.
  const ContainerEngine engine_;
  runtime::TaskBackend& local_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, std::string> identities_;  ///< Of images, by name.
  std::set<std::string> marked_;                   ///< Roots that have their mark.
};

}  // namespace

std::unique_ptr<runtime::TaskBackend> MakeContainerBackend(ContainerEngine engine,
                                                           runtime::TaskBackend& local) {
  return std::make_unique<ContainerBackend>(std::move(engine), local);
}

}  // namespace penstock::backends
