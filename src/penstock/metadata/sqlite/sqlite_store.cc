#include "penstock/metadata/sqlite/sqlite_store.h"

#include <mutex>
#include <type_traits>
#include <utility>

#include "penstock/base/filesystem.h"
#include "penstock/metadata/sqlite/artifacts.h"
#include "penstock/metadata/sqlite/connection.h"
#include "penstock/metadata/sqlite/events.h"
#include "penstock/metadata/sqlite/executions.h"
#include "penstock/metadata/sqlite/lineage.h"
#include "penstock/metadata/sqlite/runs.h"
#include "penstock/metadata/sqlite/schema.h"
#include "penstock/metadata/sqlite/statements.h"
#include "penstock/metadata/sqlite/transaction.h"

namespace penstock::metadata {
namespace {

using pipeline::Artifact;
using pipeline::ArtifactState;

/// One connection behind one mutex: each verb is one transaction of well under a
/// millisecond plus, for writes, one sync, so threads would gain nothing from more.
class SqliteStore : public MetadataStore {
 public:
  SqliteStore(std::unique_ptr<sqlite::Connection> connection, const Clock& clock)
      : clock_(clock), connection_(std::move(connection)) {}

  Status InOneTransaction(const std::function<Status()>& writes) override {
    const std::lock_guard lock(mutex_);
    if (is_grouping_) return writes();
    is_grouping_ = true;
    const Status status = sqlite::InWriteTransaction(*connection_, writes);
    is_grouping_ = false;
    return status;
  }

  Result<int64_t> BeginExecution(const ExecutionPlan& plan, const RunEvents& events) override {
    return Write([&](auto& db) { return sqlite::BeginExecution(db, plan, events, clock_.Now()); });
  }
  Result<ArtifactsByName> FinishExecution(int64_t execution_id, const ExecutionOutcome& outcome,
                                          const RunEvents& events) override {
    return Write(
        [&](auto& db) { return sqlite::FinishExecution(db, execution_id, outcome, events, clock_.Now()); });
  }
  Result<std::optional<CachedExecution>> FindCached(const Digest& cache_key) const override {
    return Read([&](auto& db) { return sqlite::FindCached(db, cache_key); });
  }
  Result<int64_t> PublishCached(const ExecutionPlan& plan, int64_t cached_execution_id,
                                const RunEvents& events) override {
    return Write(
        [&](auto& db) { return sqlite::PublishCached(db, plan, cached_execution_id, events, clock_.Now()); });
  }
  Result<Execution> GetExecution(int64_t execution_id) const override {
    return Read([&](auto& db) { return sqlite::ReadExecution(db, execution_id); });
  }
  Result<std::vector<Execution>> FindExecutions(const std::string& run_id) const override {
    return Read([&](auto& db) { return sqlite::ReadExecutionsOfRun(db, run_id); });
  }
  Result<ArtifactsByName> InputsOf(int64_t execution_id) const override {
    return ReadArtifactsOf(execution_id, sqlite::EventType::kInput);
  }
  Result<ArtifactsByName> OutputsOf(int64_t execution_id) const override {
    return ReadArtifactsOf(execution_id, sqlite::EventType::kOutput);
  }

  Result<Artifact> GetArtifact(int64_t artifact_id) const override {
    return Read([&](auto& db) { return sqlite::ReadArtifact(db, artifact_id); });
  }
  Result<std::vector<Artifact>> FindArtifacts(const ArtifactQuery& query) const override {
    return Read([&](auto& db) { return sqlite::FindArtifacts(db, query); });
  }
  Result<Execution> ProducerOf(int64_t artifact_id) const override {
    return Read([&](auto& db) -> Result<Execution> {
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                                db.FindInt(sqlite::sql::kSelectProducer, artifact_id));
      if (!id.has_value())
        return NotFound("No execution in the metadata store made artifact {}", artifact_id);
      return sqlite::ReadExecution(db, *id);
    });
  }
  Status SetArtifactState(std::span<const int64_t> artifact_ids, ArtifactState state) override {
    return Write([&](auto& db) { return sqlite::SetArtifactState(db, artifact_ids, state, clock_.Now()); });
  }
  Result<std::optional<Artifact>> LatestBlessedModel(
      const std::string& pipeline_name, std::optional<int64_t> before_artifact_id) const override {
    return Read([&](auto& db) { return sqlite::LatestBlessedModel(db, pipeline_name, before_artifact_id); });
  }
  Result<LineageGraph> TraceLineage(int64_t artifact_id, int max_hops,
                                    LineageDirection direction) const override {
    return Read([&](auto& db) { return sqlite::TraceLineage(db, artifact_id, max_hops, direction); });
  }

