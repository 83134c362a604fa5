#include "penstock/metadata/mlmd/nodes.h"

#include <algorithm>

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/message_differencer.h>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "penstock/metadata/mlmd/constraint_error.h"
#include "penstock/metadata/mlmd/node_statements.h"
#include "penstock/metadata/mlmd/property_values.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using database::Statement;
using google::protobuf::FieldMask;
using google::protobuf::RepeatedPtrField;
using ml_metadata::Artifact;
using ml_metadata::Context;
using ml_metadata::Execution;

TypeCache<ml_metadata::ArtifactType>& CacheOf(WriteSession& session, const Artifact*) {
  return session.artifact_types;
}
TypeCache<ml_metadata::ExecutionType>& CacheOf(WriteSession& session, const Execution*) {
  return session.execution_types;
}
TypeCache<ml_metadata::ContextType>& CacheOf(WriteSession& session, const Context*) {
  return session.context_types;
}

bool HasKind(const ml_metadata::Value& value, ml_metadata::PropertyType kind) {
  switch (kind) {
    case ml_metadata::INT:
      return value.has_int_value();
    case ml_metadata::DOUBLE:
      return value.has_double_value();
    case ml_metadata::STRING:
      return value.has_string_value();
    case ml_metadata::STRUCT:
      return value.has_struct_value();
    case ml_metadata::PROTO:
      return value.has_proto_value();
    case ml_metadata::BOOLEAN:
      return value.has_bool_value();
    case ml_metadata::UNKNOWN:
      return false;
  }
  return false;
}

template <class Node, class Type>
Status CheckProperties(const Node& node, const Type& type, const FieldMask& mask) {
  const PropertyMask covered(mask, /*is_custom=*/false);
  for (const auto& [name, value] : node.properties()) {
    if (!covered.Covers(name)) continue;
    const auto declared = type.properties().find(name);
    if (declared == type.properties().end()) return InvalidArgument("Found unknown property: {}", name);
    if (!HasKind(value, declared->second)) return InvalidArgument("Found unmatched property type: {}", name);
  }
  return OkStatus();
}

template <class Node>
Status PutProperty(Connection& db, int64_t id, const std::string& name, bool is_custom,
                   const ml_metadata::Value& value) {
  PENSTOCK_ASSIGN_OR_RETURN(const ValueColumns columns, ToColumns(name, value));
  return db.Run(NodeStatements<Node>::kPutProperty, id, name, is_custom, columns.int_value,
                columns.double_value, columns.string_value, columns.proto_value, columns.bool_value);
}

template <class Node>
Status PutProperties(Connection& db, int64_t id, const ValueMap& values, bool is_custom) {
  for (const auto& [name, value] : values) {
    PENSTOCK_RETURN_IF_ERROR(PutProperty<Node>(db, id, name, is_custom, value));
  }
  return OkStatus();
}

/// Makes the stored values those given, as far as the mask covers; answers whether any changed.
template <class Node>
Result<bool> ReplaceProperties(Connection& db, int64_t id, const ValueMap& given, const ValueMap& stored,
                               bool is_custom, const FieldMask& mask) {
  const PropertyMask covered(mask, is_custom);
  bool is_changed = false;
  for (const auto& [name, value] : stored) {
    if (!covered.Covers(name) || given.contains(name)) continue;
    PENSTOCK_RETURN_IF_ERROR(db.Run(NodeStatements<Node>::kDeleteProperty, id, name, is_custom));
    is_changed = true;
  }
  for (const auto& [name, value] : given) {
    if (!covered.Covers(name)) continue;
    const auto before = stored.find(name);
    if (before != stored.end() && google::protobuf::util::MessageDifferencer::Equals(before->second, value))
      continue;
    PENSTOCK_RETURN_IF_ERROR(PutProperty<Node>(db, id, name, is_custom, value));
    is_changed = true;
  }
  return is_changed;
}

template <class Node>
std::optional<std::string> OptionalName(const Node& node) {
  return node.has_name() ? std::optional<std::string>(node.name()) : std::nullopt;
}
template <class Node>
std::optional<std::string> OptionalExternalId(const Node& node) {
  return node.has_external_id() ? std::optional<std::string>(node.external_id()) : std::nullopt;
}
std::optional<int64_t> StateOf(const Artifact& node) {
  return node.has_state() ? std::optional<int64_t>(node.state()) : std::nullopt;
}
std::optional<int64_t> StateOf(const Execution& node) {
  return node.has_last_known_state() ? std::optional<int64_t>(node.last_known_state()) : std::nullopt;
}

