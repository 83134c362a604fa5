#include "penstock/evaluation/confusion_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/base/digest.h"
#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kEndMargin = 1e-7;
constexpr int64_t kNumBuckets = 10'000;

// Cells of the histogram: for each bucket the weight of negatives, then of positives.
int64_t BucketOf(double prediction, double left, double range, int64_t num_buckets) {
  const double at = (prediction - left) / range * static_cast<double>(num_buckets) + 1;
  if (at < 0) return 0;
  if (at >= static_cast<double>(num_buckets + 1)) return num_buckets + 1;
  return static_cast<int64_t>(at);
}

double LowerEnd(int64_t bucket, int64_t num_buckets, double left, double right) {
  if (bucket == 0) return -std::numeric_limits<double>::infinity();
  if (bucket >= num_buckets + 1) return std::numeric_limits<double>::infinity();
  return static_cast<double>(bucket - 1) / static_cast<double>(num_buckets) * (right - left) + left;
}

std::vector<double> EvenThresholds(int64_t count) {
  std::vector<double> thresholds{-kEndMargin};
  for (int64_t i = 0; i < count - 2; ++i)
    thresholds.push_back(static_cast<double>(i + 1) / static_cast<double>(count - 1));
  thresholds.push_back(1 + kEndMargin);
  return thresholds;
}

Status EmitHistogram(const PairSpec& spec, int64_t num_buckets, bool counts, PairCache& cache,
                     Contributions& into) {
  PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* pairs, cache.Pairs(spec));
  const int64_t stride = counts ? 3 : 2;
  for (size_t unit = 0; unit + 1 < pairs->unit_offsets.size(); ++unit) {
    for (auto i = static_cast<size_t>(pairs->unit_offsets[unit]);
         i < static_cast<size_t>(pairs->unit_offsets[unit + 1]); ++i) {
      if (std::isnan(pairs->predictions[i]) || std::isnan(pairs->labels[i])) continue;
      const int64_t bucket = BucketOf(pairs->predictions[i], 0, 1, num_buckets);
      into.Add(bucket * stride + (pairs->labels[i] == 1 ? 1 : 0), pairs->weights[i]);
      if (counts) into.Add(bucket * stride + 2, 1);
    }
    into.EndUnit();
  }
  return OkStatus();
}

// Weights of negatives and positives between thresholds.
struct Histogram {
  std::vector<double> negatives, positives;
};

// TFMA's rebin: each threshold takes the buckets from its own on to the next one's. The threshold of each
// bucket.
std::vector<size_t> PlacesOf(const std::vector<double>& thresholds) {
  std::vector<size_t> places;
  size_t at = 0;
  for (int64_t bucket = 0; bucket <= kNumBuckets + 1; ++bucket) {
    const double lower = LowerEnd(bucket, kNumBuckets, 0, 1);
    while (at + 1 < thresholds.size() && lower >= thresholds[at + 1]) ++at;
    places.push_back(at);
  }
  return places;
}

Histogram Rebin(size_t num_thresholds, const std::vector<size_t>& places, std::span<const double> cells) {
  Histogram into{std::vector<double>(num_thresholds), std::vector<double>(num_thresholds)};
  const size_t num_buckets = std::min(places.size(), cells.size() / 2);
  for (size_t bucket = 0; bucket < num_buckets; ++bucket) {
    const double negatives = cells[bucket * 2], positives = cells[bucket * 2 + 1];
    if (negatives == 0 && positives == 0) continue;
    into.negatives[places[bucket]] += negatives;
    into.positives[places[bucket]] += positives;
  }
  return into;
}

// Of each place, what lies from it on.
std::vector<double> SumsFromTheEnd(const std::vector<double>& weights) {
  std::vector<double> sums(weights.size());
  double sum = 0;
  for (size_t i = weights.size(); i-- > 0;) {
    // Most places of a small slice are empty; a sum waits for the one before.
    if (weights[i] != 0) sum += weights[i];
    sums[i] = sum;
  }
  return sums;
}
// Of each place, what lies before it.
std::vector<double> SumsBefore(const std::vector<double>& weights) {
  std::vector<double> sums(weights.size());
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sums[i] = sum;
    if (weights[i] != 0) sum += weights[i];
  }
  return sums;
}

