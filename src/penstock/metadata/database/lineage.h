#pragma once

#include <cstdint>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/lineage.h"

namespace penstock::metadata::database {

/// MetadataStore::TraceLineage, within the caller's transaction. An artifact leads to the
/// execution that made it and to those that read it; executions answered from the cache
/// neither made nor read anything and are left out. Cost: a few indexed reads per node of the graph.
Result<LineageGraph> TraceLineage(Connection& connection, int64_t artifact_id, int max_hops,
                                  LineageDirection direction);

}  // namespace penstock::metadata::database
