#include "penstock/metadata/mlmd/types.h"

#include <algorithm>
#include <array>

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "penstock/metadata/mlmd/statements.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using database::Statement;
using database::TypeKind;
using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;
using ml_metadata::ArtifactType;
using ml_metadata::ContextType;
using ml_metadata::ExecutionType;

/// By number of the base type's enum; 0 is "unset".
constexpr std::array<std::string_view, 5> kArtifactBases = {"", "mlmd.Dataset", "mlmd.Model", "mlmd.Metrics",
                                                            "mlmd.Statistics"};
constexpr std::array<std::string_view, 6> kExecutionBases = {
    "", "mlmd.Train", "mlmd.Transform", "mlmd.Process", "mlmd.Evaluate", "mlmd.Deploy"};

template <class Type>
std::span<const std::string_view> BaseNames() {
  if constexpr (std::is_same_v<Type, ArtifactType>) return kArtifactBases;
  if constexpr (std::is_same_v<Type, ExecutionType>) return kExecutionBases;
  return {};
}

constexpr std::string_view KindName(TypeKind kind) {
  switch (kind) {
    case TypeKind::kArtifact:
      return "Artifact";
    case TypeKind::kExecution:
      return "Execution";
    case TypeKind::kContext:
      return "Context";
  }
  return "";
}

template <class Type>
Status ReadProperties(Connection& db, Type& type) {
  Statement row = db.Prepare(sql::kSelectTypeProperties);
  row.Bind(type.id());
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    (*type.mutable_properties())[row.Text(0)] = static_cast<ml_metadata::PropertyType>(row.Int(1));
  }
}

Status ReadStruct(const Statement& row, int column, ml_metadata::ArtifactStructType& message) {
  const auto status = google::protobuf::util::JsonStringToMessage(row.Text(column), &message);
  if (status.ok()) return OkStatus();
  return Internal("Failed to parse proto: {}", row.Text(column));
}

/// Of a row of id, name, version, description, external_id, input_type, output_type.
template <class Type>
Result<Type> ReadType(Connection& db, const Statement& row) {
  Type type;
  type.set_id(row.Int(0));
  type.set_name(row.Text(1));
  if (!row.IsNull(2)) type.set_version(row.Text(2));
  if (!row.IsNull(3)) type.set_description(row.Text(3));
  if (!row.IsNull(4)) type.set_external_id(row.Text(4));
  if constexpr (std::is_same_v<Type, ExecutionType>) {
    if (!row.TextView(5).empty()) PENSTOCK_RETURN_IF_ERROR(ReadStruct(row, 5, *type.mutable_input_type()));
    if (!row.TextView(6).empty()) PENSTOCK_RETURN_IF_ERROR(ReadStruct(row, 6, *type.mutable_output_type()));
  }
  PENSTOCK_RETURN_IF_ERROR(ReadProperties(db, type));
  return type;
}

template <class Type>
Result<std::optional<Type>> FindTypeByName(Connection& db, std::string_view name, std::string_view version) {
  Statement row = db.Prepare(version.empty() ? sql::kSelectTypeByName : sql::kSelectTypeByNameAndVersion);
  row.Bind(name, KindOf<Type>());
  if (!version.empty()) row.Bind(version);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return std::optional<Type>();
  PENSTOCK_ASSIGN_OR_RETURN(Type type, ReadType<Type>(db, row));
  return std::optional<Type>(std::move(type));
}

/// The union of both types' properties, where the differences are allowed.
template <class Type>
Result<Type> MergeTypes(const Type& stored, const Type& given, TypeEvolution evolution) {
  int num_omitted = 0;
  bool is_conflict = false;
  for (const auto& [name, kind] : stored.properties()) {
    const auto other = given.properties().find(name);
    if (other == given.properties().end()) {
      ++num_omitted;
    } else {
      is_conflict = is_conflict || other->second != kind;
    }
  }
  if (num_omitted > 0 && !evolution.can_omit_fields) {
    return FailedPrecondition(
        "can_omit_fields is false while stored type has more properties: stored type: {}; given type: {}",
        stored.DebugString(), given.DebugString());
  }
  if (is_conflict) {
    return FailedPrecondition(
        "Conflicting property value type found in stored and given types: stored_type: {}; other_type: {}",
        stored.DebugString(), given.DebugString());
  }
  Type merged = stored;
  if (static_cast<int>(stored.properties().size()) - num_omitted !=
      static_cast<int>(given.properties().size())) {
    if (!evolution.can_add_fields) {
      return FailedPrecondition(
          "can_add_fields is false while the given type has more properties: stored_type: {}; other_type: {}",
          stored.DebugString(), given.DebugString());
    }
    for (const auto& property : given.properties()) merged.mutable_properties()->insert(property);
  }
  if (stored.external_id() != given.external_id()) merged.set_external_id(given.external_id());
  return merged;
}