Result<int64_t> InsertRow(Connection& db, const Artifact& node, int64_t millis) {
  return db.Insert(sql::kInsertArtifact, node.type_id(), node.uri(), StateOf(node), OptionalName(node),
                   OptionalExternalId(node), millis);
}
Result<int64_t> InsertRow(Connection& db, const Execution& node, int64_t millis) {
  return db.Insert(sql::kInsertExecution, node.type_id(), StateOf(node), OptionalName(node),
                   OptionalExternalId(node), millis);
}
Result<int64_t> InsertRow(Connection& db, const Context& node, int64_t millis) {
  if (node.name().empty()) return InvalidArgument("Context name should not be empty");
  return db.Insert(sql::kInsertContext, node.type_id(), node.name(), OptionalExternalId(node), millis);
}

Status UpdateRow(Connection& db, const Artifact& node, int64_t millis) {
  return db.Run(sql::kUpdateArtifact, node.id(), node.type_id(), node.uri(), StateOf(node),
                OptionalExternalId(node), millis);
}
Status UpdateRow(Connection& db, const Execution& node, int64_t millis) {
  return db.Run(sql::kUpdateExecution, node.id(), node.type_id(), StateOf(node), OptionalExternalId(node),
                millis);
}
Status UpdateRow(Connection& db, const Context& node, int64_t millis) {
  if (node.name().empty()) return InvalidArgument("Context name should not be empty");
  return db.Run(sql::kUpdateContext, node.id(), node.type_id(), node.name(), OptionalExternalId(node),
                millis);
}

std::string StateText(std::optional<int64_t> state) {
  return state.has_value() ? std::to_string(*state) : "NULL";
}

std::string InsertText(const Artifact& node, int64_t millis) {
  return fmt::format(
      " INSERT INTO `Artifact`(    `type_id`, `uri`, `state`, `name`, `external_id`,    "
      "`create_time_since_epoch`, `last_update_time_since_epoch` ) VALUES({}, {}, {}, {}, {}, {}, {});",
      node.type_id(), SqlText(node.uri()), StateText(StateOf(node)),
      SqlTextOrNull(node.has_name(), node.name()), SqlTextOrNull(node.has_external_id(), node.external_id()),
      millis, millis);
}
std::string InsertText(const Execution& node, int64_t millis) {
  return fmt::format(
      " INSERT INTO `Execution`(    `type_id`, `last_known_state`, `name`, `external_id`,    "
      "`create_time_since_epoch`, `last_update_time_since_epoch` ) VALUES({}, {}, {}, {}, {}, {});",
      node.type_id(), StateText(StateOf(node)), SqlTextOrNull(node.has_name(), node.name()),
      SqlTextOrNull(node.has_external_id(), node.external_id()), millis, millis);
}
std::string InsertText(const Context& node, int64_t millis) {
  return fmt::format(
      " INSERT INTO `Context`(    `type_id`, `name`, `external_id`,    "
      "`create_time_since_epoch`, `last_update_time_since_epoch` ) VALUES({}, {}, {}, {}, {});",
      node.type_id(), SqlText(node.name()), SqlTextOrNull(node.has_external_id(), node.external_id()), millis,
      millis);
}

int64_t Millis(Timestamp time) { return time.micros / 1000; }

void SetState(const Statement& row, Artifact& node) {
  if (!row.IsNull(7)) node.set_state(static_cast<Artifact::State>(row.Int(7)));
  if (!row.IsNull(8)) node.set_uri(row.Text(8));
}
void SetState(const Statement& row, Execution& node) {
  if (!row.IsNull(7)) node.set_last_known_state(static_cast<Execution::State>(row.Int(7)));
}
void SetState(const Statement&, Context&) {}

template <class Node>
Status ReadProperties(Connection& db, Node& node) {
  Statement row = db.Prepare(NodeStatements<Node>::kSelectProperties);
  row.Bind(node.id());
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    ValueMap& values = row.Int(1) != 0 ? *node.mutable_custom_properties() : *node.mutable_properties();
    PENSTOCK_RETURN_IF_ERROR(ReadValue(row, 2, values[row.Text(0)]));
  }
}

