#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/audit_store.h"

namespace penstock::server {

/// One line of JSON for every change that was asked for, in a file that only grows: when, who, from where,
/// what, and what came of it. Never a body or a token. Where several servers share a database the same goes
/// to it, so that the changes of all are read together. Safe from any thread.
class AuditLog {
 public:
  /// `store`: null, or the database's. kPermissionDenied: the file cannot be written.
  static Result<std::unique_ptr<AuditLog>> Open(const std::string& path,
                                                metadata::AuditStore* store = nullptr);
  ~AuditLog();

  /// In the file first: a database that is away loses nothing, and is a line of the server's log.
  void Write(Timestamp time, const std::string& caller, const std::string& peer, const std::string& operation,
             const std::string& path, int status);

 private:
  AuditLog(int fd, metadata::AuditStore* store, std::string server)
      : fd_(fd), store_(store), server_(std::move(server)) {}
  const int fd_;
  metadata::AuditStore* const store_;
  const std::string server_;
};

/// A record as it is written: time, server, caller, peer, operation, path, status.
nlohmann::json AuditEntry(const metadata::AuditRecord& record);

/// The file's last `limit` entries, the oldest first; a line that a crash cut is left out. kNotFound: there
/// is no file. Cost grows with the file.
Result<nlohmann::json> ReadAuditLog(const std::string& path, int64_t limit);

}  // namespace penstock::server
