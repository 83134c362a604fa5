#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "penstock/validation/distribution_distance_internal.h"

namespace penstock::validation {
namespace {

/// The counts of one value on either side.
struct CountPair {
  std::string_view value;
  double a = 0;
  double b = 0;
};

/// Both lists merged, sorted by value.
std::vector<CountPair> PairUp(const std::vector<ListedValue>& a, const std::vector<ListedValue>& b) {
  std::vector<CountPair> pairs;
  pairs.reserve(a.size() + b.size());
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const bool take_a = j == b.size() || (i < a.size() && a[i].text <= b[j].text);
    const bool take_b = i == a.size() || (j < b.size() && b[j].text <= a[i].text);
    pairs.push_back({take_a ? a[i].text : b[j].text, take_a ? a[i].count : 0, take_b ? b[j].count : 0});
    i += take_a;
    j += take_b;
  }
  return pairs;
}

double Total(const std::vector<ListedValue>& values) {
  double total = 0;
  for (const ListedValue& value : values) total += value.count;
  return total;
}

/// Divides side a by `scale_a` and side b by `scale_b`; a scale of 0 leaves as is.
ValueDistance GreatestDifference(const std::vector<CountPair>& pairs, double scale_a, double scale_b) {
  if (scale_a == 0) scale_a = 1;
  if (scale_b == 0) scale_b = 1;
  ValueDistance greatest;
  for (const CountPair& pair : pairs) {
    const double difference = std::abs(pair.a / scale_a - pair.b / scale_b);
    if (difference >= greatest.distance) greatest = {difference, std::string(pair.value)};
  }
  return greatest;
}

/// The mass of a histogram, sorted by where it can be compared.
struct Mass {
  std::vector<tfmd::Histogram::Bucket> intervals;
  std::map<double, double> points;
  std::set<double> boundaries;  // Of all buckets, where finite.
  double infinite = 0;
  double nan = 0;
};

Mass MassOf(const tfmd::Histogram& histogram) {
  Mass mass;
  mass.nan = static_cast<double>(histogram.num_nan());
  for (const auto& bucket : histogram.buckets()) {
    for (const double end : {bucket.low_value(), bucket.high_value()})
      if (std::isfinite(end)) mass.boundaries.insert(end);
    if (!std::isfinite(bucket.low_value()) || !std::isfinite(bucket.high_value())) {
      mass.infinite += bucket.sample_count();
    } else if (bucket.low_value() == bucket.high_value()) {
      mass.points[bucket.low_value()] += bucket.sample_count();
    } else {
      mass.intervals.push_back(bucket);
    }
  }
  return mass;
}

/// Spreads the intervals over the cells between `boundaries`, which hold all of theirs.
std::vector<double> Spread(const std::vector<tfmd::Histogram::Bucket>& intervals,
                           const std::vector<double>& boundaries) {
  std::vector<double> cells(boundaries.empty() ? 0 : boundaries.size() - 1, 0.0);
  for (const auto& bucket : intervals) {
    const double width = bucket.high_value() - bucket.low_value();
    const auto low = std::lower_bound(boundaries.begin(), boundaries.end(), bucket.low_value());
    for (size_t cell = low - boundaries.begin();
         cell < cells.size() && boundaries[cell] < bucket.high_value(); ++cell)
      cells[cell] += (boundaries[cell + 1] - boundaries[cell]) / width * bucket.sample_count();
  }
  return cells;
}

/// The two histograms as counts of the same cells.
std::vector<CountPair> Align(const Mass& a, const Mass& b) {
  std::vector<double> boundaries;
  for (const Mass* mass : {&a, &b}) {
    for (const auto& bucket : mass->intervals) {
      boundaries.push_back(bucket.low_value());
      boundaries.push_back(bucket.high_value());
    }
  }
  std::sort(boundaries.begin(), boundaries.end());
  boundaries.erase(std::unique(boundaries.begin(), boundaries.end()), boundaries.end());
  const std::vector<double> cells_a = Spread(a.intervals, boundaries);
  const std::vector<double> cells_b = Spread(b.intervals, boundaries);
  std::vector<CountPair> pairs;
  for (size_t cell = 0; cell < cells_a.size(); ++cell) pairs.push_back({{}, cells_a[cell], cells_b[cell]});
  std::map<double, CountPair> points;
  for (const auto& [point, count] : a.points) points[point].a = count;
  for (const auto& [point, count] : b.points) points[point].b = count;
  for (const auto& [point, pair] : points) pairs.push_back(pair);
  // Where an infinite bucket lies inside is not known, and NaN is no place: on both sides they count as
  // different. Where the buckets differ TFDV cuts them anew and loses the NaNs on the way.
  if (a.infinite != 0) pairs.push_back({{}, a.infinite, 0});
  if (b.infinite != 0) pairs.push_back({{}, 0, b.infinite});
  if ((a.nan > 0 || b.nan > 0) && a.boundaries == b.boundaries) {
    pairs.push_back({{}, 0, b.nan});
    pairs.push_back({{}, a.nan, 0});
  }
  return pairs;
}

/// In which order the two sides' terms are added. TFDV adds values in turn and histograms one side after the
/// other; the last digits show it, and measurements are compared as protos.
enum class TermOrder { kInTurn, kSideBySide };

std::optional<double> Divergence(const std::vector<CountPair>& pairs, TermOrder order) {
  double total_a = 0;
  double total_b = 0;
  for (const CountPair& pair : pairs) {
    total_a += pair.a;
    total_b += pair.b;
  }
  if (!(total_a > 0) || !(total_b > 0)) return std::nullopt;
  double sum = 0;
  double sum_b = 0;
  for (const CountPair& pair : pairs) {
    const double p = pair.a / total_a;
    const double q = pair.b / total_b;
    const double middle = (p + q) / 2;
    if (p > 0) sum += p * std::log2(p / middle);
    if (q > 0) (order == TermOrder::kInTurn ? sum : sum_b) += q * std::log2(q / middle);
  }
  // Rounding may carry it past the ends.
  return std::clamp((sum + sum_b) / 2, 0.0, 1.0);
}

}  // namespace

