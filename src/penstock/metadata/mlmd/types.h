#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <google/protobuf/repeated_field.h>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/types.h"

namespace ml_metadata {
class ArtifactType;
class ExecutionType;
class ContextType;
}  // namespace ml_metadata

namespace penstock::metadata::mlmd {

/// ML Metadata's types. `Type` is ml_metadata::ArtifactType, ExecutionType or ContextType. Each function
/// runs within the caller's transaction; codes and messages are those of ML Metadata 1.17.

/// How an existing type may change by being put again.
struct TypeEvolution {
  bool can_add_fields = false;
  bool can_omit_fields = false;
};

template <class Type>
database::TypeKind KindOf();

/// Inserts each type, or checks and extends the stored one of its name and version; appends the ids in order.
template <class Type>
Status UpsertTypes(database::Connection& db, const google::protobuf::RepeatedPtrField<Type>& types,
                   TypeEvolution evolution, google::protobuf::RepeatedField<int64_t>& ids);

/// With its properties, without its base type; empty where there is none.
template <class Type>
Result<std::optional<Type>> FindTypeById(database::Connection& db, int64_t id);
/// An empty version: the type without one. kNotFound names both.
template <class Type>
Result<Type> GetTypeByName(database::Connection& db, std::string_view name, std::string_view version);
/// kNotFound where none is found, kInvalidArgument for an empty id.
template <class Type>
Status FindTypesByExternalIds(database::Connection& db,
                              const google::protobuf::RepeatedPtrField<std::string>& external_ids,
                              google::protobuf::RepeatedPtrField<Type>& types);
/// All of the kind, in the order of their ids; without external ids, as the original lists them.
template <class Type>
Status ListTypes(database::Connection& db, google::protobuf::RepeatedPtrField<Type>& types);
/// Fills in `base_type` from the stored parent type. Not for context types: they have none.
template <class Type>
Status SetBaseType(database::Connection& db, Type& type);

Result<std::optional<int64_t>> FindTypeId(database::Connection& db, database::TypeKind kind,
                                          std::string_view name, std::string_view version);
/// One of the types that every store holds ("mlmd.Dataset"); listings leave them out.
bool IsSimpleType(std::string_view name);

/// The types that one request's nodes name, each read once: valid within one transaction.
template <class Type>
class TypeCache {
 public:
  explicit TypeCache(database::Connection& db) : db_(db) {}
  /// Null where there is no such type. Lives as long as the cache.
  Result<const Type*> Find(int64_t id);

 private:
  database::Connection& db_;
  std::unordered_map<int64_t, std::optional<Type>> types_;
};

}  // namespace penstock::metadata::mlmd
