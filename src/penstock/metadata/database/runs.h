#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/metadata/run_record.h"

namespace penstock::metadata::database {

/// Runs and their histories, within the caller's transaction. The contracts are those of
/// MetadataStore's verbs of these names.

Status CreateRun(Connection& connection, const RunRecord& run, const RunEvents& events, Timestamp now);
Status AppendRunEvents(Connection& connection, const std::string& run_id, const RunEvents& events);
/// For a verb that is repeated: events that are there under their numbers with the same text
/// are taken as appended, the rest must be next.
Status AppendRepeatedRunEvents(Connection& connection, const std::string& run_id, const RunEvents& events);
Result<std::vector<std::string>> ReadRunEvents(Connection& connection, const std::string& run_id);
Status SetRunState(Connection& connection, const std::string& run_id, RunState state, const RunEvents& events,
                   Timestamp now);
Result<RunRecord> GetRun(Connection& connection, std::string_view run_id_or_prefix);
Result<std::vector<RunRecord>> FindRuns(Connection& connection, const RunQuery& query);

}  // namespace penstock::metadata::database
