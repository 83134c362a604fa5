#include "penstock/data/sql/adbc_error.h"

#include <string>

namespace penstock::data::sql {
namespace {

StatusCode CodeOf(AdbcStatusCode code) {
  switch (code) {
    case ADBC_STATUS_NOT_FOUND:
      return StatusCode::kNotFound;
    case ADBC_STATUS_UNAUTHENTICATED:
    case ADBC_STATUS_UNAUTHORIZED:
      return StatusCode::kPermissionDenied;
    case ADBC_STATUS_CANCELLED:
      return StatusCode::kCancelled;
    case ADBC_STATUS_TIMEOUT:
      return StatusCode::kDeadlineExceeded;
    default:
      // Drivers call a mistyped column "internal" and a server that is not there "I/O": nearly always it is
      // the connection or the query that is wrong.
      return StatusCode::kInvalidArgument;
  }
}

}  // namespace

Status AdbcErrorHolder::ToStatus(AdbcStatusCode code, std::string_view context) const {
  if (code == ADBC_STATUS_OK) return OkStatus();
  std::string said = error_.message == nullptr ? fmt::format("status {}", code) : error_.message;
  while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
  return Status(CodeOf(code), fmt::format("{}: {}", context, said));
}

void AdbcErrorHolder::Release() {
  if (error_.release != nullptr) error_.release(&error_);
  error_ = ADBC_ERROR_INIT;
}

}  // namespace penstock::data::sql
