#include "penstock/metadata/service_store.h"

#include <mutex>
#include <utility>

#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/group_writer.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/service_tables.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata {
namespace {

constexpr int kServiceSchemaVersion = 1;

Status PrepareServiceSchema(database::Connection& connection) {
  PENSTOCK_RETURN_IF_ERROR(database::PrepareSchema(connection));
  return database::InWriteTransaction(connection, [&]() -> Status {
    PENSTOCK_RETURN_IF_ERROR(connection.RunScript(database::sql::kCreateServiceTables));
    PENSTOCK_RETURN_IF_ERROR(connection.Run(database::sql::kInsertServiceVersion, kServiceSchemaVersion));
    PENSTOCK_ASSIGN_OR_RETURN(const auto version, connection.FindInt(database::sql::kSelectServiceVersion));
    if (version == kServiceSchemaVersion) return OkStatus();
    return FailedPrecondition(
        "The service's tables in {} are of version {}, this Penstock knows {}: use a newer Penstock",
        connection.name(), version.value_or(0), kServiceSchemaVersion);
  });
}

/// One connection writes, another reads: a reader never waits for a sync.
class DatabaseServiceStore : public ServiceStore {
 public:
  DatabaseServiceStore(std::unique_ptr<database::Connection> writing,
                       std::unique_ptr<database::Connection> reading)
      : writing_(std::move(writing)), writer_(*writing_), reading_(std::move(reading)) {}

  Status CreateExperiment(const ExperimentRecord& experiment) override {
    return Write([&](auto& db) { return database::InsertExperiment(db, experiment); });
  }
  Result<ExperimentRecord> GetExperiment(const std::string& id) const override {
    return Read([&](auto& db) { return database::ReadExperiment(db, id); });
  }
  Result<std::optional<ExperimentRecord>> FindExperiment(const std::string& namespace_name,
                                                         const std::string& name) const override {
    return Read([&](auto& db) { return database::FindExperiment(db, namespace_name, name); });
  }
  Result<Page<ExperimentRecord>> ListExperiments(const ListQuery& query) const override {
    return Read([&](auto& db) { return database::ListExperiments(db, query); });
  }
  Status DeleteExperiment(const std::string& id) override {
    return Write([&](auto& db) { return database::DeleteExperiment(db, id); });
  }
  Status ArchiveExperiment(const std::string& id) override {
    return Write([&](auto& db) { return database::ArchiveExperiment(db, id); });
  }
  Status UnarchiveExperiment(const std::string& id) override {
    return Write([&](auto& db) { return database::UnarchiveExperiment(db, id); });
  }

  Status CreatePipeline(const PipelineRecord& pipeline, const PipelineVersionRecord* version) override {
    return Write([&](auto& db) { return database::InsertPipeline(db, pipeline, version); });
  }
  Result<PipelineRecord> GetPipeline(const std::string& id) const override {
    return Read([&](auto& db) { return database::ReadPipeline(db, id); });
  }
  Result<PipelineRecord> GetPipelineByName(const std::string& namespace_name,
                                           const std::string& name) const override {
    return Read([&](auto& db) { return database::ReadPipelineByName(db, namespace_name, name); });
  }
  Result<Page<PipelineRecord>> ListPipelines(const ListQuery& query) const override {
    return Read([&](auto& db) { return database::ListPipelines(db, query); });
  }
  Status UpdatePipeline(const PipelineRecord& pipeline) override {
    return Write([&](auto& db) { return database::UpdatePipeline(db, pipeline); });
  }
  Status DeletePipeline(const std::string& id, bool is_cascading) override {
    return Write([&](auto& db) { return database::DeletePipeline(db, id, is_cascading); });
  }
  Status CreatePipelineVersion(const PipelineVersionRecord& version) override {
    return Write([&](auto& db) { return database::InsertPipelineVersion(db, version); });
  }
  Result<PipelineVersionRecord> GetPipelineVersion(const std::string& id) const override {
    return Read([&](auto& db) { return database::ReadPipelineVersion(db, id); });
  }
  Result<PipelineVersionRecord> GetLatestPipelineVersion(const std::string& pipeline_id) const override {
    return Read([&](auto& db) { return database::ReadLatestPipelineVersion(db, pipeline_id); });
  }
  Result<Page<PipelineVersionRecord>> ListPipelineVersions(const ListQuery& query) const override {
    return Read([&](auto& db) { return database::ListPipelineVersions(db, query); });
  }
  Status UpdatePipelineVersion(const PipelineVersionRecord& version) override {
    return Write([&](auto& db) { return database::UpdatePipelineVersion(db, version); });
  }
  Status DeletePipelineVersion(const std::string& id) override {
    return Write([&](auto& db) { return database::DeletePipelineVersion(db, id); });
  }

