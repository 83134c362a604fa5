#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// Data that come and stay together: a day, a delivery, a file.
struct Span {
  std::string name;  ///< For people: "span 17819".
  std::vector<std::string> files;
};

/// Where a span's numbers came from.
struct SpanRead {
  std::string name;
  int64_t num_files = 0, num_bytes = 0;
  bool from_cache = false;
  std::string why;  ///< Why it was read: "not in the cache".
};

struct SpanStatistics {
  tensorflow::metadata::v0::DatasetFeatureStatisticsList list;
  std::vector<SpanRead> spans;
};

struct SpanCaching {
  std::string folder;  ///< Of the states; empty: none are kept.
  /// Called once per span that is read, to wrap its dataset (a progress bar); may be empty.
  std::function<std::unique_ptr<data::Dataset>(std::unique_ptr<data::Dataset>)> observe;
};

/// Statistics over spans: each span is folded by itself (all threads), encoded, and the states are merged in
/// the order of the spans. With a folder to keep states in, a span that was folded before is not opened, only
/// the bytes of its files are digested: a window that moves by a day costs that day and a merge. A state
/// belongs to the content of the span's files, how they are read, the options, and this program's version
/// of the encoding; an entry that is damaged or of something else is computed anew. With or without the
/// cache, cold or warm: bit-equal, for any number of threads.
///
/// kInvalidArgument where the spans' columns differ in name or type (a schema settles the types); otherwise
/// as ComputeStatistics. A sample (sample_rate) is taken of each span by itself.
Result<SpanStatistics> ComputeOverSpans(const std::vector<Span>& spans, const data::DatasetOptions& reading,
                                        const StatisticsOptions& options, const SpanCaching& caching,
                                        const ExecutionOptions& execution);

/// A line per span: what was read, what came from the cache, and why not; then the sum.
std::string ExplainSpans(const std::vector<SpanRead>& spans);

}  // namespace penstock::statistics
