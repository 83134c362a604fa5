#include <google/protobuf/field_mask.pb.h>

#include <set>

#include "penstock/metadata/mlmd/edges.h"
#include "penstock/metadata/mlmd/nodes.h"
#include "penstock/metadata/mlmd/requests_internal.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using google::protobuf::FieldMask;
using ml_metadata::Artifact;
using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;
using ArtifactAndEvent = ml_metadata::PutExecutionRequest::ArtifactAndEvent;
using EventEdge = ml_metadata::PutLineageSubgraphRequest::EventEdge;

Result<std::optional<int64_t>> FindByExternalId(Connection& db, const Artifact& artifact) {
  if (artifact.has_id() || artifact.external_id().empty()) return std::optional<int64_t>();
  google::protobuf::RepeatedPtrField<std::string> external_ids;
  *external_ids.Add() = artifact.external_id();
  const auto found = NodeIdsByExternalIds<Artifact>(db, external_ids);
  if (absl::IsNotFound(found.status())) return std::optional<int64_t>();
  if (!found.ok()) return found.status();
  return std::optional<int64_t>(found->front());
}

Result<int64_t> UpsertArtifact(WriteSession& session, const Artifact& artifact, bool is_reused,
                               bool is_validated) {
  Artifact copy = artifact;
  if (is_reused) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto stored, FindByExternalId(session.db, artifact));
    if (stored.has_value()) copy.set_id(*stored);
  }
  return UpsertNode(session, copy, FieldMask(), /*is_update_time_forced=*/false, is_validated);
}

Result<int64_t> UpsertContext(WriteSession& session, const Context& context, bool is_reused,
                              bool is_validated) {
  if (!context.has_type_id())
    return InvalidArgument("Context is missing a type_id: {}", context.DebugString());
  if (!context.has_name()) return InvalidArgument("Context is missing a name: {}", context.DebugString());
  if (is_reused && !context.has_id()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto stored,
                              FindNodeId<Context>(session.db, context.type_id(), context.name()));
    if (stored.has_value()) return *stored;
  }
  return UpsertNode(session, context, FieldMask(), /*is_update_time_forced=*/false, is_validated);
}

/// The event of a pair, with the ids that the request leaves to the server.
Result<Event> CompleteEvent(const ArtifactAndEvent& pair, int64_t execution_id) {
  Event event = pair.event();
  if (event.has_execution_id() && event.execution_id() != execution_id) {
    return InvalidArgument("Request's event.execution_id does not match with the given execution: ");
  }
  event.set_execution_id(execution_id);
  if (pair.has_artifact()) {
    if (event.has_artifact_id() && event.artifact_id() != pair.artifact().id()) {
      return InvalidArgument("Given event.artifact_id is not aligned with the artifact: {}",
                             pair.DebugString());
    }
    event.set_artifact_id(pair.artifact().id());
  } else if (!event.has_artifact_id()) {
    return InvalidArgument("If no artifact is present, given event must have an artifact_id: {}",
                           pair.DebugString());
  }
  return event;
}

Status Link(Connection& db, int64_t context_id, const std::set<int64_t>& execution_ids,
            const std::set<int64_t>& artifact_ids) {
  for (const int64_t id : execution_ids) {
    ml_metadata::Association association;
    association.set_context_id(context_id);
    association.set_execution_id(id);
    PENSTOCK_RETURN_IF_ERROR(PutAssociation(db, association, /*is_validated=*/true));
  }
  for (const int64_t id : artifact_ids) {
    ml_metadata::Attribution attribution;
    attribution.set_context_id(context_id);
    attribution.set_artifact_id(id);
    PENSTOCK_RETURN_IF_ERROR(PutAttribution(db, attribution, /*is_validated=*/true));
  }
  return OkStatus();
}

Result<int64_t> ContextOfExecution(WriteSession& session, const Context& context,
                                   const ml_metadata::PutExecutionRequest::Options& options) {
  if (!context.has_id() || !options.force_reuse_context()) {
    return UpsertContext(session, context, options.reuse_context_if_already_exist(), /*is_validated=*/false);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_found, NodeExists<Context>(session.db, context.id()));
  if (is_found) return context.id();
  return NotFound("Results missing for ids: {{{}}}. Found results for {{}}", context.id());
}

/// One end of an edge: an index into the request's nodes, the id in the event, or both where they agree.
template <class Node>
Status CheckEnd(const EventEdge& edge, std::string_view Name, std::string_view name, bool has_index,
                int index, bool has_id, int64_t id, const google::protobuf::RepeatedPtrField<Node>& nodes) {
  if (!has_index && !has_id) {
    return InvalidArgument(
        "Event_edge is missing an {0}. Could not find either an {0}_index or an event.{0}_id: {1}", name,
        edge.DebugString());
  }
  if (!has_index) return OkStatus();
  if (index < 0 || index >= nodes.size()) {
    return OutOfRange(
        "The event_edge has an {0}_index {1} that is outside the bounds of the request's {0}s list, [0, "
        "{2}). "
        "Event_edge: {3}",
        name, index, nodes.size(), edge.DebugString());
  }
  if (!has_id) return OkStatus();
  const Node& node = nodes[index];
  if (!node.has_id()) {
    return InvalidArgument(
        "Missing {0} ID. The referenced {0} at {0}_index {1} does not have an ID even though the event_edge "
        "specifies an event.{0}_id of {2}. {3}: {4}, Event_edge: {5}",
        name, index, id, Name, node.DebugString(), edge.DebugString());
  }
  if (node.id() == id) return OkStatus();
  return InvalidArgument(
      "{} ID mismatch. The referenced {} at {}_index {} has an ID of {} that does not match the event_edge's "
      "event.{}_id of {}. Artifact: {}, Event_edge: {}",
      Name, name, name, index, node.id(), name, id, node.DebugString(), edge.DebugString());
}