ValueDistance LInfinityDistance(const FeatureView& a, const FeatureView& b) {
  const std::vector<ListedValue> values_a = a.ListedValues();
  const std::vector<ListedValue> values_b = b.ListedValues();
  return GreatestDifference(PairUp(values_a, values_b), Total(values_a), Total(values_b));
}

ValueDistance NormalizedAbsoluteDifference(const FeatureView& a, const FeatureView& b) {
  const std::vector<ListedValue> values_a = a.ListedValues();
  const std::vector<ListedValue> values_b = b.ListedValues();
  const double total = Total(values_a) + Total(values_b);
  return GreatestDifference(PairUp(values_a, values_b), total, total);
}

std::optional<double> JensenShannonDivergence(const FeatureView& a, const FeatureView& b,
                                              const tfmd::HistogramSelection& source) {
  const std::vector<ListedValue> values_a = a.ListedValues();
  const std::vector<ListedValue> values_b = b.ListedValues();
  if (!values_a.empty() && !values_b.empty()) {
    const auto is_counted = [](const ListedValue& value) { return value.count > 0; };
    if (!std::all_of(values_a.begin(), values_a.end(), is_counted)) return std::nullopt;
    if (!std::all_of(values_b.begin(), values_b.end(), is_counted)) return std::nullopt;
    return Divergence(PairUp(values_a, values_b), TermOrder::kInTurn);
  }
  const auto type = source.type() == tfmd::HistogramSelection::QUANTILES ? tfmd::Histogram::QUANTILES
                                                                         : tfmd::Histogram::STANDARD;
  const tfmd::Histogram* histogram_a = a.HistogramOf(type);
  const tfmd::Histogram* histogram_b = b.HistogramOf(type);
  if (histogram_a == nullptr || histogram_b == nullptr) return std::nullopt;
  return Divergence(Align(MassOf(*histogram_a), MassOf(*histogram_b)), TermOrder::kSideBySide);
}

}  // namespace penstock::validation
