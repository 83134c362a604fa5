#include "penstock/metadata/filter/columns.h"

namespace penstock::metadata::filter {
namespace {

constexpr Field kContextFields[] = {{"id", ValueType::kInt64},
                                    {"name", ValueType::kString},
                                    {"type", ValueType::kString},
                                    {"create_time_since_epoch", ValueType::kInt64},
                                    {"last_update_time_since_epoch", ValueType::kInt64}};
constexpr Field kLinkedContextFields[] = {{"id", ValueType::kInt64},
                                          {"name", ValueType::kString},
                                          {"type", ValueType::kString},
                                          {"create_time_since_epoch", ValueType::kInt64, false},
                                          {"last_update_time_since_epoch", ValueType::kInt64, false}};
constexpr Field kArtifactFields[] = {{"id", ValueType::kInt64},
                                     {"name", ValueType::kString},
                                     {"type", ValueType::kString},
                                     {"state", ValueType::kInt64},
                                     {"uri", ValueType::kString},
                                     {"external_id", ValueType::kString, false},
                                     {"create_time_since_epoch", ValueType::kInt64},
                                     {"last_update_time_since_epoch", ValueType::kInt64}};
constexpr Field kExecutionFields[] = {{"id", ValueType::kInt64},
                                      {"name", ValueType::kString},
                                      {"type", ValueType::kString},
                                      {"last_known_state", ValueType::kInt64},
                                      {"external_id", ValueType::kString, false},
                                      {"create_time_since_epoch", ValueType::kInt64},
                                      {"last_update_time_since_epoch", ValueType::kInt64}};
constexpr Field kPropertyFields[] = {{"int_value", ValueType::kInt64},
                                     {"double_value", ValueType::kDouble},
                                     {"string_value", ValueType::kString},
                                     {"bool_value", ValueType::kBool}};
constexpr Field kArtifactEventFields[] = {{"type", ValueType::kInt64},
                                          {"milliseconds_since_epoch", ValueType::kInt64},
                                          {"execution_id", ValueType::kInt64}};
constexpr Field kExecutionEventFields[] = {{"type", ValueType::kInt64},
                                           {"milliseconds_since_epoch", ValueType::kInt64},
                                           {"artifact_id", ValueType::kInt64}};

}  // namespace

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kInt64:
    case ValueType::kNull:
      return "INT64";
    case ValueType::kUint64:
      return "UINT64";
    case ValueType::kBool:
      return "BOOL";
    case ValueType::kDouble:
      return "DOUBLE";
    case ValueType::kString:
      return "STRING";
    case ValueType::kBytes:
      return "BYTES";
    case ValueType::kNeighbour:
      return "STRUCT";
  }
  return "";
}

std::span<const Field> FieldsOf(Neighbour neighbour, NodeKind kind) {
  switch (neighbour) {
    case Neighbour::kBase:
    case Neighbour::kType:
      return {};
    case Neighbour::kContext:
      return kContextFields;
    case Neighbour::kArtifact:
      return kArtifactFields;
    case Neighbour::kExecution:
      return kExecutionFields;
    case Neighbour::kProperty:
    case Neighbour::kCustomProperty:
      return kPropertyFields;
    case Neighbour::kParentContext:
    case Neighbour::kChildContext:
      return kLinkedContextFields;
    case Neighbour::kEvent:
      return kind == NodeKind::kArtifact ? kArtifactEventFields : kExecutionEventFields;
  }
  return {};
}

std::string StructName(std::span<const Field> fields) {
  constexpr size_t kMaxShown = 3;
  std::string name = "STRUCT<";
  for (size_t i = 0; i < fields.size() && i < kMaxShown; ++i) {
    name += fmt::format("{}{} {}", i == 0 ? "" : ", ", fields[i].name, TypeName(fields[i].type));
  }
  return name + (fields.size() > kMaxShown ? ", ...>" : ">");
}

Columns AttributesOf(NodeKind kind) {
  Columns columns;
  const auto add = [&](const std::string& name, ValueType type) {
    columns[name] = {name == "type" ? Neighbour::kType : Neighbour::kBase, type, name, ""};
  };
  for (const char* name : {"id", "type_id", "create_time_since_epoch", "last_update_time_since_epoch"}) {
    add(name, ValueType::kInt64);
  }
  for (const char* name : {"type", "name", "external_id"}) add(name, ValueType::kString);
  if (kind == NodeKind::kArtifact) add("uri", ValueType::kString);
  if (kind == NodeKind::kArtifact) add("state", ValueType::kInt64);
  if (kind == NodeKind::kExecution) add("last_known_state", ValueType::kInt64);
  return columns;
}

}  // namespace penstock::metadata::filter
