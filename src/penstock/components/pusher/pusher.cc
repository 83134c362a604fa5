#include "penstock/components/pusher/pusher.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/base/storage_uri.h"
#include "penstock/components/export_formats.h"
#include "penstock/model/model.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::components {
namespace {

/// Whether a gate lets the model pass; else why not.
std::string RefusalBy(const pipeline::ExecutionTask& task, std::string_view input, std::string_view gate) {
  const auto* verdict = OptionalInput(task, input);
  if (verdict == nullptr) return "";
  if (const auto reason = verdict->properties.find(pipeline::kRefusalProperty);
      reason != verdict->properties.end() && reason->is_string() &&
      !reason->get_ref<const std::string&>().empty())
    return fmt::format("{}: {}", gate, reason->get_ref<const std::string&>());
  const auto blessed = verdict->properties.find("blessed");
  if (blessed != verdict->properties.end() && blessed->is_number() && blessed->get<double>() == 0)
    return fmt::format("{} did not bless it", gate);
  return "";
}

/// Held on the destination while one pusher is at work there; gone with its process.
class DestinationLock {
 public:
  explicit DestinationLock(const std::string& destination)
      : fd_(::open(destination.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ >= 0) ::flock(fd_, LOCK_EX);
  }
  DestinationLock(const DestinationLock&) = delete;
  DestinationLock& operator=(const DestinationLock&) = delete;
  ~DestinationLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  const int fd_;
};

/// What killed pushers left half copied: .DIGEST.new. The caller holds the lock, so nobody is at them.
Status RemoveLeftovers(const std::string& destination) {
  constexpr size_t kNameSize = 1 + 32 + 4;
  PENSTOCK_ASSIGN_OR_RETURN(const auto entries, fs::List(destination));
  for (const auto& entry : entries) {
    const std::string name = fs::BaseName(entry.path);
    if (name.size() != kNameSize || name[0] != '.' || !name.ends_with(".new")) continue;
    if (!Digest::FromHex(name.substr(1, 32)).ok()) continue;
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(destination, name)));
  }
  return OkStatus();
}

/// What TFX's Trainer means to be served lies below Format-Serving; ours is the artifact itself.
Result<std::string> ServedPart(const std::string& uri) {
  const std::string part = fs::Join(uri, "Format-Serving");
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(part));
  return exists ? part : uri;
}

/// The model's folder with its other formats beside it.
Status CopyWithExports(const std::string& served, const std::vector<model::ExportFormat>& formats,
                       const std::string& folder) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(served));
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
  PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(served, folder));
  for (const model::ExportFormat format : formats)
    PENSTOCK_RETURN_IF_ERROR(model::ExportModel(*model, format, model::PathBeside(folder, format)).status());
  return OkStatus();
}

/// Object stores rename nothing: the file by which a server knows a model comes last, so what a killed push
/// leaves is no model to it.
Status UploadVersion(const std::string& model, const std::string& target) {
  PENSTOCK_ASSIGN_OR_RETURN(auto files, fs::List(model, /*recursive=*/true));
  std::erase_if(files, [](const fs::FileEntry& file) { return file.is_directory; });
  std::stable_partition(files.begin(), files.end(), [&](const fs::FileEntry& file) {
    return file.path != fs::Join(model, model::kModelFileName) &&
           file.path != fs::Join(model, model::kSavedModelFileName);
  });
  for (const fs::FileEntry& file : files)
    PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(file.path, fs::Join(target, file.path.substr(model.size()))));
  return OkStatus();
}

/// Copies under a hidden name, syncs, renames: a server sees the whole version or none. A
/// repeated push of the same bytes is the version that is there already.
Result<int64_t> Push(const std::string& model, const std::string& destination, const Clock& clock) {
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(destination));
  const DestinationLock lock(destination);
  PENSTOCK_RETURN_IF_ERROR(RemoveLeftovers(destination));
  PENSTOCK_ASSIGN_OR_RETURN(const auto latest, model::LatestVersion(destination));
  PENSTOCK_ASSIGN_OR_RETURN(const Digest ours, fs::DigestOfTree(model));
  if (latest) {
    PENSTOCK_ASSIGN_OR_RETURN(const Digest there,
                              fs::DigestOfTree(fs::Join(destination, std::to_string(*latest))));
    if (there == ours) return *latest;
  }
  const int64_t version = std::max(clock.Now().micros / 1'000'000, latest.value_or(0) + 1);
  if (fs::IsRemote(destination)) {
    PENSTOCK_RETURN_IF_ERROR(UploadVersion(model, fs::Join(destination, std::to_string(version))));
    return version;
  }
  const std::string staged = fs::Join(destination, fmt::format(".{}.new", ours.ToHex()));
  PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(model, staged));
  PENSTOCK_RETURN_IF_ERROR(fs::SyncTree(staged));
  PENSTOCK_RETURN_IF_ERROR(fs::Rename(staged, fs::Join(destination, std::to_string(version))));
  return version;
}

class PusherExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* model, Input(task, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto destination, Parameter<std::string>(task, "destination"));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* pushed, Output(report, "pushed_model"));
    std::vector<std::string> refusals;
    for (const auto& [input, gate] :
         {std::pair{"model_blessing", "Evaluator"}, std::pair{"infra_blessing", "InfraValidator"},
          std::pair{"anomalies", "ExampleValidator"}})
      if (auto refusal = RefusalBy(task, input, gate); !refusal.empty())
        refusals.push_back(std::move(refusal));
    pushed->properties["pushed"] = refusals.empty() ? 1 : 0;
    if (!refusals.empty()) {
      pushed->properties["not_pushed_because"] = fmt::format("{}", fmt::join(refusals, "; "));
      return report;
    }
    PENSTOCK_ASSIGN_OR_RETURN(std::string served, ServedPart(model->uri));
    const std::string exported = pushed->uri + ".exported";
    PENSTOCK_ASSIGN_OR_RETURN(const auto formats, ExportFormatsOf(task));
    if (!formats.empty()) {
      PENSTOCK_RETURN_IF_ERROR(CopyWithExports(served, formats, exported));
      served = exported;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t version, Push(served, destination, context.clock));
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(exported));
    const std::string target = fs::Join(destination, std::to_string(version));
    pushed->properties["pushed_destination"] = target;
    pushed->properties["pushed_version"] = std::to_string(version);
    const nlohmann::json record = {{"destination", target}, {"version", version}};
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(fs::Join(pushed->uri, "pushed.json"), record.dump(2) + "\n"));
    return report;
  }
};

}  // namespace

std::unique_ptr<pipeline::Executor> MakePusherExecutor() { return std::make_unique<PusherExecutor>(); }

}  // namespace penstock::components
