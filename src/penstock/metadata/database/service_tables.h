#pragma once

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/listing_query.h"
#include "penstock/metadata/listing.h"
#include "penstock/metadata/service_records.h"

namespace penstock::metadata::database {

/// The service's things in their tables. Each function runs within the caller's transaction;
/// contracts as ServiceStore says.

Status InsertExperiment(Connection& connection, const ExperimentRecord& experiment);
Result<ExperimentRecord> ReadExperiment(Connection& connection, const std::string& id);
Result<std::optional<ExperimentRecord>> FindExperiment(Connection& connection,
                                                       const std::string& namespace_name,
                                                       const std::string& name);
Result<Page<ExperimentRecord>> ListExperiments(Connection& connection, const ListQuery& query);
Status DeleteExperiment(Connection& connection, const std::string& id);
Status ArchiveExperiment(Connection& connection, const std::string& id);
Status UnarchiveExperiment(Connection& connection, const std::string& id);

Status InsertPipeline(Connection& connection, const PipelineRecord& pipeline,
                      const PipelineVersionRecord* version);
Result<PipelineRecord> ReadPipeline(Connection& connection, const std::string& id);
Result<PipelineRecord> ReadPipelineByName(Connection& connection, const std::string& namespace_name,
                                          const std::string& name);
Result<Page<PipelineRecord>> ListPipelines(Connection& connection, const ListQuery& query);
Status UpdatePipeline(Connection& connection, const PipelineRecord& pipeline);
Status DeletePipeline(Connection& connection, const std::string& id, bool is_cascading);
Status InsertPipelineVersion(Connection& connection, const PipelineVersionRecord& version);
Result<PipelineVersionRecord> ReadPipelineVersion(Connection& connection, const std::string& id);
Result<PipelineVersionRecord> ReadLatestPipelineVersion(Connection& connection,
                                                        const std::string& pipeline_id);
Result<Page<PipelineVersionRecord>> ListPipelineVersions(Connection& connection, const ListQuery& query);
Status UpdatePipelineVersion(Connection& connection, const PipelineVersionRecord& version);
Status DeletePipelineVersion(Connection& connection, const std::string& id);

Status InsertServiceRun(Connection& connection, const ServiceRunRecord& run);
Result<ServiceRunRecord> ReadServiceRun(Connection& connection, const std::string& id);
Result<Page<ServiceRunRecord>> ListServiceRuns(Connection& connection, const ListQuery& query);
Status SetServiceRunState(Connection& connection, const std::string& id, const RunStateText& state,
                          const nlohmann::json& error, Timestamp now);
Status SetServiceRunStorage(Connection& connection, const std::string& id, const std::string& storage_state);
Status DeleteServiceRun(Connection& connection, const std::string& id);
Result<std::vector<std::string>> FindUnfinishedServiceRuns(Connection& connection);

Status InsertRecurringRun(Connection& connection, const RecurringRunRecord& recurring_run);
Result<RecurringRunRecord> ReadRecurringRun(Connection& connection, const std::string& id);
Result<Page<RecurringRunRecord>> ListRecurringRuns(Connection& connection, const ListQuery& query);
Status SetRecurringRunEnabled(Connection& connection, const std::string& id, bool is_enabled, Timestamp now);
Status DeleteRecurringRun(Connection& connection, const std::string& id);
Result<std::vector<RecurringRunRecord>> FindEnabledRecurringRuns(Connection& connection);
Status AdvanceRecurringRun(Connection& connection, const RecurringRunRecord& recurring_run,
                           int64_t scheduled_seconds, const ServiceRunRecord* run);

}  // namespace penstock::metadata::database
