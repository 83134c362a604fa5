#include "penstock/metadata/mlmd/edges.h"
#include "penstock/metadata/mlmd/nodes.h"
#include "penstock/metadata/mlmd/requests_internal.h"
#include "penstock/metadata/mlmd/types.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;

template <class Request>
Result<TypeEvolution> EvolutionOf(const Request& request) {
  // The field is deprecated because only its default ever worked: what else is sent is refused.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  if (!request.all_fields_match()) return Unimplemented("Must match all fields.");
#pragma GCC diagnostic pop
  return TypeEvolution{request.can_add_fields(), request.can_omit_fields()};
}

template <class Type, class Request>
Result<int64_t> PutType(Connection& db, const Request& request, const Type& type) {
  PENSTOCK_ASSIGN_OR_RETURN(const TypeEvolution evolution, EvolutionOf(request));
  google::protobuf::RepeatedPtrField<Type> types;
  *types.Add() = type;
  google::protobuf::RepeatedField<int64_t> ids;
  PENSTOCK_RETURN_IF_ERROR(UpsertTypes(db, types, evolution, ids));
  return ids[0];
}

/// For a client that read the artifact, changed it, and wants to know that nobody else did.
Status CheckUnchanged(Connection& db, const ml_metadata::Artifact& artifact) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto stored, FindNode<ml_metadata::Artifact>(db, artifact.id()));
  if (!stored.has_value() ||
      stored->last_update_time_since_epoch() == artifact.last_update_time_since_epoch()) {
    return OkStatus();
  }
  return FailedPrecondition(
      "`abort_if_latest_updated_time_changed` is set, and the stored artifact with id = {} has a different "
      "last_update_time_since_epoch: {} from the one in the given artifact: {}",
      artifact.id(), stored->last_update_time_since_epoch(), artifact.last_update_time_since_epoch());
}

}  // namespace

Status PutArtifactType(Connection& db, Timestamp, const ml_metadata::PutArtifactTypeRequest& request,
                       ml_metadata::PutArtifactTypeResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, PutType(db, request, request.artifact_type()));
  response.set_type_id(id);
  return OkStatus();
}

Status PutExecutionType(Connection& db, Timestamp, const ml_metadata::PutExecutionTypeRequest& request,
                        ml_metadata::PutExecutionTypeResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, PutType(db, request, request.execution_type()));
  response.set_type_id(id);
  return OkStatus();
}

Status PutContextType(Connection& db, Timestamp, const ml_metadata::PutContextTypeRequest& request,
                      ml_metadata::PutContextTypeResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, PutType(db, request, request.context_type()));
  response.set_type_id(id);
  return OkStatus();
}

Status PutTypes(Connection& db, Timestamp, const ml_metadata::PutTypesRequest& request,
                ml_metadata::PutTypesResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(const TypeEvolution evolution, EvolutionOf(request));
  PENSTOCK_RETURN_IF_ERROR(
      UpsertTypes(db, request.artifact_types(), evolution, *response.mutable_artifact_type_ids()));
  PENSTOCK_RETURN_IF_ERROR(
      UpsertTypes(db, request.execution_types(), evolution, *response.mutable_execution_type_ids()));
  return UpsertTypes(db, request.context_types(), evolution, *response.mutable_context_type_ids());
}

Status PutArtifacts(Connection& db, Timestamp now, const ml_metadata::PutArtifactsRequest& request,
                    ml_metadata::PutArtifactsResponse& response) {
  WriteSession session(db, now);
  for (const auto& artifact : request.artifacts()) {
    if (artifact.has_id() && request.options().abort_if_latest_updated_time_changed()) {
      PENSTOCK_RETURN_IF_ERROR(CheckUnchanged(db, artifact));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, UpsertNode(session, artifact, request.update_mask()));
    response.add_artifact_ids(id);
  }
  return OkStatus();
}

Status PutExecutions(Connection& db, Timestamp now, const ml_metadata::PutExecutionsRequest& request,
                     ml_metadata::PutExecutionsResponse& response) {
  WriteSession session(db, now);
  for (const auto& execution : request.executions()) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, UpsertNode(session, execution, request.update_mask()));
    response.add_execution_ids(id);
  }
  return OkStatus();
}

Status PutContexts(Connection& db, Timestamp now, const ml_metadata::PutContextsRequest& request,
                   ml_metadata::PutContextsResponse& response) {
  WriteSession session(db, now);
  for (const auto& context : request.contexts()) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, UpsertNode(session, context, request.update_mask()));
    response.add_context_ids(id);
  }
  return OkStatus();
}

Status PutEvents(Connection& db, Timestamp now, const ml_metadata::PutEventsRequest& request,
                 ml_metadata::PutEventsResponse&) {
  for (const auto& event : request.events()) {
    PENSTOCK_RETURN_IF_ERROR(CreateEvent(db, event, /*is_validated=*/false, now));
  }
  return OkStatus();
}

Status PutAttributionsAndAssociations(Connection& db, Timestamp,
                                      const ml_metadata::PutAttributionsAndAssociationsRequest& request,
                                      ml_metadata::PutAttributionsAndAssociationsResponse&) {
  // As the original copies them: a missing id is the id 0.
  for (const auto& link : request.attributions()) {
    ml_metadata::Attribution attribution;
    attribution.set_context_id(link.context_id());
    attribution.set_artifact_id(link.artifact_id());
    PENSTOCK_RETURN_IF_ERROR(PutAttribution(db, attribution, /*is_validated=*/false));
  }
  for (const auto& link : request.associations()) {
    ml_metadata::Association association;
    association.set_context_id(link.context_id());
    association.set_execution_id(link.execution_id());
    PENSTOCK_RETURN_IF_ERROR(PutAssociation(db, association, /*is_validated=*/false));
  }
  return OkStatus();
}

Status PutParentContexts(Connection& db, Timestamp, const ml_metadata::PutParentContextsRequest& request,
                         ml_metadata::PutParentContextsResponse&) {
  for (const auto& link : request.parent_contexts()) PENSTOCK_RETURN_IF_ERROR(CreateParentContext(db, link));
  return OkStatus();
}

}  // namespace penstock::metadata::mlmd
