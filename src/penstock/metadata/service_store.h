#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/listing.h"
#include "penstock/metadata/service_records.h"

namespace penstock::metadata {

/// Experiments, pipelines and their versions, runs and recurring runs as the pipelines service
/// lists them, in the same database as the MetadataStore.
///
/// Each write is one transaction; what returned OK is on disk. Writes that come at once share
/// one sync. Safe from any thread. Get, Set, Delete: kNotFound names the thing. Create:
/// kAlreadyExists where the id or the name is taken. List: kInvalidArgument for a field that is
/// not listed by. Cost of a page: its rows, wherever it lies (every sort field the API documents
/// for large lists is indexed; others sort in memory).
class ServiceStore {
 public:
  virtual ~ServiceStore() = default;

  virtual Status CreateExperiment(const ExperimentRecord& experiment) = 0;
  virtual Result<ExperimentRecord> GetExperiment(const std::string& id) const = 0;
  virtual Result<std::optional<ExperimentRecord>> FindExperiment(const std::string& namespace_name,
                                                                 const std::string& name) const = 0;
  virtual Result<Page<ExperimentRecord>> ListExperiments(const ListQuery& query) const = 0;
  /// Its runs and recurring runs stay.
  virtual Status DeleteExperiment(const std::string& id) = 0;
  /// With its runs, and its recurring runs are disabled.
  virtual Status ArchiveExperiment(const std::string& id) = 0;
  /// Alone: its runs stay archived.
  virtual Status UnarchiveExperiment(const std::string& id) = 0;

  /// `version`: null, or the first version, in the same transaction.
  virtual Status CreatePipeline(const PipelineRecord& pipeline, const PipelineVersionRecord* version) = 0;
  virtual Result<PipelineRecord> GetPipeline(const std::string& id) const = 0;
  virtual Result<PipelineRecord> GetPipelineByName(const std::string& namespace_name,
                                                   const std::string& name) const = 0;
  virtual Result<Page<PipelineRecord>> ListPipelines(const ListQuery& query) const = 0;
  /// Display name, description and tags.
  virtual Status UpdatePipeline(const PipelineRecord& pipeline) = 0;
  /// kInvalidArgument: it has versions and `is_cascading` is false.
  virtual Status DeletePipeline(const std::string& id, bool is_cascading) = 0;

  /// kNotFound: its pipeline is not there.
  virtual Status CreatePipelineVersion(const PipelineVersionRecord& version) = 0;
  virtual Result<PipelineVersionRecord> GetPipelineVersion(const std::string& id) const = 0;
  virtual Result<PipelineVersionRecord> GetLatestPipelineVersion(const std::string& pipeline_id) const = 0;
  virtual Result<Page<PipelineVersionRecord>> ListPipelineVersions(const ListQuery& query) const = 0;
  virtual Status UpdatePipelineVersion(const PipelineVersionRecord& version) = 0;
  virtual Status DeletePipelineVersion(const std::string& id) = 0;

  /// Sets the experiment's time of the last run as well.
  virtual Status CreateRun(const ServiceRunRecord& run) = 0;
  virtual Result<ServiceRunRecord> GetRun(const std::string& id) const = 0;
  virtual Result<Page<ServiceRunRecord>> ListRuns(const ListQuery& query) const = 0;
  /// Appends to the state history; the same state again changes nothing. A final state sets the
  /// time it finished; one that is left (a retry) clears it.
  virtual Status SetRunState(const std::string& id, const RunStateText& state, const nlohmann::json& error,
                             Timestamp now) = 0;
  virtual Status SetRunStorage(const std::string& id, const std::string& storage_state) = 0;
  virtual Status DeleteRun(const std::string& id) = 0;
  /// The ids of all runs whose state is not final, the oldest first: what a restarted server goes on with.
  virtual Result<std::vector<std::string>> FindUnfinishedRuns() const = 0;

  virtual Status CreateRecurringRun(const RecurringRunRecord& recurring_run) = 0;
  virtual Result<RecurringRunRecord> GetRecurringRun(const std::string& id) const = 0;
  virtual Result<Page<RecurringRunRecord>> ListRecurringRuns(const ListQuery& query) const = 0;
  virtual Status SetRecurringRunEnabled(const std::string& id, bool is_enabled, Timestamp now) = 0;
  virtual Status DeleteRecurringRun(const std::string& id) = 0;
  /// Without their specs.
  virtual Result<std::vector<RecurringRunRecord>> FindEnabledRecurringRuns() const = 0;
  virtual Result<int64_t> CountActiveRuns(const std::string& recurring_run_id) const = 0;
  /// Moves the recurring run's clock to `scheduled_seconds` and creates its run, together; a crash
  /// or a second server never starts one tick twice. `run` null: the tick is passed over.
  /// kAborted: another has moved the clock since `recurring_run` was read.
  virtual Status AdvanceRecurringRun(const RecurringRunRecord& recurring_run, int64_t scheduled_seconds,
                                     const ServiceRunRecord* run) = 0;

  /// Answers OK where the database can be written.
  virtual Status Check() = 0;
};

/// Opens the service's tables in the SQLite file of a MetadataStore, making what is not there.
/// Errors as OpenStore.
Result<std::unique_ptr<ServiceStore>> OpenServiceStore(const std::string& path);

}  // namespace penstock::metadata
