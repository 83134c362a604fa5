#include "penstock/runtime/garbage_collection.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "penstock/base/filesystem.h"
#include "penstock/base/logging.h"
#include "penstock/base/storage_uri.h"
#include "penstock/runtime/run_event.h"
#include "penstock/runtime/run_settings.h"
#include "penstock/runtime/stored_artifacts.h"

namespace penstock::runtime {
namespace {

using metadata::RunState;
using pipeline::Artifact;
using pipeline::ArtifactState;

constexpr int kAll = std::numeric_limits<int>::max();
constexpr int kMaxHops = 1000;

bool HasEnded(RunState state) { return state != RunState::kPending && state != RunState::kRunning; }

struct SortedRuns {
  std::vector<std::string> old, kept;
};

Result<SortedRuns> SortRuns(const metadata::MetadataStore& store, const GarbageOptions& options,
                            Timestamp now) {
  constexpr int64_t kMicrosPerDay = int64_t{86'400} * 1'000'000;
  const int64_t horizon = now.micros - options.num_days_kept * kMicrosPerDay;
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, store.FindRuns({.limit = kAll}));
  std::map<std::string, int64_t> num_by_pipeline;  // The latest come first.
  SortedRuns sorted;
  for (const auto& run : runs) {
    const bool is_recent = num_by_pipeline[run.pipeline_name]++ < options.num_runs_kept;
    const bool is_old = HasEnded(run.state) && !is_recent && run.updated.micros < horizon;
    (is_old ? sorted.old : sorted.kept).push_back(run.run_id);
  }
  return sorted;
}

/// What these runs made, were given from the cache, or took in.
Result<std::map<int64_t, Artifact>> ArtifactsOf(const metadata::MetadataStore& store,
                                                const std::vector<std::string>& run_ids, bool with_inputs) {
  std::map<int64_t, Artifact> artifacts;
  for (const std::string& run_id : run_ids) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store.FindExecutions(run_id));
    for (const auto& execution : executions) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto outputs, store.OutputsOf(execution.id));
      for (const auto& [name, list] : outputs)
        for (const Artifact& artifact : list) artifacts[artifact.id] = artifact;
      if (!with_inputs) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const auto inputs, store.InputsOf(execution.id));
      for (const auto& [name, list] : inputs)
        for (const Artifact& artifact : list) artifacts[artifact.id] = artifact;
    }
  }
  return artifacts;
}

bool IsModel(const Artifact& artifact) {
  return artifact.type == "Model" || artifact.type == "system.Model" || artifact.type == "PushedModel";
}

/// What stays, and what lies where something of that does: clients may tell of files a second time.
struct Needed {
  std::set<int64_t> ids;
  std::set<std::string> uris;

  void Add(const Artifact& artifact) {
    ids.insert(artifact.id);
    if (artifact.state == ArtifactState::kLive && !artifact.uri.empty()) uris.insert(artifact.uri);
  }
  bool Contains(const Artifact& artifact) const {
    if (ids.contains(artifact.id) || uris.contains(artifact.uri)) return true;
    const std::string folder = artifact.uri + "/";
    const auto inside = uris.lower_bound(folder);
    if (inside != uris.end() && inside->starts_with(folder)) return true;
    for (size_t end = artifact.uri.rfind('/'); end != std::string::npos && end > 0;
         end = artifact.uri.rfind('/', end - 1))
      if (uris.contains(artifact.uri.substr(0, end))) return true;
    return false;
  }
};

/// The ancestors of every live model that stays, itself included.
Status AddAncestors(const metadata::MetadataStore& store, const std::map<int64_t, Artifact>& kept,
                    Needed& needed) {
  for (const auto& [id, artifact] : kept) {
    if (!IsModel(artifact) || artifact.state != ArtifactState::kLive) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto graph,
                              store.TraceLineage(id, kMaxHops, metadata::LineageDirection::kUpstream));
    for (const Artifact& ancestor : graph.artifacts) needed.Add(ancestor);
  }
  return OkStatus();
}

bool IsBelow(const std::string& path, const std::string& root) {
  return path.starts_with(root + "/") && path.find("/../") == std::string::npos && !path.ends_with("/..");
}

/// As the run was begun with; "" where it was told of none.
Result<std::string> PipelineRootOf(const std::vector<std::string>& events) {
  for (const std::string& line : events) {
    PENSTOCK_ASSIGN_OR_RETURN(const RunEvent event, DecodeEvent(line));
    const auto* created = std::get_if<event::RunCreated>(&event.what);
    if (created == nullptr) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const RunSettings settings, ReadRunSettings(created->settings));
    return settings.pipeline_root;
  }
  return std::string();
}