/// Answers false, and leaves `node` as it is, where there is none.
template <class Node>
Result<bool> ReadNode(Connection& db, int64_t id, Node& node) {
  Statement row = db.Prepare(NodeStatements<Node>::kSelect);
  row.Bind(id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return false;
  node.set_id(row.Int(0));
  node.set_type_id(row.Int(1));
  if (!row.IsNull(2)) node.set_name(row.Text(2));
  if (!row.IsNull(3)) node.set_external_id(row.Text(3));
  node.set_create_time_since_epoch(row.Int(4));
  node.set_last_update_time_since_epoch(row.Int(5));
  if (!row.IsNull(6)) node.set_type(row.Text(6));
  SetState(row, node);
  PENSTOCK_RETURN_IF_ERROR(ReadProperties(db, node));
  return true;
}

/// Whether anything but the type, the properties and the times is different.
template <class Node>
bool IsChanged(const Node& given, const Node& stored) {
  google::protobuf::util::MessageDifferencer differencer;
  for (const char* field : {"type_id", "properties", "custom_properties", "create_time_since_epoch",
                            "last_update_time_since_epoch"}) {
    differencer.IgnoreField(Node::descriptor()->FindFieldByName(field));
  }
  return !differencer.Compare(given, stored);
}

/// The mask's paths of plain fields: properties are written apart.
template <class Node>
FieldMask PlainFields(const FieldMask& mask) {
  FieldMask plain;
  for (const std::string& path : mask.paths()) {
    if (path.starts_with("properties") || path.starts_with("custom_properties")) continue;
    if (Node::descriptor()->FindFieldByName(path) != nullptr) plain.add_paths(path);
  }
  return plain;
}

}  // namespace

template <class Node>
Status ValidateNewNode(WriteSession& session, const Node& node) {
  if (!node.has_type_id()) return InvalidArgument("Type id is missing.");
  PENSTOCK_ASSIGN_OR_RETURN(const auto* type, CacheOf(session, &node).Find(node.type_id()));
  if (type == nullptr) {
    return NotFound("Cannot find type for {}No type found for query, type_id: {}", node.ShortDebugString(),
                    node.type_id());
  }
  const Status status = CheckProperties(node, *type, FieldMask());
  if (status.ok()) return status;
  return Status(status.code(),
                fmt::format("Cannot validate properties of {}{}", node.ShortDebugString(), status.message()));
}

template <class Node>
Result<int64_t> CreateNode(WriteSession& session, const Node& node, bool is_validated) {
  if (!is_validated) PENSTOCK_RETURN_IF_ERROR(ValidateNewNode(session, node));
  const int64_t millis = Millis(session.now);
  const Result<int64_t> id = InsertRow(session.db, node, millis);
  if (!id.ok()) {
    const bool is_taken = IsUniqueViolation(id.status());
    const Status cause = is_taken ? QueryError(id.status(), InsertText(node, millis)) : id.status();
    const Status status(cause.code(),
                        fmt::format("Cannot create node for {}{}", node.ShortDebugString(), cause.message()));
    if (!is_taken) return status;
    return AlreadyExists("Given node already exists: {}{}", node.DebugString(), status.ToString());
  }
  PENSTOCK_RETURN_IF_ERROR(PutProperties<Node>(session.db, *id, node.properties(), false));
  PENSTOCK_RETURN_IF_ERROR(PutProperties<Node>(session.db, *id, node.custom_properties(), true));
  return *id;
}

template <class Node>
Status UpdateNode(WriteSession& session, const Node& node, bool is_update_time_forced,
                  const FieldMask& mask) {
  Connection& db = session.db;
  PENSTOCK_ASSIGN_OR_RETURN(std::optional<Node> stored, FindNode<Node>(db, node.id()));
  if (!stored.has_value()) return InvalidArgument("Cannot find the given id {}", node.id());
  if (node.has_type_id() && node.type_id() != stored->type_id()) {
    return InvalidArgument("Given type_id {} is different from the one known before: {}", node.type_id(),
                           stored->type_id());
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto* type, CacheOf(session, &node).Find(stored->type_id()));
  if (type == nullptr) return NotFound("No type found for query, type_id: {}", stored->type_id());
  PENSTOCK_RETURN_IF_ERROR(CheckProperties(node, *type, mask));
  PENSTOCK_ASSIGN_OR_RETURN(
      const bool has_new_properties,
      ReplaceProperties<Node>(db, node.id(), node.properties(), stored->properties(), false, mask));
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_new_custom_properties,
                            ReplaceProperties<Node>(db, node.id(), node.custom_properties(),
                                                    stored->custom_properties(), true, mask));
  if (!is_update_time_forced && !has_new_properties && !has_new_custom_properties &&
      !IsChanged(node, *stored)) {
    return OkStatus();
  }
  // An update is always visible: its time is later than the stored one, whatever the clock says.
  const int64_t millis = std::max(Millis(session.now), stored->last_update_time_since_epoch() + 1);
  Node changed = node;
  if (!mask.paths().empty()) {
    changed = *std::move(stored);
    google::protobuf::util::FieldMaskUtil::MergeMessageTo(node, PlainFields<Node>(mask), {}, &changed);
  } else {
    changed.set_type_id(stored->type_id());
  }
  const Status status = UpdateRow(db, changed, millis);
  return IsUniqueViolation(status) ? QueryError(status, "UPDATE") : status;
}

