#include "penstock/metadata/mlmd/edges.h"

#include <algorithm>
#include <unordered_set>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "penstock/metadata/mlmd/constraint_error.h"
#include "penstock/metadata/mlmd/nodes.h"
#include "penstock/metadata/mlmd/statements.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using database::Statement;
using google::protobuf::RepeatedPtrField;
using ml_metadata::Artifact;
using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;

Status CheckEventEnds(Connection& db, const Event& event) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_artifact, NodeExists<Artifact>(db, event.artifact_id()));
  if (!has_artifact) return InvalidArgument("No artifact with the given id {}", event.artifact_id());
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_execution, NodeExists<Execution>(db, event.execution_id()));
  if (!has_execution) return InvalidArgument("No execution with the given id {}", event.execution_id());
  return OkStatus();
}

Status InsertSteps(Connection& db, int64_t event_id, const Event& event) {
  for (const auto& step : event.path().steps()) {
    if (step.has_index()) {
      PENSTOCK_RETURN_IF_ERROR(db.Run(sql::kInsertEventStep, event_id, true, step.index(), nullptr));
    } else if (step.has_key()) {
      PENSTOCK_RETURN_IF_ERROR(db.Run(sql::kInsertEventStep, event_id, false, nullptr, step.key()));
    }
  }
  return OkStatus();
}

Status ReadSteps(Connection& db, int64_t event_id, Event& event) {
  Statement row = db.Prepare(sql::kSelectEventSteps);
  row.Bind(event_id);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    auto& step = *event.mutable_path()->add_steps();
    if (row.Int(0) != 0) {
      step.set_index(row.Int(1));
    } else {
      step.set_key(row.Text(2));
    }
  }
}

/// True where `ancestor` is `context` or above it.
Result<bool> IsAtOrAbove(Connection& db, int64_t ancestor, int64_t context) {
  std::vector<int64_t> open = {context};
  std::unordered_set<int64_t> seen;
  while (!open.empty()) {
    const int64_t id = open.back();
    open.pop_back();
    if (id == ancestor) return true;
    if (!seen.insert(id).second) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto parents, db.FindInts(sql::kSelectParentContextIds, id));
    open.insert(open.end(), parents.begin(), parents.end());
  }
  return false;
}

}  // namespace

Status CreateEvent(Connection& db, const Event& event, bool is_validated, Timestamp now) {
  if (!event.has_artifact_id()) return InvalidArgument("No artifact id is specified.");
  if (!event.has_execution_id()) return InvalidArgument("No execution id is specified.");
  if (!event.has_type() || event.type() == Event::UNKNOWN)
    return InvalidArgument("No event type is specified.");
  if (!is_validated) PENSTOCK_RETURN_IF_ERROR(CheckEventEnds(db, event));
  const int64_t millis =
      event.has_milliseconds_since_epoch() ? event.milliseconds_since_epoch() : now.micros / 1000;
  const Result<int64_t> id =
      db.Insert(sql::kInsertEvent, event.artifact_id(), event.execution_id(), event.type(), millis);
  if (id.ok()) return InsertSteps(db, *id, event);
  if (!IsUniqueViolation(id.status())) return id.status();
  const Status cause = QueryError(
      id.status(),
      fmt::format(" INSERT INTO `Event`(    `artifact_id`, `execution_id`, `type`,    "
                  "`milliseconds_since_epoch` ) VALUES({}, {}, {}, {});",
                  event.artifact_id(), event.execution_id(), static_cast<int>(event.type()), millis));
  return AlreadyExists("Given event already exists: {}{}", event.DebugString(), cause.ToString());
}

Status AppendEvents(Connection& db, EventEnd end, std::vector<int64_t> ids, RepeatedPtrField<Event>& events) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (const int64_t id : ids) {
    Statement row =
        db.Prepare(end == EventEnd::kArtifact ? sql::kSelectEventsByArtifact : sql::kSelectEventsByExecution);
    row.Bind(id);
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
      if (!has_row) break;
      Event& event = *events.Add();
      event.set_artifact_id(row.Int(1));
      event.set_execution_id(row.Int(2));
      event.set_type(static_cast<Event::Type>(row.Int(3)));
      if (!row.IsNull(4)) event.set_milliseconds_since_epoch(row.Int(4));
      PENSTOCK_RETURN_IF_ERROR(ReadSteps(db, row.Int(0), event));
    }
  }
  return OkStatus();
}

Status PutAttribution(Connection& db, const ml_metadata::Attribution& attribution, bool is_validated) {
  if (!attribution.has_context_id()) return InvalidArgument("No context id is specified.");
  if (!attribution.has_artifact_id()) return InvalidArgument("No artifact id is specified");
  if (!is_validated) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_context, NodeExists<Context>(db, attribution.context_id()));
    if (!has_context) return InvalidArgument("Context id not found.");
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_artifact, NodeExists<Artifact>(db, attribution.artifact_id()));
    if (!has_artifact) return InvalidArgument("Artifact id not found.");
  }
  return db.Run(sql::kInsertAttribution, attribution.context_id(), attribution.artifact_id());
}

Status PutAssociation(Connection& db, const ml_metadata::Association& association, bool is_validated) {
  if (!association.has_context_id()) return InvalidArgument("No context id is specified.");
  if (!association.has_execution_id()) return InvalidArgument("No execution id is specified");
  if (!is_validated) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_context, NodeExists<Context>(db, association.context_id()));
    if (!has_context) return InvalidArgument("Context id not found.");
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_execution,
                              NodeExists<Execution>(db, association.execution_id()));
    if (!has_execution) return InvalidArgument("Execution id not found.");
  }
  return db.Run(sql::kInsertAssociation, association.context_id(), association.execution_id());
}

Status CreateParentContext(Connection& db, const ml_metadata::ParentContext& link) {
  if (!link.has_parent_id() || !link.has_child_id()) {
    return InvalidArgument("Missing parent / child id in the parent_context: {}", link.DebugString());
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_parent, NodeExists<Context>(db, link.parent_id()));
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_child, NodeExists<Context>(db, link.child_id()));
  // A context linked to itself is one row of the original's query for both, and so "not found".
  if (!has_parent || !has_child || link.parent_id() == link.child_id()) {
    return InvalidArgument("Given parent / child id in the parent_context cannot be found: {}",
                           link.DebugString());
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_cycle, IsAtOrAbove(db, link.child_id(), link.parent_id()));
  if (is_cycle) return InvalidArgument("There is a cycle detected of the given relationship.");
  const Status status = db.Run(sql::kInsertParentContext, link.child_id(), link.parent_id());
  if (!IsUniqueViolation(status)) return status;
  const Status cause = QueryError(
      status,
      fmt::format(" INSERT INTO `ParentContext`(    `context_id`, `parent_context_id` ) VALUES({}, {});",
                  link.child_id(), link.parent_id()));
  return AlreadyExists("Given parent_context already exists: {}{}", link.DebugString(), cause.ToString());
}

}  // namespace penstock::metadata::mlmd
