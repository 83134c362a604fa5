#include "penstock/combine/equal_width_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::combine {
namespace {

constexpr int64_t kMaxBuckets = int64_t{1} << 24;

double Nearest(double value) {
  if (std::isnan(value)) return 0;
  return std::clamp(value, -std::numeric_limits<double>::max(), std::numeric_limits<double>::max());
}

// Linear between the ends without overflow where they are far apart.
double BoundaryOf(double low, double high, int64_t bucket, int64_t num_buckets) {
  if (bucket == num_buckets) return high;
  const double share = static_cast<double>(bucket) / static_cast<double>(num_buckets);
  const double width = high - low;
  return std::isfinite(width) ? low + share * width : low * (1 - share) + high * share;
}

}  // namespace

EqualWidthHistogram::EqualWidthHistogram(double low, double high, int64_t num_buckets)
    : low_(Nearest(low)),
      high_(std::max(low_, Nearest(high))),
      counts_(static_cast<size_t>(std::clamp<int64_t>(num_buckets, 1, kMaxBuckets))) {
  const double width = high_ - low_;
  // Ends too near or too far apart for a quotient: everything falls into the first bucket.
  buckets_per_unit_ = width > 0 ? static_cast<double>(counts_.size()) / width : 0;
  if (!std::isfinite(buckets_per_unit_)) buckets_per_unit_ = 0;
}

Status EqualWidthHistogram::Merge(const EqualWidthHistogram& from) {
  if (from.low_ != low_ || from.high_ != high_ || from.counts_.size() != counts_.size()) {
    return InvalidArgument(
        "Histograms of {} buckets from {} to {} and of {} buckets from {} to {} cannot be merged",
        counts_.size(), low_, high_, from.counts_.size(), from.low_, from.high_);
  }
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += from.counts_[i];
  num_below_ += from.num_below_;
  num_above_ += from.num_above_;
  num_nan_ += from.num_nan_;
  return OkStatus();
}

std::vector<EqualWidthHistogram::Bucket> EqualWidthHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  buckets.reserve(counts_.size());
  const auto num_buckets = static_cast<int64_t>(counts_.size());
  for (int64_t i = 0; i < num_buckets; ++i) {
    buckets.push_back({BoundaryOf(low_, high_, i, num_buckets), BoundaryOf(low_, high_, i + 1, num_buckets),
                       counts_[static_cast<size_t>(i)]});
  }
  return buckets;
}

void EqualWidthHistogram::Encode(StateWriter& writer) const {
  writer.Version(1).Double(low_).Double(high_).Double(num_below_).Double(num_above_).Double(num_nan_);
  writer.Varint(counts_.size());
  for (double count : counts_) writer.Double(count);
}

Result<EqualWidthHistogram> EqualWidthHistogram::Decode(StateReader& reader) {
  reader.Version(1);
  const double low = reader.Double();
  const double high = reader.Double();
  const double below = reader.Double(), above = reader.Double(), nan = reader.Double();
  const uint64_t num_buckets = reader.Count(8);
  if (num_buckets < 1 || num_buckets > kMaxBuckets) reader.Fail("its number of buckets is out of range");
  if (!(std::isfinite(low) && std::isfinite(high) && low <= high)) reader.Fail("its ends are not in order");
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  EqualWidthHistogram histogram(low, high, static_cast<int64_t>(num_buckets));
  histogram.num_below_ = below;
  histogram.num_above_ = above;
  histogram.num_nan_ = nan;
  for (double& count : histogram.counts_) count = reader.Double();
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return histogram;
}

std::vector<EqualWidthHistogram::Bucket> EqualWidthBuckets(const QuantileSummary& summary,
                                                           int64_t num_buckets) {
  const std::vector<QuantileSummary::Entry>& entries = summary.entries();
  const auto is_finite = [](const QuantileSummary::Entry& entry) { return std::isfinite(entry.value); };
  const auto first = std::find_if(entries.begin(), entries.end(), is_finite);
  const auto last = std::find_if(entries.rbegin(), entries.rend(), is_finite);
  if (first == entries.end()) return {};
  const double low = std::isfinite(summary.min()) ? summary.min() : first->value;
  const double high = std::isfinite(summary.max()) ? summary.max() : last->value;
  num_buckets = std::clamp<int64_t>(num_buckets, 1, kMaxBuckets);
  std::vector<EqualWidthHistogram::Bucket> buckets;
  buckets.reserve(static_cast<size_t>(num_buckets));
  double below = summary.CumulativeWeightBelow(low);
  for (int64_t i = 0; i < num_buckets; ++i) {
    const double from = BoundaryOf(low, high, i, num_buckets);
    const double to = BoundaryOf(low, high, i + 1, num_buckets);
    const double reach =
        i + 1 == num_buckets ? summary.CumulativeWeight(high) : summary.CumulativeWeightBelow(to);
    buckets.push_back({from, to, std::max(0.0, reach - below)});
    below = std::max(below, reach);
  }
  return buckets;
}

}  // namespace penstock::combine
