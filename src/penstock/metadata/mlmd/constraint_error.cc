#include "penstock/metadata/mlmd/constraint_error.h"

#include <absl/strings/match.h>
#include <absl/strings/str_replace.h>

namespace penstock::metadata::mlmd {
namespace {

constexpr absl::string_view kViolation = "UNIQUE constraint failed";

}  // namespace

bool IsUniqueViolation(const Status& status) {
  return absl::IsAlreadyExists(status) && absl::StrContains(status.message(), kViolation);
}

Status QueryError(const Status& violation, std::string_view statement) {
  absl::string_view text = violation.message();
  if (const size_t start = text.find(kViolation); start != absl::string_view::npos) text.remove_prefix(start);
  return Internal("Error when executing query: {} query: {}", text, statement);
}

std::string SqlText(std::string_view text) {
  return "'" + absl::StrReplaceAll({text.data(), text.size()}, {{"'", "''"}}) + "'";
}

}  // namespace penstock::metadata::mlmd
