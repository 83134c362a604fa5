#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/listing.h"

namespace penstock::metadata::database {

/// A field that a listing is filtered and sorted by: the API's name and the column of table T.
struct ListedField {
  std::string_view name;
  std::string_view column;
  bool is_text = true;
};

/// What can be listed, as constants: only these texts ever become SQL.
struct ListedTable {
  std::string_view type_name;  ///< For messages: "Run".
  std::string_view columns;    ///< From "T.id," to "WHERE TRUE".
  std::string_view count;
  std::span<const ListedField> fields;
  std::span<const std::string_view>
      scopes;  ///< Columns of ListQuery's namespace, experiment, pipeline; "" none.
  bool has_tags = false;
};

using SqlValue = std::variant<int64_t, std::string>;

/// SQL put together out of constants, and the values of its parameters.
struct SqlText {
  std::string text;
  std::vector<SqlValue> values;

  void Append(std::string_view part) { text.append("\n").append(part); }
  void BindTo(Statement& statement) const;
};

/// " AND ..." of the query's scope and predicates. kInvalidArgument: a field that is not in the table.
Status AppendConditions(const ListQuery& query, const ListedTable& table, SqlText& sql);
/// The statement of the query's page: column 0 is the sort field, 1 the row's id.
/// It asks for one row more than the page has, which tells whether there is another.
Result<SqlText> PageStatement(const ListQuery& query, const ListedTable& table);
/// The number of all rows that match.
Result<int64_t> CountMatches(Connection& connection, const ListQuery& query, const ListedTable& table);

/// Reads a page; `read_row` makes an item of the current row, columns from 2.
template <class T, class ReadRow>
Result<Page<T>> ReadPage(Connection& connection, const ListQuery& query, const ListedTable& table,
                         ReadRow&& read_row) {
  PENSTOCK_ASSIGN_OR_RETURN(const SqlText sql, PageStatement(query, table));
  Page<T> page;
  // Filters make texts without end: those are not kept.
  Statement row = query.predicates.empty() ? connection.Prepare(sql.text) : connection.PrepareOnce(sql.text);
  sql.BindTo(row);
  bool is_text = false;
  for (const ListedField& field : table.fields)
    if (field.name == (query.sort_field.empty() ? "created_at" : query.sort_field)) is_text = field.is_text;
  PageKey last;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    if (static_cast<int64_t>(page.items.size()) == query.limit) {
      page.next = last;
      break;
    }
    if (is_text) {
      last.value = row.Text(0);
    } else {
      last.value = row.Int(0);
    }
    last.row = row.Int(1);
    Result<T> item = read_row(row);
    if (!item.ok()) return item.status();
    page.items.push_back(*std::move(item));
  }
  return page;
}

/// The one row that `condition` with these values names; kNotFound is the caller's to say.
template <class T, class ReadRow, class... Values>
Result<std::optional<T>> ReadOne(Connection& connection, const ListedTable& table, std::string_view condition,
                                 ReadRow&& read_row, const Values&... values) {
  std::string text("SELECT 0, ");
  text.append(table.columns).append("\n").append(condition);
  Statement row = connection.Prepare(text);
  row.Bind(values...);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return std::optional<T>();
  Result<T> item = read_row(row);
  if (!item.ok()) return item.status();
  return std::optional<T>(*std::move(item));
}

/// The row of a text in penstock_spec, inserted where it is new.
Result<int64_t> EnsureSpecText(Connection& connection, const std::string& text);

}  // namespace penstock::metadata::database