  Status CreateRun(const RunRecord& run, const RunEvents& events) override {
    return Write([&](auto& db) { return sqlite::CreateRun(db, run, events, clock_.Now()); });
  }
  Status AppendRunEvents(const std::string& run_id, const RunEvents& events) override {
    return Write([&](auto& db) { return sqlite::AppendRunEvents(db, run_id, events); });
  }
  Result<std::vector<std::string>> ReadRunEvents(const std::string& run_id) const override {
    return Read([&](auto& db) { return sqlite::ReadRunEvents(db, run_id); });
  }
  Status SetRunState(const std::string& run_id, RunState state, const RunEvents& events) override {
    return Write([&](auto& db) { return sqlite::SetRunState(db, run_id, state, events, clock_.Now()); });
  }
  Result<RunRecord> GetRun(std::string_view run_id_or_prefix) const override {
    return Read([&](auto& db) { return sqlite::GetRun(db, run_id_or_prefix); });
  }
  Result<std::vector<RunRecord>> FindRuns(const RunQuery& query) const override {
    return Read([&](auto& db) { return sqlite::FindRuns(db, query); });
  }

 private:
  template <class Body>
  std::invoke_result_t<Body, sqlite::Connection&> Write(Body&& body) {
    const std::lock_guard lock(mutex_);
    if (is_grouping_) return body(*connection_);
    return sqlite::InWriteTransaction(*connection_, [&] { return body(*connection_); });
  }
  template <class Body>
  std::invoke_result_t<Body, sqlite::Connection&> Read(Body&& body) const {
    const std::lock_guard lock(mutex_);
    if (is_grouping_) return body(*connection_);
    return sqlite::InReadTransaction(*connection_, [&] { return body(*connection_); });
  }
  Result<ArtifactsByName> ReadArtifactsOf(int64_t execution_id, sqlite::EventType type) const {
    return Read([&](auto& db) -> Result<ArtifactsByName> {
      PENSTOCK_RETURN_IF_ERROR(sqlite::ReadExecution(db, execution_id).status());
      return sqlite::ReadArtifacts(db, execution_id, type);
    });
  }

  const Clock& clock_;
  mutable std::recursive_mutex mutex_;  // InOneTransaction holds it while its caller calls verbs.
  const std::unique_ptr<sqlite::Connection> connection_;  // What it points to is guarded by mutex_.
  bool is_grouping_ = false;                              // Guarded by mutex_.
};

}  // namespace

Result<std::unique_ptr<MetadataStore>> OpenSqliteStore(const std::string& path, const Clock& clock) {
  PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<sqlite::Connection> connection, sqlite::Connection::Open(path));
  PENSTOCK_RETURN_IF_ERROR(sqlite::PrepareSchema(*connection));
  return std::make_unique<SqliteStore>(std::move(connection), clock);
}

Status UpgradeSqliteStore(const std::string& path) {
  static_assert(kStoreSchemaVersion == sqlite::kMlmdSchemaVersion);
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_there, fs::Exists(path));
  if (!is_there) return NotFound("There is no metadata store {}", path);
  PENSTOCK_ASSIGN_OR_RETURN(const auto connection, sqlite::Connection::Open(path));
  return sqlite::UpgradeSchema(*connection);
}

}  // namespace penstock::metadata
