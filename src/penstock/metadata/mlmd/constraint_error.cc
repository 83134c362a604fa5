#include "penstock/metadata/mlmd/constraint_error.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

namespace penstock::metadata::mlmd {
namespace {

constexpr absl::string_view kViolation = "UNIQUE constraint failed";

/// Of a table's unique constraint that is not about external ids.
constexpr std::pair<absl::string_view, absl::string_view> kColumns[] = {
    {"Artifact", "Artifact.type_id, Artifact.name"},
    {"Execution", "Execution.type_id, Execution.name"},
    {"Context", "Context.type_id, Context.name"},
    {"Event", "Event.artifact_id, Event.execution_id, Event.type"},
    {"ParentContext", "ParentContext.context_id, ParentContext.parent_context_id"},
    {"ParentType", "ParentType.type_id, ParentType.parent_type_id"},
    {"Association", "Association.context_id, Association.execution_id"},
    {"Attribution", "Attribution.context_id, Attribution.artifact_id"}};

/// "Artifact" of " INSERT INTO `Artifact`(..."
absl::string_view TableOf(absl::string_view statement) {
  const size_t begin = statement.find('`');
  const size_t end = begin == statement.npos ? begin : statement.find('`', begin + 1);
  return end == statement.npos ? "" : statement.substr(begin + 1, end - begin - 1);
}

/// PostgreSQL and MySQL name the constraint where SQLite names the columns, which is what clients know.
std::string InSqlitesWords(absl::string_view violation, absl::string_view statement) {
  for (const absl::string_view before : {"unique constraint \"", "for key '"}) {
    const size_t at = violation.find(before);
    if (at == violation.npos) continue;
    const absl::string_view constraint = violation.substr(at + before.size());
    const absl::string_view table = TableOf(statement);
    if (absl::StrContains(constraint, "external_id"))
      return absl::StrCat(kViolation, ": ", table, ".external_id");
    for (const auto& [name, columns] : kColumns)
      if (name == table) return absl::StrCat(kViolation, ": ", columns);
  }
  return std::string(violation);
}

}  // namespace

bool IsUniqueViolation(const Status& status) {
  return absl::IsAlreadyExists(status) && absl::StrContains(status.message(), kViolation);
}

Status QueryError(const Status& violation, std::string_view statement) {
  absl::string_view text = violation.message();
  if (const size_t start = text.find(kViolation); start != absl::string_view::npos) text.remove_prefix(start);
  return Internal("Error when executing query: {} query: {}",
                  InSqlitesWords(text, {statement.data(), statement.size()}), statement);
}

std::string SqlText(std::string_view text) {
  return "'" + absl::StrReplaceAll({text.data(), text.size()}, {{"'", "''"}}) + "'";
}

}  // namespace penstock::metadata::mlmd