  Status CreateRun(const ServiceRunRecord& run) override {
    return Write([&](auto& db) { return database::InsertServiceRun(db, run); });
  }
  Result<ServiceRunRecord> GetRun(const std::string& id) const override {
    return Read([&](auto& db) { return database::ReadServiceRun(db, id); });
  }
  Result<Page<ServiceRunRecord>> ListRuns(const ListQuery& query) const override {
    return Read([&](auto& db) { return database::ListServiceRuns(db, query); });
  }
  Status SetRunState(const std::string& id, const RunStateText& state, const nlohmann::json& error,
                     Timestamp now) override {
    return Write([&](auto& db) { return database::SetServiceRunState(db, id, state, error, now); });
  }
  Status SetRunStorage(const std::string& id, const std::string& storage_state) override {
    return Write([&](auto& db) { return database::SetServiceRunStorage(db, id, storage_state); });
  }
  Status DeleteRun(const std::string& id) override {
    return Write([&](auto& db) { return database::DeleteServiceRun(db, id); });
  }
  Result<std::vector<std::string>> FindUnfinishedRuns() const override {
    return Read([&](auto& db) { return database::FindUnfinishedServiceRuns(db); });
  }

  Status CreateRecurringRun(const RecurringRunRecord& recurring_run) override {
    return Write([&](auto& db) { return database::InsertRecurringRun(db, recurring_run); });
  }
  Result<RecurringRunRecord> GetRecurringRun(const std::string& id) const override {
    return Read([&](auto& db) { return database::ReadRecurringRun(db, id); });
  }
  Result<Page<RecurringRunRecord>> ListRecurringRuns(const ListQuery& query) const override {
    return Read([&](auto& db) { return database::ListRecurringRuns(db, query); });
  }
  Status SetRecurringRunEnabled(const std::string& id, bool is_enabled, Timestamp now) override {
    return Write([&](auto& db) { return database::SetRecurringRunEnabled(db, id, is_enabled, now); });
  }
  Status DeleteRecurringRun(const std::string& id) override {
    return Write([&](auto& db) { return database::DeleteRecurringRun(db, id); });
  }
  Result<std::vector<RecurringRunRecord>> FindEnabledRecurringRuns() const override {
    return Read([&](auto& db) { return database::FindEnabledRecurringRuns(db); });
  }
  Result<int64_t> CountActiveRuns(const std::string& recurring_run_id) const override {
    return Read([&](auto& db) -> Result<int64_t> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto count,
                                db.FindInt(database::sql::kCountActiveRuns, recurring_run_id));
      return count.value_or(0);
    });
  }
  Status AdvanceRecurringRun(const RecurringRunRecord& recurring_run, int64_t scheduled_seconds,
                             const ServiceRunRecord* run) override {
    return Write(
        [&](auto& db) { return database::AdvanceRecurringRun(db, recurring_run, scheduled_seconds, run); });
  }

  Status Check() override {
    return Write([&](auto& db) { return db.Run(database::sql::kTouchService); });
  }

 private:
  template <class Body>
  Status Write(Body&& body) {
    return writer_.Write([&](database::Connection& db) -> Status { return body(db); });
  }
  template <class Body>
  std::invoke_result_t<Body, database::Connection&> Read(Body&& body) const {
    const std::lock_guard lock(reading_mutex_);
    return database::InReadTransaction(*reading_, [&] { return body(*reading_); });
  }

  std::unique_ptr<database::Connection> writing_;  // Behind writer_.
  database::GroupWriter writer_;
  mutable std::mutex reading_mutex_;
  std::unique_ptr<database::Connection> reading_;  // Guarded by reading_mutex_.
};

}  // namespace

Result<std::unique_ptr<ServiceStore>> OpenServiceStore(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(auto writing, database::Connection::Open(path));
  PENSTOCK_RETURN_IF_ERROR(PrepareServiceSchema(*writing));
  PENSTOCK_ASSIGN_OR_RETURN(auto reading, database::Connection::Open(path));
  return std::make_unique<DatabaseServiceStore>(std::move(writing), std::move(reading));
}

}  // namespace penstock::metadata
