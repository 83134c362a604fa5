#include "penstock/base/arrow_status.h"

#include <cerrno>
#include <string>
#include <system_error>

#include <arrow/util/io_util.h>

namespace penstock {
namespace {

StatusCode CodeOf(const arrow::Status& status) {
  switch (arrow::internal::ErrnoFromStatus(status)) {
    case ENOENT:
      return StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return StatusCode::kResourceExhausted;
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return StatusCode::kInvalidArgument;
    case EEXIST:
    case ENOTEMPTY:
      return StatusCode::kAlreadyExists;
    default:
      break;
  }
  switch (status.code()) {
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::SerializationError:
      return StatusCode::kInvalidArgument;
    case arrow::StatusCode::KeyError:
      return StatusCode::kNotFound;
    case arrow::StatusCode::IndexError:
      return StatusCode::kOutOfRange;
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return StatusCode::kResourceExhausted;
    case arrow::StatusCode::Cancelled:
      return StatusCode::kCancelled;
    case arrow::StatusCode::NotImplemented:
      return StatusCode::kUnimplemented;
    case arrow::StatusCode::AlreadyExists:
      return StatusCode::kAlreadyExists;
    case arrow::StatusCode::IOError:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kUnknown;
  }
}

}  // namespace

Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return OkStatus();
  // Arrow keeps what the system said apart from its message, where nobody would read it.
  const int error = arrow::internal::ErrnoFromStatus(status);
  if (error == 0) return Status(CodeOf(status), status.message());
  const std::string reason = std::generic_category().message(error);
  if (status.message().find(reason) != std::string::npos) return Status(CodeOf(status), status.message());
  return Status(CodeOf(status), fmt::format("{}: {}", status.message(), reason));
}

}  // namespace penstock
