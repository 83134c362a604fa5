#include "penstock/server/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <nlohmann/json.hpp>

#include "penstock/base/logging.h"

namespace penstock::server {

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    return PermissionDenied("Cannot write the audit log {}: {}", path,
                            std::generic_category().message(errno));
  return std::unique_ptr<AuditLog>(new AuditLog(fd));
}

AuditLog::~AuditLog() { ::close(fd_); }

void AuditLog::Write(Timestamp time, const std::string& caller, const std::string& peer,
                     const std::string& operation, const std::string& path, int status) {
  const nlohmann::json entry = {{"time", time.ToIsoString()}, {"caller", caller}, {"peer", peer},
                                {"operation", operation},     {"path", path},     {"status", status}};
  const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  // One write, appended: lines of several threads do not mix.
  if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    logging::Error("cannot write the audit log", {{"error", std::generic_category().message(errno)}});
}

}  // namespace penstock::server
