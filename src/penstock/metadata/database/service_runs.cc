#include <algorithm>
#include <array>

#include "penstock/metadata/database/properties.h"
#include "penstock/metadata/database/service_tables.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

using nlohmann::json;

constexpr std::array kFields = {ListedField{"run_id", "T.run_id"},
                                ListedField{"id", "T.run_id"},
                                ListedField{"display_name", "T.display_name"},
                                ListedField{"name", "T.display_name"},
                                ListedField{"created_at", "T.created_seconds", false},
                                ListedField{"finished_at", "T.finished_seconds", false},
                                ListedField{"scheduled_at", "T.scheduled_seconds", false},
                                ListedField{"description", "T.description"},
                                ListedField{"storage_state", "T.storage_state"},
                                ListedField{"status", "T.state"},
                                ListedField{"state", "T.state"},
                                ListedField{"namespace", "T.namespace"},
                                ListedField{"experiment_id", "T.experiment_id"},
                                ListedField{"recurring_run_id", "T.recurring_run_id"},
                                ListedField{"pipeline_id", "T.pipeline_id"},
                                ListedField{"pipeline_version_id", "T.version_id"}};
constexpr std::array<std::string_view, 3> kScopes = {"T.namespace", "T.experiment_id", ""};
constexpr ListedTable kTable = {"Run", sql::kColumnsOfServiceRuns, sql::kCountServiceRuns, kFields, kScopes};
/// The same conditions over the few rows of the counts.
constexpr ListedTable kCountTable = {"Run", "", sql::kSumServiceRuns, kFields, kScopes};
constexpr std::array<std::string_view, 5> kCountedFields = {"storage_state", "state", "status", "namespace",
                                                            "experiment_id"};

Result<ServiceRunRecord> ReadRow(const Statement& row) {
  ServiceRunRecord run{.id = row.Text(2),
                       .namespace_name = row.Text(3),
                       .experiment_id = row.Text(4),
                       .recurring_run_id = row.Text(5),
                       .pipeline_id = row.Text(6),
                       .pipeline_version_id = row.Text(7),
                       .display_name = row.Text(8),
                       .description = row.Text(9),
                       .service_account = row.Text(10),
                       .storage_state = row.Text(11),
                       .state = row.Text(12),
                       .spec = row.Text(20),
                       .created_seconds = row.Int(17),
                       .scheduled_seconds = row.Int(18),
                       .finished_seconds = row.Int(19)};
  PENSTOCK_ASSIGN_OR_RETURN(run.runtime_config, ParseJson(row.Text(13), "runtime configuration of a run"));
  PENSTOCK_ASSIGN_OR_RETURN(run.plugins_input, ParseJson(row.Text(14), "plugins input of a run"));
  PENSTOCK_ASSIGN_OR_RETURN(run.state_history, ParseJson(row.Text(15), "state history of a run"));
  PENSTOCK_ASSIGN_OR_RETURN(run.error, ParseJson(row.Text(16), "error of a run"));
  if (run.error.empty()) run.error = nullptr;
  return run;
}

/// An entry of the API's state_history.
json HistoryEntry(Timestamp now, const RunStateText& state, const json& error) {
  std::string time = now.ToIsoString();
  time.replace(time.find('.'), std::string::npos, "Z");  // To the second, as all of the API's times.
  json entry = {{"update_time", time}, {"state", state}};
  if (!error.is_null()) entry["error"] = error;
  return entry;
}

Status ExpectChange(Connection& connection, const std::string& id) {
  return connection.NumChanged() > 0 ? OkStatus() : NotFound("Run {} not found", id);
}

}  // namespace

Status InsertServiceRun(Connection& connection, const ServiceRunRecord& run) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t spec, EnsureSpecText(connection, run.spec));
  json history = run.state_history;
  if (history.empty())
    history.push_back(HistoryEntry(Timestamp{run.created_seconds * 1'000'000}, run.state, nullptr));
  const Status status = connection.Run(
      sql::kInsertServiceRun, run.id, run.namespace_name, run.experiment_id, run.recurring_run_id,
      run.pipeline_id, run.pipeline_version_id, run.display_name, run.description, run.service_account,
      run.storage_state, run.state, DumpJson(run.runtime_config), DumpJson(run.plugins_input),
      DumpJson(history), run.error.is_null() ? "" : DumpJson(run.error), spec, run.created_seconds,
      run.scheduled_seconds, run.finished_seconds);
  if (absl::IsAlreadyExists(status)) return AlreadyExists("The run id {} already exists", run.id);
  PENSTOCK_RETURN_IF_ERROR(status);
  return connection.Run(sql::kUpdateLastRun, run.experiment_id, run.created_seconds);
}

Result<ServiceRunRecord> ReadServiceRun(Connection& connection, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(auto found,
                            ReadOne<ServiceRunRecord>(connection, kTable, sql::kAndRunId, ReadRow, id));
  if (!found.has_value()) return NotFound("Run {} not found", id);
  return *std::move(found);
}

Result<Page<ServiceRunRecord>> ListServiceRuns(Connection& connection, const ListQuery& query) {
  PENSTOCK_ASSIGN_OR_RETURN(auto page, ReadPage<ServiceRunRecord>(connection, query, kTable, ReadRow));
  if (query.wants_total) {
    const bool is_counted =
        std::all_of(query.predicates.begin(), query.predicates.end(), [](const Predicate& predicate) {
          return std::find(kCountedFields.begin(), kCountedFields.end(), predicate.field) !=
                 kCountedFields.end();
        });
    PENSTOCK_ASSIGN_OR_RETURN(page.total, CountMatches(connection, query, is_counted ? kCountTable : kTable));
  }
  return page;
}

Status SetServiceRunState(Connection& connection, const std::string& id, const RunStateText& state,
                          const json& error, Timestamp now) {
  json history;
  {
    Statement row = connection.Prepare(sql::kSelectServiceRunState);
    row.Bind(id);
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return NotFound("Run {} not found", id);
    if (row.Text(0) == state) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(history, ParseJson(row.Text(1), "state history of a run"));
  }
  // A run that is retried for ever must not grow without bound.
  constexpr size_t kMaxHistory = 1000;
  if (history.size() >= kMaxHistory) history.erase(history.begin());
  history.push_back(HistoryEntry(now, state, error));
  const int64_t finished = IsFinalState(state) ? now.micros / 1'000'000 : 0;
  return connection.Run(sql::kUpdateServiceRunState, id, state, DumpJson(history),
                        error.is_null() ? "" : DumpJson(error), finished);
}

Status SetServiceRunStorage(Connection& connection, const std::string& id, const std::string& storage_state) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdateServiceRunStorage, id, storage_state));
  return ExpectChange(connection, id);
}

Status DeleteServiceRun(Connection& connection, const std::string& id) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kDeleteServiceRun, id));
  return ExpectChange(connection, id);
}

Result<std::vector<std::string>> FindUnfinishedServiceRuns(Connection& connection) {
  Statement row = connection.Prepare(sql::kSelectUnfinishedServiceRuns);
  std::vector<std::string> ids;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return ids;
    ids.push_back(row.Text(0));
  }
}

}  // namespace penstock::metadata::database
