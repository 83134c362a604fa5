#include "penstock/metadata/database/executions.h"

#include <utility>

#include "penstock/metadata/database/artifacts.h"
#include "penstock/metadata/database/contexts.h"
#include "penstock/metadata/database/events.h"
#include "penstock/metadata/database/properties.h"
#include "penstock/metadata/database/runs.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/types.h"

namespace penstock::metadata::database {
namespace {

using nlohmann::json;
using pipeline::Artifact;
using pipeline::ArtifactState;

constexpr std::string_view kOwnPropertyPrefix = "penstock.";
constexpr std::string_view kOutputParameterPrefix = "penstock.output.";

Status CheckPlan(const ExecutionPlan& plan) {
  for (const auto& [what, value] : {std::pair<const char*, const std::string&>{"run id", plan.run_id},
                                    {"pipeline name", plan.pipeline_name},
                                    {"node id", plan.node_id},
                                    {"component type", plan.component_type}}) {
    if (value.empty()) return InvalidArgument("An execution needs a {} (node '{}')", what, plan.node_id);
  }
  if (plan.attempt < 1)
    return InvalidArgument("Attempts count from 1: {} (node '{}')", plan.attempt, plan.node_id);
  if (!plan.parameters.is_null() && !plan.parameters.is_object()) {
    return InvalidArgument("The parameters of node '{}' are no JSON object", plan.node_id);
  }
  return OkStatus();
}

json ObjectOrEmpty(const json& value) { return value.is_object() ? value : json::object(); }

struct StoredAttempt {
  int64_t execution_id = 0;
  ExecutionState state = ExecutionState::kUnknown;
};

Result<std::optional<StoredAttempt>> FindAttempt(Connection& connection, const ExecutionPlan& plan) {
  Statement row = connection.Prepare(sql::kSelectExecutionByAttempt);
  row.Bind(plan.run_id, plan.node_id, plan.attempt);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return std::optional<StoredAttempt>();
  return std::optional(StoredAttempt{row.Int(0), static_cast<ExecutionState>(row.Int(1))});
}

Status InsertProperty(Connection& connection, int64_t execution_id, const std::string& name,
                      const json& value) {
  const PropertyColumns columns = ToAnyPropertyColumns(value);
  constexpr bool kIsCustom = true;
  return connection.Run(sql::kInsertExecutionProperty, execution_id, name, kIsCustom, columns.int_value,
                        columns.double_value, columns.string_value, columns.bool_value);
}

/// What only ML Metadata's clients read; Penstock reads its own row.
Status InsertProperties(Connection& connection, int64_t execution_id, std::string_view prefix,
                        const json& values) {
  for (const auto& [name, value] : values.items()) {
    PENSTOCK_RETURN_IF_ERROR(
        InsertProperty(connection, execution_id, fmt::format("{}{}", prefix, name), value));
  }
  return OkStatus();
}

struct NewExecution {
  int64_t id = 0;
  ContextIds contexts{};
};

/// The execution, its contexts and its input events. `cached_execution_id` 0: it is to run.
Result<NewExecution> InsertExecution(Connection& connection, const ExecutionPlan& plan, ExecutionState state,
                                     int64_t cached_execution_id, const json& output_parameters,
                                     Timestamp now) {
  for (const auto& [name, ids] : plan.inputs) {
    for (const int64_t id : ids) {
      PENSTOCK_RETURN_IF_ERROR(
          CheckArtifactExists(connection, id, fmt::format("input '{}' of node '{}'", name, plan.node_id)));
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t type_id,
                            EnsureType(connection, TypeKind::kExecution, plan.component_type));
  const std::string name = fmt::format("{}/{}/{}", plan.run_id, plan.node_id, plan.attempt);
  NewExecution execution;
  PENSTOCK_ASSIGN_OR_RETURN(execution.id,
                            connection.Insert(sql::kInsertExecution, type_id, state, name, now.millis()));
  const json parameters = ObjectOrEmpty(plan.parameters);
  const std::optional<int64_t> cached =
      cached_execution_id == 0 ? std::nullopt : std::optional<int64_t>(cached_execution_id);
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertPenstockExecution, execution.id, plan.run_id,
                                          plan.pipeline_name, plan.node_id, plan.attempt, plan.cache_key,
                                          cached, DumpJson(parameters), DumpJson(output_parameters)));
  PENSTOCK_RETURN_IF_ERROR(InsertProperties(connection, execution.id, "", parameters));
  json own = {{"attempt", plan.attempt}};
  if (!plan.cache_key.IsZero()) own["cache_key"] = plan.cache_key.ToHex();
  if (cached.has_value()) own["cached_execution_id"] = *cached;
  PENSTOCK_RETURN_IF_ERROR(InsertProperties(connection, execution.id, kOwnPropertyPrefix, own));
  PENSTOCK_RETURN_IF_ERROR(
      InsertProperties(connection, execution.id, kOutputParameterPrefix, output_parameters));
  PENSTOCK_ASSIGN_OR_RETURN(execution.contexts,
                            EnsureContexts(connection, plan.pipeline_name, plan.run_id, plan.node_id, now));
  for (const int64_t context : execution.contexts) {
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertAssociation, context, execution.id));
  }
  PENSTOCK_RETURN_IF_ERROR(InsertEvents(connection, execution.id, EventType::kInput, plan.inputs, now));
  return execution;
}

