#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "penstock/metadata/execution_record.h"
#include "penstock/metadata/lineage.h"
#include "penstock/metadata/run_record.h"
#include "penstock/pipeline/artifact.h"

namespace penstock::metadata {

/// Which artifacts; every condition given must hold. The newest (highest id) come first.
struct ArtifactQuery {
  std::optional<std::string> type;
  std::optional<std::string> pipeline_name;
  std::optional<std::string> run_id;   ///< Artifacts the run produced or took from the cache.
  std::optional<std::string> node_id;  ///< Needs pipeline_name: a node belongs to its pipeline.
  std::optional<pipeline::ArtifactState> state;
  std::optional<std::string> uri;
  std::vector<std::pair<std::string, nlohmann::json>> properties;  ///< Each equals this scalar.
  std::optional<int64_t> before_artifact_id;                       ///< Only ids below: the next page.
  int limit = 100;
};

struct RunQuery {
  std::optional<std::string> pipeline_name;
  std::optional<RunState> state;
  int limit = 100;  ///< The newest come first.
};

/// A finished execution whose outputs can stand in for a new one's.
struct CachedExecution {
  int64_t execution_id = 0;
  ArtifactsByName outputs;  ///< All kLive.
  nlohmann::json output_parameters = nlohmann::json::object();
};

/// The record of what ran, on what, and what came of it: artifacts, executions, events and
/// contexts in ML Metadata's own tables, and the runs with their histories beside them.
///
/// Each write is one transaction: after a crash the store holds all of it or none, and what
/// returned OK is on disk. The execution verbs are idempotent, so repeating one is safe.
/// Types are registered as they are first met: artifact types by Artifact::type, execution
/// types by component_type, context types "pipeline", "pipeline_run" and "node" (contexts
/// named as TFX names them: "taxi", the run id, "taxi.Trainer").
///
/// Safe from any thread. Error codes are part of the contract and equal on every backend
/// (tests/conformance/metadata_store_suite.h). Besides those named below, every call may
/// fail with kDataLoss (the store's file is damaged; the message names it), kUnavailable
/// (another process keeps it locked), kResourceExhausted (disk full), kPermissionDenied.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  /// Runs `writes`, which calls verbs of this store from this thread, as one transaction with one
  /// sync: many small writes at the price of one. Other threads wait meanwhile. An error that
  /// `writes` answers undoes them all; where a verb fails, it must answer that error. A backend
  /// that does not override this commits each verb on its own.
  virtual Status InOneTransaction(const std::function<Status()>& writes) { return writes(); }

  // ---- Executions.

  /// Records that an execution starts: state kRunning, input events, and its three contexts
  /// (which the inputs are not attributed to). `events` are appended to the run's history in
  /// the same transaction. Called again with the same run, node and attempt it answers the
  /// same id and changes nothing. kNotFound: an input artifact is not in the store.
  virtual Result<int64_t> BeginExecution(const ExecutionPlan& plan, const RunEvents& events = {}) = 0;

  /// Records what came of an execution: state, output artifacts (which become kLive), output
  /// events, attributions, and `events`, together. Answers the outputs with their ids. Of an
  /// execution that is finished already with the same state, answers the stored outputs
  /// (events in the history under these numbers with the same text are taken as appended);
  /// with another state kFailedPrecondition. kNotFound: no such execution, or an output with
  /// an id is not in the store. kAlreadyExists: an output's (type, name) is taken.
  virtual Result<ArtifactsByName> FinishExecution(int64_t execution_id, const ExecutionOutcome& outcome,
                                                  const RunEvents& events = {}) = 0;

  /// The latest kComplete execution with this key whose outputs are all still kLive. One
  /// indexed query, then reads by key. A zero key is never found. An output name without
  /// artifacts (a resolver that found nothing) has no entry.
  virtual Result<std::optional<CachedExecution>> FindCached(const Digest& cache_key) const = 0;

  /// Records, in one transaction, an execution in state kCached that has the outputs of
  /// `cached_execution_id` as its own. Idempotent as BeginExecution. Answers its id.
  /// kFailedPrecondition: the other execution is not kComplete or an output is not kLive any more.
  virtual Result<int64_t> PublishCached(const ExecutionPlan& plan, int64_t cached_execution_id,
                                        const RunEvents& events = {}) = 0;

  /// kNotFound when there is none.
  virtual Result<Execution> GetExecution(int64_t execution_id) const = 0;
  /// All attempts of all nodes, in the order they began. An unknown run has none.
  virtual Result<std::vector<Execution>> FindExecutions(const std::string& run_id) const = 0;
  virtual Result<ArtifactsByName> InputsOf(int64_t execution_id) const = 0;
  virtual Result<ArtifactsByName> OutputsOf(int64_t execution_id) const = 0;

  // ---- Artifacts.

  /// kNotFound when there is none.
  virtual Result<pipeline::Artifact> GetArtifact(int64_t artifact_id) const = 0;
  /// kInvalidArgument: a property that is no scalar, a node without its pipeline, a negative limit.
  virtual Result<std::vector<pipeline::Artifact>> FindArtifacts(const ArtifactQuery& query) const = 0;
  /// The execution that made it (not one that took it from the cache); kNotFound when none did.
  virtual Result<Execution> ProducerOf(int64_t artifact_id) const = 0;
  /// For garbage collection: moves the artifacts to `state`, all or none; kNotFound names the first unknown
  /// id.
  virtual Status SetArtifactState(std::span<const int64_t> artifact_ids, pipeline::ArtifactState state) = 0;
  /// The model that the newest kLive ModelBlessing of the pipeline with the integer property
  /// blessed = 1 blesses: the input "model" of the execution that made the blessing, kLive,
  /// and, where given, with an id below `before_artifact_id`. Empty when there is none.
  virtual Result<std::optional<pipeline::Artifact>> LatestBlessedModel(
      const std::string& pipeline_name, std::optional<int64_t> before_artifact_id = std::nullopt) const = 0;
  /// Ancestors, descendants or both, up to `max_hops` executions away. kNotFound: no such
  /// artifact. kInvalidArgument: max_hops below 0 or above 1000.
  virtual Result<LineageGraph> TraceLineage(int64_t artifact_id, int max_hops,
                                            LineageDirection direction = LineageDirection::kBoth) const = 0;

  // ---- Runs and their histories.

  /// kAlreadyExists: the run_id is taken (nothing is changed).
  virtual Status CreateRun(const RunRecord& run, const RunEvents& events = {}) = 0;
  /// kNotFound: no such run. kFailedPrecondition: `first_sequence` is not the number of
  /// events stored, so another process writes this run; read the history again.
  virtual Status AppendRunEvents(const std::string& run_id, const RunEvents& events) = 0;
  /// In order. kNotFound: no such run.
  virtual Result<std::vector<std::string>> ReadRunEvents(const std::string& run_id) const = 0;
  /// As AppendRunEvents, and sets the state in the same transaction.
  virtual Status SetRunState(const std::string& run_id, RunState state, const RunEvents& events = {}) = 0;
  /// By the whole id, or by the beginning of it where only one run begins so. kNotFound;
  /// kInvalidArgument names the candidates of an ambiguous beginning.
  virtual Result<RunRecord> GetRun(std::string_view run_id_or_prefix) const = 0;
  virtual Result<std::vector<RunRecord>> FindRuns(const RunQuery& query = {}) const = 0;
};

}  // namespace penstock::metadata