ConfusionMatrices MatricesOf(const std::vector<double>& thresholds, const Histogram& histogram) {
  const size_t n = histogram.positives.size();
  ConfusionMatrices matrices;
  matrices.thresholds = thresholds;
  matrices.tp = SumsFromTheEnd(histogram.positives);
  matrices.fp = SumsFromTheEnd(histogram.negatives);
  matrices.tn = SumsBefore(histogram.negatives);
  matrices.fn = SumsBefore(histogram.positives);
  const size_t offset = (thresholds[0] >= 0 || thresholds.size() == 1) && n > 1 ? 1 : 0;
  for (auto* part : {&matrices.tp, &matrices.fp, &matrices.tn, &matrices.fn}) {
    part->erase(part->begin(), part->begin() + static_cast<std::ptrdiff_t>(offset));
    part->resize(thresholds.size());
  }
  for (size_t i = 0; i < thresholds.size(); ++i) {
    if (thresholds[i] < 1 + kEndMargin) continue;
    matrices.tp[i] = matrices.fp[i] = 0;
    matrices.fn[i] = matrices.tp[0];
    matrices.tn[i] = matrices.fp[0];
  }
  return matrices;
}

MatrixComputation FromHistogram(const std::vector<double>& thresholds, const PairSpec& pairs) {
  MatrixComputation made;
  made.computation.name = "score-histogram/1:" + FingerprintOf(pairs);
  made.computation.num_cells = (kNumBuckets + 2) * 2;
  made.computation.emit = [pairs](PairCache& cache, Contributions& into) {
    return EmitHistogram(pairs, kNumBuckets, false, cache, into);
  };
  std::vector<double> edges;
  if (thresholds[0] >= 0) edges.push_back(-kEndMargin);
  for (const double threshold : thresholds) edges.push_back(threshold != 0 ? threshold + kEndMargin : 0);
  if (thresholds.back() < 1) edges.push_back(1 + kEndMargin);
  made.matrices = [thresholds, num_edges = edges.size(),
                   places = PlacesOf(edges)](std::span<const double> cells) {
    return MatricesOf(thresholds, Rebin(num_edges, places, cells));
  };
  return made;
}

// One threshold below 0 (top-k without thresholds): what is left at -infinity against the rest.
MatrixComputation FromOneBucket(const std::vector<double>& thresholds, const PairSpec& pairs,
                                bool is_tfma_compatible) {
  MatrixComputation made;
  PairSpec named = pairs;
  // In TFMA the top classes of binarize and of aggregate are one computation: that of whichever comes first.
  if (is_tfma_compatible) named.is_aggregated = false;
  made.computation.name = "top-histogram/1:" + FingerprintOf(named);
  made.computation.num_cells = 9;
  made.computation.emit = [pairs](PairCache& cache, Contributions& into) {
    return EmitHistogram(pairs, 1, true, cache, into);
  };
  made.matrices = [thresholds](std::span<const double> cells) {
    Histogram histogram;
    for (size_t bucket = 0; bucket * 3 + 2 < cells.size(); ++bucket) {
      if (cells[bucket * 3 + 2] <= 0) continue;
      histogram.negatives.push_back(cells[bucket * 3]);
      histogram.positives.push_back(cells[bucket * 3 + 1]);
    }
    if (histogram.positives.empty()) histogram = {{0}, {0}};
    return MatricesOf(thresholds, histogram);
  };
  return made;
}

