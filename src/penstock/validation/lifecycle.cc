#include <algorithm>

#include "penstock/validation/lifecycle_internal.h"

namespace penstock::validation {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;

bool IsDeprecatedStage(tfmd::LifecycleStage stage) {
  switch (stage) {
    case tfmd::PLANNED:
    case tfmd::ALPHA:
    case tfmd::DEPRECATED:
    case tfmd::DEBUG_ONLY:
    case tfmd::DISABLED:
      return true;
    default:
      return false;
  }
}

template <class Names>
bool Holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

// The field is deprecated in favour of the stage, but older schemas hold it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
bool IsDeprecated(const tfmd::Feature& feature) {
  return feature.deprecated() || IsDeprecatedStage(feature.lifecycle_stage());
}

bool IsDeprecated(const tfmd::SparseFeature& feature) {
  return feature.deprecated() || IsDeprecatedStage(feature.lifecycle_stage());
}
#pragma GCC diagnostic pop

bool IsDeprecated(const tfmd::WeightedFeature& feature) {
  return IsDeprecatedStage(feature.lifecycle_stage());
}

bool IsInEnvironment(const tfmd::Schema& schema, const tfmd::Feature& feature,
                     const std::optional<std::string>& environment) {
  if (!environment.has_value()) return true;
  if (Holds(feature.in_environment(), *environment)) return true;
  if (Holds(feature.not_in_environment(), *environment)) return false;
  return Holds(schema.default_environment(), *environment);
}

bool IsRequired(const tfmd::Schema& schema, const tfmd::Feature& feature,
                const std::optional<std::string>& environment) {
  if (IsDeprecated(feature)) return false;
  if (feature.presence().min_count() <= 0 && feature.presence().min_fraction() <= 0) return false;
  return IsInEnvironment(schema, feature, environment);
}

}  // namespace penstock::validation
