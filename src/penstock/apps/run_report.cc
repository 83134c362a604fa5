#include "penstock/apps/run_report.h"

#include <algorithm>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/components/example_validator/example_validator.h"
#include "penstock/evaluation/evaluation_output.h"
#include "penstock/evaluation/result_text.h"
#include "penstock/evaluation/validation.h"
#include "penstock/runtime/run_engine.h"
#include "penstock/runtime/task_backend.h"
#include "penstock/validation/anomaly_report.h"

namespace penstock::apps {
namespace {

using nlohmann::json;
using pipeline::Artifact;

/// The last attempt of each node.
std::map<std::string, metadata::Execution> LastExecutions(
    const std::vector<metadata::Execution>& executions) {
  std::map<std::string, metadata::Execution> last;
  for (const auto& execution : executions) last[execution.node_id] = execution;
  return last;
}

json OutputsOf(const metadata::ArtifactsByName& outputs) {
  json list = json::array();
  for (const auto& [name, artifacts] : outputs)
    for (const auto& artifact : artifacts)
      list.push_back({{"name", name},
                      {"type", artifact.type},
                      {"id", artifact.id},
                      {"uri", artifact.uri},
                      {"properties", artifact.properties}});
  return list;
}

Status AddAnomalies(const std::string& node, const Artifact& artifact, json& report) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto splits, components::SplitNames(artifact));
  for (const auto& split : splits) {
    tensorflow::metadata::v0::Anomalies anomalies;
    PENSTOCK_RETURN_IF_ERROR(ReadProto(components::AnomaliesPath(artifact, split), anomalies));
    json features = json::array();
    for (const auto& [feature, info] : anomalies.anomaly_info())
      features.push_back({{"feature", feature},
                          {"severity", tensorflow::metadata::v0::AnomalyInfo::Severity_Name(info.severity())},
                          {"short_description", info.short_description()},
                          {"description", info.description()}});
    std::sort(features.begin(), features.end());
    report["anomalies"].push_back({{"node", node},
                                   {"split", split},
                                   {"features", features},
                                   {"text", validation::FormatAnomalies(anomalies)}});
  }
  return OkStatus();
}

Status AddEvaluation(const std::string& node, const Artifact& artifact, json& report) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto stored, evaluation::ReadEvaluationFiles(artifact.uri));
  json metrics = json::object();
  for (const auto& slice : stored.slices) {
    if (slice.is_cross || !slice.slice.empty()) continue;
    // Of the candidate; the baseline's stand beside it in the artifact.
    for (const auto& [key, value] : slice.metrics)
      if (const auto* number = std::get_if<double>(&value);
          number != nullptr && !key.is_diff && key.model != "baseline")
        metrics[key.name] = *number;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto lines, evaluation::ListStoredChecks(stored));
  const std::string checks = lines.empty() ? "" : fmt::format("\n{}\n", fmt::join(lines, "\n"));
  const bool is_blessed = !stored.has_validation || stored.validation.validation_ok();
  report["evaluations"].push_back(
      {{"node", node},
       {"metrics", metrics},
       {"blessed", is_blessed},
       {"reasons", evaluation::ExplainValidation(stored.validation)},
       {"uri", artifact.uri},
       {"text", evaluation::FormatResults(stored.slices, {}, {.metrics = {}, .max_slices = 5}) + checks}});
  return OkStatus();
}

void AddPush(const std::string& node, const Artifact& artifact, json& report) {
  const auto& properties = artifact.properties;
  report["pushed"].push_back({{"node", node},
                              {"destination", properties.value("pushed_destination", "")},
                              {"version", properties.value("pushed_version", "")},
                              {"not_pushed_because", properties.value("not_pushed_because", "")}});
}

Status AddFindings(const std::string& node, const metadata::ArtifactsByName& outputs, json& report) {
  for (const auto& [name, artifacts] : outputs) {
    for (const auto& artifact : artifacts) {
      if (artifact.type == pipeline::types::kAnomalies)
        PENSTOCK_RETURN_IF_ERROR(AddAnomalies(node, artifact, report));
      if (artifact.type == pipeline::types::kModelEvaluation)
        PENSTOCK_RETURN_IF_ERROR(AddEvaluation(node, artifact, report));
      if (artifact.type == pipeline::types::kPushedModel) AddPush(node, artifact, report);
    }
  }
  return OkStatus();
}

std::string WordOf(runtime::RuntimeState state) {
  switch (state) {
    case runtime::RuntimeState::kPending:
      return "waiting";
    case runtime::RuntimeState::kCanceled:
      return "cancelled";
    default: {
      std::string word(runtime::RuntimeStateName(state));
      std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
      return word;
    }
  }
}

/// "X failed" -> "X".
std::string SkipCauseOf(const runtime::TaskSnapshot& task) {
  constexpr std::string_view kFailed = " failed";
  const std::string text(task.error.message());
  if (task.state != runtime::RuntimeState::kSkipped || !text.ends_with(kFailed)) return "";
  return text.substr(0, text.size() - kFailed.size());
}

json NodeOf(const runtime::TaskSnapshot& task, const metadata::Execution* execution) {
  json node = {
      {"node", task.path},
      {"name", task.name},
      {"display_name", task.display_name},
      {"kind", std::string(runtime::TaskKindName(task.kind))},
      {"component", task.component},
      {"state", WordOf(task.state)},
      {"cached", task.is_cached},
      {"cache_note", task.cache_note},
      {"seconds", task.seconds},
      {"attempts", task.num_attempts},
      {"refusal", task.refusal},
      {"error", task.state == runtime::RuntimeState::kSkipped ? "" : std::string(task.error.message())},
      {"skipped_because_of", SkipCauseOf(task)},
      {"parameters", task.input_parameters},
      {"output_parameters", task.output_parameters},
      {"outputs", OutputsOf(task.output_artifacts)}};
  if (task.iteration_index >= 0) node["iteration"] = task.iteration_index;
  if (execution != nullptr) {
    node["cacheable"] = !execution->cache_key.IsZero();
    node["peak_memory_bytes"] = execution->usage.peak_memory_bytes;
    node["cpu_seconds"] = execution->usage.cpu_seconds;
    node["log"] = execution->log_path;
  }
  return node;
}

