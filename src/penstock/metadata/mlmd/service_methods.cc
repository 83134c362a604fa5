#include "penstock/metadata/mlmd/service_methods.h"

#include <climits>

#include "penstock/metadata/mlmd/requests_internal.h"

namespace penstock::metadata::mlmd {
namespace {

template <class Request>
Status Parse(std::string_view bytes, std::string_view method, Request& request) {
  if (bytes.size() <= INT_MAX && request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return OkStatus();
  }
  return InvalidArgument("The bytes are no ml_metadata.{}Request", method);
}

Result<std::string> Serialize(const google::protobuf::Message& response) {
  std::string bytes;
  if (response.ByteSizeLong() > INT_MAX || !response.SerializeToString(&bytes)) {
    return ResourceExhausted("The answer is larger than 2 GiB: ask for fewer nodes at once");
  }
  return bytes;
}

#define PENSTOCK_WRITE(Name)                                                                                \
  ServiceMethod {                                                                                           \
#Name, true, [](database::Connection& db, Timestamp now, std::string_view bytes) -> Result<std::string> { \
      ml_metadata::Name##Request request;                                                                \
      ml_metadata::Name##Response response;                                                              \
      PENSTOCK_RETURN_IF_ERROR(Parse(bytes, #Name, request));                                            \
      PENSTOCK_RETURN_IF_ERROR(Name(db, now, request, response));                                        \
      return Serialize(response);                                                                        \
    } \
  }
#define PENSTOCK_READ(Name)                                                                              \
  ServiceMethod {                                                                                        \
#Name, false, [](database::Connection& db, Timestamp, std::string_view bytes) -> Result<std::string> { \
      ml_metadata::Name##Request request;                                                                \
      ml_metadata::Name##Response response;                                                              \
      PENSTOCK_RETURN_IF_ERROR(Parse(bytes, #Name, request));                                            \
      PENSTOCK_RETURN_IF_ERROR(Name(db, request, response));                                             \
      return Serialize(response);                                                                        \
    } \
  }

const ServiceMethod kMethods[] = {
    PENSTOCK_WRITE(PutArtifactType),
    PENSTOCK_WRITE(PutExecutionType),
    PENSTOCK_WRITE(PutContextType),
    PENSTOCK_WRITE(PutTypes),
    PENSTOCK_WRITE(PutArtifacts),
    PENSTOCK_WRITE(PutExecutions),
    PENSTOCK_WRITE(PutContexts),
    PENSTOCK_WRITE(PutEvents),
    PENSTOCK_WRITE(PutAttributionsAndAssociations),
    PENSTOCK_WRITE(PutParentContexts),
    PENSTOCK_WRITE(PutExecution),
    PENSTOCK_WRITE(PutLineageSubgraph),
    PENSTOCK_READ(GetArtifactType),
    PENSTOCK_READ(GetExecutionType),
    PENSTOCK_READ(GetContextType),
    PENSTOCK_READ(GetArtifactTypesByID),
    PENSTOCK_READ(GetExecutionTypesByID),
    PENSTOCK_READ(GetContextTypesByID),
    PENSTOCK_READ(GetArtifactTypes),
    PENSTOCK_READ(GetExecutionTypes),
    PENSTOCK_READ(GetContextTypes),
    PENSTOCK_READ(GetArtifactTypesByExternalIds),
    PENSTOCK_READ(GetExecutionTypesByExternalIds),
    PENSTOCK_READ(GetContextTypesByExternalIds),
    PENSTOCK_READ(GetArtifacts),
    PENSTOCK_READ(GetExecutions),
    PENSTOCK_READ(GetContexts),
    PENSTOCK_READ(GetArtifactsByID),
    PENSTOCK_READ(GetExecutionsByID),
    PENSTOCK_READ(GetContextsByID),
    PENSTOCK_READ(GetArtifactsByType),
    PENSTOCK_READ(GetExecutionsByType),
    PENSTOCK_READ(GetContextsByType),
    PENSTOCK_READ(GetArtifactByTypeAndName),
    PENSTOCK_READ(GetExecutionByTypeAndName),
    PENSTOCK_READ(GetContextByTypeAndName),
    PENSTOCK_READ(GetArtifactsByURI),
    PENSTOCK_READ(GetArtifactsByExternalIds),
    PENSTOCK_READ(GetExecutionsByExternalIds),
    PENSTOCK_READ(GetContextsByExternalIds),
    PENSTOCK_READ(GetEventsByExecutionIDs),
    PENSTOCK_READ(GetEventsByArtifactIDs),
    PENSTOCK_READ(GetContextsByArtifact),
    PENSTOCK_READ(GetContextsByExecution),
    PENSTOCK_READ(GetArtifactsByContext),
    PENSTOCK_READ(GetExecutionsByContext),
    PENSTOCK_READ(GetParentContextsByContext),
    PENSTOCK_READ(GetChildrenContextsByContext),
    PENSTOCK_READ(GetParentContextsByContexts),
    PENSTOCK_READ(GetChildrenContextsByContexts),
    PENSTOCK_READ(GetLineageGraph),
    PENSTOCK_READ(GetLineageSubgraph),
};
#undef PENSTOCK_READ
#undef PENSTOCK_WRITE

}  // namespace

std::span<const ServiceMethod> ServiceMethods() { return kMethods; }

const ServiceMethod* FindServiceMethod(std::string_view name) {
  for (const ServiceMethod& method : kMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace penstock::metadata::mlmd
