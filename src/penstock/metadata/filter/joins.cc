#include "penstock/metadata/filter/joins.h"

#include <absl/strings/substitute.h>

namespace penstock::metadata::filter {
namespace {

// $0 is the node's own alias, $1 the neighbour's. The blanks are ML Metadata's: they are part of messages.

constexpr char kTypeJoin[] = R"sql(
JOIN (
  SELECT Type.id as type_id, Type.name as type
  FROM Type
  WHERE Type.type_kind = $2
) AS $1 ON $0.type_id = $1.type_id )sql";

constexpr char kArtifactJoin[] = R"sql(
        JOIN (
          SELECT Artifact.id, Artifact.name,
                Type.name as type,
                Attribution.context_id,
                Artifact.create_time_since_epoch,
                Artifact.last_update_time_since_epoch,
                Artifact.uri, Artifact.state
          FROM Artifact
              JOIN Type ON Artifact.type_id = Type.id
              JOIN Attribution ON Artifact.id = Attribution.artifact_id
        ) AS $1 ON $0.id = $1.context_id )sql";

constexpr char kExecutionJoin[] = R"sql(
JOIN (
  SELECT Execution.id, Execution.name,
         Type.name as type,
         Association.context_id,
         Execution.create_time_since_epoch,
         Execution.last_update_time_since_epoch,
         Execution.last_known_state
  FROM Execution
       JOIN Type ON Execution.type_id = Type.id
       JOIN Association ON Execution.id = Association.execution_id
) AS $1 ON $0.id = $1.context_id )sql";

// $2 is the table of links, $3 its column of the node.
constexpr char kContextJoin[] = R"sql(
JOIN (
  SELECT Context.id, Context.name,
         Type.name as type,
         $2.$3,
         Context.create_time_since_epoch,
         Context.last_update_time_since_epoch
  FROM Context
       JOIN Type ON Context.type_id = Type.id
       JOIN $2 ON Context.id = $2.context_id
) AS $1 ON $0.id = $1.$3 )sql";

// $2 is the column of the linked context in ParentContext, $3 that of the node, $4 the name it gets.
constexpr char kLinkedContextJoin[] = R"sql(
JOIN (
  SELECT Context.id,
         Context.name,
         Type.name as type,
         ParentContext.$3 as $4
  FROM Context
       JOIN Type ON Context.type_id = Type.id
       JOIN ParentContext ON Context.id = ParentContext.$2
) AS $1 ON $0.id = $1.$4 )sql";

// $2 is the node's column in its table of properties, $3 that table, $4 the name, $5 whether it is custom.
constexpr char kPropertyJoin[] = R"sql(
        JOIN (
          SELECT $2, int_value, double_value, string_value, bool_value
          FROM $3 WHERE name = $4 AND is_custom_property = $5
        ) AS $1 ON $0.id = $1.$2 )sql";

constexpr char kEventJoin[] = R"sql(
JOIN Event AS $1 ON $0.id = $1.$2 )sql";

constexpr absl::string_view kBase = "table_0";

struct NodeTable {
  const char* name;
  const char* properties;
  const char* id_column;
  int type_kind;
};

NodeTable TableOf(NodeKind kind) {
  switch (kind) {
    case NodeKind::kArtifact:
      return {"Artifact", "ArtifactProperty", "artifact_id", 1};
    case NodeKind::kExecution:
      return {"Execution", "ExecutionProperty", "execution_id", 0};
    case NodeKind::kContext:
      break;
  }
  return {"Context", "ContextProperty", "context_id", 2};
}

}  // namespace

std::string BaseTable(NodeKind kind) { return fmt::format("{} AS {} ", TableOf(kind).name, kBaseAlias); }

std::string JoinText(Neighbour neighbour, NodeKind kind, std::string_view alias_text,
                     std::string_view property, std::string_view custom) {
  const absl::string_view alias(alias_text.data(), alias_text.size());
  const NodeTable table = TableOf(kind);
  switch (neighbour) {
    case Neighbour::kBase:
      return "";
    case Neighbour::kType:
      return absl::Substitute(kTypeJoin, kBase, alias, table.type_kind);
    case Neighbour::kContext:
      return absl::Substitute(kContextJoin, kBase, alias,
                              kind == NodeKind::kArtifact ? "Attribution" : "Association", table.id_column);
    case Neighbour::kArtifact:
      return absl::Substitute(kArtifactJoin, kBase, alias);
    case Neighbour::kExecution:
      return absl::Substitute(kExecutionJoin, kBase, alias);
    case Neighbour::kProperty:
    case Neighbour::kCustomProperty:
      return absl::Substitute(kPropertyJoin, kBase, alias, table.id_column, table.properties,
                              absl::string_view(property.data(), property.size()),
                              absl::string_view(custom.data(), custom.size()));
    case Neighbour::kParentContext:
      return absl::Substitute(kLinkedContextJoin, kBase, alias, "parent_context_id", "context_id",
                              "child_context_id");
    case Neighbour::kChildContext:
      return absl::Substitute(kLinkedContextJoin, kBase, alias, "context_id", "parent_context_id",
                              "parent_context_id");
    case Neighbour::kEvent:
      return absl::Substitute(kEventJoin, kBase, alias, table.id_column);
  }
  return "";
}

}  // namespace penstock::metadata::filter
