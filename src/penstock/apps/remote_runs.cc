#include "penstock/apps/remote_runs.h"

#include <poll.h>

#include "penstock/pipeline/yaml_pipeline.h"
#include "penstock/server/http_client.h"

namespace penstock::apps {
namespace {

using nlohmann::json;
using server::PercentEncode;

const std::vector<TableColumn> kColumns = {{"run", "run_id"},
                                           {"name", "display_name"},
                                           {"state", "state"},
                                           {"created", "created_at"},
                                           {"finished", "finished_at"}};

bool IsFinal(const std::string& state) {
  return state == "SUCCEEDED" || state == "FAILED" || state == "CANCELED" || state == "SKIPPED";
}

/// The run named, by id or name; the latest where none is.
Result<std::string> FindRun(const ServiceClient& client, const std::string& run) {
  if (!run.empty()) return client.Resolve("runs", "runs", "run_id", run);
  PENSTOCK_ASSIGN_OR_RETURN(const json latest,
                            client.List("/runs?sort_by=" + PercentEncode("created_at desc"), "runs", 1));
  if (latest.empty()) return NotFound("The server has no run yet");
  return latest[0].value("run_id", std::string());
}

/// Leaves (no DAG, no loop) of the run in order.
std::vector<json> LeavesOf(const json& run) {
  std::vector<json> leaves;
  const json tasks = run.value(json::json_pointer("/run_details/task_details"), json::array());
  for (const json& task : tasks)
    if (!task.contains("child_tasks") && task.contains("parent_task_id")) leaves.push_back(task);
  return leaves;
}

std::string PathOf(const json& task) {
  return task.value(json::json_pointer("/penstock/path"), task.value("display_name", std::string()));
}

void PrintRun(const json& run) {
  fmt::print("run {} ({}): {}\n", run.value("run_id", ""), run.value("display_name", ""),
             run.value("state", ""));
  if (run.contains("error")) fmt::print("  {}\n", run["error"].value("message", ""));
  json rows = json::array();
  for (const json& task : LeavesOf(run)) {
    const json extras = task.value("penstock", json::object());
    std::string note =
        task.contains("error") ? task["error"].value("message", "") : extras.value("cache_note", "");
    if (!extras.value("refusal", std::string()).empty())
      note = "refused: " + extras.value("refusal", std::string());
    rows.push_back({{"path", PathOf(task)},
                    {"state", task.value("state", "")},
                    {"seconds", fmt::format("{:.2f}", extras.value("seconds", 0.0))},
                    {"note", note}});
  }
  PrintTable(rows, {{"task", "path"}, {"state", "state"}, {"seconds", "seconds"}, {"note", "note"}}, false);
}

/// pipeline_spec or pipeline_version_reference of the new run; its spec for the parameters' types.
Status AddSource(const Application& application, const ServiceClient& client, const RemoteRunOptions& options,
                 json& run, json& spec) {
  if (options.pipeline.empty() == options.file.empty())
    return InvalidArgument("Give a pipeline file, or --pipeline with the name of one on the server");
  if (options.pipeline.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto ir, pipeline::LoadPipeline(options.file, application.components));
    spec = json::parse(pipeline::PrintPipelineJson(ir), nullptr, false);
    run["pipeline_spec"] = spec;
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id,
                            client.Resolve("pipelines", "pipelines", "pipeline_id", options.pipeline));
  json version;
  if (options.version.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const json list,
        client.List("/pipelines/" + id + "/versions?sort_by=" + PercentEncode("created_at desc"),
                    "pipeline_versions", 1));
    if (list.empty()) return NotFound("The pipeline '{}' has no version", options.pipeline);
    version = list[0];
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(version,
                              client.Get("/pipelines/" + id + "/versions/" + PercentEncode(options.version)));
  }
  spec = version.value("pipeline_spec", json::object());
  run["pipeline_version_reference"] = {{"pipeline_id", id},
                                       {"pipeline_version_id", version.value("pipeline_version_id", "")}};
  return OkStatus();
}

}  // namespace

