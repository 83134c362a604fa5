#pragma once

#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/statistics/span_statistics.h"

namespace penstock::apps {

/// The spans that data arguments name. One with {SPAN} or {YYYY}, {MM}, {DD} (and {VERSION}) is a pattern of
/// spans, of which `range` chooses: "30" the latest so many, "5-20" those from 5 to 20, "" the latest.
/// Without such an argument every file is a span of its own. kInvalidArgument for a range that is none, or
/// that has no pattern to choose from.
Result<std::vector<statistics::Span>> SpansOf(const std::vector<std::string>& data, const std::string& range);

/// Whether one of the arguments is a pattern of spans.
bool NamesSpans(const std::vector<std::string>& data);

}  // namespace penstock::apps
