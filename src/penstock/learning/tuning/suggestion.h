#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/learning/tuning/search_space.h"

namespace penstock::learning {

/// One training with one choice of values.
struct Trial {
  int64_t id = 0;              ///< From 0, in the order in which they were begun.
  nlohmann::json values;       ///< Of every parameter of the space.
  int64_t max_iterations = 0;  ///< 0: as many as the learner wants.
  std::vector<IterationRecord> iterations;
  double score = 0;     ///< The best eval loss; NaN where the training failed.
  std::string failure;  ///< Empty: it came through.
  bool is_cut = false;  ///< It was stopped early as a poor one.
};

/// The values of trial `id`, given what the finished ones found; none where a grid is at its end. A function
/// of its arguments alone: a resumed search tries the same.
///
/// random: each value at random. grid: every combination in turn. tpe (Bergstra et al. 2011): after the first
/// max(5, trials / 4) random ones, the values that are likelier among the best quarter than among the rest,
/// each parameter by itself.
std::optional<nlohmann::json> SuggestValues(const SearchSpace& space, int64_t id,
                                            std::span<const Trial> finished);

}  // namespace penstock::learning
