#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::pipeline {

/// What a resolver task of ours says in the filter of KFP's ArtifactQuerySpec:
///   penstock_component="LatestBlessedModel" AND penstock_policy="latest_blessed_model"
struct ResolverQuery {
  std::string component;
  std::string policy;
};

std::string PrintResolverQuery(const ResolverQuery& query);
/// Nothing for a filter of another system.
std::optional<ResolverQuery> ParseResolverQuery(std::string_view filter);

}  // namespace penstock::pipeline