Result<int> SubmitRun(const Application& application, const RemoteRunOptions& options) {
  const ServiceClient client(options);
  json run = json::object(), spec;
  PENSTOCK_RETURN_IF_ERROR(AddSource(application, client, options, run, spec));
  const json& pipeline = spec.contains("pipeline_spec") ? spec["pipeline_spec"] : spec;
  run["display_name"] = !options.name.empty()
                            ? options.name
                            : pipeline.value(json::json_pointer("/pipelineInfo/name"), std::string("run")) +
                                  " " + application.clock.Now().ToIsoString();
  PENSTOCK_ASSIGN_OR_RETURN(const json parameters, ReadParameters(spec, options.parameters));
  run["runtime_config"] = {{"parameters", parameters}};
  if (!options.experiment.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const std::string experiment,
        client.Resolve("experiments", "experiments", "experiment_id", options.experiment));
    run["experiment_id"] = experiment;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json made, client.Post("/runs", run));
  if (!options.waits) {
    PrintTable(json::array({made}), kColumns, options.as_json);
    return kExitSucceeded;
  }
  RemoteRunOptions waiting = options;
  waiting.run = made.value("run_id", std::string());
  return WaitForRun(application, waiting);
}

Result<int> ListRemoteRuns(const RemoteRunOptions& options) {
  const ServiceClient client(options);
  std::string path = "/runs?sort_by=" + PercentEncode("created_at desc");
  if (!options.experiment.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const std::string experiment,
        client.Resolve("experiments", "experiments", "experiment_id", options.experiment));
    path += "&experiment_id=" + PercentEncode(experiment);
  }
  if (!options.state.empty()) {
    const json filter = {
        {"predicates", {{{"operation", "EQUALS"}, {"key", "state"}, {"string_value", options.state}}}}};
    path += "&filter=" + PercentEncode(filter.dump());
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json runs, client.List(path, "runs", options.limit));
  PrintTable(runs, kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> ShowRemoteRun(const RemoteRunOptions& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, FindRun(client, options.run));
  PENSTOCK_ASSIGN_OR_RETURN(const json run, client.Get("/runs/" + id));
  if (options.as_json) {
    fmt::print("{}\n", run.dump(2));
  } else {
    PrintRun(run);
  }
  return kExitSucceeded;
}

Result<int> WaitForRun(const Application& application, const RemoteRunOptions& options) {
  constexpr int kPollMillis = 200;
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, FindRun(client, options.run));
  const Timestamp begin = application.clock.Now();
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const json run, client.Get("/runs/" + id));
    const std::string state = run.value("state", std::string());
    if (IsFinal(state)) {
      if (options.as_json) {
        fmt::print("{}\n", run.dump(2));
      } else {
        PrintRun(run);
      }
      return state == "SUCCEEDED" ? kExitSucceeded : kExitFailed;
    }
    if (application.cancellation.IsCancelled()) return Cancelled("Stopped waiting; the run {} goes on", id);
    if (options.timeout_seconds > 0 &&
        application.clock.Now().micros - begin.micros > int64_t{options.timeout_seconds} * 1'000'000)
      return DeadlineExceeded("The run {} is {} after {} seconds; it goes on", id, state,
                              options.timeout_seconds);
    ::poll(nullptr, 0, kPollMillis);
  }
}

Result<int> ShowRemoteLogs(const RemoteRunOptions& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, FindRun(client, options.run));
  std::vector<std::string> nodes = {options.node};
  if (options.node.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const json run, client.Get("/runs/" + id));
    nodes.clear();
    for (const json& task : LeavesOf(run)) nodes.push_back(PathOf(task));
  }
  for (const std::string& node : nodes) {
    if (nodes.size() > 1) fmt::print("==> {} <==\n", node);
    const Status status = client.Stream(
        "/runs/" + id + "/nodes/" + PercentEncode(node) + "/log" + (options.follows ? "?follow=true" : ""),
        [](std::string_view data) {
          std::fwrite(data.data(), 1, data.size(), stdout);
          std::fflush(stdout);
          return true;
        });
    PENSTOCK_RETURN_IF_ERROR(status);
  }
  return kExitSucceeded;
}

Result<int> ChangeRun(const RemoteRunOptions& options, const char* verb) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, FindRun(client, options.run));
  PENSTOCK_RETURN_IF_ERROR(client.Post("/runs/" + id + verb, json::object()).status());
  return kExitSucceeded;
}

Result<int> DeleteRun(const RemoteRunOptions& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, FindRun(client, options.run));
  PENSTOCK_RETURN_IF_ERROR(client.Delete("/runs/" + id));
  return kExitSucceeded;
}

}  // namespace penstock::apps