template <class Node>
Result<int64_t> UpsertNode(WriteSession& session, const Node& node, const FieldMask& mask,
                           bool is_update_time_forced, bool is_validated) {
  if (!node.has_id()) return CreateNode(session, node, is_validated);
  PENSTOCK_RETURN_IF_ERROR(UpdateNode(session, node, is_update_time_forced, mask));
  return node.id();
}

template <class Node>
Result<std::optional<Node>> FindNode(Connection& db, int64_t id) {
  Node node;
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_found, ReadNode(db, id, node));
  return is_found ? std::optional<Node>(std::move(node)) : std::nullopt;
}

template <class Node>
Result<bool> NodeExists(Connection& db, int64_t id) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto found, db.FindInt(NodeStatements<Node>::kSelectExists, id));
  return found.has_value();
}

template <class Node>
Status AppendNodes(Connection& db, std::vector<int64_t> ids, RepeatedPtrField<Node>& nodes) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return AppendNodesInOrder(db, ids, nodes);
}

template <class Node>
Status AppendNodesInOrder(Connection& db, const std::vector<int64_t>& ids, RepeatedPtrField<Node>& nodes) {
  for (const int64_t id : ids) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_found, ReadNode(db, id, *nodes.Add()));
    if (!is_found) nodes.RemoveLast();
  }
  return OkStatus();
}

template <class Node>
Result<std::vector<int64_t>> AllNodeIds(Connection& db) {
  return db.FindInts(NodeStatements<Node>::kSelectAllIds);
}

template <class Node>
Result<std::vector<int64_t>> NodeIdsByType(Connection& db, int64_t type_id) {
  return db.FindInts(NodeStatements<Node>::kSelectIdsByType, type_id);
}

template <class Node>
Result<std::optional<int64_t>> FindNodeId(Connection& db, int64_t type_id, std::string_view name) {
  return db.FindInt(NodeStatements<Node>::kSelectIdByName, type_id, name);
}

template <class Node>
Result<std::vector<int64_t>> NodeIdsByExternalIds(Connection& db,
                                                  const RepeatedPtrField<std::string>& external_ids) {
  std::vector<int64_t> ids;
  for (const std::string& external_id : external_ids) {
    if (external_id.empty()) {
      return InvalidArgument("Invalid argument because at least one empty external_id exists.");
    }
  }
  for (const std::string& external_id : external_ids) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto id,
                              db.FindInt(NodeStatements<Node>::kSelectIdByExternalId, external_id));
    if (id.has_value()) ids.push_back(*id);
  }
  if (ids.empty() && !external_ids.empty()) {
    return NotFound("No {} found for external_ids.", NodeStatements<Node>::kPlural);
  }
  return ids;
}

#define PENSTOCK_FOR_NODE(Node)                                                                        \
  template Status ValidateNewNode<Node>(WriteSession&, const Node&);                                   \
  template Result<int64_t> CreateNode<Node>(WriteSession&, const Node&, bool);                         \
  template Status UpdateNode<Node>(WriteSession&, const Node&, bool, const FieldMask&);                \
  template Result<int64_t> UpsertNode<Node>(WriteSession&, const Node&, const FieldMask&, bool, bool); \
  template Result<std::optional<Node>> FindNode<Node>(Connection&, int64_t);                           \
  template Result<bool> NodeExists<Node>(Connection&, int64_t);                                        \
  template Status AppendNodes<Node>(Connection&, std::vector<int64_t>, RepeatedPtrField<Node>&);       \
  template Status AppendNodesInOrder<Node>(Connection&, const std::vector<int64_t>&,                   \
                                           RepeatedPtrField<Node>&);                                   \
  template Result<std::vector<int64_t>> AllNodeIds<Node>(Connection&);                                 \
  template Result<std::vector<int64_t>> NodeIdsByType<Node>(Connection&, int64_t);                     \
  template Result<std::optional<int64_t>> FindNodeId<Node>(Connection&, int64_t, std::string_view);    \
  template Result<std::vector<int64_t>> NodeIdsByExternalIds<Node>(Connection&,                        \
                                                                   const RepeatedPtrField<std::string>&);
PENSTOCK_FOR_NODE(Artifact)
PENSTOCK_FOR_NODE(Execution)
PENSTOCK_FOR_NODE(Context)
#undef PENSTOCK_FOR_NODE

}  // namespace penstock::metadata::mlmd