Status CheckEdges(const ml_metadata::PutLineageSubgraphRequest& request) {
  for (const EventEdge& edge : request.event_edges()) {
    if (!edge.has_event()) return InvalidArgument("No event found for event_edge: {}", request.DebugString());
    const Event& event = edge.event();
    PENSTOCK_RETURN_IF_ERROR(CheckEnd(edge, "Execution", "execution", edge.has_execution_index(),
                                      edge.execution_index(), event.has_execution_id(), event.execution_id(),
                                      request.executions()));
    PENSTOCK_RETURN_IF_ERROR(CheckEnd(edge, "Artifact", "artifact", edge.has_artifact_index(),
                                      edge.artifact_index(), event.has_artifact_id(), event.artifact_id(),
                                      request.artifacts()));
  }
  return OkStatus();
}

template <class Node>
Status ValidateNodes(WriteSession& session, const google::protobuf::RepeatedPtrField<Node>& nodes) {
  for (const Node& node : nodes) PENSTOCK_RETURN_IF_ERROR(ValidateNewNode(session, node));
  return OkStatus();
}

Status UpsertNodes(WriteSession& session, const ml_metadata::PutLineageSubgraphRequest& request,
                   ml_metadata::PutLineageSubgraphResponse& response) {
  for (const Context& context : request.contexts()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const int64_t id,
        UpsertContext(session, context, request.options().reuse_context_if_already_exist(), true));
    response.add_context_ids(id);
  }
  for (const Artifact& artifact : request.artifacts()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const int64_t id,
        UpsertArtifact(session, artifact, request.options().reuse_artifact_if_already_exist_by_external_id(),
                       true));
    response.add_artifact_ids(id);
  }
  for (const Execution& execution : request.executions()) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, UpsertNode(session, execution, FieldMask(), false, true));
    response.add_execution_ids(id);
  }
  return OkStatus();
}

}  // namespace

Status PutExecution(Connection& db, Timestamp now, const ml_metadata::PutExecutionRequest& request,
                    ml_metadata::PutExecutionResponse& response) {
  if (!request.has_execution()) return InvalidArgument("No execution is found: {}", request.DebugString());
  WriteSession session(db, now);
  auto pairs = request.artifact_event_pairs();
  for (ArtifactAndEvent& pair : pairs) {
    if (!pair.has_artifact()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(
        const int64_t id, UpsertArtifact(session, pair.artifact(),
                                         request.options().reuse_artifact_if_already_exist_by_external_id(),
                                         /*is_validated=*/false));
    pair.mutable_artifact()->set_id(id);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t execution_id, UpsertNode(session, request.execution(), FieldMask(),
                                                                   request.options().force_update_time()));
  response.set_execution_id(execution_id);
  std::set<int64_t> artifact_ids;
  for (const ArtifactAndEvent& pair : pairs) {
    if (pair.has_event()) {
      PENSTOCK_ASSIGN_OR_RETURN(const Event event, CompleteEvent(pair, execution_id));
      PENSTOCK_RETURN_IF_ERROR(CreateEvent(db, event, /*is_validated=*/true, now));
    }
    // A pair may be empty: then the answer has a -1 in its place.
    const int64_t id = pair.has_artifact() ? pair.artifact().id()
                       : pair.has_event()  ? pair.event().artifact_id()
                                           : -1;
    response.add_artifact_ids(id);
    artifact_ids.insert(id);
  }
  for (const Context& context : request.contexts()) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t context_id,
                              ContextOfExecution(session, context, request.options()));
    response.add_context_ids(context_id);
    PENSTOCK_RETURN_IF_ERROR(Link(db, context_id, {execution_id}, artifact_ids));
  }
  return OkStatus();
}

Status PutLineageSubgraph(Connection& db, Timestamp now,
                          const ml_metadata::PutLineageSubgraphRequest& request,
                          ml_metadata::PutLineageSubgraphResponse& response) {
  WriteSession session(db, now);
  PENSTOCK_RETURN_IF_ERROR(CheckEdges(request));
  PENSTOCK_RETURN_IF_ERROR(ValidateNodes(session, request.artifacts()));
  PENSTOCK_RETURN_IF_ERROR(ValidateNodes(session, request.executions()));
  PENSTOCK_RETURN_IF_ERROR(ValidateNodes(session, request.contexts()));
  PENSTOCK_RETURN_IF_ERROR(UpsertNodes(session, request, response));
  const std::set<int64_t> artifact_ids(response.artifact_ids().begin(), response.artifact_ids().end());
  const std::set<int64_t> execution_ids(response.execution_ids().begin(), response.execution_ids().end());
  const std::set<int64_t> context_ids(response.context_ids().begin(), response.context_ids().end());
  for (const int64_t context_id : context_ids) {
    PENSTOCK_RETURN_IF_ERROR(Link(db, context_id, execution_ids, artifact_ids));
  }
  for (const EventEdge& edge : request.event_edges()) {
    Event event = edge.event();
    if (!event.has_execution_id()) event.set_execution_id(response.execution_ids(edge.execution_index()));
    if (!event.has_artifact_id()) event.set_artifact_id(response.artifact_ids(edge.artifact_index()));
    PENSTOCK_RETURN_IF_ERROR(CreateEvent(db, event, /*is_validated=*/true, now));
  }
  return OkStatus();
}

}  // namespace penstock::metadata::mlmd