/// Of a pipeline with thousands of iterations the table shows the pipeline's own tasks and what failed.
bool IsShown(const json& node) {
  return node["node"].get_ref<const std::string&>().find('/') == std::string::npos ||
         node["state"] == "failed";
}

std::string StateWord(const json& node) {
  if (!node["refusal"].get_ref<const std::string&>().empty()) return "refused";
  return node["state"].get<std::string>();
}

std::string Table(const json& report) {
  size_t width = 4;
  for (const auto& node : report["nodes"])
    if (IsShown(node)) width = std::max(width, node["node"].get_ref<const std::string&>().size());
  std::string text = fmt::format("{:<{}}  {:<9}  {:>7}  {:<6}  {}\n", "node", width, "state", "seconds",
                                 "cached", "outputs");
  for (const auto& node : report["nodes"]) {
    if (!IsShown(node)) continue;
    std::vector<std::string> outputs;
    for (const auto& output : node["outputs"])
      outputs.push_back(fmt::format("{}:{}", output["name"].get<std::string>(), output["id"].get<int64_t>()));
    text += fmt::format("{:<{}}  {:<9}  {:>7.2f}  {:<6}  {}\n", node["node"].get<std::string>(), width,
                        StateWord(node), node["seconds"].get<double>(),
                        node["cached"].get<bool>() ? "yes" : "", fmt::join(outputs, " "));
  }
  return text;
}

std::string Ending(const json& report) {
  const std::string seconds = fmt::format("{:.2f} s", report["seconds"].get<double>());
  size_t num_cached = 0, num_cacheable = 0;
  for (const auto& node : report["nodes"]) {
    num_cached += node["cached"].get<bool>() ? 1 : 0;
    num_cacheable += node.value("cacheable", false) ? 1 : 0;
  }
  const std::string cached =
      num_cached == 0 ? ""
      : num_cached == num_cacheable
          ? fmt::format(", all {} cacheable nodes from the cache", num_cached)
          : fmt::format(", {} of {} cacheable nodes from the cache", num_cached, num_cacheable);
  switch (report["exit_code"].get<int>()) {
    case 0:
      return fmt::format("Succeeded in {}{}.\n", seconds, cached);
    case 3:
      return fmt::format("Finished in {}{}; a gate said no.\n", seconds, cached);
    default:
      return fmt::format("Failed after {}{}.\n", seconds, cached);
  }
}

}  // namespace

Result<json> ReportRun(const metadata::MetadataStore& store, const std::string& run_id, double seconds) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, runtime::ReadRunSnapshot(store, run_id, /*with_values=*/true));
  json report = {{"run_id", run.run_id},
                 {"pipeline", run.pipeline_name},
                 {"state", WordOf(run.state)},
                 {"exit_code", runtime::ExitCodeOf(run)},
                 {"seconds", seconds},
                 {"error", std::string(run.error.message())},
                 {"parameters", run.parameters},
                 {"output_parameters", run.tasks[0].output_parameters},
                 {"outputs", OutputsOf(run.tasks[0].output_artifacts)},
                 {"nodes", json::array()},
                 {"anomalies", json::array()},
                 {"evaluations", json::array()},
                 {"pushed", json::array()}};
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store.FindExecutions(run_id));
  const auto last = LastExecutions(executions);
  for (const auto& task : run.tasks) {
    if (task.kind == runtime::TaskKind::kRoot) continue;
    const auto execution = last.find(task.path);
    report["nodes"].push_back(NodeOf(task, execution == last.end() ? nullptr : &execution->second));
    if (task.state == runtime::RuntimeState::kSucceeded)
      PENSTOCK_RETURN_IF_ERROR(AddFindings(task.path, task.output_artifacts, report));
  }
  return report;
}

std::string FormatReport(const json& report, bool has_errors_shown) {
  std::string text = Table(report);
  for (const auto& found : report["anomalies"])
    text += fmt::format("\n{}, split '{}': {}", found["node"].get<std::string>(),
                        found["split"].get<std::string>(), found["text"].get<std::string>());
  for (const auto& evaluation : report["evaluations"]) {
    text += fmt::format("\n{}:\n{}", evaluation["node"].get<std::string>(),
                        evaluation["text"].get<std::string>());
    text += evaluation["blessed"].get<bool>() ? "The model is blessed: every threshold is met.\n"
                                              : "The model is not blessed:\n";
    for (const auto& reason : evaluation["reasons"]) text += fmt::format("  {}\n", reason.get<std::string>());
  }
  for (const auto& push : report["pushed"]) {
    const auto destination = push["destination"].get<std::string>();
    text += destination.empty()
                ? fmt::format("\nNot pushed: {}\n", push["not_pushed_because"].get<std::string>())
                : fmt::format("\nPushed to {}\n", destination);
  }
  for (const auto& node : report["nodes"])
    if (const auto error = node["error"].get<std::string>();
        !has_errors_shown && !error.empty() && node["state"] == "failed" && node.contains("log"))
      text += fmt::format("\n{} failed: {}\n", node["node"].get<std::string>(), error);
  return text + "\n" + Ending(report);
}

}  // namespace penstock::apps
