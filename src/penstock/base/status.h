#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#ifndef ABSL_USES_STD_STRING_VIEW
/// So that `status.message()` formats like any text.
template <>
struct fmt::formatter<absl::string_view> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(absl::string_view text, Context& context) const {
    return fmt::formatter<std::string_view>::format(std::string_view(text.data(), text.size()), context);
  }
};
#endif

namespace penstock {

/// How every fallible call in Penstock answers. Abseil's vocabulary, because its
/// codes are gRPC's: a status crosses the API borders without a translation table
/// (docs/decisions/0001-status.md).
using Status = absl::Status;
template <class T>
using Result = absl::StatusOr<T>;
using absl::OkStatus;
using absl::StatusCode;

/// Error makers: static text first, values last, and what to do about it.
///   return InvalidArgument("Label column is not in the schema: {} (columns: {})", label, names);
#define PENSTOCK_DEFINE_ERROR(Name)                                                     \
  template <class... Args>                                                              \
  Status Name(fmt::format_string<Args...> text, Args&&... args) {                       \
    return Status(StatusCode::k##Name, fmt::format(text, std::forward<Args>(args)...)); \
  }
/// The caller's input is wrong; the message says where and how to mend it. Exit code 2.
PENSTOCK_DEFINE_ERROR(InvalidArgument)
/// A named thing does not exist. Exit code 2.
PENSTOCK_DEFINE_ERROR(NotFound)
PENSTOCK_DEFINE_ERROR(AlreadyExists)
/// The system is in a state in which the call makes no sense.
PENSTOCK_DEFINE_ERROR(FailedPrecondition)
/// Stored bytes are damaged: a checksum, a magic number or a length is wrong. Exit code 2.
PENSTOCK_DEFINE_ERROR(DataLoss)
PENSTOCK_DEFINE_ERROR(OutOfRange)
/// Disk, memory or another bounded thing ran out. Exit code 2.
PENSTOCK_DEFINE_ERROR(ResourceExhausted)
PENSTOCK_DEFINE_ERROR(PermissionDenied)
PENSTOCK_DEFINE_ERROR(Unavailable)
PENSTOCK_DEFINE_ERROR(Unimplemented)
PENSTOCK_DEFINE_ERROR(Cancelled)
PENSTOCK_DEFINE_ERROR(Aborted)
PENSTOCK_DEFINE_ERROR(DeadlineExceeded)
/// A broken invariant of Penstock itself: a bug.
PENSTOCK_DEFINE_ERROR(Internal)
#undef PENSTOCK_DEFINE_ERROR

/// The same status with `context: ` before its message; OK stays OK.
Status Annotate(const Status& status, std::string_view context);

/// True where the user's input, not Penstock or the machine, is at fault.
bool IsBadInput(const Status& status);

}  // namespace penstock

#define PENSTOCK_CONCAT_INNER(a, b) a##b
#define PENSTOCK_CONCAT(a, b) PENSTOCK_CONCAT_INNER(a, b)

#define PENSTOCK_RETURN_IF_ERROR(expression)           \
  do {                                                 \
    ::penstock::Status penstock_status = (expression); \
    if (!penstock_status.ok()) return penstock_status; \
  } while (0)

#define PENSTOCK_ASSIGN_OR_RETURN(lhs, expression) \
  PENSTOCK_ASSIGN_OR_RETURN_INNER(PENSTOCK_CONCAT(penstock_result_, __LINE__), lhs, expression)
#define PENSTOCK_ASSIGN_OR_RETURN_INNER(result, lhs, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) return result.status();                      \
  lhs = std::move(result).value()
