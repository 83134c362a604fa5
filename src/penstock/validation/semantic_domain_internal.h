#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// Domains of meaning (images, natural language, and those a statistics generator names itself), checked
/// against the custom statistics of the feature.

/// Sets the domain that the one custom statistic "domain_info" holds as text, where `feature` has none.
/// Returns whether it did.
bool AdoptDomainOfStatistics(const FeatureView& view, tfmd::Feature& feature);

/// `feature` must have the domain.
Findings ConformImageDomain(const FeatureView& view, tfmd::Feature& feature);
Findings ConformNaturalLanguageDomain(const FeatureView& view, tfmd::Feature& feature);

}  // namespace penstock::validation
