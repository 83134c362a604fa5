#include "penstock/metadata/database/runs.h"

#include <utility>

#include "penstock/metadata/database/properties.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

Result<int64_t> FindRunRow(Connection& connection, const std::string& run_id) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> id, connection.FindInt(sql::kSelectRun, run_id));
  if (!id.has_value())
    return NotFound("There is no run '{}' in the metadata store {}", run_id, connection.name());
  return *id;
}

/// Each text is stored once: the runs of one pipeline share it.
Result<int64_t> EnsureSpec(Connection& connection, const std::string& text) {
  const Digest digest = DigestOf(text);
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                            connection.FindInt(sql::kSelectSpec, digest));
  if (stored.has_value()) return *stored;
  return connection.Insert(sql::kInsertSpec, digest, text);
}

Status InsertEvents(Connection& connection, int64_t run, const std::string& run_id, const RunEvents& events) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> num_events,
                            connection.FindInt(sql::kSelectNumEvents, run));
  if (num_events != events.first_sequence) {
    return FailedPrecondition(
        "Another process writes the run '{}': its history has {} events where {} were expected", run_id,
        num_events.value_or(0), events.first_sequence);
  }
  int64_t sequence = events.first_sequence;
  for (const std::string& event : events.events) {
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertRunEvent, run, sequence++, event));
  }
  return OkStatus();
}

/// How many of `events`, from the first, the history has under their numbers with their texts.
Result<size_t> CountStored(Connection& connection, int64_t run, const RunEvents& events) {
  size_t num_stored = 0;
  for (const std::string& event : events.events) {
    Statement row = connection.Prepare(sql::kSelectRunEvent);
    row.Bind(run, events.first_sequence + static_cast<int64_t>(num_stored));
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row || row.Text(0) != event) break;
    ++num_stored;
  }
  return num_stored;
}

/// Of a row of the columns that FindRuns and GetRun share.
RunRecord ReadRow(const Statement& row) {
  RunRecord run;
  run.run_id = row.Text(0);
  run.pipeline_name = row.Text(1);
  run.state = static_cast<RunState>(row.Int(2));
  run.created.micros = row.Int(3);
  run.updated.micros = row.Int(4);
  run.root = row.Text(5);
  run.spec_digest = row.DigestAt(6);
  return run;
}

struct RunName {
  int64_t row = 0;
  std::string run_id;
};

Result<std::vector<RunName>> FindByPrefix(Connection& connection, std::string_view prefix) {
  Statement row = connection.Prepare(sql::kSelectRunsByPrefix);
  row.Bind(prefix);
  std::vector<RunName> names;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return names;
    names.push_back({row.Int(0), row.Text(1)});
    // The whole id wins over longer ones that begin with it, and sorts before them.
    if (names.back().run_id == prefix) return names;
  }
}

Result<int64_t> ResolveRun(Connection& connection, std::string_view prefix) {
  if (prefix.empty()) return InvalidArgument("The run id is empty");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<RunName> names, FindByPrefix(connection, prefix));
  if (names.empty()) {
    return NotFound("There is no run '{}' in the metadata store {}; `penstock runs list` shows them", prefix,
                    connection.name());
  }
  if (names.size() == 1) return names.front().row;
  constexpr size_t kMaxShown = 3;
  std::string shown;
  for (size_t i = 0; i < names.size() && i < kMaxShown; ++i) shown += (i == 0 ? "" : ", ") + names[i].run_id;
  return InvalidArgument("Several runs begin with '{}': {}{}; write more of the id", prefix, shown,
                         names.size() > kMaxShown ? ", ..." : "");
}

}  // namespace

Status CreateRun(Connection& connection, const RunRecord& run, const RunEvents& events, Timestamp now) {
  if (run.run_id.empty()) return InvalidArgument("A run needs an id (pipeline '{}')", run.pipeline_name);
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                            connection.FindInt(sql::kSelectRun, run.run_id));
  if (stored.has_value()) return AlreadyExists("The run '{}' is in the metadata store already", run.run_id);
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t spec, EnsureSpec(connection, run.spec));
  const Timestamp created = run.created.micros == 0 ? now : run.created;
  PENSTOCK_ASSIGN_OR_RETURN(
      const int64_t row,
      connection.Insert(sql::kInsertRun, run.run_id, run.pipeline_name, run.state, created.micros, now.micros,
                        run.root, run.spec_digest, spec, DumpJson(run.parameters)));
  return events.events.empty() ? OkStatus() : InsertEvents(connection, row, run.run_id, events);
}

Status AppendRunEvents(Connection& connection, const std::string& run_id, const RunEvents& events) {
  if (events.events.empty()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t run, FindRunRow(connection, run_id));
  return InsertEvents(connection, run, run_id, events);
}

Status AppendRepeatedRunEvents(Connection& connection, const std::string& run_id, const RunEvents& events) {
  if (events.events.empty()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t run, FindRunRow(connection, run_id));
  PENSTOCK_ASSIGN_OR_RETURN(const size_t num_stored, CountStored(connection, run, events));
  if (num_stored == events.events.size()) return OkStatus();
  return InsertEvents(
      connection, run, run_id,
      RunEvents{events.first_sequence + static_cast<int64_t>(num_stored), events.events.subspan(num_stored)});
}

Result<std::vector<std::string>> ReadRunEvents(Connection& connection, const std::string& run_id) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t run, FindRunRow(connection, run_id));
  Statement row = connection.Prepare(sql::kSelectRunEvents);
  row.Bind(run);
  std::vector<std::string> events;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return events;
    if (row.Int(0) != static_cast<int64_t>(events.size())) {
      return DataLoss("The history of the run '{}' in {} lacks event {}", run_id, connection.name(),
                      events.size());
    }
    events.push_back(row.Text(1));
  }
}

Status SetRunState(Connection& connection, const std::string& run_id, RunState state, const RunEvents& events,
                   Timestamp now) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t run, FindRunRow(connection, run_id));
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdateRunState, run, state, now.micros));
  return events.events.empty() ? OkStatus() : InsertEvents(connection, run, run_id, events);
}

Result<RunRecord> GetRun(Connection& connection, std::string_view run_id_or_prefix) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, ResolveRun(connection, run_id_or_prefix));
  Statement row = connection.Prepare(sql::kSelectRunRecord);
  row.Bind(id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row)
    return DataLoss("The run '{}' in {} has lost its pipeline", run_id_or_prefix, connection.name());
  RunRecord run = ReadRow(row);
  PENSTOCK_ASSIGN_OR_RETURN(run.parameters, ParseJson(row.Text(7), "parameters of a run"));
  run.spec = row.Text(8);
  return run;
}

Result<std::vector<RunRecord>> FindRuns(Connection& connection, const RunQuery& query) {
  if (query.limit < 0) return InvalidArgument("The limit of a run query is negative: {}", query.limit);
  std::string text(sql::kFindRuns);
  if (query.pipeline_name.has_value()) text.append("\n").append(sql::kAndRunPipeline);
  if (query.state.has_value()) text.append("\n").append(sql::kAndRunState);
  text.append("\n").append(sql::kNewestRunsFirst);
  Statement row = connection.Prepare(text);
  if (query.pipeline_name.has_value()) row.Bind(*query.pipeline_name);
  if (query.state.has_value()) row.Bind(*query.state);
  row.Bind(query.limit);
  std::vector<RunRecord> runs;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return runs;
    runs.push_back(ReadRow(row));
  }
}

}  // namespace penstock::metadata::database
