#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock::metadata {

/// A change that was asked for, and what came of it. Never a body or a token.
struct AuditRecord {
  Timestamp time;         ///< When it was asked for.
  std::string server;     ///< Host name of the server that was asked.
  std::string caller;     ///< Empty: nobody has to log in.
  std::string peer;       ///< Address it came from.
  std::string operation;  ///< "RunService_CreateRun".
  std::string path;
  int status = 0;  ///< Of HTTP.
};

/// The changes that all servers of one database were asked for, in its tables. Safe from any thread.
class AuditStore {
 public:
  virtual ~AuditStore() = default;
  /// On disk when it answers; those that come at once share one sync.
  virtual Status Append(const AuditRecord& record) = 0;
  /// The latest, the oldest of them first.
  virtual Result<std::vector<AuditRecord>> ListLatest(int64_t limit) const = 0;
};

/// In the database of a MetadataStore: of a server, or an SQLite file. Errors as OpenStore.
Result<std::unique_ptr<AuditStore>> OpenAuditStore(const std::string& place);

}  // namespace penstock::metadata
