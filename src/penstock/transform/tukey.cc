#include "penstock/transform/tukey.h"

#include <algorithm>
#include <cmath>

namespace penstock::transform {
namespace {

struct SkewnessAndKurtosis {
  double skewness;
  double kurtosis;
};

/// The formulas of tensorflow_transform/gaussianization.py.
SkewnessAndKurtosis OfTukey(double hl, double hr) {
  const auto skewness_numerator = [](double h1, double h2) {
    return 12 * std::sqrt(2 - h1) * (h2 - 2) * (h2 - 1) * std::atan(1 / std::sqrt(2 - h1));
  };
  const auto part = [](double h) { return h * std::sqrt(2 - h) - std::sqrt(2 - h); };
  const double skewness =
      (skewness_numerator(hl, hr) - M_PI * (hl - hr) * (hl - 2) * (hr - 2) - skewness_numerator(hr, hl)) /
      (2 * M_PI * std::sqrt((hl - 2) * (hr - 2)) * (part(hl) + part(hr)));
  const double first =
      hr * std::sqrt((hl - 4) * (hl - 2) * (hl - 1) * (hr - 2)) - 2 * std::sqrt((hl - 4) * (hl - 1));
  const double second =
      hl * (hl - 3) * std::sqrt((hl - 4) * (hl - 1)) + std::sqrt((hl - 4) * (hl - 2) * (hl - 1) * (hr - 2));
  const double third = 30 * (hl - 1) * std::sqrt((hl - 4) * (hl - 2) * (hr - 2) / (hl - 1)) * (hr - 1) *
                       std::atan(std::sqrt(1 + 2 / (hl - 4)));
  const double fourth =
      30 * (hl - 2) * std::sqrt((hl - 4) * (hl - 1)) * (hl - 1) * std::atan(std::sqrt(1 + 2 / (hr - 4)));
  const double denominator = M_PI * std::sqrt((4 - hl) * (2 - hl) * (1 - hl)) * (part(hl) + part(hr));
  return {skewness, (6 * M_PI * (first - second) + third + fourth) / denominator};
}

struct Interval {
  double low;
  double high;
};

/// Bisects an `error` that rises from below 0 to above, at most eleven times.
template <class Error>
Interval Bisect(Error&& error, double low, double high) {
  for (int step = 1;; ++step) {
    const double middle = (low + high) / 2;
    const double at_middle = error(middle);
    (at_middle < 0 ? low : high) = middle;
    if (step > 10 || std::fabs(at_middle) < 1e-6 || high - low < 1e-6) return {low, high};
  }
}

/// h of the longer tail, and by how much the other's is less.
struct Search {
  double h;
  double delta;
};

/// One round of the alternating search; true when it has come to rest.
bool Improve(SkewnessAndKurtosis target, Search& at, Search& least, Search& most, Search& before) {
  const auto skewness_error = [&](double delta) {
    return OfTukey(at.h - delta, at.h).skewness - target.skewness;
  };
  const auto kurtosis_error = [&](double h) { return OfTukey(h - at.delta, h).kurtosis - target.kurtosis; };
  const bool has_bound = skewness_error(most.delta) > 0;
  if (has_bound) {
    at.delta = most.delta = Bisect(skewness_error, least.delta, most.delta).high;
  } else {
    at.delta = least.delta = most.delta;
  }
  const Interval h = Bisect(kurtosis_error, least.h, most.h);
  if (has_bound) {
    at.h = most.h = h.high;
    at.delta = least.delta = Bisect(skewness_error, least.delta, most.delta).low;
    at.h = least.h = Bisect(kurtosis_error, least.h, most.h).low;
  } else {
    at.h = least.h = h.low;
    most.delta = h.low;
  }
  const SkewnessAndKurtosis now = OfTukey(at.h - at.delta, at.h);
  const bool is_close =
      std::fabs(now.skewness - target.skewness) < 1e-6 && std::fabs(now.kurtosis - target.kurtosis) < 1e-6;
  const bool is_still = std::fabs(at.h - before.h) < 1e-6 && std::fabs(at.delta - before.delta) < 1e-6;
  before = at;
  return is_close || is_still;
}

/// The h parameters for an L-skewness and an L-kurtosis.
std::array<double, 2> FindTails(SkewnessAndKurtosis target) {
  // That of the normal distribution: what has less has no long tail.
  if (!(target.kurtosis >= 0.1226017)) return {0, 0};
  const bool is_left = target.skewness < 0;
  target.skewness = std::fabs(target.skewness);
  target.kurtosis = std::min(target.kurtosis, 1.0 - 1.0e-5);
  const double initial = 3.0 - 1.0 / std::cos(M_PI / 15.0 * (target.kurtosis - 6.0));
  Search at{initial, 0};
  Search least{initial, 0};
  Search most{1.0 - 1.0e-7, initial};
  Search before{0, 0};
  for (int round = 0; round < 20 && !Improve(target, at, least, most, before); ++round) {
  }
  if (is_left) return {at.h, at.h - at.delta};
  return {at.h - at.delta, at.h};
}

/// w with w * exp(w) = x, for x > 0.
double LambertW(double x) {
  const double e = std::exp(1.0);
  const double slope = (e - 1) / (e * e - 1);
  const double log_x = std::log(x);
  double w = x < 1 / e ? x : x < e ? slope * x + (1 - slope) / e : log_x + (1 / log_x - 1) * std::log(log_x);
  for (int step = 0; step < 8; ++step) {
    const double exp_w = std::exp(w);
    w -= (w * exp_w - x) / (exp_w + w * exp_w);
  }
  return w;
}

}  // namespace

TukeyParameters TukeyParametersOf(const combine::QuantileSummary& summary) {
  if (summary.empty()) return {};
  // Sample L-moments by probability-weighted moments (Hosking 1990): b_r = mean of C(rank, r) / C(n - 1, r).
  const double n = summary.total_weight();
  std::array<long double, 4> b = {};
  double below = 0;
  for (const auto& entry : summary.entries()) {
    for (double k = 0; k < entry.weight; ++k) {
      const long double rank = below + k;
      long double part = entry.value;
      b[0] += part;
      for (int r = 1; r < 4; ++r) {
        part *= n - r > 0 ? (rank - (r - 1)) / (n - r) : 0.0L;
        b[static_cast<size_t>(r)] += part;
      }
    }
    below += entry.weight;
  }
  for (long double& moment : b) moment /= n;
  const auto l1 = static_cast<double>(b[0]);
  const auto l2 = n > 1 ? static_cast<double>(2 * b[1] - b[0]) : 0.0;
  const auto l3 = n > 2 ? static_cast<double>(6 * b[2] - 6 * b[1] + b[0]) : 0.0;
  const auto l4 = n > 3 ? static_cast<double>(20 * b[3] - 30 * b[2] + 12 * b[1] - b[0]) : 0.0;
  if (!(l2 > 0)) return {.location = l1};
  const auto [left, right] = FindTails({l3 / l2, l4 / l2});
  const double root = 1 / std::sqrt(2 * M_PI);
  const double mean = root * (1 / (left - 1) + 1 / (1 - right));
  const double spread = root * ((std::sqrt(2 - left) + std::sqrt(2 - right) - left * std::sqrt(2 - left) -
                                 right * std::sqrt(2 - right)) /
                                ((left - 1) * (right - 1) * std::sqrt((left - 2) * (right - 2))));
  const double scale = l2 / spread;
  return {.location = l1 - scale * mean, .scale = scale, .left = left, .right = right};
}

double InverseTukey(double x, double left, double right) {
  const double h = x < 0 ? left : right;
  const double square = h * x * x;
  if (square < 1.0e-7) return x;
  const double u = std::sqrt(LambertW(square) / h);
  return x < 0 ? -u : u;
}

}  // namespace penstock::transform
