#include "penstock/statistics/histogram_protos.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace penstock::statistics {

using tensorflow::metadata::v0::Histogram;

namespace {

void AddBucket(double low, double high, double count, Histogram& histogram) {
  Histogram::Bucket& bucket = *histogram.add_buckets();
  bucket.set_low_value(low);
  bucket.set_high_value(high);
  bucket.set_sample_count(count);
}

/// Evens counts out among neighbours that end at one value: the values at such a point
/// cannot be told apart, so no bucket has a better claim to them.
void ShareAmongEqualBuckets(std::span<const double> bounds, double count_at_minimum,
                            std::span<double> counts) {
  for (size_t begin = 0; begin < counts.size();) {
    size_t end = begin + 1;
    while (end < counts.size() && bounds[end + 1] == bounds[begin + 1]) ++end;
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += counts[i];
    for (size_t i = begin; i < end; ++i) counts[i] = sum / static_cast<double>(end - begin);
    begin = end;
  }
  size_t num_leading = 0;
  while (num_leading < counts.size() && bounds[num_leading] == bounds[0] &&
         bounds[num_leading + 1] == bounds[1]) {
    ++num_leading;
  }
  for (size_t i = 0; i < num_leading; ++i) counts[i] += count_at_minimum / static_cast<double>(num_leading);
}

}  // namespace

Distribution::Distribution(const combine::QuantileSummary& summary) {
  const auto& entries = summary.entries();
  if (entries.empty()) return;
  values_.reserve(entries.size() + 2);
  cumulative_.reserve(entries.size() + 2);
  // A reduced sketch need not hold the extremes, but knows them: each takes the place of one value.
  const bool lacks_min = summary.min() < entries.front().value;
  if (lacks_min) {
    values_.push_back(summary.min());
    cumulative_.push_back(std::min(1.0, entries.front().weight / 2));
  }
  double num_up_to = 0;
  for (const combine::QuantileSummary::Entry& entry : entries) {
    num_up_to += entry.weight;
    values_.push_back(entry.value);
    cumulative_.push_back(num_up_to);
  }
  if (summary.max() > entries.back().value) {
    cumulative_.back() -= std::min(1.0, entries.back().weight / 4);
    values_.push_back(summary.max());
    cumulative_.push_back(num_up_to);
  }
}

size_t Distribution::IndexAt(double position) const {
  const auto above = std::upper_bound(cumulative_.begin(), cumulative_.end(), position);
  return std::min<size_t>(above - cumulative_.begin(), values_.size() - 1);
}

double Distribution::CountUpTo(double value) const {
  const auto above = std::upper_bound(values_.begin(), values_.end(), value);
  return above == values_.begin() ? 0 : cumulative_[above - values_.begin() - 1];
}

double Median(const Distribution& distribution) { return distribution.ValueAt(distribution.total() / 2); }

Histogram MakeQuantilesHistogram(const Distribution& distribution, int num_buckets) {
  Histogram histogram;
  histogram.set_type(Histogram::QUANTILES);
  if (distribution.empty()) return histogram;
  // Two at least: so it is in the sketch TFDV asks.
  num_buckets = std::max(num_buckets, 2);
  std::vector<double> bounds(num_buckets + 1);
  std::vector<double> cumulative(num_buckets + 1);
  for (int i = 0; i <= num_buckets; ++i) {
    const size_t index = distribution.IndexAt(i * distribution.total() / num_buckets);
    bounds[i] = distribution.value(index);
    cumulative[i] = distribution.cumulative(index);
  }
  std::vector<double> counts(num_buckets);
  for (int i = 0; i < num_buckets; ++i) counts[i] = cumulative[i + 1] - cumulative[i];
  ShareAmongEqualBuckets(bounds, cumulative[0], counts);
  for (int i = 0; i < num_buckets; ++i) AddBucket(bounds[i], bounds[i + 1], counts[i], histogram);
  return histogram;
}

Histogram MakeStandardHistogram(const Distribution& distribution, double finite_min, double finite_max,
                                int num_buckets, const InfinityCounts& infinities) {
  Histogram histogram;
  histogram.set_type(Histogram::STANDARD);
  if (!std::isfinite(finite_min) || !std::isfinite(finite_max)) {
    AddBucket(finite_min, finite_max, distribution.total(), histogram);
    return histogram;
  }
  if (finite_min == finite_max) num_buckets = 1;
  const double width = (finite_max - finite_min) / num_buckets;
  if (!std::isfinite(width)) return histogram;
  const double infinity = std::numeric_limits<double>::infinity();
  if (infinities.num_negative > 0) AddBucket(-infinity, -infinity, infinities.num_negative, histogram);
  const double num_finite = distribution.total() - infinities.num_negative - infinities.num_positive;
  double low = finite_min;
  double num_below = 0;
  for (int i = 0; i < num_buckets; ++i) {
    const bool is_last = i + 1 == num_buckets;
    const double high = is_last ? finite_max : finite_min + (i + 1) * width;
    // Not std::clamp, which asks for ordered limits: in a damaged state there can be fewer finite values than none.
    const double num_up_to =
        is_last ? num_finite
                : std::max(num_below, std::min(distribution.CountUpTo(high) - infinities.num_negative, num_finite));
    AddBucket(low, high, num_up_to - num_below, histogram);
    low = high;
    num_below = num_up_to;
  }
  if (infinities.num_positive > 0) AddBucket(infinity, infinity, infinities.num_positive, histogram);
  return histogram;
}

}  // namespace penstock::statistics
