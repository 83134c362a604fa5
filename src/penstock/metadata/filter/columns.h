#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "penstock/metadata/filter/filter_query.h"

namespace penstock::metadata::filter {

/// The types of GoogleSQL that an expression here can have. In the order in which lists of types are shown.
enum class ValueType { kInt64, kUint64, kBool, kDouble, kString, kBytes, kNull, kNeighbour };

/// "INT64"; of kNull what an untyped NULL is shown as.
std::string_view TypeName(ValueType type);

/// Which table a mentioned name stands for. In the order in which their joins follow each other.
enum class Neighbour {
  kBase,
  kType,
  kContext,
  kArtifact,
  kExecution,
  kProperty,
  kCustomProperty,
  kParentContext,
  kChildContext,
  kEvent
};

struct Field {
  std::string_view name;
  ValueType type;
  bool has_column = true;  ///< False: may be named, but the join does not have it.
};

/// The fields of a neighbour, seen from a node of this kind; empty of kBase.
std::span<const Field> FieldsOf(Neighbour neighbour, NodeKind kind);
/// "STRUCT<id INT64, name STRING, type STRING, ...>"
std::string StructName(std::span<const Field> fields);

/// A name that a query may use: an attribute of the node, or a neighbour that it mentions.
struct Column {
  Neighbour neighbour = Neighbour::kBase;
  ValueType type = ValueType::kNeighbour;
  std::string mention;   ///< As the query spells it: "contexts_run".
  std::string property;  ///< Of properties: the name alone.
};

/// By name in small letters: names are the same in any case.
using Columns = std::map<std::string, Column, std::less<>>;

/// The node's own attributes.
Columns AttributesOf(NodeKind kind);

}  // namespace penstock::metadata::filter