Status Attribute(Connection& connection, const ContextIds& contexts, const IdsByName& artifact_ids) {
  for (const auto& [name, ids] : artifact_ids) {
    for (const int64_t id : ids) {
      for (const int64_t context : contexts) {
        PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertAttribution, context, id));
      }
    }
  }
  return OkStatus();
}

Status CheckOutcome(const ExecutionOutcome& outcome) {
  switch (outcome.state) {
    case ExecutionState::kComplete:
    case ExecutionState::kFailed:
    case ExecutionState::kCancelled:
      break;
    default:
      return InvalidArgument("An execution cannot finish in the state {}", ExecutionStateName(outcome.state));
  }
  if (!outcome.output_parameters.is_null() && !outcome.output_parameters.is_object()) {
    return InvalidArgument("The output parameters of an execution are no JSON object");
  }
  return OkStatus();
}

/// Inserts the new ones; answers all with their ids and as stored.
Result<IdsByName> InsertOutputs(Connection& connection, const Execution& execution,
                                const ArtifactsByName& outputs, Timestamp now) {
  IdsByName ids;
  for (const auto& [name, artifacts] : outputs) {
    for (const Artifact& artifact : artifacts) {
      const std::string what = fmt::format("output '{}' of node '{}'", name, execution.node_id);
      if (artifact.id != 0) {
        PENSTOCK_RETURN_IF_ERROR(CheckArtifactExists(connection, artifact.id, what));
        ids[name].push_back(artifact.id);
        continue;
      }
      const Result<int64_t> id = InsertLiveArtifact(connection, artifact, now);
      if (!id.ok()) return Annotate(id.status(), what);
      ids[name].push_back(*id);
    }
  }
  return ids;
}

Status UpdateFinished(Connection& connection, int64_t execution_id, const ExecutionOutcome& outcome,
                      Timestamp now) {
  const json output_parameters = ObjectOrEmpty(outcome.output_parameters);
  const std::string error_message = ToValidUtf8(outcome.error_message);
  const ResourceUsage& usage = outcome.usage;
  PENSTOCK_RETURN_IF_ERROR(
      connection.Run(sql::kUpdateExecutionState, execution_id, outcome.state, now.millis()));
  PENSTOCK_RETURN_IF_ERROR(connection.Run(
      sql::kUpdatePenstockExecution, execution_id, DumpJson(output_parameters), outcome.error_code,
      error_message, outcome.log_path, usage.wall_seconds, usage.cpu_seconds, usage.peak_memory_bytes));
  json own = {{"wall_seconds", usage.wall_seconds},
              {"cpu_seconds", usage.cpu_seconds},
              {"peak_memory_bytes", usage.peak_memory_bytes}};
  if (!outcome.error_code.empty()) own["error_code"] = outcome.error_code;
  if (!error_message.empty()) own["error_message"] = error_message;
  if (!outcome.log_path.empty()) own["log_path"] = outcome.log_path;
  PENSTOCK_RETURN_IF_ERROR(InsertProperties(connection, execution_id, kOwnPropertyPrefix, own));
  return InsertProperties(connection, execution_id, kOutputParameterPrefix, output_parameters);
}

