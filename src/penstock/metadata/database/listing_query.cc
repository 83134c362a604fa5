#include "penstock/metadata/database/listing_query.h"

#include <array>

#include <nlohmann/json.hpp>

#include "penstock/base/near_miss.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

using Operation = Predicate::Operation;

const ListedField* FindField(const ListedTable& table, std::string_view name) {
  for (const ListedField& field : table.fields)
    if (field.name == name) return &field;
  return nullptr;
}

Status UnknownField(const ListedTable& table, const std::string& name) {
  std::vector<std::string> names;
  for (const ListedField& field : table.fields) names.emplace_back(field.name);
  return InvalidArgument("no support for filtering on unrecognized field \"{}\"{}", name,
                         DidYouMean(name, names));
}

std::string_view ComparisonOf(Operation operation, bool is_of_numbers) {
  switch (operation) {
    case Operation::kEquals:
      return " = ?";
    case Operation::kNotEquals:
      return " <> ?";
    case Operation::kGreaterThan:
      return " > ?";
    case Operation::kGreaterThanEquals:
      return " >= ?";
    case Operation::kLessThan:
      return " < ?";
    case Operation::kLessThanEquals:
      return " <= ?";
    case Operation::kIn:
      return is_of_numbers ? " IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
                           : " IN (SELECT value FROM json_each(?))";
    case Operation::kIsSubstring:
      return "";
  }
  return "";
}

bool HasNumbers(const Predicate& predicate) {
  return std::holds_alternative<std::vector<int64_t>>(predicate.value);
}

SqlValue ValueOf(const Predicate::Value& value) {
  return std::visit(
      [](const auto& held) -> SqlValue {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, int64_t> || std::is_same_v<Held, std::string>) {
          return held;
        } else {
          return nlohmann::json(held).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        }
      },
      value);
}

void AppendComparison(const Predicate& predicate, const std::string& column, SqlText& sql) {
  if (predicate.operation == Operation::kIsSubstring) {
    sql.Append("AND instr(lower(" + column + "), lower(?)) > 0");
  } else {
    sql.Append("AND " + column + std::string(ComparisonOf(predicate.operation, HasNumbers(predicate))));
  }
  sql.values.push_back(ValueOf(predicate.value));
}

/// A tag's name goes as a value too: a path of json_extract.
void AppendTagComparison(const Predicate& predicate, std::string_view tag, SqlText& sql) {
  std::string path = "$.\"";
  for (const char c : tag)
    if (c != '"' && c != '\\') path += c;
  sql.Append("AND json_extract(T.tags, ?)" + std::string(ComparisonOf(predicate.operation, false)));
  sql.values.emplace_back(path + "\"");
  sql.values.push_back(ValueOf(predicate.value));
}

}  // namespace

void SqlText::BindTo(Statement& statement) const {
  for (const SqlValue& value : values) std::visit([&](const auto& held) { statement.Bind(held); }, value);
}

Status AppendConditions(const ListQuery& query, const ListedTable& table, SqlText& sql) {
  const std::array<std::optional<std::string>, 3> scopes = {
      query.namespace_name, query.experiment_id.empty() ? std::nullopt : std::optional(query.experiment_id),
      query.pipeline_id.empty() ? std::nullopt : std::optional(query.pipeline_id)};
  for (size_t i = 0; i < scopes.size() && i < table.scopes.size(); ++i) {
    if (!scopes[i].has_value() || table.scopes[i].empty()) continue;
    sql.Append("AND " + std::string(table.scopes[i]) + " = ?");
    sql.values.emplace_back(*scopes[i]);
  }
  constexpr std::string_view kTagPrefix = "tags.";
  for (const Predicate& predicate : query.predicates) {
    if (table.has_tags && predicate.field.starts_with(kTagPrefix)) {
      if (predicate.operation != Operation::kEquals)
        return InvalidArgument("only EQUALS operation is supported for tag filtering, key \"{}\"",
                               predicate.field);
      AppendTagComparison(predicate, std::string_view(predicate.field).substr(kTagPrefix.size()), sql);
      continue;
    }
    const ListedField* field = FindField(table, predicate.field);
    if (field == nullptr) return UnknownField(table, predicate.field);
    AppendComparison(predicate, std::string(field->column), sql);
  }
  return OkStatus();
}

Result<SqlText> PageStatement(const ListQuery& query, const ListedTable& table) {
  const std::string name = query.sort_field.empty() ? "created_at" : query.sort_field;
  const ListedField* sort = FindField(table, name);
  if (sort == nullptr)
    return InvalidArgument("Invalid sorting field: \"{}\" on listable type {}", name, table.type_name);
  if (query.limit < 1) return InvalidArgument("The page size should be greater than 0. Got {}", query.limit);
  const std::string column(sort->column);
  SqlText sql;
  sql.text = "SELECT " + column + ", " + std::string(table.columns);
  PENSTOCK_RETURN_IF_ERROR(AppendConditions(query, table, sql));
  if (query.after.has_value()) {
    sql.Append("AND (" + column + ", T.id) " + (query.is_descending ? "<" : ">") + " (?, ?)");
    sql.values.push_back(query.after->value);
    sql.values.emplace_back(query.after->row);
  }
  const std::string direction = query.is_descending ? " DESC" : " ASC";
  sql.Append("ORDER BY " + column + direction + ", T.id" + direction + " LIMIT ?");
  sql.values.emplace_back(query.limit + 1);
  return sql;
}

Result<int64_t> CountMatches(Connection& connection, const ListQuery& query, const ListedTable& table) {
  SqlText sql;
  sql.text = std::string(table.count);
  PENSTOCK_RETURN_IF_ERROR(AppendConditions(query, table, sql));
  // Filters make texts without end: those are not kept.
  Statement row = query.predicates.empty() ? connection.Prepare(sql.text) : connection.PrepareOnce(sql.text);
  sql.BindTo(row);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  return has_row ? row.Int(0) : 0;
}

Result<int64_t> EnsureSpecText(Connection& connection, const std::string& text) {
  const Digest digest = DigestOf(text);
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                            connection.FindInt(sql::kSelectSpec, digest));
  if (stored.has_value()) return *stored;
  return connection.Insert(sql::kInsertSpec, digest, text);
}

}  // namespace penstock::metadata::database
