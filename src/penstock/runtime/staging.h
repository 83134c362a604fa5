#pragma once

#include <string>

#include "penstock/metadata/execution_record.h"
#include "penstock/pipeline/executor.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::runtime {

/// Where the files of a run lie below its root:
///   artifacts/<node>/<output>/<execution id>   published, immutable
///   staging/<execution id>/<output>            being written
///   logs/<run id>/<node>-<attempt>.log
///   metadata.sqlite, lock
class RunLayout {
 public:
  explicit RunLayout(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string DatabasePath() const;
  std::string LockPath() const;
  std::string StagingPath(int64_t execution_id) const;
  std::string ArtifactPath(const std::string& node, const std::string& output, int64_t execution_id) const;
  std::string LogPath(const std::string& run_id, const std::string& node, int attempt) const;

 private:
  std::string root_;
};

/// The folders of one execution, from empty to published: stage, sync, rename. Readers
/// never see half an artifact.
class Staging {
 public:
  Staging(const RunLayout& layout, const pipeline::TaskView& task, int64_t execution_id);

  /// Makes the staging folders; the pending outputs that an executor writes below.
  Result<metadata::ArtifactsByName> Open();
  /// The file for the executor's report.
  std::string OutputFile() const;
  /// Syncs what was written, computes its digests and moves it to its final place. The
  /// caller then publishes in the store; dying in between leaves folders that Discard removes.
  Result<metadata::ArtifactsByName> Publish(metadata::ArtifactsByName outputs);
  /// Removes everything that this execution wrote and did not publish.
  Status Discard();
  /// Removes the staging folder alone, after a publish.
  Status Close();

 private:
  RunLayout layout_;
  const pipeline::TaskView& task_;
  int64_t execution_id_;
};

}  // namespace penstock::runtime
