#include "penstock/runtime/task_files.h"

#include "penstock/base/filesystem.h"
#include "penstock/base/storage_uri.h"
#include "penstock/runtime/stored_artifacts.h"

namespace penstock::runtime {

using pipeline::Artifact;
using pipeline::ArtifactState;

std::string RunLayout::DatabasePath() const { return fs::Join(root_, "metadata.sqlite"); }
std::string RunLayout::LockPath() const { return fs::Join(root_, "lock"); }
bool RunLayout::HasStoredArtifacts() const { return fs::IsRemote(artifact_root_); }
std::string RunLayout::FetchedPath(const Digest& content) const {
  return fmt::format("{}/fetched/{}", root_, content.ToHex());
}
std::string RunLayout::StagingPath(int64_t execution_id) const {
  return fmt::format("{}/staging/{}", root_, execution_id);
}
std::string RunLayout::NodePath(const std::string& node) const {
  return fmt::format("{}/artifacts/{}", artifact_root_.empty() ? root_ : artifact_root_, node);
}
std::string RunLayout::LogPath(const std::string& run_id, const std::string& node, int attempt) const {
  return fmt::format("{}/logs/{}/{}-{}.log", root_, run_id, node, attempt);
}

TaskFiles::TaskFiles(const RunLayout& layout, const pipeline::TaskView& task, std::string node,
                     int64_t execution_id)
    : layout_(layout), task_(task), node_(std::move(node)), execution_id_(execution_id) {}

Result<metadata::ArtifactsByName> TaskFiles::Open() {
  const std::string folder = layout_.StagingPath(execution_id_);
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(IsNative() ? folder : WorkDirectory()));
  if (!task_.output_parameters.empty() && !IsNative())
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fs::DirName(ParameterFile("x"))));
  // Of a container, which makes the outputs themselves.
  const std::string own_folder = layout_.HasStoredArtifacts()
                                     ? fs::Join(folder, "outputs")
                                     : fmt::format("{}/{}", layout_.NodePath(node_), execution_id_);
  metadata::ArtifactsByName outputs;
  for (const auto& [name, type] : task_.outputs) {
    PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(name, "An output's name"));
    Artifact artifact;
    artifact.type = type;
    artifact.uri = fs::Join(IsNative() ? folder : own_folder, name);
    artifact.state = ArtifactState::kPending;
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(IsNative() ? artifact.uri : own_folder));
    outputs[name].push_back(std::move(artifact));
  }
  return outputs;
}

std::string TaskFiles::OutputFile() const {
  return fs::Join(layout_.StagingPath(execution_id_), "executor_output.json");
}
std::string TaskFiles::InputFile() const {
  return fs::Join(layout_.StagingPath(execution_id_), "executor_input.json");
}
std::string TaskFiles::ParameterFile(const std::string& name) const {
  return fmt::format("{}/parameters/{}", layout_.StagingPath(execution_id_), name);
}
std::string TaskFiles::WorkDirectory() const {
  return IsNative() ? std::string() : fs::Join(layout_.StagingPath(execution_id_), "work");
}

Status TaskFiles::PublishOne(const std::string& output, size_t position, Artifact& artifact) {
  const std::string staging = layout_.StagingPath(execution_id_) + "/";
  const std::string own = fmt::format("{}/{}/", layout_.NodePath(node_), execution_id_);
  const bool is_staged = artifact.uri.starts_with(staging);
  if (!is_staged && !artifact.uri.starts_with(own)) {
    // The executor points at an input, whose content is known, or at something of its own: its name stands
    // for its content.
    if (artifact.content.IsZero()) artifact.content = DigestOf(artifact.uri);
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(artifact.uri));
  if (!exists) {  // Metrics, for one: all there is to them are their properties.
    artifact.content = DigestOf("");
    if (is_staged) artifact.uri = fmt::format("{}/{}/{}", layout_.NodePath(node_), output, execution_id_);
    return OkStatus();
  }
  PENSTOCK_RETURN_IF_ERROR(fs::SyncTree(artifact.uri));
  PENSTOCK_ASSIGN_OR_RETURN(artifact.content, fs::DigestOfTree(artifact.uri));
  if (!is_staged) return OkStatus();
  std::string target = fmt::format("{}/{}/{}", layout_.NodePath(node_), output, execution_id_);
  if (position > 0) target += fmt::format("-{}", position);
  if (layout_.HasStoredArtifacts()) {
    PENSTOCK_RETURN_IF_ERROR(UploadArtifact(layout_, artifact.uri, artifact.content, target));
    artifact.uri = target;
    return OkStatus();
  }
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fs::DirName(target)));
  PENSTOCK_RETURN_IF_ERROR(fs::Rename(artifact.uri, target));
  artifact.uri = target;
  return OkStatus();
}

Result<metadata::ArtifactsByName> TaskFiles::Publish(metadata::ArtifactsByName outputs) {
  for (auto& [name, artifacts] : outputs)
    for (size_t i = 0; i < artifacts.size(); ++i) PENSTOCK_RETURN_IF_ERROR(PublishOne(name, i, artifacts[i]));
  return outputs;
}

Status TaskFiles::Discard() {
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fmt::format("{}/{}", layout_.NodePath(node_), execution_id_)));
  for (const auto& [name, type] : task_.outputs)
    PENSTOCK_RETURN_IF_ERROR(
        fs::RemoveAll(fmt::format("{}/{}/{}", layout_.NodePath(node_), name, execution_id_)));
  return Close();
}

Status TaskFiles::Close() { return fs::RemoveAll(layout_.StagingPath(execution_id_)); }

Status GiveUpInterrupted(metadata::MetadataStore& store, const RunLayout& layout,
                         const metadata::Execution& execution) {
  if (execution.node_id.find("..") != std::string::npos)
    return DataLoss("The store has an execution {} of a node that leaves its folder: {}", execution.id,
                    execution.node_id);
  const std::string folder = layout.NodePath(execution.node_id);
  const std::string id = std::to_string(execution.id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(folder));
  if (exists) {
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(folder, id)));
    PENSTOCK_ASSIGN_OR_RETURN(const auto outputs, fs::List(folder));
    for (const auto& output : outputs) {
      if (!output.is_directory) continue;
      PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(output.path, id)));
    }
  }
  metadata::ExecutionOutcome outcome;
  outcome.state = metadata::ExecutionState::kFailed;
  outcome.error_code = absl::StatusCodeToString(StatusCode::kAborted);
  outcome.error_message = "The whole run was killed while this attempt was running";
  return store.FinishExecution(execution.id, outcome).status();
}

bool WasInterrupted(const metadata::Execution& execution) {
  return execution.error_code == absl::StatusCodeToString(StatusCode::kAborted);
}

}  // namespace penstock::runtime
