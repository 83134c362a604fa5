#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"

namespace penstock::apps {

/// What came of a run, out of its store: the tasks, and what their gates, evaluations and
/// pushes say. As JSON (fields fixed: scripts read them) and as text made of that JSON.
///
///   {run_id, pipeline, state, exit_code, seconds, error, parameters, output_parameters, outputs, nodes:
///   [{node, name, kind, iteration, component, state,
///    cached, cache_note, seconds, peak_memory_bytes, attempts, refusal, error, log, parameters,
///    output_parameters, outputs: [{name, type, id, uri, properties}]}],
///    anomalies: [{node, split, text}], evaluations: [{node, ...}], pushed: [{node, destination | reason}]}
///
/// A nested pipeline, a loop and an iteration are nodes too; `node` is the path ("for-loop-1/3/print-text").
Result<nlohmann::json> ReportRun(const metadata::MetadataStore& store, const std::string& run_id,
                                 double seconds);

/// `has_errors_shown`: why nodes failed was said while they ran, and is not said again.
std::string FormatReport(const nlohmann::json& report, bool has_errors_shown);

}  // namespace penstock::apps
