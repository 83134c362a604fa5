#pragma once

#include <span>
#include <string>
#include <string_view>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::mlmd {

/// One RPC of ml_metadata.MetadataStoreService.
struct ServiceMethod {
  std::string_view name;  ///< "PutArtifacts"
  bool is_write = false;
  /// Parses the request, runs it within the caller's transaction, and serializes the response. On an error
  /// the caller undoes what was done. kInvalidArgument: the bytes are no such request.
  Result<std::string> (*run)(database::Connection& db, Timestamp now, std::string_view request);
};

/// All 52.
std::span<const ServiceMethod> ServiceMethods();
/// Null where there is none of the name.
const ServiceMethod* FindServiceMethod(std::string_view name);

}  // namespace penstock::metadata::mlmd
