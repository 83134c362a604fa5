#include "penstock/metadata/mlmd/edges.h"
#include "penstock/metadata/mlmd/lineage_subgraph.h"
#include "penstock/metadata/mlmd/listing.h"
#include "penstock/metadata/mlmd/nodes.h"
#include "penstock/metadata/mlmd/requests_internal.h"
#include "penstock/metadata/mlmd/statements.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;
using ml_metadata::Context;

/// All nodes of a context, or one page of them.
template <class Node, class Request, class Response>
Status NodesOfContext(Connection& db, std::string_view all_ids, const Request& request,
                      RepeatedPtrField<Node>& nodes, Response& response) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto ids, db.FindInts(all_ids, request.context_id()));
  if (ids.empty()) return OkStatus();
  if (!request.has_options()) return AppendNodesInOrder(db, ids, nodes);
  std::string next_page_token;
  PENSTOCK_RETURN_IF_ERROR(
      ListNodes(db, request.options(), {.context_id = request.context_id()}, nodes, next_page_token));
  if (!next_page_token.empty()) response.set_next_page_token(next_page_token);
  return OkStatus();
}

Status AppendContexts(Connection& db, std::string_view statement, int64_t id,
                      RepeatedPtrField<Context>& contexts) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto ids, db.FindInts(statement, id));
  return AppendNodesInOrder(db, ids, contexts);
}

}  // namespace

Status GetEventsByExecutionIDs(Connection& db, const ml_metadata::GetEventsByExecutionIDsRequest& request,
                               ml_metadata::GetEventsByExecutionIDsResponse& response) {
  return AppendEvents(db, EventEnd::kExecution,
                      {request.execution_ids().begin(), request.execution_ids().end()},
                      *response.mutable_events());
}

Status GetEventsByArtifactIDs(Connection& db, const ml_metadata::GetEventsByArtifactIDsRequest& request,
                              ml_metadata::GetEventsByArtifactIDsResponse& response) {
  return AppendEvents(db, EventEnd::kArtifact, {request.artifact_ids().begin(), request.artifact_ids().end()},
                      *response.mutable_events());
}

Status GetContextsByArtifact(Connection& db, const ml_metadata::GetContextsByArtifactRequest& request,
                             ml_metadata::GetContextsByArtifactResponse& response) {
  PENSTOCK_RETURN_IF_ERROR(AppendContexts(db, sql::kSelectContextIdsByArtifact, request.artifact_id(),
                                          *response.mutable_contexts()));
  if (!response.contexts().empty()) return OkStatus();
  return NotFound("No contexts found for artifact_id: {}", request.artifact_id());
}

Status GetContextsByExecution(Connection& db, const ml_metadata::GetContextsByExecutionRequest& request,
                              ml_metadata::GetContextsByExecutionResponse& response) {
  PENSTOCK_RETURN_IF_ERROR(AppendContexts(db, sql::kSelectContextIdsByExecution, request.execution_id(),
                                          *response.mutable_contexts()));
  if (!response.contexts().empty()) return OkStatus();
  return NotFound("No contexts found for execution_id: {}", request.execution_id());
}

Status GetArtifactsByContext(Connection& db, const ml_metadata::GetArtifactsByContextRequest& request,
                             ml_metadata::GetArtifactsByContextResponse& response) {
  return NodesOfContext(db, sql::kSelectArtifactIdsByContext, request, *response.mutable_artifacts(),
                        response);
}

Status GetExecutionsByContext(Connection& db, const ml_metadata::GetExecutionsByContextRequest& request,
                              ml_metadata::GetExecutionsByContextResponse& response) {
  return NodesOfContext(db, sql::kSelectExecutionIdsByContext, request, *response.mutable_executions(),
                        response);
}

Status GetParentContextsByContext(Connection& db,
                                  const ml_metadata::GetParentContextsByContextRequest& request,
                                  ml_metadata::GetParentContextsByContextResponse& response) {
  return AppendContexts(db, sql::kSelectParentContextIds, request.context_id(), *response.mutable_contexts());
}

Status GetChildrenContextsByContext(Connection& db,
                                    const ml_metadata::GetChildrenContextsByContextRequest& request,
                                    ml_metadata::GetChildrenContextsByContextResponse& response) {
  return AppendContexts(db, sql::kSelectChildContextIds, request.context_id(), *response.mutable_contexts());
}

Status GetParentContextsByContexts(Connection& db,
                                   const ml_metadata::GetParentContextsByContextsRequest& request,
                                   ml_metadata::GetParentContextsByContextsResponse& response) {
  if (request.context_ids().empty()) return InvalidArgument("Given context_ids is empty.");
  for (const int64_t id : request.context_ids()) {
    if (response.contexts().contains(id)) continue;
    RepeatedPtrField<Context> parents;
    PENSTOCK_RETURN_IF_ERROR(AppendContexts(db, sql::kSelectParentContextIds, id, parents));
    if (!parents.empty()) (*response.mutable_contexts())[id].mutable_parent_contexts()->Swap(&parents);
  }
  return OkStatus();
}

Status GetChildrenContextsByContexts(Connection& db,
                                     const ml_metadata::GetChildrenContextsByContextsRequest& request,
                                     ml_metadata::GetChildrenContextsByContextsResponse& response) {
  if (request.context_ids().empty()) return InvalidArgument("Given context_ids is empty.");
  for (const int64_t id : request.context_ids()) {
    if (response.contexts().contains(id)) continue;
    RepeatedPtrField<Context> children;
    PENSTOCK_RETURN_IF_ERROR(AppendContexts(db, sql::kSelectChildContextIds, id, children));
    if (!children.empty()) (*response.mutable_contexts())[id].mutable_children_contexts()->Swap(&children);
  }
  return OkStatus();
}

Status GetLineageGraph(Connection&, const ml_metadata::GetLineageGraphRequest&,
                       ml_metadata::GetLineageGraphResponse&) {
  // ML Metadata deprecated it for GetLineageSubgraph and answers so too.
  return Unimplemented("GetLineageGraph is not implemented.");
}

Status GetLineageSubgraph(Connection& db, const ml_metadata::GetLineageSubgraphRequest& request,
                          ml_metadata::GetLineageSubgraphResponse& response) {
  return QueryLineageSubgraph(db, request.lineage_subgraph_query_options(), request.read_mask(),
                              *response.mutable_lineage_subgraph());
}

}  // namespace penstock::metadata::mlmd
