#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/repeated_field.h>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace ml_metadata {
class ListOperationOptions;
}

namespace penstock::metadata::mlmd {

/// Which nodes a listing is about, before its filter.
struct ListScope {
  std::optional<int64_t> type_id;
  std::optional<int64_t> context_id;  ///< Attributed to or associated with it.
  /// Only these. Not owned; null: all.
  const std::vector<int64_t>* ids = nullptr;
};

/// At most so many nodes a page, whatever was asked for.
inline constexpr int kMaxPageSize = 100;

/// One page of nodes in the order asked for, and the token of the next page (empty on the last). Pages go
/// by key: a later one costs what the first does. kInvalidArgument: a bad size, order field, token, or
/// filter_query (messages of ML Metadata 1.17, "Invalid `filter_query`: ... [at 1:7]").
template <class Node>
Status ListNodes(database::Connection& db, const ml_metadata::ListOperationOptions& options,
                 const ListScope& scope, google::protobuf::RepeatedPtrField<Node>& nodes,
                 std::string& next_page_token);

/// The ids, ascending, of all nodes in the scope that `filter_query` holds for.
template <class Node>
Result<std::vector<int64_t>> FilterNodeIds(database::Connection& db, const std::string& filter_query,
                                           const ListScope& scope);

}  // namespace penstock::metadata::mlmd
