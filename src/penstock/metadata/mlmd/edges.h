#pragma once

#include <cstdint>
#include <vector>

#include <google/protobuf/repeated_field.h>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace ml_metadata {
class Association;
class Attribution;
class Event;
class ParentContext;
}  // namespace ml_metadata

namespace penstock::metadata::mlmd {

/// Events, attributions, associations and parent contexts. Each function runs within the caller's
/// transaction; codes and messages are those of ML Metadata 1.17.

/// `is_validated`: both ends are known to exist. kAlreadyExists: the same artifact, execution and type.
Status CreateEvent(database::Connection& db, const ml_metadata::Event& event, bool is_validated,
                   Timestamp now);

enum class EventEnd { kArtifact, kExecution };
/// Appends the events of these artifacts or executions, in the order of their ids (each id once).
Status AppendEvents(database::Connection& db, EventEnd end, std::vector<int64_t> ids,
                    google::protobuf::RepeatedPtrField<ml_metadata::Event>& events);

/// One that is there already is left as it is.
Status PutAttribution(database::Connection& db, const ml_metadata::Attribution& attribution,
                      bool is_validated);
Status PutAssociation(database::Connection& db, const ml_metadata::Association& association,
                      bool is_validated);

/// kInvalidArgument: an end is missing, or the link would close a cycle. kAlreadyExists: it is there.
Status CreateParentContext(database::Connection& db, const ml_metadata::ParentContext& link);

}  // namespace penstock::metadata::mlmd
