#include "penstock/metadata/database/database_store.h"

#include <mutex>
#include <type_traits>
#include <utility>

#include "penstock/base/filesystem.h"
#include "penstock/metadata/database/artifacts.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/events.h"
#include "penstock/metadata/database/executions.h"
#include "penstock/metadata/database/lineage.h"
#include "penstock/metadata/database/runs.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/server_url.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata {
namespace {

using pipeline::Artifact;
using pipeline::ArtifactState;

/// One connection behind one mutex: each verb is one transaction of well under a
/// millisecond plus, for writes, one sync, so threads would gain nothing from more.
class DatabaseStore : public MetadataStore {
 public:
  DatabaseStore(std::unique_ptr<database::Connection> connection, const Clock& clock)
      : clock_(clock), connection_(std::move(connection)) {}

  Status InOneTransaction(const std::function<Status()>& writes) override {
    const std::lock_guard lock(mutex_);
    if (is_grouping_) return writes();
    is_grouping_ = true;
    const Status status = database::InWriteTransaction(*connection_, writes);
    is_grouping_ = false;
    return status;
  }

  Result<int64_t> BeginExecution(const ExecutionPlan& plan, const RunEvents& events) override {
    return Write([&](auto& db) { return database::BeginExecution(db, plan, events, clock_.Now()); });
  }
  Result<ArtifactsByName> FinishExecution(int64_t execution_id, const ExecutionOutcome& outcome,
                                          const RunEvents& events) override {
    return Write(
        [&](auto& db) { return database::FinishExecution(db, execution_id, outcome, events, clock_.Now()); });
  }
  Result<std::optional<CachedExecution>> FindCached(const Digest& cache_key) const override {
    return Read([&](auto& db) { return database::FindCached(db, cache_key); });
  }
  Result<int64_t> PublishCached(const ExecutionPlan& plan, int64_t cached_execution_id,
                                const RunEvents& events) override {
    return Write([&](auto& db) {
      return database::PublishCached(db, plan, cached_execution_id, events, clock_.Now());
    });
  }
  Result<Execution> GetExecution(int64_t execution_id) const override {
    return Read([&](auto& db) { return database::ReadExecution(db, execution_id); });
  }
  Result<std::vector<Execution>> FindExecutions(const std::string& run_id) const override {
    return Read([&](auto& db) { return database::ReadExecutionsOfRun(db, run_id); });
  }
  Result<ArtifactsByName> InputsOf(int64_t execution_id) const override {
    return ReadArtifactsOf(execution_id, database::EventType::kInput);
  }
  Result<ArtifactsByName> OutputsOf(int64_t execution_id) const override {
    return ReadArtifactsOf(execution_id, database::EventType::kOutput);
  }

  Result<Artifact> GetArtifact(int64_t artifact_id) const override {
    return Read([&](auto& db) { return database::ReadArtifact(db, artifact_id); });
  }
  Result<std::vector<Artifact>> FindArtifacts(const ArtifactQuery& query) const override {
    return Read([&](auto& db) { return database::FindArtifacts(db, query); });
  }
  Result<Execution> ProducerOf(int64_t artifact_id) const override {
    return Read([&](auto& db) -> Result<Execution> {
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                                db.FindInt(database::sql::kSelectProducer, artifact_id));
      if (!id.has_value())
        return NotFound("No execution in the metadata store made artifact {}", artifact_id);
      return database::ReadExecution(db, *id);
    });
  }
  Status SetArtifactState(std::span<const int64_t> artifact_ids, ArtifactState state) override {
    return Write([&](auto& db) { return database::SetArtifactState(db, artifact_ids, state, clock_.Now()); });
  }
  Result<std::optional<Artifact>> LatestBlessedModel(
      const std::string& pipeline_name, std::optional<int64_t> before_artifact_id) const override {
    return Read(
        [&](auto& db) { return database::LatestBlessedModel(db, pipeline_name, before_artifact_id); });
  }
  Result<LineageGraph> TraceLineage(int64_t artifact_id, int max_hops,
                                    LineageDirection direction) const override {
    return Read([&](auto& db) { return database::TraceLineage(db, artifact_id, max_hops, direction); });
  }

  Status CreateRun(const RunRecord& run, const RunEvents& events) override {
    return Write([&](auto& db) { return database::CreateRun(db, run, events, clock_.Now()); });
  }
  Status AppendRunEvents(const std::string& run_id, const RunEvents& events) override {
    return Write([&](auto& db) { return database::AppendRunEvents(db, run_id, events); });
  }
  Result<std::vector<std::string>> ReadRunEvents(const std::string& run_id) const override {
    return Read([&](auto& db) { return database::ReadRunEvents(db, run_id); });
  }
  Status SetRunState(const std::string& run_id, RunState state, const RunEvents& events) override {
    return Write([&](auto& db) { return database::SetRunState(db, run_id, state, events, clock_.Now()); });
  }
  Result<RunRecord> GetRun(std::string_view run_id_or_prefix) const override {
    return Read([&](auto& db) { return database::GetRun(db, run_id_or_prefix); });
  }
  Result<std::vector<RunRecord>> FindRuns(const RunQuery& query) const override {
    return Read([&](auto& db) { return database::FindRuns(db, query); });
  }

 private:
  template <class Body>
  std::invoke_result_t<Body, database::Connection&> Write(Body&& body) {
    const std::lock_guard lock(mutex_);
    if (is_grouping_) return body(*connection_);
    return database::InWriteTransaction(*connection_, [&] { return body(*connection_); });
  }
  template <class Body>
  std::invoke_result_t<Body, database::Connection&> Read(Body&& body) const {
    const std::lock_guard lock(mutex_);
    if (is_grouping_) return body(*connection_);
    return database::InReadTransaction(*connection_, [&] { return body(*connection_); });
  }
  Result<ArtifactsByName> ReadArtifactsOf(int64_t execution_id, database::EventType type) const {
    return Read([&](auto& db) -> Result<ArtifactsByName> {
      PENSTOCK_RETURN_IF_ERROR(database::ReadExecution(db, execution_id).status());
      return database::ReadArtifacts(db, execution_id, type);
    });
  }

  const Clock& clock_;
  mutable std::recursive_mutex mutex_;  // InOneTransaction holds it while its caller calls verbs.
  const std::unique_ptr<database::Connection> connection_;  // What it points to is guarded by mutex_.
  bool is_grouping_ = false;                                // Guarded by mutex_.
};

}  // namespace

Result<std::unique_ptr<MetadataStore>> OpenStore(const std::string& path, const Clock& clock) {
  PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<database::Connection> connection,
                            database::Connection::Open(path));
  PENSTOCK_RETURN_IF_ERROR(database::PrepareSchema(*connection));
  return std::make_unique<DatabaseStore>(std::move(connection), clock);
}

Status UpgradeStore(const std::string& path) {
  static_assert(kStoreSchemaVersion == database::kMlmdSchemaVersion);
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_there,
                            database::IsServerUrl(path) ? Result<bool>(true) : fs::Exists(path));
  if (!is_there) return NotFound("There is no metadata store {}", path);
  PENSTOCK_ASSIGN_OR_RETURN(const auto connection, database::Connection::Open(path));
  return database::UpgradeSchema(*connection);
}

}  // namespace penstock::metadata
