#pragma once

#include <string>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

namespace penstock::statistics {

struct FormatOptions {
  /// ANSI colours: missing values, and features of which at least half the values are zeros, in red.
  bool colour = false;
};

/// A table for people, one per dataset in the list and one line per feature: type, count,
/// missing %, mean, standard deviation, zeros %, min, median, max, unique, top value and a
/// sparkline of the STANDARD (numbers) or rank (strings) histogram. UTF-8, aligned by what a
/// terminal shows; control characters in values are escaped. Ends with a line feed.
std::string FormatStatistics(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
                             const FormatOptions& options = {});

}  // namespace penstock::statistics
