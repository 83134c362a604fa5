#pragma once

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/service_records.h"

namespace penstock::server {

nlohmann::json ToJson(const metadata::PipelineRecord& pipeline);
/// kDataLoss: the stored pipeline is damaged.
nlohmann::json ToJson(const metadata::PipelineVersionRecord& version);

/// Name and display name stand for each other where one is left out; both within their limits.
Status CompleteNames(std::string& name, std::string& display_name, std::string_view what,
                     size_t max_characters);

inline constexpr size_t kMaxPipelineName = 128;
inline constexpr size_t kMaxVersionName = 127;

}  // namespace penstock::server
