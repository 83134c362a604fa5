#pragma once

#include <functional>
#include <string>
#include <vector>

#include "penstock/learning/learner.h"
#include "penstock/learning/tuning/search_space.h"
#include "penstock/learning/tuning/suggestion.h"

namespace penstock::learning {

/// What came of a search.
struct TuningResult {
  std::vector<Trial> trials;  ///< In the order of their ids.
  int64_t best_trial = 0;     ///< Index of the one with the least eval loss.
  std::string loss;           ///< Name of the loss.

  /// Trials with values, score, curves and how they ended.
  nlohmann::json ToJson() const;
};

/// The files of a search: one a trial while it runs.
inline constexpr std::string_view kTrialsFolder = "trials";
/// KerasTuner's HyperParameters.get_config() of the best trial, under the name TFX gives it.
inline constexpr std::string_view kBestHyperparametersFile = "best_hyperparameters.txt";
inline constexpr std::string_view kTunerResultsFile = "tuner_results.json";

/// Trains with many choices of hyperparameters and says which had the least eval loss.
///
/// Rounds of space.parallel_trials trials are begun on what the earlier rounds found, so that the result
/// depends on space, data and seed alone, never on which trial ended first. hyperband and asha run rungs: all
/// trials of a rung for some iterations, the best of them, trained anew, for reduction_factor times as many;
/// hyperband begins several such brackets with different numbers of iterations, asha one.
class Tuner {
 public:
  /// `learner` must outlive this; `folder` keeps what a killed search needs to go on: finished trials are
  /// not repeated. Empty: nothing is kept.
  Tuner(const SearchSpace& space, const Learner& learner, std::string folder)
      : space_(space), learner_(learner), folder_(std::move(folder)) {}

  /// A trial that fails (a loss that is no number) is recorded and the search goes on; kInvalidArgument where
  /// all of them do, or where the data is at fault.
  Result<TuningResult> Search(const TrainingData& data, ExecutionContext& context) const;

 private:
  struct Round;
  Status SearchInRounds(Round& round) const;
  Status SearchInRungs(Round& round) const;
  Status RunTrials(std::vector<Trial> begun, Round& round) const;
  Status RunTrial(Trial& trial, const Round& round, ExecutionContext& context) const;
  std::string PathOf(int64_t id) const;
  bool Restore(Trial& trial, const std::string& fingerprint) const;
  Status Keep(const Trial& trial, const std::string& fingerprint) const;

  const SearchSpace& space_;
  const Learner& learner_;
  const std::string folder_;
};

/// Writes both result files below `folder`.
Status WriteTuningResult(const TuningResult& result, const SearchSpace& space, const std::string& folder);

}  // namespace penstock::learning
