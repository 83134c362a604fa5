#pragma once

#include <optional>
#include <string>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

namespace penstock::validation {

/// Whether validation leaves the feature alone: planned, alpha, debug-only, disabled or deprecated.
bool IsDeprecated(const tensorflow::metadata::v0::Feature& feature);
bool IsDeprecated(const tensorflow::metadata::v0::SparseFeature& feature);
bool IsDeprecated(const tensorflow::metadata::v0::WeightedFeature& feature);

/// After it, IsDeprecated.
template <class AnyFeature>
void Deprecate(AnyFeature& feature) {
  feature.set_lifecycle_stage(tensorflow::metadata::v0::DEPRECATED);
}

/// The feature's own lists first, then the schema's default; without an environment, everything is in it.
bool IsInEnvironment(const tensorflow::metadata::v0::Schema& schema,
                     const tensorflow::metadata::v0::Feature& feature,
                     const std::optional<std::string>& environment);

/// Whether its absence is an anomaly: a minimal presence above zero, not deprecated, in the environment.
bool IsRequired(const tensorflow::metadata::v0::Schema& schema,
                const tensorflow::metadata::v0::Feature& feature,
                const std::optional<std::string>& environment);

}  // namespace penstock::validation