template <class Type>
Status InsertProperties(Connection& db, int64_t id, const Type& type, const Type* stored) {
  for (const auto& [name, kind] : type.properties()) {
    if (stored != nullptr && stored->properties().contains(name)) continue;
    if (kind == ml_metadata::UNKNOWN) {
      if (stored == nullptr) return InvalidArgument("Property {} is UNKNOWN.", name);
      return InvalidArgument("Property:{} type should not be UNKNOWN.", name);
    }
    PENSTOCK_RETURN_IF_ERROR(db.Run(sql::kInsertTypeProperty, id, name, kind));
  }
  return OkStatus();
}

Result<std::optional<std::string>> ToJson(bool is_set, const ml_metadata::ArtifactStructType& message) {
  std::string json;
  if (!is_set) return std::optional<std::string>();
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) {
    return InvalidArgument("Could not write proto to JSON: {}", message.DebugString());
  }
  return std::optional<std::string>(std::move(json));
}

template <class Type>
Status CheckExternalIdIsFree(Connection& db, const Type& type) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto taken,
                            db.FindInt(sql::kSelectTypeByExternalId, type.external_id(), KindOf<Type>()));
  if (!taken.has_value()) return OkStatus();
  return AlreadyExists(
      "Conflict of external_id: {} Found already existing {} type with the same external_id: {}",
      type.external_id(), KindName(KindOf<Type>()), *taken);
}

template <class Type>
Result<int64_t> InsertType(Connection& db, const Type& type) {
  if (type.name().empty()) return InvalidArgument("No type name is specified.");
  std::optional<std::string> version, description, external_id, input_type, output_type;
  if (!type.version().empty()) version = type.version();
  if (type.has_description()) description = type.description();
  if (type.has_external_id()) {
    PENSTOCK_RETURN_IF_ERROR(CheckExternalIdIsFree(db, type));
    external_id = type.external_id();
  }
  if constexpr (std::is_same_v<Type, ExecutionType>) {
    PENSTOCK_ASSIGN_OR_RETURN(input_type, ToJson(type.has_input_type(), type.input_type()));
    PENSTOCK_ASSIGN_OR_RETURN(output_type, ToJson(type.has_output_type(), type.output_type()));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id,
                            db.Insert(sql::kInsertVersionedType, type.name(), KindOf<Type>(), version,
                                      description, input_type, output_type, external_id));
  PENSTOCK_RETURN_IF_ERROR(InsertProperties<Type>(db, id, type, nullptr));
  return id;
}

template <class Type>
Status UpdateType(Connection& db, const Type& stored, const Type& merged) {
  PENSTOCK_RETURN_IF_ERROR(InsertProperties(db, stored.id(), merged, &stored));
  if (!merged.has_external_id()) return OkStatus();
  return db.Run(sql::kUpdateTypeExternalId, stored.id(), merged.external_id());
}

/// Links a type to its base type; the link cannot change afterwards.
template <class Type>
Status LinkBaseType(Connection& db, const Type& type, int64_t id) {
  if (!type.has_base_type()) return OkStatus();
  const auto names = BaseNames<Type>();
  const auto number = static_cast<size_t>(type.base_type());
  if (number == 0 || number >= names.size()) return Unimplemented("base_type deletion is not supported yet");
  Statement parent = db.Prepare(sql::kSelectParentType);
  parent.Bind(id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_parent, parent.Step());
  if (!has_parent) {
    PENSTOCK_ASSIGN_OR_RETURN(const Type base, GetTypeByName<Type>(db, names[number], ""));
    return db.Run(sql::kInsertParentType, id, base.id());
  }
  if (parent.TextView(1) != names[number]) return Unimplemented("base_type update is not supported yet");
  return OkStatus();
}

template <class Type>
Result<int64_t> UpsertType(Connection& db, const Type& type, TypeEvolution evolution) {
  PENSTOCK_ASSIGN_OR_RETURN(std::optional<Type> stored,
                            FindTypeByName<Type>(db, type.name(), type.version()));
  if (!stored.has_value()) return InsertType(db, type);
  stored->clear_external_id();  // The original compares without it: a given one is always written.
  const Result<Type> merged = MergeTypes(*stored, type, evolution);
  if (!merged.ok()) {
    return AlreadyExists("Type already exists with different properties: {}", merged.status().message());
  }
  if (!google::protobuf::util::MessageDifferencer::Equals(*merged, *stored)) {
    PENSTOCK_RETURN_IF_ERROR(UpdateType(db, *stored, *merged));
  }
  return stored->id();
}

}  // namespace

template <class Type>
TypeKind KindOf() {
  if constexpr (std::is_same_v<Type, ArtifactType>) return TypeKind::kArtifact;
  if constexpr (std::is_same_v<Type, ExecutionType>) return TypeKind::kExecution;
  return TypeKind::kContext;
}

