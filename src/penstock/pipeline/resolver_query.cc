#include "penstock/pipeline/resolver_query.h"

namespace penstock::pipeline {
namespace {

constexpr std::string_view kComponentIs = "penstock_component=\"";
constexpr std::string_view kPolicyIs = "\" AND penstock_policy=\"";

}  // namespace

std::string PrintResolverQuery(const ResolverQuery& query) {
  return std::string(kComponentIs) + query.component + std::string(kPolicyIs) + query.policy + "\"";
}

std::optional<ResolverQuery> ParseResolverQuery(std::string_view filter) {
  if (!filter.starts_with(kComponentIs) || !filter.ends_with('"')) return std::nullopt;
  filter.remove_prefix(kComponentIs.size());
  const size_t middle = filter.find(kPolicyIs);
  if (middle == std::string_view::npos) return std::nullopt;
  std::string_view policy = filter.substr(middle + kPolicyIs.size());
  if (policy.empty()) return std::nullopt;
  policy.remove_suffix(1);
  return ResolverQuery{std::string(filter.substr(0, middle)), std::string(policy)};
}

}  // namespace penstock::pipeline
