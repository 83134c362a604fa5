#include "penstock/metadata/database/dialect.h"

#include <cctype>
#include <span>

#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

namespace penstock::metadata::database {
namespace {

constexpr std::string_view kOrIgnore = "INSERT OR IGNORE INTO";
constexpr std::string_view kOrReplace = "INSERT OR REPLACE INTO";

struct Phrase {
  std::string_view ours;
  std::string_view theirs;
};

constexpr Phrase kPostgresqlPhrases[] = {
    {"json_each(?)", "json_array_elements_text(CAST(? AS json)) AS listed(value)"},
    {"json_extract(T.tags, ?)",
     "(jsonb_path_query_first(CAST(T.tags AS jsonb), CAST(? AS jsonpath)) #>> '{}')"},
    {"instr(", "strpos("},
    {"char(1114111)", "chr(1114111)"},
    {"K.rowid", "K.ctid"},
    {"ORDER BY rowid", "ORDER BY ctid"},
    {" AS REAL)", " AS DOUBLE PRECISION)"},
    {" AS INTEGER)", " AS BIGINT)"}};
constexpr Phrase kMysqlPhrases[] = {
    {"json_each(?)", "JSON_TABLE(?, '$[*]' COLUMNS(value VARCHAR(255) PATH '$')) AS listed"},
    {"json_extract(T.tags, ?)", "JSON_UNQUOTE(JSON_EXTRACT(T.tags, ?))"},
    {"length(", "char_length("},
    {"char(1114111)", "CHAR(0xF48FBFBF USING utf8mb4)"},
    {", K.rowid", ""},
    {" ORDER BY rowid", ""},
    {" AS REAL)", " AS DOUBLE)"},
    {" AS INTEGER)", " AS SIGNED)"},
    {" AS TEXT)", " AS CHAR)"},
    {"RELEASE ", "RELEASE SAVEPOINT "},
    {kOrIgnore, "INSERT IGNORE INTO"},
    {kOrReplace, "REPLACE INTO"},
    {"CREATE INDEX IF NOT EXISTS", "CREATE INDEX"}};

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

bool ReplaceFront(std::string& text, std::string_view from, std::string_view to) {
  if (!text.starts_with(from)) return false;
  text.replace(0, from.size(), to);
  return true;
}

/// "ON CONFLICT (id, name, is_custom_property) DO UPDATE SET int_value = EXCLUDED.int_value, ..."
std::string UpsertOf(const std::string& insert) {
  constexpr size_t kNumKeys = 3;
  const size_t open = insert.find('(');
  const std::string list = insert.substr(open + 1, insert.find(')', open) - open - 1);
  std::vector<std::string> columns;
  for (absl::string_view column : absl::StrSplit(list, ','))
    columns.emplace_back(absl::StripAsciiWhitespace(column));
  const std::span<const std::string> all(columns);
  std::vector<std::string> sets;
  for (const std::string& column : all.subspan(kNumKeys)) sets.push_back(column + " = EXCLUDED." + column);
  const auto keys = all.first(kNumKeys);
  return " ON CONFLICT (" + absl::StrJoin(keys.begin(), keys.end(), ", ") + ") DO UPDATE SET " +
         absl::StrJoin(sets, ", ");
}

std::string ToPostgresql(std::string text) {
  ReplaceAll(text, "`", "");
  for (const Phrase& phrase : kPostgresqlPhrases) ReplaceAll(text, phrase.ours, phrase.theirs);
  if (ReplaceFront(text, kOrIgnore, "INSERT INTO")) {
    text += " ON CONFLICT DO NOTHING";
  } else if (ReplaceFront(text, kOrReplace, "INSERT INTO")) {
    text += UpsertOf(text);
  }
  return text;
}

std::string ToMysql(std::string text) {
  for (const Phrase& phrase : kMysqlPhrases) ReplaceAll(text, phrase.ours, phrase.theirs);
  return text;
}

/// Numbers the placeholders outside of quotes.
TranslatedSql PlaceParameters(std::string_view text, bool is_numbered) {
  TranslatedSql translated;
  bool is_quoted = false;
  int num_plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') is_quoted = !is_quoted;
    if (text[i] != '?' || is_quoted) {
      translated.text += text[i];
      continue;
    }
    int parameter = 0;
    while (i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0)
      parameter = parameter * 10 + (text[++i] - '0');
    if (parameter == 0) parameter = ++num_plain;
    translated.text += is_numbered ? "$" + std::to_string(parameter) : "?";
    if (!is_numbered) {
      translated.parameters.push_back(parameter);
    } else {
      while (static_cast<int>(translated.parameters.size()) < parameter)
        translated.parameters.push_back(static_cast<int>(translated.parameters.size()) + 1);
    }
  }
  return translated;
}

}  // namespace

TranslatedSql Translate(std::string_view sql, Dialect dialect) {
  while (!sql.empty() && (sql.back() == ';' || std::isspace(static_cast<unsigned char>(sql.back())) != 0))
    sql.remove_suffix(1);
  if (dialect == Dialect::kPostgresql) return PlaceParameters(ToPostgresql(std::string(sql)), true);
  if (dialect == Dialect::kMysql) return PlaceParameters(ToMysql(std::string(sql)), false);
  return {std::string(sql), {}};
}

std::string_view Replaced(std::string_view sql, const Replacements& replacements) {
  for (const auto& [ours, theirs] : replacements)
    if (ours == sql) return theirs;
  return sql;
}

}  // namespace penstock::metadata::database
