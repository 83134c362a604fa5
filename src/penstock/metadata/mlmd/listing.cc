#include "penstock/metadata/mlmd/listing.h"

#include <algorithm>
#include <limits>

#include <absl/strings/escaping.h>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "penstock/metadata/filter/filter_query.h"
#include "penstock/metadata/mlmd/node_statements.h"
#include "penstock/metadata/mlmd/nodes.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using database::Statement;
using google::protobuf::RepeatedPtrField;
using ml_metadata::Artifact;
using ml_metadata::Context;
using ml_metadata::Execution;
using ml_metadata::ListOperationNextPageToken;
using ml_metadata::ListOperationOptions;
using OrderByField = ListOperationOptions::OrderByField;

template <class Node>
filter::NodeKind FilterKind() {
  if constexpr (std::is_same_v<Node, Artifact>) return filter::NodeKind::kArtifact;
  if constexpr (std::is_same_v<Node, Execution>) return filter::NodeKind::kExecution;
  return filter::NodeKind::kContext;
}

Result<std::string_view> OrderColumn(const ListOperationOptions& options) {
  switch (options.order_by_field().field()) {
    case OrderByField::CREATE_TIME:
      return "create_time_since_epoch";
    case OrderByField::LAST_UPDATE_TIME:
      return "last_update_time_since_epoch";
    case OrderByField::ID:
      return "id";
    case OrderByField::FIELD_UNSPECIFIED:
      break;
  }
  return InvalidArgument("Unsupported field: {} specified in ListOperationOptions",
                         OrderByField::Field_Name(options.order_by_field().field()));
}

Result<ListOperationNextPageToken> DecodeToken(const ListOperationOptions& options) {
  ListOperationNextPageToken token;
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(options.next_page_token(), &bytes)) {
    return InvalidArgument("Failed to decode next page token string");
  }
  if (!token.ParseFromString(bytes)) {
    return InvalidArgument(
        "Failed to parse decoded next page token into ListOperationNextPageToken proto message ");
  }
  const OrderByField& before = token.set_options().order_by_field();
  const OrderByField& now = options.order_by_field();
  if (before.is_asc() != now.is_asc() || before.field() != now.field()) {
    return InvalidArgument(
        "ListOperationOptions mismatch between calls Initial Options: {} Current Options: {}",
        token.set_options().DebugString(), options.DebugString());
  }
  return token;
}

template <class Node>
std::string EncodeToken(const RepeatedPtrField<Node>& nodes, const ListOperationOptions& options) {
  ListOperationNextPageToken token;
  const Node& last = nodes[nodes.size() - 1];
  switch (options.order_by_field().field()) {
    case OrderByField::CREATE_TIME:
      token.set_field_offset(last.create_time_since_epoch());
      token.set_id_offset(last.id());
      break;
    case OrderByField::LAST_UPDATE_TIME:
      token.set_field_offset(last.last_update_time_since_epoch());
      token.set_id_offset(last.id());
      for (int i = nodes.size() - 1; i >= 0; --i) {
        if (nodes[i].last_update_time_since_epoch() != last.last_update_time_since_epoch()) break;
        token.add_listed_ids(nodes[i].id());
      }
      break;
    default:
      token.set_field_offset(last.id());
      token.set_id_offset(last.id());
      break;
  }
  *token.mutable_set_options() = options;
  token.mutable_set_options()->clear_next_page_token();
  return absl::WebSafeBase64Escape(token.SerializeAsString());
}

std::string IdList(const std::vector<int64_t>& ids) { return fmt::format("[{}]", fmt::join(ids, ",")); }

/// A listing's statement in the making: text with `?`, and what is bound to them in order.
struct ListStatement {
  std::string text;
  std::vector<filter::BoundValue> values;

  void Append(std::string_view more) { text.append(more); }
  void Append(std::string_view more, filter::BoundValue value) {
    text.append(more);
    values.push_back(std::move(value));
  }
};

template <class Node>
void AppendScope(const ListScope& scope, const std::string& alias, ListStatement& statement) {
  if (scope.type_id.has_value()) statement.Append(alias + "`type_id` = ? AND ", *scope.type_id);
  if (scope.context_id.has_value()) {
    const bool is_artifact = std::is_same_v<Node, Artifact>;
    statement.Append(
        fmt::format("{}`id` IN (SELECT {} WHERE `context_id` = ?) AND ", alias,
                    is_artifact ? "artifact_id FROM Attribution" : "execution_id FROM Association"),
        *scope.context_id);
  }
  if (scope.ids != nullptr) {
    statement.Append(alias + "`id` IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) AND ",
                     IdList(*scope.ids));
  }
}

