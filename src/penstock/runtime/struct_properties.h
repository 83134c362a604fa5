#pragma once

#include <nlohmann/json.hpp>

#include "penstock/metadata/execution_record.h"

namespace penstock::runtime {

/// The store keeps scalars as artifact properties; KFP's components write structures too (a confusion
/// matrix). These are kept as text with a mark at its front, and read back from it. Null is left out.
nlohmann::json PackProperties(const nlohmann::json& properties);
nlohmann::json UnpackProperties(const nlohmann::json& properties);
void UnpackAll(metadata::ArtifactsByName& artifacts);

}  // namespace penstock::runtime
