#include <set>

#include "penstock/metadata/mlmd/listing.h"
#include "penstock/metadata/mlmd/nodes.h"
#include "penstock/metadata/mlmd/requests_internal.h"
#include "penstock/metadata/mlmd/statements.h"
#include "penstock/metadata/mlmd/types.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;

template <class Node, class Request, class Response>
Status GetNodes(Connection& db, const Request& request, RepeatedPtrField<Node>& nodes, Response& response) {
  if (!request.has_options()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto ids, AllNodeIds<Node>(db));
    return AppendNodesInOrder(db, ids, nodes);
  }
  std::string next_page_token;
  PENSTOCK_RETURN_IF_ERROR(ListNodes(db, request.options(), {}, nodes, next_page_token));
  if (!next_page_token.empty()) response.set_next_page_token(next_page_token);
  return OkStatus();
}

template <class Node>
Status GetNodesById(Connection& db, const RepeatedField<int64_t>& ids, RepeatedPtrField<Node>& nodes) {
  return AppendNodes(db, {ids.begin(), ids.end()}, nodes);
}

template <class Node, class Request>
Result<std::optional<int64_t>> TypeOf(Connection& db, const Request& request) {
  return FindTypeId(db, KindOf<NodeTypeOf<Node>>(), request.type_name(), request.type_version());
}

template <class Node, class Request, class Response>
Status GetNodesByType(Connection& db, const Request& request, RepeatedPtrField<Node>& nodes,
                      Response& response) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto type_id, (TypeOf<Node>(db, request)));
  if (!type_id.has_value()) return OkStatus();
  if (!request.has_options()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto ids, NodeIdsByType<Node>(db, *type_id));
    return AppendNodesInOrder(db, ids, nodes);
  }
  std::string next_page_token;
  PENSTOCK_RETURN_IF_ERROR(ListNodes(db, request.options(), {.type_id = *type_id}, nodes, next_page_token));
  response.set_next_page_token(next_page_token);
  return OkStatus();
}

/// Answers an empty response where there is no such type or node.
template <class Node, class Request>
Result<std::optional<Node>> GetNodeByName(Connection& db, const Request& request, const std::string& name) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto type_id, (TypeOf<Node>(db, request)));
  if (!type_id.has_value()) return std::optional<Node>();
  PENSTOCK_ASSIGN_OR_RETURN(const auto id, FindNodeId<Node>(db, *type_id, name));
  if (!id.has_value()) return std::optional<Node>();
  return FindNode<Node>(db, *id);
}

template <class Node, class Request>
Status GetNodesByExternalIds(Connection& db, const Request& request, RepeatedPtrField<Node>& nodes) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto ids, NodeIdsByExternalIds<Node>(db, request.external_ids()));
  return AppendNodes(db, ids, nodes);
}

}  // namespace

Status GetArtifacts(Connection& db, const ml_metadata::GetArtifactsRequest& request,
                    ml_metadata::GetArtifactsResponse& response) {
  return GetNodes(db, request, *response.mutable_artifacts(), response);
}

Status GetArtifactsByID(Connection& db, const ml_metadata::GetArtifactsByIDRequest& request,
                        ml_metadata::GetArtifactsByIDResponse& response) {
  PENSTOCK_RETURN_IF_ERROR(GetNodesById(db, request.artifact_ids(), *response.mutable_artifacts()));
  if (!request.populate_artifact_types()) return OkStatus();
  std::set<int64_t> type_ids;
  for (const auto& artifact : response.artifacts()) {
    if (!type_ids.insert(artifact.type_id()).second) continue;
    PENSTOCK_ASSIGN_OR_RETURN(auto type, FindTypeById<ml_metadata::ArtifactType>(db, artifact.type_id()));
    if (type.has_value()) *response.add_artifact_types() = *std::move(type);
  }
  return OkStatus();
}

Status GetArtifactsByType(Connection& db, const ml_metadata::GetArtifactsByTypeRequest& request,
                          ml_metadata::GetArtifactsByTypeResponse& response) {
  return GetNodesByType(db, request, *response.mutable_artifacts(), response);
}