/// The condition that begins the page, as ML Metadata has it.
Status AppendThreshold(const ListOperationOptions& options, const std::string& alias,
                       ListStatement& statement, std::string& shown) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string_view column, OrderColumn(options));
  const OrderByField& order = options.order_by_field();
  const bool is_id = order.field() == OrderByField::ID;
  int64_t offset = order.is_asc() ? 0 : std::numeric_limits<int64_t>::max();
  ListOperationNextPageToken token;
  if (!options.next_page_token().empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(token, DecodeToken(options));
    offset = token.field_offset();
  }
  const std::string_view comparison = order.is_asc() ? ">" : "<";
  if (!is_id && token.has_id_offset()) {
    statement.Append(fmt::format(" ({0}`{1}`, {0}`id`) {2} (?, ", alias, column, comparison), offset);
    statement.Append("?) ", token.id_offset());
    return OkStatus();
  }
  const std::string_view or_equal = is_id ? "" : "=";
  statement.Append(fmt::format(" {}`{}` {}{} ? ", alias, column, comparison, or_equal), offset);
  shown = fmt::format(" {}`{}` {}{} {} ", alias, column, comparison, or_equal, offset);
  if (options.next_page_token().empty() || is_id) return OkStatus();
  // A token of ML Metadata itself, which goes by the times alone.
  if (token.listed_ids().empty()) {
    return InvalidArgument("Invalid NextPageToken in List Operation. listed_ids field should not be empty.");
  }
  statement.Append(fmt::format("AND {}`id` NOT IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) ", alias),
                   IdList({token.listed_ids().begin(), token.listed_ids().end()}));
  return OkStatus();
}

std::string OrderClause(const ListOperationOptions& options, const std::string& alias,
                        std::string_view column) {
  const std::string_view direction = options.order_by_field().is_asc() ? "ASC" : "DESC";
  std::string clause = fmt::format(" ORDER BY {}`{}` {}", alias, column, direction);
  if (column != "id") clause += fmt::format(", {}`id` {}", alias, direction);
  return clause + " ";
}

Result<std::vector<int64_t>> RunList(Connection& db, const ListStatement& statement) {
  Statement row = db.PrepareOnce(statement.text);
  for (const filter::BoundValue& value : statement.values) {
    std::visit([&](const auto& bound) { row.Bind(bound); }, value);
  }
  std::vector<int64_t> ids;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return ids;
    ids.push_back(row.Int(0));
  }
}

/// `limit` empty: all.
template <class Node>
Result<std::vector<int64_t>> ListIds(Connection& db, const ListOperationOptions& options,
                                     const ListScope& scope, std::optional<int> limit) {
  ListStatement statement;
  std::string alias;
  std::optional<filter::CompiledFilter> compiled;
  const auto column_or = OrderColumn(options);
  const std::string_view column = column_or.ok() ? *column_or : "id";
  if (!options.filter_query().empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(compiled, filter::CompileFilter(FilterKind<Node>(), options.filter_query()));
    alias = std::string(filter::kBaseAlias) + ".";
    // What a DISTINCT is ordered by has to be among what it selects.
    statement.text = fmt::format("SELECT distinct {0}`id`, {0}`{1}` FROM {2} WHERE ({3}) AND ", alias, column,
                                 compiled->from_clause, compiled->where_clause);
    statement.values = compiled->values;
  } else {
    statement.text = fmt::format("SELECT `id` FROM `{}` WHERE ", NodeStatements<Node>::kTable);
  }
  PENSTOCK_RETURN_IF_ERROR(column_or.status());
  AppendScope<Node>(scope, alias, statement);
  std::string shown_threshold;
  PENSTOCK_RETURN_IF_ERROR(AppendThreshold(options, alias, statement, shown_threshold));
  const std::string order = OrderClause(options, alias, column);
  statement.Append(order);
  if (limit.has_value()) statement.Append(" LIMIT ? ", static_cast<int64_t>(*limit));
  if (compiled.has_value() && !compiled->missing_column.empty()) {
    return Internal(
        "Error when executing query: no such column: {} query: SELECT distinct {}`id` FROM {} WHERE ({}) AND "
        "{}{} LIMIT {} ",
        compiled->missing_column, alias, compiled->shown_from_clause, compiled->shown_where_clause,
        shown_threshold, order, limit.value_or(kMaxPageSize + 1));
  }
  return RunList(db, statement);
}

}  // namespace

template <class Node>
Status ListNodes(Connection& db, const ListOperationOptions& options, const ListScope& scope,
                 RepeatedPtrField<Node>& nodes, std::string& next_page_token) {
  if (options.max_result_size() <= 0) {
    return InvalidArgument(
        "max_result_size field value is required to be greater than 0 and less than or equal to 100. Set "
        "value:{}",
        options.max_result_size());
  }
  const int page_size = std::min(options.max_result_size(), kMaxPageSize);
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<int64_t> ids, ListIds<Node>(db, options, scope, page_size + 1));
  const bool has_more = static_cast<int>(ids.size()) > page_size;
  if (has_more) ids.pop_back();
  PENSTOCK_RETURN_IF_ERROR(AppendNodesInOrder(db, ids, nodes));
  next_page_token = has_more ? EncodeToken(nodes, options) : "";
  return OkStatus();
}

template <class Node>
Result<std::vector<int64_t>> FilterNodeIds(Connection& db, const std::string& filter_query,
                                           const ListScope& scope) {
  ListOperationOptions options;
  options.set_filter_query(filter_query);
  return ListIds<Node>(db, options, scope, std::nullopt);
}

#define PENSTOCK_FOR_NODE(Node)                                                               \
  template Status ListNodes<Node>(Connection&, const ListOperationOptions&, const ListScope&, \
                                  RepeatedPtrField<Node>&, std::string&);                     \
  template Result<std::vector<int64_t>> FilterNodeIds<Node>(Connection&, const std::string&,  \
                                                            const ListScope&);
PENSTOCK_FOR_NODE(Artifact)
PENSTOCK_FOR_NODE(Execution)
PENSTOCK_FOR_NODE(Context)
#undef PENSTOCK_FOR_NODE

}  // namespace penstock::metadata::mlmd