/// Where runs were told to put artifacts in object storage. What runs that cannot be read stored stays.
Result<std::set<std::string>> PipelineRootsOf(const metadata::MetadataStore& store,
                                              const std::vector<std::string>& run_ids) {
  std::set<std::string> roots;
  for (const std::string& run_id : run_ids) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto events, store.ReadRunEvents(run_id));
    auto found = PipelineRootOf(events);
    if (!found.ok()) {
      logging::Warning("what this run stored stays: its settings cannot be read",
                       {{"run", run_id}, {"error", found.status().message()}});
      continue;
    }
    std::string root = *std::move(found);
    while (root.ends_with('/')) root.pop_back();
    if (fs::IsObjectStorage(root)) roots.insert(std::move(root));
  }
  return roots;
}

bool IsOurs(const std::string& uri, const std::string& root, const std::set<std::string>& stored_roots) {
  if (IsBelow(uri, fs::Join(root, "artifacts"))) return true;
  return std::any_of(stored_roots.begin(), stored_roots.end(),
                     [&](const std::string& stored) { return IsBelow(uri, fs::Join(stored, "artifacts")); });
}

Result<int64_t> SizeOf(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto stat, fs::Stat(path));
  if (!stat.is_directory) return stat.size;
  PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::List(path, /*recursive=*/true));
  int64_t size = 0;
  for (const auto& file : files) size += file.size;
  return size;
}

}  // namespace

Result<GarbageReport> CollectGarbage(metadata::MetadataStore& store, const GarbageOptions& options,
                                     const Clock& clock) {
  if (options.num_runs_kept < 0 || options.num_days_kept < 0)
    return InvalidArgument("The numbers of runs and days to keep cannot be negative: {} and {}",
                           options.num_runs_kept, options.num_days_kept);
  PENSTOCK_ASSIGN_OR_RETURN(const SortedRuns runs, SortRuns(store, options, clock.Now()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto kept, ArtifactsOf(store, runs.kept, /*with_inputs=*/true));
  PENSTOCK_ASSIGN_OR_RETURN(const auto candidates, ArtifactsOf(store, runs.old, /*with_inputs=*/false));
  Needed needed;
  for (const auto& [id, artifact] : kept) needed.Add(artifact);
  PENSTOCK_RETURN_IF_ERROR(AddAncestors(store, kept, needed));
  GarbageReport report{.num_runs = static_cast<int64_t>(runs.old.size())};
  const bool has_stored = std::any_of(candidates.begin(), candidates.end(), [](const auto& candidate) {
    return fs::IsObjectStorage(candidate.second.uri);
  });
  std::set<std::string> stored_roots;
  if (has_stored) {
    PENSTOCK_ASSIGN_OR_RETURN(stored_roots, PipelineRootsOf(store, runs.old));
  }
  std::vector<int64_t> ids;
  for (const auto& [id, artifact] : candidates) {
    if (needed.Contains(artifact)) {
      ++report.num_protected;
      continue;
    }
    if (!IsOurs(artifact.uri, options.root, stored_roots)) continue;
    const auto size = SizeOf(artifact.uri);
    if (!size.ok() && !absl::IsNotFound(size.status())) return size.status();
    // Gone already, in the store and on disk.
    if (!size.ok() && artifact.state != ArtifactState::kLive) continue;
    report.artifacts.push_back({id, artifact.uri, size.value_or(0)});
    report.num_bytes += size.value_or(0);
    ids.push_back(id);
  }
  if (options.is_dry_run || ids.empty()) return report;
  PENSTOCK_RETURN_IF_ERROR(store.SetArtifactState(ids, ArtifactState::kDeleted));
  for (const GarbageArtifact& artifact : report.artifacts) {
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(artifact.uri));
    const Digest& content = candidates.at(artifact.artifact_id).content;
    // A run at work may be reading the copy as another artifact of the same content.
    const bool is_needed = std::any_of(kept.begin(), kept.end(),
                                       [&](const auto& entry) { return entry.second.content == content; });
    if (fs::IsObjectStorage(artifact.uri) && !is_needed)
      PENSTOCK_RETURN_IF_ERROR(RemoveFetched(RunLayout(options.root), content));
  }
  return report;
}

}  // namespace penstock::runtime