bool IsSimpleType(std::string_view name) {
  const auto is_one = [&](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return !name.empty() && (is_one(kArtifactBases) || is_one(kExecutionBases));
}

Result<std::optional<int64_t>> FindTypeId(Connection& db, TypeKind kind, std::string_view name,
                                          std::string_view version) {
  if (version.empty()) return db.FindInt(sql::kSelectTypeByName, name, kind);
  return db.FindInt(sql::kSelectTypeByNameAndVersion, name, kind, version);
}

template <class Type>
Status UpsertTypes(Connection& db, const RepeatedPtrField<Type>& types, TypeEvolution evolution,
                   RepeatedField<int64_t>& ids) {
  for (const Type& type : types) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, UpsertType(db, type, evolution));
    PENSTOCK_RETURN_IF_ERROR(LinkBaseType(db, type, id));
    ids.Add(id);
  }
  return OkStatus();
}

template <class Type>
Result<std::optional<Type>> FindTypeById(Connection& db, int64_t id) {
  Statement row = db.Prepare(sql::kSelectTypeById);
  row.Bind(id, KindOf<Type>());
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
  if (!has_row) return std::optional<Type>();
  PENSTOCK_ASSIGN_OR_RETURN(Type type, ReadType<Type>(db, row));
  return std::optional<Type>(std::move(type));
}

template <class Type>
Result<Type> GetTypeByName(Connection& db, std::string_view name, std::string_view version) {
  PENSTOCK_ASSIGN_OR_RETURN(std::optional<Type> type, FindTypeByName<Type>(db, name, version));
  if (type.has_value()) return *std::move(type);
  return NotFound("No type found for query, name: `{}`, version: `{}`", name,
                  version.empty() ? "nullopt" : version);
}

template <class Type>
Status FindTypesByExternalIds(Connection& db, const RepeatedPtrField<std::string>& external_ids,
                              RepeatedPtrField<Type>& types) {
  if (external_ids.empty()) return OkStatus();
  std::vector<std::string> ids(external_ids.begin(), external_ids.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.front().empty()) {
    return InvalidArgument("Invalid argument because at least one empty external_id exists.");
  }
  for (const std::string& id : ids) {
    Statement row = db.Prepare(sql::kSelectTypeByExternalId);
    row.Bind(id, KindOf<Type>());
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) continue;
    PENSTOCK_ASSIGN_OR_RETURN(*types.Add(), ReadType<Type>(db, row));
  }
  return types.empty() ? NotFound("No types found for external_ids.") : OkStatus();
}

template <class Type>
Status ListTypes(Connection& db, RepeatedPtrField<Type>& types) {
  Statement row = db.Prepare(sql::kSelectAllTypes);
  row.Bind(KindOf<Type>());
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(Type type, ReadType<Type>(db, row));
    type.clear_external_id();
    *types.Add() = std::move(type);
  }
}

template <class Type>
Status SetBaseType(Connection& db, Type& type) {
  Statement parent = db.Prepare(sql::kSelectParentType);
  parent.Bind(type.id());
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_parent, parent.Step());
  if (!has_parent) return OkStatus();
  const auto names = BaseNames<Type>();
  const auto name = std::find(names.begin() + 1, names.end(), parent.TextView(1));
  if (name == names.end()) return InvalidArgument("invalid system type name: {}", parent.TextView(1));
  type.set_base_type(static_cast<typename Type::SystemDefinedBaseType>(name - names.begin()));
  return OkStatus();
}

template <class Type>
Result<const Type*> TypeCache<Type>::Find(int64_t id) {
  auto entry = types_.find(id);
  if (entry == types_.end()) {
    PENSTOCK_ASSIGN_OR_RETURN(std::optional<Type> type, FindTypeById<Type>(db_, id));
    entry = types_.emplace(id, std::move(type)).first;
  }
  return entry->second.has_value() ? &*entry->second : nullptr;
}

#define PENSTOCK_FOR_TYPE(Type)                                                                   \
  template TypeKind KindOf<Type>();                                                               \
  template Status UpsertTypes<Type>(Connection&, const RepeatedPtrField<Type>&, TypeEvolution,    \
                                    RepeatedField<int64_t>&);                                     \
  template Result<std::optional<Type>> FindTypeById<Type>(Connection&, int64_t);                  \
  template Result<Type> GetTypeByName<Type>(Connection&, std::string_view, std::string_view);     \
  template Status FindTypesByExternalIds<Type>(Connection&, const RepeatedPtrField<std::string>&, \
                                               RepeatedPtrField<Type>&);                          \
  template Status ListTypes<Type>(Connection&, RepeatedPtrField<Type>&);                          \
  template class TypeCache<Type>;
PENSTOCK_FOR_TYPE(ArtifactType)
PENSTOCK_FOR_TYPE(ExecutionType)
PENSTOCK_FOR_TYPE(ContextType)
#undef PENSTOCK_FOR_TYPE
template Status SetBaseType<ArtifactType>(Connection&, ArtifactType&);
template Status SetBaseType<ExecutionType>(Connection&, ExecutionType&);

}  // namespace penstock::metadata::mlmd