Status CheckReusable(Connection& connection, int64_t execution_id, const ArtifactsByName& outputs) {
  PENSTOCK_ASSIGN_OR_RETURN(const Execution execution, ReadExecution(connection, execution_id));
  if (execution.state != ExecutionState::kComplete) {
    return FailedPrecondition("Execution {} cannot stand in for another: it is {}", execution_id,
                              ExecutionStateName(execution.state));
  }
  for (const auto& [name, artifacts] : outputs) {
    for (const Artifact& artifact : artifacts) {
      if (artifact.state == ArtifactState::kLive) continue;
      return FailedPrecondition(
          "Execution {} cannot stand in for another: its output '{}' (artifact {}) is gone", execution_id,
          name, artifact.id);
    }
  }
  return OkStatus();
}

/// Of a row of select_execution.
Result<Execution> ReadRow(const Statement& row) {
  Execution execution;
  execution.id = row.Int(0);
  execution.run_id = row.Text(1);
  execution.pipeline_name = row.Text(2);
  execution.node_id = row.Text(3);
  execution.component_type = row.Text(4);
  execution.attempt = row.IsNull(5) ? 1 : static_cast<int>(row.Int(5));
  execution.state = static_cast<ExecutionState>(row.Int(6));
  execution.cache_key = row.DigestAt(7);
  execution.cached_execution_id = row.Int(8);
  PENSTOCK_ASSIGN_OR_RETURN(execution.parameters, ParseJson(row.Text(9), "parameters of an execution"));
  PENSTOCK_ASSIGN_OR_RETURN(execution.output_parameters,
                            ParseJson(row.Text(10), "output parameters of an execution"));
  execution.error_code = row.Text(11);
  execution.error_message = row.Text(12);
  execution.log_path = row.Text(13);
  execution.usage = {row.Double(14), row.Double(15), row.Int(16)};
  execution.created.micros = row.Int(17) * 1000;
  execution.updated.micros = row.Int(18) * 1000;
  return execution;
}

}  // namespace

Result<int64_t> BeginExecution(Connection& connection, const ExecutionPlan& plan, const RunEvents& events,
                               Timestamp now) {
  PENSTOCK_RETURN_IF_ERROR(CheckPlan(plan));
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<StoredAttempt> stored, FindAttempt(connection, plan));
  if (stored.has_value()) {
    PENSTOCK_RETURN_IF_ERROR(AppendRepeatedRunEvents(connection, plan.run_id, events));
    return stored->execution_id;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const NewExecution execution,
                            InsertExecution(connection, plan, ExecutionState::kRunning,
                                            /*cached_execution_id=*/0, json::object(), now));
  PENSTOCK_RETURN_IF_ERROR(AppendRunEvents(connection, plan.run_id, events));
  return execution.id;
}

Result<ArtifactsByName> FinishExecution(Connection& connection, int64_t execution_id,
                                        const ExecutionOutcome& outcome, const RunEvents& events,
                                        Timestamp now) {
  PENSTOCK_RETURN_IF_ERROR(CheckOutcome(outcome));
  PENSTOCK_ASSIGN_OR_RETURN(const Execution execution, ReadExecution(connection, execution_id));
  if (execution.state == outcome.state) {
    PENSTOCK_RETURN_IF_ERROR(AppendRepeatedRunEvents(connection, execution.run_id, events));
    return ReadArtifacts(connection, execution_id, EventType::kOutput);
  }
  if (execution.state != ExecutionState::kRunning) {
    return FailedPrecondition("Execution {} of node '{}' is finished as {} and cannot become {}",
                              execution_id, execution.node_id, ExecutionStateName(execution.state),
                              ExecutionStateName(outcome.state));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const IdsByName ids, InsertOutputs(connection, execution, outcome.outputs, now));
  PENSTOCK_RETURN_IF_ERROR(InsertEvents(connection, execution_id, EventType::kOutput, ids, now));
  PENSTOCK_ASSIGN_OR_RETURN(
      const ContextIds contexts,
      EnsureContexts(connection, execution.pipeline_name, execution.run_id, execution.node_id, now));
  PENSTOCK_RETURN_IF_ERROR(Attribute(connection, contexts, ids));
  PENSTOCK_RETURN_IF_ERROR(UpdateFinished(connection, execution_id, outcome, now));
  PENSTOCK_RETURN_IF_ERROR(AppendRunEvents(connection, execution.run_id, events));
  return ReadArtifacts(connection, execution_id, EventType::kOutput);
}

