#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/artifact.h"

namespace penstock::metadata::database {

/// Artifacts and their properties. Each function runs within the caller's transaction.

/// The custom property that holds Artifact::content, in hex.
inline constexpr std::string_view kContentDigestProperty = "penstock.content_digest";

/// Inserts it kLive; answers its id.
Result<int64_t> InsertLiveArtifact(Connection& connection, const pipeline::Artifact& artifact, Timestamp now);
Result<pipeline::Artifact> ReadArtifact(Connection& connection, int64_t artifact_id);
/// kNotFound, with `what` ("input 'examples' of node 'Trainer'") in the message.
Status CheckArtifactExists(Connection& connection, int64_t artifact_id, std::string_view what);
Result<std::vector<pipeline::Artifact>> FindArtifacts(Connection& connection, const ArtifactQuery& query);
Status SetArtifactState(Connection& connection, std::span<const int64_t> artifact_ids,
                        pipeline::ArtifactState state, Timestamp now);
Result<std::optional<pipeline::Artifact>> LatestBlessedModel(Connection& connection,
                                                             const std::string& pipeline_name,
                                                             std::optional<int64_t> before_artifact_id);

}  // namespace penstock::metadata::database
