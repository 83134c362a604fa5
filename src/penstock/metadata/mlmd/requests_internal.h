#pragma once

#include <string>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "ml_metadata/proto/metadata_store_service.pb.h"
#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::mlmd {

/// The bodies of ml_metadata.MetadataStoreService, each within the caller's transaction; on an error that
/// transaction's work is to be undone. Codes and messages are those of ML Metadata 1.17.
#define PENSTOCK_MLMD_WRITE(Name)                                                                 \
  Status Name(database::Connection& db, Timestamp now, const ml_metadata::Name##Request& request, \
              ml_metadata::Name##Response& response);
#define PENSTOCK_MLMD_READ(Name)                                                   \
  Status Name(database::Connection& db, const ml_metadata::Name##Request& request, \
              ml_metadata::Name##Response& response);

// write_requests.cc
PENSTOCK_MLMD_WRITE(PutArtifactType)
PENSTOCK_MLMD_WRITE(PutExecutionType)
PENSTOCK_MLMD_WRITE(PutContextType)
PENSTOCK_MLMD_WRITE(PutTypes)
PENSTOCK_MLMD_WRITE(PutArtifacts)
PENSTOCK_MLMD_WRITE(PutExecutions)
PENSTOCK_MLMD_WRITE(PutContexts)
PENSTOCK_MLMD_WRITE(PutEvents)
PENSTOCK_MLMD_WRITE(PutAttributionsAndAssociations)
PENSTOCK_MLMD_WRITE(PutParentContexts)
// publish_requests.cc
PENSTOCK_MLMD_WRITE(PutExecution)
PENSTOCK_MLMD_WRITE(PutLineageSubgraph)
// type_requests.cc
PENSTOCK_MLMD_READ(GetArtifactType)
PENSTOCK_MLMD_READ(GetExecutionType)
PENSTOCK_MLMD_READ(GetContextType)
PENSTOCK_MLMD_READ(GetArtifactTypesByID)
PENSTOCK_MLMD_READ(GetExecutionTypesByID)
PENSTOCK_MLMD_READ(GetContextTypesByID)
PENSTOCK_MLMD_READ(GetArtifactTypes)
PENSTOCK_MLMD_READ(GetExecutionTypes)
PENSTOCK_MLMD_READ(GetContextTypes)
PENSTOCK_MLMD_READ(GetArtifactTypesByExternalIds)
PENSTOCK_MLMD_READ(GetExecutionTypesByExternalIds)
PENSTOCK_MLMD_READ(GetContextTypesByExternalIds)
// node_requests.cc
PENSTOCK_MLMD_READ(GetArtifacts)
PENSTOCK_MLMD_READ(GetExecutions)
PENSTOCK_MLMD_READ(GetContexts)
PENSTOCK_MLMD_READ(GetArtifactsByID)
PENSTOCK_MLMD_READ(GetExecutionsByID)
PENSTOCK_MLMD_READ(GetContextsByID)
PENSTOCK_MLMD_READ(GetArtifactsByType)
PENSTOCK_MLMD_READ(GetExecutionsByType)
PENSTOCK_MLMD_READ(GetContextsByType)
PENSTOCK_MLMD_READ(GetArtifactByTypeAndName)
PENSTOCK_MLMD_READ(GetExecutionByTypeAndName)
PENSTOCK_MLMD_READ(GetContextByTypeAndName)
PENSTOCK_MLMD_READ(GetArtifactsByURI)
PENSTOCK_MLMD_READ(GetArtifactsByExternalIds)
PENSTOCK_MLMD_READ(GetExecutionsByExternalIds)
PENSTOCK_MLMD_READ(GetContextsByExternalIds)
// edge_requests.cc
PENSTOCK_MLMD_READ(GetEventsByExecutionIDs)
PENSTOCK_MLMD_READ(GetEventsByArtifactIDs)
PENSTOCK_MLMD_READ(GetContextsByArtifact)
PENSTOCK_MLMD_READ(GetContextsByExecution)
PENSTOCK_MLMD_READ(GetArtifactsByContext)
PENSTOCK_MLMD_READ(GetExecutionsByContext)
PENSTOCK_MLMD_READ(GetParentContextsByContext)
PENSTOCK_MLMD_READ(GetChildrenContextsByContext)
PENSTOCK_MLMD_READ(GetParentContextsByContexts)
PENSTOCK_MLMD_READ(GetChildrenContextsByContexts)
PENSTOCK_MLMD_READ(GetLineageGraph)
PENSTOCK_MLMD_READ(GetLineageSubgraph)
#undef PENSTOCK_MLMD_READ
#undef PENSTOCK_MLMD_WRITE

}  // namespace penstock::metadata::mlmd
