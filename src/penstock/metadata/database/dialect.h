#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/metadata/database/driver.h"

namespace penstock::metadata::database {

/// A statement as another database understands it.
struct TranslatedSql {
  std::string text;
  /// Which of the statement's parameters (from 1) each placeholder of `text` takes; MySQL has no ?3, so a
  /// parameter used twice is there twice. PostgreSQL's placeholders are numbered: 1, 2, 3.
  std::vector<int> parameters;
};

/// Puts one of our statements, in SQLite's dialect, into `dialect`. Knows what our texts use: placeholders,
/// backticks, INSERT OR IGNORE and OR REPLACE (keys: the first three columns), json_each and json_extract of
/// a parameter, instr, char, rowid, casts. Values are never in a text, so nothing of a user passes here.
TranslatedSql Translate(std::string_view sql, Dialect dialect);

/// Texts that are written apart for a backend (mostly its tables), by our text.
using Replacements = std::vector<std::pair<std::string_view, std::string_view>>;
/// The replacement, or `sql` itself.
std::string_view Replaced(std::string_view sql, const Replacements& replacements);

}  // namespace penstock::metadata::database
