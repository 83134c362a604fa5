#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock::server {

/// One line of JSON for every change that was asked for, in a file that only grows: when, who, from where,
/// what, and what came of it. Never a body or a token. Safe from any thread.
class AuditLog {
 public:
  /// kPermissionDenied: the file cannot be written.
  static Result<std::unique_ptr<AuditLog>> Open(const std::string& path);
  ~AuditLog();

  void Write(Timestamp time, const std::string& caller, const std::string& peer, const std::string& operation,
             const std::string& path, int status);

 private:
  explicit AuditLog(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace penstock::server
