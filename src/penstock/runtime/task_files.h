#pragma once

#include <string>

#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::runtime {

/// Where the files of runs lie below their root; <node> is a task's path in its run:
///   artifacts/<node>/<output>/<execution id>   of native components: published, immutable
///   artifacts/<node>/<execution id>/<output>   of containers, which know the path while they write
///   staging/<execution id>/...                 being written: outputs, reports, work directory
///   logs/<run id>/<node>-<attempt>.log
///   workspaces/<run id>, volumes/<name>, secrets/<name>/<key>, config_maps/<name>/<key>
///   fetched/<digest>   local copies of artifacts that lie in object storage (stored_artifacts.h)
///   metadata.sqlite, lock
class RunLayout {
 public:
  /// `artifact_root`: another folder, or one in object storage, for what lies below artifacts/; empty: the
  /// root. All else stays below `root`, which is a local folder.
  explicit RunLayout(std::string root, std::string artifact_root = {})
      : root_(std::move(root)), artifact_root_(std::move(artifact_root)) {}

  const std::string& root() const { return root_; }
  std::string DatabasePath() const;
  std::string LockPath() const;
  bool HasStoredArtifacts() const;  ///< Artifacts lie in object storage.
  std::string FetchedPath(const Digest& content) const;
  std::string StagingPath(int64_t execution_id) const;
  std::string NodePath(const std::string& node) const;
  std::string LogPath(const std::string& run_id, const std::string& node, int attempt) const;

 private:
  std::string root_;
  std::string artifact_root_;
};

/// The folders of one execution, from empty to published. A native component's outputs are staged,
/// synced and renamed; a container writes to the final place, whose name nobody has before it is published
/// (its program may hand the path on). Where artifacts lie in object storage all are staged and uploaded.
/// Readers never see half an artifact: the store names it last.
class TaskFiles {
 public:
  TaskFiles(const RunLayout& layout, const pipeline::TaskView& task, std::string node, int64_t execution_id);

  /// Makes the folders; the pending outputs that an executor writes to. A native component's exist as
  /// folders; of a container's only the folder around them, as in KFP.
  Result<metadata::ArtifactsByName> Open();
  /// The file for the executor's report.
  std::string OutputFile() const;
  std::string InputFile() const;
  std::string ParameterFile(const std::string& name) const;
  /// Empty for native components: they work where the run was started.
  std::string WorkDirectory() const;
  /// Syncs what was written, computes its digests and moves it to its final place; what the execution did
  /// not write keeps the content it comes with (NameAsStored). The
  /// caller then publishes in the store; dying in between leaves folders that Discard removes.
  Result<metadata::ArtifactsByName> Publish(metadata::ArtifactsByName outputs);
  /// Removes everything that this execution wrote and did not publish.
  Status Discard();
  /// Removes the staging folder alone, after a publish.
  Status Close();

 private:
  bool IsNative() const { return !task_.native_component.empty(); }
  Status PublishOne(const std::string& output, size_t position, pipeline::Artifact& artifact);

  const RunLayout& layout_;
  const pipeline::TaskView& task_;
  const std::string node_;
  const int64_t execution_id_;
};

/// Gives up an execution that nobody runs any more, its process having been killed with the
/// whole run: removes the artifact folders it wrote and did not publish, and stores it as
/// failed. What it staged is the caller's, who clears the staging folder under the root's lock.
Status GiveUpInterrupted(metadata::MetadataStore& store, const RunLayout& layout,
                         const metadata::Execution& execution);

/// Whether that gave it up.
bool WasInterrupted(const metadata::Execution& execution);

}  // namespace penstock::runtime
