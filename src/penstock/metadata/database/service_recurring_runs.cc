#include <array>

#include "penstock/metadata/database/properties.h"
#include "penstock/metadata/database/service_tables.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

constexpr std::array kFields = {ListedField{"recurring_run_id", "T.recurring_run_id"},
                                ListedField{"id", "T.recurring_run_id"},
                                ListedField{"display_name", "T.display_name"},
                                ListedField{"name", "T.display_name"},
                                ListedField{"created_at", "T.created_seconds", false},
                                ListedField{"updated_at", "T.updated_seconds", false},
                                ListedField{"description", "T.description"},
                                ListedField{"namespace", "T.namespace"},
                                ListedField{"experiment_id", "T.experiment_id"},
                                ListedField{"pipeline_id", "T.pipeline_id"}};
constexpr std::array<std::string_view, 3> kScopes = {"T.namespace", "T.experiment_id", ""};
constexpr ListedTable kTable = {"Job", sql::kColumnsOfRecurringRuns, sql::kCountRecurringRuns, kFields,
                                kScopes};

std::optional<int64_t> OptionalInt(const Statement& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional<int64_t>(row.Int(column));
}

Result<RecurringRunRecord> ReadRow(const Statement& row) {
  RecurringRunRecord recurring{
      .id = row.Text(2),
      .namespace_name = row.Text(3),
      .experiment_id = row.Text(4),
      .pipeline_id = row.Text(5),
      .pipeline_version_id = row.Text(6),
      .display_name = row.Text(7),
      .description = row.Text(8),
      .service_account = row.Text(9),
      .spec = row.Text(23),
      .trigger = {row.Text(12), row.Int(13), OptionalInt(row, 14), OptionalInt(row, 15)},
      .max_concurrency = row.Int(16),
      .has_no_catchup = row.Int(17) != 0,
      .is_enabled = row.Int(18) != 0,
      .created_seconds = row.Int(19),
      .updated_seconds = row.Int(20),
      .last_scheduled_seconds = OptionalInt(row, 21),
      .num_started = row.Int(22)};
  PENSTOCK_ASSIGN_OR_RETURN(recurring.runtime_config,
                            ParseJson(row.Text(10), "runtime configuration of a recurring run"));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.plugins_input,
                            ParseJson(row.Text(11), "plugins input of a recurring run"));
  return recurring;
}

Status ExpectChange(Connection& connection, const std::string& id) {
  return connection.NumChanged() > 0 ? OkStatus() : NotFound("Job {} not found", id);
}

}  // namespace

Status InsertRecurringRun(Connection& connection, const RecurringRunRecord& recurring) {
  std::optional<int64_t> spec;
  if (!recurring.spec.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(spec, EnsureSpecText(connection, recurring.spec));
  }
  return connection.Run(
      sql::kInsertRecurringRun, recurring.id, recurring.namespace_name, recurring.experiment_id,
      recurring.pipeline_id, recurring.pipeline_version_id, recurring.display_name, recurring.description,
      recurring.service_account, DumpJson(recurring.runtime_config), DumpJson(recurring.plugins_input), spec,
      recurring.trigger.cron, recurring.trigger.interval_seconds, recurring.trigger.start_seconds,
      recurring.trigger.end_seconds, recurring.max_concurrency, recurring.has_no_catchup,
      recurring.is_enabled, recurring.created_seconds, recurring.updated_seconds,
      recurring.last_scheduled_seconds, recurring.num_started);
}

Result<RecurringRunRecord> ReadRecurringRun(Connection& connection, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(
      auto found, ReadOne<RecurringRunRecord>(connection, kTable, sql::kAndRecurringRunId, ReadRow, id));
  if (!found.has_value()) return NotFound("Job {} not found", id);
  return *std::move(found);
}

Result<Page<RecurringRunRecord>> ListRecurringRuns(Connection& connection, const ListQuery& query) {
  PENSTOCK_ASSIGN_OR_RETURN(auto page, ReadPage<RecurringRunRecord>(connection, query, kTable, ReadRow));
  if (query.wants_total) {
    PENSTOCK_ASSIGN_OR_RETURN(page.total, CountMatches(connection, query, kTable));
  }
  return page;
}

Status SetRecurringRunEnabled(Connection& connection, const std::string& id, bool is_enabled, Timestamp now) {
  PENSTOCK_RETURN_IF_ERROR(
      connection.Run(sql::kUpdateRecurringRunEnabled, id, is_enabled, now.micros / 1'000'000));
  return ExpectChange(connection, id);
}

Status DeleteRecurringRun(Connection& connection, const std::string& id) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kDeleteRecurringRun, id));
  return ExpectChange(connection, id);
}

Result<std::vector<RecurringRunRecord>> FindEnabledRecurringRuns(Connection& connection) {
  std::string text("SELECT 0, ");
  text.append(sql::kColumnsOfDueRecurringRuns).append("\n").append(sql::kAndEnabled);
  Statement row = connection.Prepare(text);
  std::vector<RecurringRunRecord> found;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return found;
    PENSTOCK_ASSIGN_OR_RETURN(RecurringRunRecord recurring, ReadRow(row));
    found.push_back(std::move(recurring));
  }
}

Status AdvanceRecurringRun(Connection& connection, const RecurringRunRecord& recurring,
                           int64_t scheduled_seconds, const ServiceRunRecord* run) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kAdvanceRecurringRun, recurring.id, scheduled_seconds,
                                          run != nullptr, recurring.last_scheduled_seconds));
  if (connection.NumChanged() == 0)
    return Aborted("The recurring run {} was changed or advanced by another", recurring.id);
  return run == nullptr ? OkStatus() : InsertServiceRun(connection, *run);
}

}  // namespace penstock::metadata::database