// Cells: for each number of thresholds that a score is above, the weight of negatives and of positives.
MatrixComputation AtThresholds(const std::vector<double>& thresholds, const PairSpec& pairs,
                               bool compares_predictions) {
  std::vector<double> sorted = thresholds;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  MatrixComputation made;
  const std::string all = fmt::format("{}", fmt::join(sorted, ","));
  made.computation.name =
      fmt::format("at-thresholds/1:{}:{}:{}", sorted.size() > 100 ? DigestOf(all).ToHex() : all,
                  FingerprintOf(pairs), compares_predictions);
  made.computation.num_cells = static_cast<int64_t>(sorted.size() + 1) * 2;
  made.computation.emit = [pairs, sorted](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* found, cache.Pairs(pairs));
    for (size_t unit = 0; unit + 1 < found->unit_offsets.size(); ++unit) {
      for (auto i = static_cast<size_t>(found->unit_offsets[unit]);
           i < static_cast<size_t>(found->unit_offsets[unit + 1]); ++i) {
        const double score = found->predictions[i];
        const auto above =
            std::isnan(score) ? 0 : std::lower_bound(sorted.begin(), sorted.end(), score) - sorted.begin();
        into.Add(above * 2 + (found->labels[i] == 1 ? 1 : 0), found->weights[i]);
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  made.matrices = [thresholds, sorted](std::span<const double> cells) {
    const size_t n = sorted.size();
    std::vector<double> fp(n + 2), tp(n + 2), tn(n + 2), fn(n + 2);
    for (size_t i = n + 1; i-- > 0;) {
      fp[i] = fp[i + 1] + cells[i * 2];
      tp[i] = tp[i + 1] + cells[i * 2 + 1];
    }
    for (size_t i = 0; i <= n; ++i) {
      tn[i + 1] = tn[i] + cells[i * 2];
      fn[i + 1] = fn[i] + cells[i * 2 + 1];
    }
    ConfusionMatrices matrices;
    for (const double threshold : thresholds) {
      const auto at =
          static_cast<size_t>(std::lower_bound(sorted.begin(), sorted.end(), threshold) - sorted.begin());
      matrices.thresholds.push_back(threshold);
      matrices.tp.push_back(tp[at + 1]);
      matrices.fp.push_back(fp[at + 1]);
      matrices.tn.push_back(tn[at + 1]);
      matrices.fn.push_back(fn[at + 1]);
    }
    return matrices;
  };
  return made;
}

}  // namespace

Result<MatrixComputation> ComputeMatrices(MatrixThresholds at, PairSpec pairs, bool is_tfma_compatible) {
  if (at.num_thresholds == 0 && !at.thresholds.empty() &&
      at.thresholds == EvenThresholds(static_cast<int64_t>(at.thresholds.size()))) {
    at.num_thresholds = static_cast<int64_t>(at.thresholds.size());
    at.thresholds.clear();
  }
  if (at.num_thresholds != 0 && !at.thresholds.empty())
    return InvalidArgument("Only one of 'thresholds' and 'num_thresholds' can be given");
  if (at.thresholds.empty()) {
    if (at.num_thresholds == 0) at.num_thresholds = kNumBuckets;
    if (at.num_thresholds < 2) return InvalidArgument("'num_thresholds' must be above 1");
    if (at.num_thresholds > 1'000'000) return InvalidArgument("'num_thresholds' must be at most 1,000,000");
    at.thresholds = EvenThresholds(at.num_thresholds);
    at.uses_histogram = true;
  }
  pairs.has_fractional_labels = true;
  if (at.uses_histogram) return FromHistogram(at.thresholds, pairs);
  // TFMA's single bucket takes scores of different signs for different classes.
  if (is_tfma_compatible && at.thresholds.size() == 1 && at.thresholds[0] < 0)
    return FromOneBucket(at.thresholds, pairs, is_tfma_compatible);
  pairs.keeps_missing = is_tfma_compatible;
  return AtThresholds(at.thresholds, pairs, false);
}

Result<MatrixComputation> ComputeScoreDistribution(std::vector<double> thresholds, const PairSpec& pairs) {
  PairSpec spec = pairs;
  spec.target.label = spec.target.prediction;
  spec.has_fractional_labels = true;
  return AtThresholds(thresholds, spec, true);
}

double AreaUnderCurve(const ConfusionMatrices& m, bool is_precision_recall, Summation summation) {
  const size_t n = m.thresholds.size();
  double area = 0;
  const auto add = [&](double part) {
    if (!std::isnan(part)) area += part;
  };
  if (is_precision_recall && summation == Summation::kInterpolation) {
    for (size_t i = 0; i + 1 < n; ++i) {
      if (m.tp[i] == m.tp[i + 1] && m.fp[i] == m.fp[i + 1]) continue;  // No step: not a number, so nothing.
      const double tp_step = m.tp[i] - m.tp[i + 1];
      const double above = m.tp[i] + m.fp[i], next = m.tp[i + 1] + m.fp[i + 1];
      const double slope = tp_step / std::max(above - next, 0.0);
      const double intercept = m.tp[i + 1] - slope * next;
      const double ratio = next != 0 ? above / next : 1;
      add(slope * (tp_step + intercept * std::log(ratio)) / std::max(m.tp[i + 1] + m.fn[i + 1], 0.0));
    }
    return area;
  }
  const auto quotient = [](double a, double b) { return b != 0 ? a / b : 0; };
  std::vector<double> x(n), y(n);
  for (size_t i = 0; i < n; ++i) {
    // Most thresholds of a small slice see what the one before saw.
    if (i > 0 && m.tp[i] == m.tp[i - 1] && m.fp[i] == m.fp[i - 1] && m.tn[i] == m.tn[i - 1] &&
        m.fn[i] == m.fn[i - 1]) {
      x[i] = x[i - 1];
      y[i] = y[i - 1];
      continue;
    }
    const double recall = quotient(m.tp[i], m.tp[i] + m.fn[i]);
    x[i] = is_precision_recall ? recall : quotient(m.fp[i], m.fp[i] + m.tn[i]);
    y[i] = is_precision_recall ? quotient(m.tp[i], m.tp[i] + m.fp[i]) : recall;
  }
  for (size_t i = 0; i + 1 < n; ++i) {
    const double height = summation == Summation::kInterpolation ? (y[i] + y[i + 1]) / 2
                          : summation == Summation::kMinoring    ? std::min(y[i], y[i + 1])
                                                                 : std::max(y[i], y[i + 1]);
    add((x[i] - x[i + 1]) * height);
  }
  return area;
}

double LargestUnder(const std::vector<double>& bound, const std::vector<double>& wanted, double limit,
                    bool is_at_most) {
  double largest = kNaN;
  bool is_any = false;
  for (size_t i = 0; i < bound.size(); ++i) {
    if (!(is_at_most ? bound[i] <= limit : bound[i] >= limit)) continue;
    is_any = true;
    if (!(wanted[i] <= largest)) largest = std::isnan(wanted[i]) ? largest : wanted[i];
  }
  return is_any ? largest : 0;
}

Result<CalibrationComputation> ComputeCalibration(int64_t num_buckets, double left, double right,
                                                  PairSpec pairs) {
  if (num_buckets < 1 || num_buckets > 1'000'000)
    return InvalidArgument("'num_buckets' must be from 1 to 1,000,000, not {}", num_buckets);
  if (!(left < right)) return InvalidArgument("'left' {} must be below 'right' {}", left, right);
  pairs.has_fractional_labels = left == 0 && right == 1;
  CalibrationComputation made;
  made.computation.name = fmt::format("calibration/1:{}:{}:{}", left, right, FingerprintOf(pairs));
  made.computation.num_cells = (kNumBuckets + 2) * 3;
  made.computation.is_resampled = false;
  made.computation.emit = [pairs, left, right](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* found, cache.Pairs(pairs));
    for (size_t unit = 0; unit + 1 < found->unit_offsets.size(); ++unit) {
      for (auto i = static_cast<size_t>(found->unit_offsets[unit]);
           i < static_cast<size_t>(found->unit_offsets[unit + 1]); ++i) {
        const double prediction = found->predictions[i], weight = found->weights[i];
        if (std::isnan(prediction)) continue;
        const int64_t bucket = BucketOf(prediction, left, right - left, kNumBuckets);
        into.Add(bucket * 3, found->labels[i] * weight);
        into.Add(bucket * 3 + 1, prediction * weight);
        into.Add(bucket * 3 + 2, weight);
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  made.buckets = [num_buckets, left, right](std::span<const double> cells) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::vector<double> edges{-kInfinity};
    for (int64_t i = 0; i <= num_buckets; ++i)
      edges.push_back(left + static_cast<double>(i) * (right - left) / static_cast<double>(num_buckets));
    CalibrationBuckets buckets;
    for (size_t i = 0; i < edges.size(); ++i)
      buckets.buckets.push_back({edges[i], i + 1 < edges.size() ? edges[i + 1] : kInfinity, 0, 0, 0});
    size_t at = 0;
    for (int64_t bucket = 0; bucket <= kNumBuckets + 1; ++bucket) {
      const double lower = LowerEnd(bucket, kNumBuckets, left, right);
      while (at + 1 < edges.size() && lower >= edges[at + 1]) ++at;
      const double* cell = cells.data() + bucket * 3;
      buckets.buckets[at].label += cell[0];
      buckets.buckets[at].prediction += cell[1];
      buckets.buckets[at].weight += cell[2];
    }
    return buckets;
  };
  return made;
}

}  // namespace penstock::evaluation
