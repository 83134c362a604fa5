#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::mlmd {

/// How ML Metadata words the refusal of a row that is there already: clients and tests read these messages.

/// True where `status`, of an INSERT or UPDATE, says that a UNIQUE constraint failed.
bool IsUniqueViolation(const Status& status);
/// "Error when executing query: UNIQUE constraint failed: T.a query: ..." `statement` is the text as
/// ML Metadata would have sent it, with its values.
Status QueryError(const Status& violation, std::string_view statement);
/// 'it''s', or NULL.
std::string SqlText(std::string_view text);
template <class Message>
std::string SqlTextOrNull(bool is_set, const Message& text) {
  return is_set ? SqlText(text) : "NULL";
}

}  // namespace penstock::metadata::mlmd
