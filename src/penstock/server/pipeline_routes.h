#pragma once

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/service_records.h"

namespace penstock::server {

struct ApiCall;
struct Service;

nlohmann::json ToJson(const metadata::PipelineRecord& pipeline);
/// kDataLoss: the stored pipeline is damaged.
nlohmann::json ToJson(const metadata::PipelineVersionRecord& version);

/// Name and display name stand for each other where one is left out; both within their limits.
Status CompleteNames(std::string& name, std::string& display_name, std::string_view what,
                     size_t max_characters);

/// A new pipeline as a request's message describes it, in a namespace the caller may write to.
/// kInvalidArgument names a field that is unknown or out of bounds.
Result<metadata::PipelineRecord> ReadPipeline(Service& service, const ApiCall& call,
                                              const nlohmann::json& body);

inline constexpr size_t kMaxPipelineName = 128;
inline constexpr size_t kMaxVersionName = 127;

}  // namespace penstock::server
