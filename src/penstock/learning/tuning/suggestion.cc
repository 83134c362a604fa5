#include "penstock/learning/tuning/suggestion.h"

#include <algorithm>
#include <cmath>

#include "penstock/base/random_bits.h"

namespace penstock::learning {
namespace {

constexpr int64_t kFirstRandomTrials = 5;
constexpr int kNumCandidates = 24;
constexpr double kBestShare = 0.25;

class Draws {
 public:
  Draws(uint64_t seed, int64_t trial) : seed_(RandomBits(seed, static_cast<uint64_t>(trial))) {}
  double Share() { return RandomShare(seed_, count_++); }
  /// Box and Muller.
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(1 - Share()));
    return radius * std::cos(6.283185307179586 * Share());
  }

 private:
  const uint64_t seed_;
  uint64_t count_ = 0;
};

nlohmann::json RandomValues(const SearchSpace& space, Draws& draws) {
  nlohmann::json values = nlohmann::json::object();
  for (const SearchParameter& parameter : space.parameters)
    values[parameter.name] = parameter.At(draws.Share());
  return values;
}

std::optional<nlohmann::json> GridValues(const SearchSpace& space, int64_t id) {
  nlohmann::json values = nlohmann::json::object();
  for (const SearchParameter& parameter : space.parameters) {
    const int64_t count = parameter.NumGridValues();
    values[parameter.name] = parameter.GridValue(id % count);
    id /= count;
  }
  if (id > 0) return std::nullopt;
  return values;
}

/// A density over [0, 1] out of points: normal bumps as wide as the gap to the next point, and one over all.
class ParzenDensity {
 public:
  explicit ParzenDensity(std::vector<double> points) : points_(std::move(points)) {
    std::sort(points_.begin(), points_.end());
    for (size_t i = 0; i < points_.size(); ++i) {
      const double below = i == 0 ? points_[i] : points_[i] - points_[i - 1];
      const double above = i + 1 == points_.size() ? 1 - points_[i] : points_[i + 1] - points_[i];
      const double least = 1 / std::min(100.0, 1.0 + static_cast<double>(points_.size()));
      widths_.push_back(std::clamp(std::max(below, above), least, 1.0));
    }
  }

  double Draw(Draws& draws) const {
    const auto index = static_cast<size_t>(draws.Share() * static_cast<double>(points_.size() + 1));
    if (index >= points_.size()) return draws.Share();
    for (int attempt = 0; attempt < 100; ++attempt) {
      const double value = points_[index] + widths_[index] * draws.Normal();
      if (value >= 0 && value <= 1) return value;
    }
    return points_[index];
  }

  double At(double value) const {
    double sum = 1;
    for (size_t i = 0; i < points_.size(); ++i) {
      const double distance = (value - points_[i]) / widths_[i];
      sum += std::exp(-0.5 * distance * distance) / (2.5066282746310002 * widths_[i]);
    }
    return sum / static_cast<double>(points_.size() + 1);
  }

 private:
  std::vector<double> points_;
  std::vector<double> widths_;
};

/// Of choices: how often each was taken, and once more.
class ChoiceDensity {
 public:
  ChoiceDensity(const SearchParameter& parameter, const std::vector<double>& points)
      : counts_(parameter.values.size(), 1.0) {
    for (double point : points) counts_[Index(point)] += 1;
    for (double count : counts_) total_ += count;
  }
  double Draw(Draws& draws) const {
    double left = draws.Share() * total_;
    size_t index = 0;
    while (index + 1 < counts_.size() && left >= counts_[index]) left -= counts_[index++];
    return (static_cast<double>(index) + 0.5) / static_cast<double>(counts_.size());
  }
  double At(double value) const { return counts_[Index(value)] / total_; }

 private:
  size_t Index(double share) const {
    return std::min(static_cast<size_t>(share * static_cast<double>(counts_.size())), counts_.size() - 1);
  }
  std::vector<double> counts_;
  double total_ = 0;
};

template <class Density>
double LikeliestAmongTheBest(const Density& good, const Density& rest, Draws& draws) {
  double best = 0, best_ratio = -1;
  for (int i = 0; i < kNumCandidates; ++i) {
    const double candidate = good.Draw(draws);
    const double ratio = good.At(candidate) / rest.At(candidate);
    if (ratio > best_ratio) {
      best_ratio = ratio;
      best = candidate;
    }
  }
  return best;
}

nlohmann::json TpeValues(const SearchSpace& space, std::vector<const Trial*> ranked, Draws& draws) {
  std::sort(ranked.begin(), ranked.end(), [](const Trial* a, const Trial* b) {
    return a->score != b->score ? a->score < b->score : a->id < b->id;
  });
  const auto num_best = static_cast<size_t>(std::ceil(kBestShare * static_cast<double>(ranked.size())));
  nlohmann::json values = nlohmann::json::object();
  for (const SearchParameter& parameter : space.parameters) {
    std::vector<double> good, rest;
    for (size_t i = 0; i < ranked.size(); ++i)
      (i < num_best ? good : rest).push_back(parameter.ShareOf(ranked[i]->values.at(parameter.name)));
    const bool is_range =
        parameter.kind == SearchParameter::Kind::kFloat || parameter.kind == SearchParameter::Kind::kInt;
    const double share = is_range ? LikeliestAmongTheBest(ParzenDensity(good), ParzenDensity(rest), draws)
                                  : LikeliestAmongTheBest(ChoiceDensity(parameter, good),
                                                          ChoiceDensity(parameter, rest), draws);
    values[parameter.name] = parameter.At(share);
  }
  return values;
}

}  // namespace

std::optional<nlohmann::json> SuggestValues(const SearchSpace& space, int64_t id,
                                            std::span<const Trial> finished) {
  if (space.algorithm == "grid") return GridValues(space, id);
  Draws draws(static_cast<uint64_t>(space.seed), id);
  std::vector<const Trial*> known;
  for (const Trial& trial : finished) {
    if (trial.failure.empty()) known.push_back(&trial);
  }
  const int64_t num_random = std::max(kFirstRandomTrials, space.max_trials / 4);
  if (space.algorithm != "tpe" || static_cast<int64_t>(known.size()) < num_random)
    return RandomValues(space, draws);
  return TpeValues(space, std::move(known), draws);
}

}  // namespace penstock::learning