Result<int64_t> PublishCached(Connection& connection, const ExecutionPlan& plan, int64_t cached_execution_id,
                              const RunEvents& events, Timestamp now) {
  PENSTOCK_RETURN_IF_ERROR(CheckPlan(plan));
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<StoredAttempt> stored, FindAttempt(connection, plan));
  if (stored.has_value()) {
    if (stored->state != ExecutionState::kCached) {
      return FailedPrecondition(
          "Attempt {} of node '{}' is in the store already, as {}: it cannot become cached", plan.attempt,
          plan.node_id, ExecutionStateName(stored->state));
    }
    PENSTOCK_RETURN_IF_ERROR(AppendRepeatedRunEvents(connection, plan.run_id, events));
    return stored->execution_id;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ArtifactsByName outputs,
                            ReadArtifacts(connection, cached_execution_id, EventType::kOutput));
  PENSTOCK_RETURN_IF_ERROR(CheckReusable(connection, cached_execution_id, outputs));
  PENSTOCK_ASSIGN_OR_RETURN(const Execution cached, ReadExecution(connection, cached_execution_id));
  PENSTOCK_ASSIGN_OR_RETURN(const NewExecution execution,
                            InsertExecution(connection, plan, ExecutionState::kCached, cached_execution_id,
                                            cached.output_parameters, now));
  IdsByName ids;
  for (const auto& [name, artifacts] : outputs) {
    for (const Artifact& artifact : artifacts) ids[name].push_back(artifact.id);
  }
  PENSTOCK_RETURN_IF_ERROR(InsertEvents(connection, execution.id, EventType::kOutput, ids, now));
  PENSTOCK_RETURN_IF_ERROR(Attribute(connection, execution.contexts, ids));
  PENSTOCK_RETURN_IF_ERROR(AppendRunEvents(connection, plan.run_id, events));
  return execution.id;
}

Result<std::optional<CachedExecution>> FindCached(Connection& connection, const Digest& cache_key) {
  if (cache_key.IsZero()) return std::optional<CachedExecution>();
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                            connection.FindInt(sql::kSelectCached, cache_key));
  if (!id.has_value()) return std::optional<CachedExecution>();
  CachedExecution cached;
  cached.execution_id = *id;
  PENSTOCK_ASSIGN_OR_RETURN(cached.outputs, ReadArtifacts(connection, *id, EventType::kOutput));
  PENSTOCK_ASSIGN_OR_RETURN(Execution execution, ReadExecution(connection, *id));
  cached.output_parameters = std::move(execution.output_parameters);
  return std::optional(std::move(cached));
}

Result<Execution> ReadExecution(Connection& connection, int64_t execution_id) {
  Statement row = connection.Prepare(sql::kSelectExecution);
  row.Bind(execution_id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return NotFound("There is no execution {} in the metadata store", execution_id);
  return ReadRow(row);
}

Result<std::vector<Execution>> ReadExecutionsOfRun(Connection& connection, const std::string& run_id) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<int64_t> ids,
                            connection.FindInts(sql::kSelectExecutionsOfRun, run_id));
  std::vector<Execution> executions;
  for (const int64_t id : ids) {
    PENSTOCK_ASSIGN_OR_RETURN(Execution execution, ReadExecution(connection, id));
    executions.push_back(std::move(execution));
  }
  return executions;
}

}  // namespace penstock::metadata::database
