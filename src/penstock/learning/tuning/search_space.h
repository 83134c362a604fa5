#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/learning/learner.h"

namespace penstock::learning {

/// One hyperparameter that is searched over, with KerasTuner's types and names.
struct SearchParameter {
  enum class Kind : uint8_t { kFloat, kInt, kChoice, kBoolean, kFixed };
  enum class Sampling : uint8_t { kLinear, kLog, kReverseLog };
  std::string name;
  Kind kind = Kind::kFixed;
  double minimum = 0;  ///< kFloat, kInt; inclusive, as is the maximum.
  double maximum = 0;
  double step = 0;  ///< 0: any value (kFloat); kInt has 1.
  Sampling sampling = Sampling::kLinear;
  std::vector<nlohmann::json> values;  ///< kChoice; kFixed: the one.

  /// The value at `share` of the way, in [0, 1], between minimum and maximum or among the values.
  nlohmann::json At(double share) const;
  /// Where a value lies on that way: the middle of its part for choices. At(ShareOf(v)) == v.
  double ShareOf(const nlohmann::json& value) const;
  /// How many values a grid tries: all of them, or 5 of a range without steps.
  int64_t NumGridValues() const;
  nlohmann::json GridValue(int64_t index) const;
};

/// What is searched for and how: a YAML file (docs/guides/tuning.md). A plain value.
struct SearchSpace {
  std::string learner;
  std::string algorithm = "tpe";  ///< random, grid, tpe, hyperband or asha.
  int64_t max_trials = 20;        ///< hyperband and asha: of the first rung.
  int64_t parallel_trials = 1;    ///< So many are begun on the same knowledge. Changes what tpe tries.
  int64_t seed = 0;
  bool stops_poor_trials =
      false;                     ///< One whose best loss is above the median of the earlier ones' ends early.
  int64_t max_iterations = 0;    ///< hyperband, asha: of the last rung; 0: the learner's own.
  int64_t reduction_factor = 3;  ///< hyperband, asha: one trial in so many goes on.
  std::vector<SearchParameter> parameters;

  /// KerasTuner's HyperParameters.get_config(): {"space": [...], "values": `values`}.
  nlohmann::json ToKerasTuner(const nlohmann::json& values) const;
};

inline constexpr size_t kMaxSearchSpaceBytes = 1 << 20;

/// kInvalidArgument, with the file's name and line: what is not understood, an empty space, an empty range.
Result<SearchSpace> ParseSearchSpace(std::string_view yaml, const std::string& file_name);
/// Every parameter is a hyperparameter of the learner and both its ends are allowed.
Status CheckSearchSpace(const SearchSpace& space, const std::vector<HyperparameterDescription>& known,
                        const std::string& file_name);

}  // namespace penstock::learning
