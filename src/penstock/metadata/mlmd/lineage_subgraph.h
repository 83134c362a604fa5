#pragma once

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace google::protobuf {
class FieldMask;
}
namespace ml_metadata {
class LineageGraph;
class LineageSubgraphQueryOptions;
}  // namespace ml_metadata

namespace penstock::metadata::mlmd {

/// Walks the events from the starting nodes, breadth first, and answers what it met: nodes with their ids
/// alone, events, and the links to contexts, as far as `read_mask` asks for them (no paths: all). At most
/// 100 hops. kNotFound: no starting node; kInvalidArgument: no start, negative hops, a bad filter_query.
/// One indexed read per node and event.
Status QueryLineageSubgraph(database::Connection& db, const ml_metadata::LineageSubgraphQueryOptions& options,
                            const google::protobuf::FieldMask& read_mask, ml_metadata::LineageGraph& graph);

}  // namespace penstock::metadata::mlmd
