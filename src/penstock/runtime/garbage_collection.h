#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"

namespace penstock::runtime {

/// Which artifacts may go.
struct GarbageOptions {
  std::string root;  ///< Absolute: only files in its artifacts/, or in that of a run's own pipeline root, go.
  int64_t num_runs_kept = 10;  ///< Of each pipeline, the latest.
  int64_t num_days_kept = 30;  ///< Younger runs stay in any case.
  bool is_dry_run = true;      ///< Only says what would go.
};

struct GarbageArtifact {
  int64_t artifact_id = 0;
  std::string uri;
  int64_t num_bytes = 0;
};

struct GarbageReport {
  std::vector<GarbageArtifact> artifacts;  ///< Removed, or to be.
  int64_t num_bytes = 0;
  int64_t num_runs = 0;       ///< Whose artifacts went.
  int64_t num_protected = 0;  ///< Artifacts of such runs that stay: another run or a live model needs them.
};

/// Removes artifacts of old runs that ended: first they become DELETED in the store, so that no cache
/// offers them any more, then their files go. Stays whatever a kept or unfinished run made, took or
/// was given from the cache, and everything that a live model descends from, with all that lies in the same
/// place. What a crash leaves between the two goes at the next time. What lies in object storage goes there,
/// and its local copy too.
/// Blocking; cost grows with the number of runs.
Result<GarbageReport> CollectGarbage(metadata::MetadataStore& store, const GarbageOptions& options,
                                     const Clock& clock);

}  // namespace penstock::runtime