Status GetArtifactByTypeAndName(Connection& db, const ml_metadata::GetArtifactByTypeAndNameRequest& request,
                                ml_metadata::GetArtifactByTypeAndNameResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(auto node,
                            GetNodeByName<ml_metadata::Artifact>(db, request, request.artifact_name()));
  if (node.has_value()) *response.mutable_artifact() = *std::move(node);
  return OkStatus();
}

Status GetArtifactsByExternalIds(Connection& db, const ml_metadata::GetArtifactsByExternalIdsRequest& request,
                                 ml_metadata::GetArtifactsByExternalIdsResponse& response) {
  return GetNodesByExternalIds(db, request, *response.mutable_artifacts());
}

Status GetExecutions(Connection& db, const ml_metadata::GetExecutionsRequest& request,
                     ml_metadata::GetExecutionsResponse& response) {
  return GetNodes(db, request, *response.mutable_executions(), response);
}

Status GetExecutionsByID(Connection& db, const ml_metadata::GetExecutionsByIDRequest& request,
                         ml_metadata::GetExecutionsByIDResponse& response) {
  return GetNodesById(db, request.execution_ids(), *response.mutable_executions());
}

Status GetExecutionsByType(Connection& db, const ml_metadata::GetExecutionsByTypeRequest& request,
                           ml_metadata::GetExecutionsByTypeResponse& response) {
  return GetNodesByType(db, request, *response.mutable_executions(), response);
}

Status GetExecutionByTypeAndName(Connection& db, const ml_metadata::GetExecutionByTypeAndNameRequest& request,
                                 ml_metadata::GetExecutionByTypeAndNameResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(auto node,
                            GetNodeByName<ml_metadata::Execution>(db, request, request.execution_name()));
  if (node.has_value()) *response.mutable_execution() = *std::move(node);
  return OkStatus();
}

Status GetExecutionsByExternalIds(Connection& db,
                                  const ml_metadata::GetExecutionsByExternalIdsRequest& request,
                                  ml_metadata::GetExecutionsByExternalIdsResponse& response) {
  return GetNodesByExternalIds(db, request, *response.mutable_executions());
}

Status GetContexts(Connection& db, const ml_metadata::GetContextsRequest& request,
                   ml_metadata::GetContextsResponse& response) {
  return GetNodes(db, request, *response.mutable_contexts(), response);
}

Status GetContextsByID(Connection& db, const ml_metadata::GetContextsByIDRequest& request,
                       ml_metadata::GetContextsByIDResponse& response) {
  return GetNodesById(db, request.context_ids(), *response.mutable_contexts());
}

Status GetContextsByType(Connection& db, const ml_metadata::GetContextsByTypeRequest& request,
                         ml_metadata::GetContextsByTypeResponse& response) {
  return GetNodesByType(db, request, *response.mutable_contexts(), response);
}

Status GetContextByTypeAndName(Connection& db, const ml_metadata::GetContextByTypeAndNameRequest& request,
                               ml_metadata::GetContextByTypeAndNameResponse& response) {
  PENSTOCK_ASSIGN_OR_RETURN(auto node,
                            GetNodeByName<ml_metadata::Context>(db, request, request.context_name()));
  if (node.has_value()) *response.mutable_context() = *std::move(node);
  return OkStatus();
}

Status GetContextsByExternalIds(Connection& db, const ml_metadata::GetContextsByExternalIdsRequest& request,
                                ml_metadata::GetContextsByExternalIdsResponse& response) {
  return GetNodesByExternalIds(db, request, *response.mutable_contexts());
}

Status GetArtifactsByURI(Connection& db, const ml_metadata::GetArtifactsByURIRequest& request,
                         ml_metadata::GetArtifactsByURIResponse& response) {
  const auto& unknown = request.GetReflection()->GetUnknownFields(request);
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).number() != 1) continue;
    return InvalidArgument(
        "The request contains deprecated field `uri`. Please upgrade the client library version above "
        "0.21.0. "
        "GetArtifactsByURIRequest: {}",
        request.DebugString());
  }
  const std::set<std::string> uris(request.uris().begin(), request.uris().end());
  for (const std::string& uri : uris) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto ids, db.FindInts(sql::kSelectArtifactIdsByUri, uri));
    PENSTOCK_RETURN_IF_ERROR(AppendNodesInOrder(db, ids, *response.mutable_artifacts()));
  }
  return OkStatus();
}

}  // namespace penstock::metadata::mlmd
