#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/service_records.h"
#include "penstock/runtime/run_snapshot.h"
#include "penstock/server/router.h"
#include "penstock/server/service.h"

namespace penstock::server {

/// v2beta1Run, without run_details.
nlohmann::json ToJson(const metadata::ServiceRunRecord& run);
/// v2beta1RunDetails. What the API has no field for stands in each task's "penstock".
nlohmann::json RunDetails(const runtime::RunSnapshot& snapshot);

/// What a run or a recurring run is made of.
struct PipelineSource {
  std::string pipeline_id, pipeline_version_id;
  std::string spec;  ///< As stored; empty: the pipeline's latest version at each start.
};
/// Reads pipeline_spec, pipeline_version_reference and pipeline_version_id of a message. `is_latest_open`:
/// a reference without a version is left open instead of taking the latest now.
Result<PipelineSource> ReadSource(Service& service, const ApiCall& call, const nlohmann::json& message,
                                  bool is_latest_open);
/// {"parameters": {...}, "pipeline_root": "..."} of the message, checked.
Result<nlohmann::json> ReadRuntimeConfig(const nlohmann::json& message);
/// The experiment named, or the default one. kNotFound.
Result<std::string> ReadExperiment(Service& service, const ApiCall& call, const nlohmann::json& message);
/// The run of the path's run_id, where the caller may see it.
Result<metadata::ServiceRunRecord> FindRun(Service& service, const ApiCall& call);

}  // namespace penstock::server
