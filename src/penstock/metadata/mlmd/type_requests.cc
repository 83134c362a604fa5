#include "penstock/metadata/mlmd/requests_internal.h"
#include "penstock/metadata/mlmd/types.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;
using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;

template <class Type>
Status AddBaseTypes(Connection& db, RepeatedPtrField<Type>& types) {
  if constexpr (!std::is_same_v<Type, ml_metadata::ContextType>) {
    for (Type& type : types) PENSTOCK_RETURN_IF_ERROR(SetBaseType(db, type));
  }
  return OkStatus();
}

template <class Type, class Request>
Status GetType(Connection& db, const Request& request, Type& type) {
  PENSTOCK_ASSIGN_OR_RETURN(type, GetTypeByName<Type>(db, request.type_name(), request.type_version()));
  if constexpr (!std::is_same_v<Type, ml_metadata::ContextType>) return SetBaseType(db, type);
  return OkStatus();
}

template <class Type>
Status GetTypesById(Connection& db, const RepeatedField<int64_t>& ids, RepeatedPtrField<Type>& types) {
  for (const int64_t id : ids) {
    PENSTOCK_ASSIGN_OR_RETURN(auto type, FindTypeById<Type>(db, id));
    if (type.has_value()) *types.Add() = *std::move(type);
  }
  return AddBaseTypes(db, types);
}

/// The types that every store holds are not shown.
template <class Type>
Status GetTypes(Connection& db, RepeatedPtrField<Type>& types) {
  RepeatedPtrField<Type> all;
  PENSTOCK_RETURN_IF_ERROR(ListTypes(db, all));
  for (Type& type : all) {
    if (!IsSimpleType(type.name())) *types.Add() = std::move(type);
  }
  return AddBaseTypes(db, types);
}

}  // namespace

Status GetArtifactType(Connection& db, const ml_metadata::GetArtifactTypeRequest& request,
                       ml_metadata::GetArtifactTypeResponse& response) {
  return GetType(db, request, *response.mutable_artifact_type());
}

Status GetArtifactTypesByID(Connection& db, const ml_metadata::GetArtifactTypesByIDRequest& request,
                            ml_metadata::GetArtifactTypesByIDResponse& response) {
  return GetTypesById(db, request.type_ids(), *response.mutable_artifact_types());
}

Status GetArtifactTypes(Connection& db, const ml_metadata::GetArtifactTypesRequest&,
                        ml_metadata::GetArtifactTypesResponse& response) {
  return GetTypes(db, *response.mutable_artifact_types());
}

Status GetArtifactTypesByExternalIds(Connection& db,
                                     const ml_metadata::GetArtifactTypesByExternalIdsRequest& request,
                                     ml_metadata::GetArtifactTypesByExternalIdsResponse& response) {
  return FindTypesByExternalIds(db, request.external_ids(), *response.mutable_artifact_types());
}

Status GetExecutionType(Connection& db, const ml_metadata::GetExecutionTypeRequest& request,
                        ml_metadata::GetExecutionTypeResponse& response) {
  return GetType(db, request, *response.mutable_execution_type());
}

Status GetExecutionTypesByID(Connection& db, const ml_metadata::GetExecutionTypesByIDRequest& request,
                             ml_metadata::GetExecutionTypesByIDResponse& response) {
  return GetTypesById(db, request.type_ids(), *response.mutable_execution_types());
}

Status GetExecutionTypes(Connection& db, const ml_metadata::GetExecutionTypesRequest&,
                         ml_metadata::GetExecutionTypesResponse& response) {
  return GetTypes(db, *response.mutable_execution_types());
}

Status GetExecutionTypesByExternalIds(Connection& db,
                                      const ml_metadata::GetExecutionTypesByExternalIdsRequest& request,
                                      ml_metadata::GetExecutionTypesByExternalIdsResponse& response) {
  return FindTypesByExternalIds(db, request.external_ids(), *response.mutable_execution_types());
}

Status GetContextType(Connection& db, const ml_metadata::GetContextTypeRequest& request,
                      ml_metadata::GetContextTypeResponse& response) {
  return GetType(db, request, *response.mutable_context_type());
}

Status GetContextTypesByID(Connection& db, const ml_metadata::GetContextTypesByIDRequest& request,
                           ml_metadata::GetContextTypesByIDResponse& response) {
  return GetTypesById(db, request.type_ids(), *response.mutable_context_types());
}

Status GetContextTypes(Connection& db, const ml_metadata::GetContextTypesRequest&,
                       ml_metadata::GetContextTypesResponse& response) {
  return GetTypes(db, *response.mutable_context_types());
}

Status GetContextTypesByExternalIds(Connection& db,
                                    const ml_metadata::GetContextTypesByExternalIdsRequest& request,
                                    ml_metadata::GetContextTypesByExternalIdsResponse& response) {
  return FindTypesByExternalIds(db, request.external_ids(), *response.mutable_context_types());
}

}  // namespace penstock::metadata::mlmd
