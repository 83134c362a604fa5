#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/execution_record.h"

namespace penstock::metadata::database {

/// ML Metadata's numbers.
enum class EventType { kInput = 3, kOutput = 4 };

/// Artifact ids by input or output name, in order.
using IdsByName = std::map<std::string, std::vector<int64_t>>;

/// One name and index under which an execution knows an artifact.
struct EventPath {
  int64_t artifact_id = 0;
  std::string name;
  int64_t index = 0;
};

/// One event per artifact, with a path of (name, index) for each place it has. Within a write transaction.
Status InsertEvents(Connection& connection, int64_t execution_id, EventType type,
                    const IdsByName& artifact_ids, Timestamp now);

/// In the order in which they were written.
Result<std::vector<EventPath>> ReadEvents(Connection& connection, int64_t execution_id, EventType type);

Result<IdsByName> ReadArtifactIds(Connection& connection, int64_t execution_id, EventType type);
Result<ArtifactsByName> ReadArtifacts(Connection& connection, int64_t execution_id, EventType type);

}  // namespace penstock::metadata::database
