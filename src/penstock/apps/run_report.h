#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_state.h"

namespace penstock::apps {

/// What came of a run, out of its store: the nodes, and what their gates, evaluations and
/// pushes say. As JSON (fields fixed: scripts read them) and as text made of that JSON.
///
///   {run_id, pipeline, state, exit_code, seconds, nodes: [{node, component, state, cached, seconds,
///    peak_memory_bytes, attempts, refusal, error, log, outputs: [{name, type, id, uri, properties}]}],
///    anomalies: [{node, split, text}], evaluations: [{node, ...}], pushed: [{node, destination | reason}]}
Result<nlohmann::json> ReportRun(const pipeline::PipelineView& pipeline, const metadata::MetadataStore& store,
                                 const std::string& run_id, const runtime::RunState& state, double seconds);

/// `has_errors_shown`: why nodes failed was said while they ran, and is not said again.
std::string FormatReport(const nlohmann::json& report, bool has_errors_shown);

}  // namespace penstock::apps
