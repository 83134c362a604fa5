#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/server/router.h"
#include "penstock/server/service.h"

namespace penstock::server {

/// What the routes of artifacts share with those by which clients tell of some.

/// Nodes under which executions stand that clients have told of.
inline constexpr const char* kToldNodes = "recorded/";

Result<int64_t> ReadId(const std::string& text, std::string_view what);

/// The execution that made it; one that came from nowhere (an importer of another program) has none.
Result<std::optional<metadata::Execution>> MakerOf(const Service& service,
                                                   const pipeline::Artifact& artifact);

/// Whether the caller may see it: where namespaces are kept apart, that of the run which made it decides.
Result<bool> IsVisible(const Service& service, const ApiCall& call,
                       const std::optional<metadata::Execution>& maker);

nlohmann::json ToJson(const pipeline::Artifact& artifact, const std::optional<metadata::Execution>& maker);

/// A link of a task to an artifact that a client has told of, as it is answered.
nlohmann::json ToldLinkToJson(const metadata::Execution& execution, const std::string& key, bool is_input,
                              int64_t artifact_id);

/// POST /artifacts and /artifact_tasks, of one and of many.
void AddToldArtifactRoutes(Router& router, Service& service);

}  // namespace penstock::server
