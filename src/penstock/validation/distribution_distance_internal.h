#pragma once

#include <optional>
#include <string>

#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// How far two distributions of listed values lie apart, and the value at which most.
struct ValueDistance {
  double distance = 0;
  std::string value;
};

/// The greatest difference of the values' frequencies, each side normalised to 1 (L-infinity norm).
ValueDistance LInfinityDistance(const FeatureView& a, const FeatureView& b);

/// The greatest difference of the values' counts, divided by the total of both sides.
ValueDistance NormalizedAbsoluteDifference(const FeatureView& a, const FeatureView& b);

/// Jensen-Shannon divergence in bits, 0 (equal) to 1: of the listed values where both sides have them, else
/// of the histograms of `source`, cut at the boundaries of both with values taken to be spread evenly inside
/// a bucket (en.wikipedia.org/wiki/Jensen-Shannon_divergence; TFDV's metrics.cc for points, infinities and
/// NaN). nullopt where either side has nothing to compare.
std::optional<double> JensenShannonDivergence(const FeatureView& a, const FeatureView& b,
                                              const tfmd::HistogramSelection& source);

}  // namespace penstock::validation
