#include "penstock/runtime/staging.h"

#include "penstock/base/filesystem.h"

namespace penstock::runtime {

using pipeline::Artifact;
using pipeline::ArtifactState;

std::string RunLayout::DatabasePath() const { return fs::Join(root_, "metadata.sqlite"); }
std::string RunLayout::LockPath() const { return fs::Join(root_, "lock"); }
std::string RunLayout::StagingPath(int64_t execution_id) const {
  return fmt::format("{}/staging/{}", root_, execution_id);
}
std::string RunLayout::ArtifactPath(const std::string& node, const std::string& output,
                                    int64_t execution_id) const {
  return fmt::format("{}/artifacts/{}/{}/{}", root_, node, output, execution_id);
}
std::string RunLayout::LogPath(const std::string& run_id, const std::string& node, int attempt) const {
  return fmt::format("{}/logs/{}/{}-{}.log", root_, run_id, node, attempt);
}

Staging::Staging(const RunLayout& layout, const pipeline::TaskView& task, int64_t execution_id)
    : layout_(layout), task_(task), execution_id_(execution_id) {}

Result<metadata::ArtifactsByName> Staging::Open() {
  const std::string folder = layout_.StagingPath(execution_id_);
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  metadata::ArtifactsByName outputs;
  for (const auto& [name, type] : task_.outputs) {
    Artifact artifact;
    artifact.type = type;
    artifact.uri = fs::Join(folder, name);
    artifact.state = ArtifactState::kPending;
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(artifact.uri));
    outputs[name].push_back(std::move(artifact));
  }
  return outputs;
}

std::string Staging::OutputFile() const {
  return fs::Join(layout_.StagingPath(execution_id_), "executor_output.json");
}

Result<metadata::ArtifactsByName> Staging::Publish(metadata::ArtifactsByName outputs) {
  const std::string folder = layout_.StagingPath(execution_id_);
  for (auto& [name, artifacts] : outputs) {
    for (auto& artifact : artifacts) {
      if (!artifact.uri.starts_with(folder + "/")) continue;  // The executor points at something of its own.
      PENSTOCK_RETURN_IF_ERROR(fs::SyncTree(artifact.uri));
      PENSTOCK_ASSIGN_OR_RETURN(artifact.content, fs::DigestOfTree(artifact.uri));
      const std::string target = layout_.ArtifactPath(task_.id, name, execution_id_);
      PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fs::DirName(target)));
      PENSTOCK_RETURN_IF_ERROR(fs::Rename(artifact.uri, target));
      artifact.uri = target;
    }
  }
  return outputs;
}

Status Staging::Discard() {
  for (const auto& [name, type] : task_.outputs)
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(layout_.ArtifactPath(task_.id, name, execution_id_)));
  return Close();
}

Status Staging::Close() { return fs::RemoveAll(layout_.StagingPath(execution_id_)); }

}  // namespace penstock::runtime
