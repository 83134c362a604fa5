#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/execution_record.h"
#include "penstock/metadata/metadata_store.h"

namespace penstock::metadata::database {

/// Executions with their events, contexts and properties. Each function runs within the
/// caller's transaction; the contracts are those of MetadataStore's verbs of these names.

Result<int64_t> BeginExecution(Connection& connection, const ExecutionPlan& plan, const RunEvents& events,
                               Timestamp now);
Result<ArtifactsByName> FinishExecution(Connection& connection, int64_t execution_id,
                                        const ExecutionOutcome& outcome, const RunEvents& events,
                                        Timestamp now);
Result<int64_t> PublishCached(Connection& connection, const ExecutionPlan& plan, int64_t cached_execution_id,
                              const RunEvents& events, Timestamp now);
Result<std::optional<CachedExecution>> FindCached(Connection& connection, const Digest& cache_key);
Result<Execution> ReadExecution(Connection& connection, int64_t execution_id);
Result<std::vector<Execution>> ReadExecutionsOfRun(Connection& connection, const std::string& run_id);

}  // namespace penstock::metadata::database
