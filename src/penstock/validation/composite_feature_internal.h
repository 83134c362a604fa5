#pragma once

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// What the custom statistics of a sparse feature (values plus indices) show to be wrong with its parts.
Findings CheckSparseFeature(const FeatureView& view);

/// The same for a weighted feature (values plus weights).
Findings CheckWeightedFeature(const FeatureView& view);

}  // namespace penstock::validation
