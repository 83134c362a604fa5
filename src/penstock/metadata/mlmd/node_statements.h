#pragma once

#include <string_view>

#include "penstock/metadata/mlmd/nodes.h"
#include "penstock/metadata/mlmd/statements.h"

namespace penstock::metadata::mlmd {

/// The statements and names of each kind of node.
template <class Node>
struct NodeStatements;

#define PENSTOCK_NODE_STATEMENTS(Node, plural)                                                    \
  template <>                                                                                     \
  struct NodeStatements<ml_metadata::Node> {                                                      \
    static constexpr std::string_view kTable = #Node;                                             \
    static constexpr std::string_view kPlural = #plural;                                          \
    static constexpr std::string_view kSelect = sql::kSelect##Node;                               \
    static constexpr std::string_view kSelectExists = sql::kSelect##Node##Exists;                 \
    static constexpr std::string_view kSelectProperties = sql::kSelect##Node##Properties;         \
    static constexpr std::string_view kPutProperty = sql::kPut##Node##Property;                   \
    static constexpr std::string_view kDeleteProperty = sql::kDelete##Node##Property;             \
    static constexpr std::string_view kSelectAllIds = sql::kSelectAll##Node##Ids;                 \
    static constexpr std::string_view kSelectIdsByType = sql::kSelect##Node##IdsByType;           \
    static constexpr std::string_view kSelectIdByName = sql::kSelect##Node##IdByName;             \
    static constexpr std::string_view kSelectIdByExternalId = sql::kSelect##Node##IdByExternalId; \
  };
PENSTOCK_NODE_STATEMENTS(Artifact, artifacts)
PENSTOCK_NODE_STATEMENTS(Execution, executions)
PENSTOCK_NODE_STATEMENTS(Context, contexts)
#undef PENSTOCK_NODE_STATEMENTS

}  // namespace penstock::metadata::mlmd
