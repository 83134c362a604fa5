#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// What is wrong with a string domain, and how to mend it.
struct StringDomainCheck {
  Findings findings;
  std::vector<std::string> values_to_add;  ///< Sorted.
  bool drop = false;                       ///< The domain cannot be kept.
};

/// Whether the listed values, at most `max_size` and valid UTF-8, can be a domain.
bool CanBeStringDomain(const FeatureView& view, int max_size);

/// Checks the listed values against `domain`. Up to the fraction `max_off_domain` of all values may lie
/// outside of it. `size_limit` is the number of values the domain must stay below; 0: no limit.
StringDomainCheck CheckStringDomain(const FeatureView& view, double max_off_domain, int size_limit,
                                    const tfmd::StringDomain& domain);

/// Every value once, the first kept.
void RemoveRepeatedValues(tfmd::StringDomain& domain);

}  // namespace penstock::validation
