#include "penstock/server/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <fstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "penstock/base/logging.h"

namespace penstock::server {
namespace {

using metadata::AuditRecord;
using nlohmann::json;

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

json AuditEntry(const AuditRecord& record) {
  return {{"time", record.time.ToIsoString()},
          {"server", record.server},
          {"caller", record.caller},
          {"peer", record.peer},
          {"operation", record.operation},
          {"path", record.path},
          {"status", record.status}};
}

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, metadata::AuditStore* store) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    return PermissionDenied("Cannot write the audit log {}: {}", path,
                            std::generic_category().message(errno));
  return std::unique_ptr<AuditLog>(new AuditLog(fd, store, HostName()));
}

AuditLog::~AuditLog() { ::close(fd_); }

void AuditLog::Write(Timestamp time, const std::string& caller, const std::string& peer,
                     const std::string& operation, const std::string& path, int status) {
  const AuditRecord record = {time, server_, caller, peer, operation, path, status};
  const std::string line = AuditEntry(record).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  // One write, appended: lines of several threads do not mix.
  if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    logging::Error("cannot write the audit log", {{"error", std::generic_category().message(errno)}});
  if (store_ == nullptr) return;
  if (const Status stored = store_->Append(record); !stored.ok())
    logging::Error("a change is in the audit log's file, but not in the database",
                   {{"error", std::string(stored.message())}, {"operation", operation}});
}

Result<json> ReadAuditLog(const std::string& path, int64_t limit) {
  std::ifstream file(path);
  if (!file) return NotFound("There is no audit log {}: is that a server's root?", path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (static_cast<int64_t>(lines.size()) > limit) lines.pop_front();
  }
  json entries = json::array();
  for (const std::string& line : lines)
    if (json entry = json::parse(line, nullptr, false); entry.is_object())
      entries.push_back(std::move(entry));
  return entries;
}

}  // namespace penstock::server
