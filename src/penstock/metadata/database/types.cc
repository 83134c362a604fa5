#include "penstock/metadata/database/types.h"

#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/known_types.h"

namespace penstock::metadata::database {
namespace {

const KnownType* FindKnown(TypeKind kind, std::string_view name) {
  switch (kind) {
    case TypeKind::kArtifact:
      return FindKnownArtifactType(name);
    case TypeKind::kExecution:
      return FindKnownExecutionType(name);
    case TypeKind::kContext:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

Result<int64_t> EnsureType(Connection& connection, TypeKind kind, std::string_view name) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                            connection.FindInt(sql::kSelectType, name, kind));
  if (stored.has_value()) return *stored;
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, connection.Insert(sql::kInsertType, name, kind));
  const KnownType* known = FindKnown(kind, name);
  if (known == nullptr) return id;
  for (const KnownProperty& property : known->properties) {
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertTypeProperty, id, property.name, property.type));
  }
  if (known->base_type.empty()) return id;
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t base_id, EnsureType(connection, kind, known->base_type));
  PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertParentType, id, base_id));
  return id;
}

}  // namespace penstock::metadata::database
