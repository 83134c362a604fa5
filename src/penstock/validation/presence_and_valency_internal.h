#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// Sets presence, and shape or value_count(s), of a new feature to what its statistics show. A shape is tried
/// only where `infer_shape`.
void InferPresenceAndValency(const FeatureView& view, bool infer_shape, tfmd::Feature& feature);

/// Each checks one constraint of `feature`, where it has it, and loosens it to what was seen.
Findings ConformPresence(const FeatureView& view, tfmd::FeaturePresence& presence);
Findings ConformValueCounts(const FeatureView& view, tfmd::Feature& feature);
Findings ConformShape(const FeatureView& view, tfmd::Feature& feature);
Findings ConformUniqueness(const FeatureView& view, tfmd::Feature& feature);

}  // namespace penstock::validation
