#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/repeated_field.h>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/mlmd/types.h"

namespace google::protobuf {
class FieldMask;
}
namespace ml_metadata {
class Artifact;
class Execution;
class Context;
}  // namespace ml_metadata

namespace penstock::metadata::mlmd {

/// ML Metadata's nodes: `Node` is ml_metadata::Artifact, Execution or Context. Each function runs within
/// the caller's transaction; codes and messages are those of ML Metadata 1.17.

template <class Node>
struct NodeType;
template <>
struct NodeType<ml_metadata::Artifact> {
  using type = ml_metadata::ArtifactType;
};
template <>
struct NodeType<ml_metadata::Execution> {
  using type = ml_metadata::ExecutionType;
};
template <>
struct NodeType<ml_metadata::Context> {
  using type = ml_metadata::ContextType;
};
template <class Node>
using NodeTypeOf = typename NodeType<Node>::type;

/// What the writes of one request share. Lives as long as its transaction.
struct WriteSession {
  WriteSession(database::Connection& connection, Timestamp time)
      : db(connection),
        now(time),
        artifact_types(connection),
        execution_types(connection),
        context_types(connection) {}

  database::Connection& db;
  Timestamp now;
  TypeCache<ml_metadata::ArtifactType> artifact_types;
  TypeCache<ml_metadata::ExecutionType> execution_types;
  TypeCache<ml_metadata::ContextType> context_types;
};

/// Checks that `node` has a known type and only properties that the type declares.
template <class Node>
Status ValidateNewNode(WriteSession& session, const Node& node);
/// Inserts it; answers its id. `is_validated`: ValidateNewNode was called before.
template <class Node>
Result<int64_t> CreateNode(WriteSession& session, const Node& node, bool is_validated);

/// Changes the stored node of this id into `node`: as a whole, or only the fields of `mask`. Its type (and
/// the name of an artifact or execution) stays. The time of update moves when anything changed.
template <class Node>
Status UpdateNode(WriteSession& session, const Node& node, bool is_update_time_forced,
                  const google::protobuf::FieldMask& mask);

/// Updates by the id where the node has one, otherwise creates; answers the id.
template <class Node>
Result<int64_t> UpsertNode(WriteSession& session, const Node& node, const google::protobuf::FieldMask& mask,
                           bool is_update_time_forced = false, bool is_validated = false);

template <class Node>
Result<std::optional<Node>> FindNode(database::Connection& db, int64_t id);
template <class Node>
Result<bool> NodeExists(database::Connection& db, int64_t id);
/// Appends those that exist, each once, in the order of their ids (`ids` may be in any). Two indexed
/// queries a node.
template <class Node>
Status AppendNodes(database::Connection& db, std::vector<int64_t> ids,
                   google::protobuf::RepeatedPtrField<Node>& nodes);
/// The same in the order given.
template <class Node>
Status AppendNodesInOrder(database::Connection& db, const std::vector<int64_t>& ids,
                          google::protobuf::RepeatedPtrField<Node>& nodes);

template <class Node>
Result<std::vector<int64_t>> AllNodeIds(database::Connection& db);
template <class Node>
Result<std::vector<int64_t>> NodeIdsByType(database::Connection& db, int64_t type_id);
template <class Node>
Result<std::optional<int64_t>> FindNodeId(database::Connection& db, int64_t type_id, std::string_view name);
/// kNotFound where there is none at all, kInvalidArgument for an empty id; no ids: empty.
template <class Node>
Result<std::vector<int64_t>> NodeIdsByExternalIds(
    database::Connection& db, const google::protobuf::RepeatedPtrField<std::string>& external_ids);

}  // namespace penstock::metadata::mlmd
