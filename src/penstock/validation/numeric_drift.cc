#include "penstock/validation/numeric_drift.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penstock::validation {

namespace {

constexpr double kEulerGamma = 0.57721566490153286;

/// Calls use(value, count in a, count in b) for every value of either, rising.
template <class Use>
void ForEachValue(const WeightedValues& a, const WeightedValues& b, const Use& use) {
  for (size_t i = 0, j = 0; i < a.values.size() || j < b.values.size();) {
    const bool takes_a = j == b.values.size() || (i < a.values.size() && a.values[i] <= b.values[j]);
    const bool takes_b = i == a.values.size() || (j < b.values.size() && b.values[j] <= a.values[i]);
    const double value = takes_a ? a.values[i] : b.values[j];
    use(value, takes_a ? a.counts[i++] : 0.0, takes_b ? b.counts[j++] : 0.0);
  }
}

/// The integral of f(Fa(x) - Fb(x)) over x.
template <class OfDifference>
double IntegrateDifference(const WeightedValues& a, const WeightedValues& b, const OfDifference& f) {
  const double total_a = a.total(), total_b = b.total();
  double up_to_a = 0, up_to_b = 0, last = 0, sum = 0;
  bool is_first = true;
  ForEachValue(a, b, [&](double value, double count_a, double count_b) {
    if (!is_first) sum += f(up_to_a / total_a - up_to_b / total_b) * (value - last);
    is_first = false;
    up_to_a += count_a;
    up_to_b += count_b;
    last = value;
  });
  return sum;
}

/// The sum over k = 1..n of (c + k)^2.
double SumOfSquares(double c, double n) {
  return n * c * c + c * n * (n + 1) + n * (n + 1) * (2 * n + 1) / 6;
}

/// Scholz and Stephens (1987), (4) to (6): the variance of the k-sample statistic for k = 2.
double AndersonVariance(double n_a, double n_b) {
  constexpr double kMaxSummed = 1e6;
  const double total = n_a + n_b, inverse = 1 / n_a + 1 / n_b;
  double h = 0, g = 0;
  if (total > kMaxSummed) {
    h = std::log(total - 1) + kEulerGamma;
    g = M_PI * M_PI / 6;
  } else {
    const auto n = static_cast<int64_t>(std::llround(total));
    // g = sum over l of 1/(N - l) times the harmonic numbers above l, from the inside out.
    double above = 0;
    for (int64_t l = n - 2; l >= 1; --l) {
      above += 1.0 / static_cast<double>(l + 1);
      g += above / static_cast<double>(n - l);
    }
    for (int64_t i = 1; i < n; ++i) h += 1.0 / static_cast<double>(i);
  }
  constexpr double k = 2;
  const double a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse;
  const double b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
  const double c = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h;
  const double d = (2 * h + 6) * k * k - 4 * h * k;
  return (((a * total + b) * total + c) * total + d) / ((total - 1) * (total - 2) * (total - 3));
}

double Sum(const std::vector<double>& counts) { return std::accumulate(counts.begin(), counts.end(), 0.0); }

}  // namespace

double WeightedValues::total() const { return Sum(counts); }

double KolmogorovSmirnov(const WeightedValues& a, const WeightedValues& b) {
  const double total_a = a.total(), total_b = b.total();
  double up_to_a = 0, up_to_b = 0, greatest = 0;
  ForEachValue(a, b, [&](double, double count_a, double count_b) {
    up_to_a += count_a;
    up_to_b += count_b;
    greatest = std::max(greatest, std::fabs(up_to_a / total_a - up_to_b / total_b));
  });
  return greatest;
}

double WassersteinDistance(const WeightedValues& a, const WeightedValues& b) {
  return IntegrateDifference(a, b, [](double difference) { return std::fabs(difference); });
}

double EnergyDistance(const WeightedValues& a, const WeightedValues& b) {
  return std::sqrt(2 * IntegrateDifference(a, b, [](double difference) { return difference * difference; }));
}

