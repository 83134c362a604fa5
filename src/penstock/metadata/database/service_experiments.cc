#include <array>

#include "penstock/metadata/database/service_tables.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

constexpr std::array kFields = {ListedField{"experiment_id", "T.experiment_id"},
                                ListedField{"id", "T.experiment_id"},
                                ListedField{"display_name", "T.name"},
                                ListedField{"name", "T.name"},
                                ListedField{"created_at", "T.created_seconds", false},
                                ListedField{"last_run_created_at", "T.last_run_created_seconds", false},
                                ListedField{"description", "T.description"},
                                ListedField{"namespace", "T.namespace"},
                                ListedField{"storage_state", "T.storage_state"}};
constexpr std::array<std::string_view, 3> kScopes = {"T.namespace", "", ""};
constexpr ListedTable kTable = {"Experiment", sql::kColumnsOfExperiments, sql::kCountExperiments, kFields,
                                kScopes};

Result<ExperimentRecord> ReadRow(const Statement& row) {
  return ExperimentRecord{.id = row.Text(2),
                          .namespace_name = row.Text(3),
                          .name = row.Text(4),
                          .description = row.Text(5),
                          .created_seconds = row.Int(6),
                          .last_run_created_seconds = row.Int(7),
                          .storage_state = row.Text(8)};
}

Status ExpectChange(Connection& connection, const std::string& id) {
  return connection.NumChanged() > 0 ? OkStatus() : NotFound("Experiment {} not found", id);
}

}  // namespace

Status InsertExperiment(Connection& connection, const ExperimentRecord& experiment) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto taken,
                            FindExperiment(connection, experiment.namespace_name, experiment.name));
  if (taken.has_value()) {
    return AlreadyExists(
        "Failed to create a new experiment. The name {} already exists. Please specify a new name",
        experiment.name);
  }
  return connection.Run(sql::kInsertExperiment, experiment.id, experiment.namespace_name, experiment.name,
                        experiment.description, experiment.created_seconds,
                        experiment.last_run_created_seconds, experiment.storage_state);
}

Result<ExperimentRecord> ReadExperiment(Connection& connection, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(
      auto found, ReadOne<ExperimentRecord>(connection, kTable, sql::kAndExperimentId, ReadRow, id));
  if (!found.has_value()) return NotFound("Experiment {} not found", id);
  return *std::move(found);
}

Result<std::optional<ExperimentRecord>> FindExperiment(Connection& connection,
                                                       const std::string& namespace_name,
                                                       const std::string& name) {
  return ReadOne<ExperimentRecord>(connection, kTable, sql::kAndNamespaceAndName, ReadRow, namespace_name,
                                   name);
}

Result<Page<ExperimentRecord>> ListExperiments(Connection& connection, const ListQuery& query) {
  PENSTOCK_ASSIGN_OR_RETURN(auto page, ReadPage<ExperimentRecord>(connection, query, kTable, ReadRow));
  if (query.wants_total) {
    PENSTOCK_ASSIGN_OR_RETURN(page.total, CountMatches(connection, query, kTable));
  }
  return page;
}

Status DeleteExperiment(Connection& connection, const std::string& id) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kDeleteExperiment, id));
  return ExpectChange(connection, id);
}

Status ArchiveExperiment(Connection& connection, const std::string& id) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdateExperimentStorage, id, kArchived));
  PENSTOCK_RETURN_IF_ERROR(ExpectChange(connection, id));
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kArchiveRunsOfExperiment, id));
  return connection.Run(sql::kDisableRecurringRunsOfExperiment, id);
}

Status UnarchiveExperiment(Connection& connection, const std::string& id) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kUpdateExperimentStorage, id, kAvailable));
  return ExpectChange(connection, id);
}

}  // namespace penstock::metadata::database
