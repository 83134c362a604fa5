#include "penstock/metadata/database/contexts.h"

#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/types.h"
#include "penstock/metadata/known_types.h"

namespace penstock::metadata::database {
namespace {

/// `parent_id` 0: none.
Result<int64_t> EnsureContext(Connection& connection, std::string_view type, std::string_view name,
                              int64_t parent_id, Timestamp now) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t type_id, EnsureType(connection, TypeKind::kContext, type));
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                            connection.FindInt(sql::kSelectContext, type_id, name));
  if (stored.has_value()) return *stored;
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id,
                            connection.Insert(sql::kInsertContext, type_id, name, now.millis()));
  if (parent_id != 0) PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertParentContext, id, parent_id));
  return id;
}

}  // namespace

std::string NodeContextName(std::string_view pipeline_name, std::string_view node_id) {
  return fmt::format("{}.{}", pipeline_name, node_id);
}

Result<ContextIds> EnsureContexts(Connection& connection, std::string_view pipeline_name,
                                  std::string_view run_id, std::string_view node_id, Timestamp now) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t pipeline,
                            EnsureContext(connection, kPipelineContextType, pipeline_name, 0, now));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t run,
                            EnsureContext(connection, kRunContextType, run_id, pipeline, now));
  const std::string node_name = NodeContextName(pipeline_name, node_id);
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t node,
                            EnsureContext(connection, kNodeContextType, node_name, pipeline, now));
  return ContextIds{pipeline, run, node};
}

Result<std::optional<int64_t>> FindContext(Connection& connection, std::string_view type,
                                           std::string_view name) {
  return connection.FindInt(sql::kSelectContextByNames, type, name);
}

}  // namespace penstock::metadata::database