double CramerVonMises(const WeightedValues& a, const WeightedValues& b) {
  const double n_a = a.total(), n_b = b.total();
  double up_to_a = 0, up_to_b = 0, of_a = 0, of_b = 0;
  // Anderson (1962), (9): midranks r of each sample's ordered values, less their places i within the sample.
  const auto add = [](double midrank, double before, double count, double& sum) {
    // The sum over i = before + 1 .. before + count of (midrank - i)^2.
    sum += SumOfSquares(before - midrank, count);
  };
  ForEachValue(a, b, [&](double, double count_a, double count_b) {
    const double midrank = up_to_a + up_to_b + (count_a + count_b + 1) / 2;
    add(midrank, up_to_a, count_a, of_a);
    add(midrank, up_to_b, count_b, of_b);
    up_to_a += count_a;
    up_to_b += count_b;
  });
  const double product = n_a * n_b, total = n_a + n_b;
  return (n_a * of_a + n_b * of_b) / (product * total) - (4 * product - 1) / (6 * total);
}

double AndersonDarling(const WeightedValues& a, const WeightedValues& b) {
  if (a.values.size() == 1 && a.values == b.values) return 0;
  const double n_a = a.total(), n_b = b.total(), total = n_a + n_b;
  double up_to_a = 0, up_to_b = 0, of_a = 0, of_b = 0;
  ForEachValue(a, b, [&](double, double count_a, double count_b) {
    const double here = count_a + count_b;
    const double both = up_to_a + up_to_b + here / 2;
    const double scale = here / total / (both * (total - both) - total * here / 4);
    const double in_a = total * (up_to_a + count_a / 2) - both * n_a;
    const double in_b = total * (up_to_b + count_b / 2) - both * n_b;
    if (std::isfinite(scale)) {
      of_a += scale * in_a * in_a;
      of_b += scale * in_b * in_b;
    }
    up_to_a += count_a;
    up_to_b += count_b;
  });
  const double statistic = (of_a / n_a + of_b / n_b) * (total - 1) / total;
  const double variance = total > 3 ? AndersonVariance(n_a, n_b) : 0;
  return variance > 0 ? (statistic - 1) / std::sqrt(variance) : 0;
}

double PopulationStability(const std::vector<double>& counts, const std::vector<double>& baseline) {
  constexpr double kLeastShare = 1e-4;
  const double total = Sum(counts), baseline_total = Sum(baseline);
  double index = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double share = std::max(counts[i] / total, kLeastShare);
    const double expected = std::max(baseline[i] / baseline_total, kLeastShare);
    index += (share - expected) * std::log(share / expected);
  }
  return index;
}

double HellingerDistance(const std::vector<double>& counts, const std::vector<double>& baseline) {
  const double total = Sum(counts), baseline_total = Sum(baseline);
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double difference = std::sqrt(counts[i] / total) - std::sqrt(baseline[i] / baseline_total);
    sum += difference * difference;
  }
  return std::sqrt(sum / 2);
}

double ChiSquared(const std::vector<double>& counts, const std::vector<double>& baseline) {
  const double total = Sum(counts), baseline_total = Sum(baseline), all = total + baseline_total;
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double in_bin = counts[i] + baseline[i];
    if (in_bin == 0) continue;
    const double expected = in_bin * total / all, baseline_expected = in_bin * baseline_total / all;
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    sum += (baseline[i] - baseline_expected) * (baseline[i] - baseline_expected) / baseline_expected;
  }
  return sum;
}

double TotalVariation(const std::vector<double>& counts, const std::vector<double>& baseline) {
  const double total = Sum(counts), baseline_total = Sum(baseline);
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    sum += std::fabs(counts[i] / total - baseline[i] / baseline_total);
  return sum / 2;
}

}  // namespace penstock::validation
