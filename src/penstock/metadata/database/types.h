#pragma once

#include <cstdint>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::database {

/// ML Metadata's numbers.
enum class TypeKind { kExecution = 0, kArtifact = 1, kContext = 2 };

/// The id of the (unversioned) type; registers it, with the properties and base type of
/// known_types.h, where it is not there. Within a write transaction.
Result<int64_t> EnsureType(Connection& connection, TypeKind kind, std::string_view name);

}  // namespace penstock::metadata::database
