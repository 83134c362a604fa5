#pragma once

#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/learning/boosted_trees/booster.h"
#include "penstock/learning/learner.h"
#include "penstock/learning/objective.h"
#include "penstock/learning/training_checkpoint.h"

namespace penstock::learning {

/// What the rows' margins are before any tree is grown, beside the booster's own base; empty: nothing.
struct StartMargins {
  std::vector<float> train, eval;
};

/// kInternal where the booster says that something went wrong.
Status FromBooster(const std::string& error);

/// One training: grows trees, one an output and round, until the eval loss no longer falls. Not for
/// concurrent use; what it refers to must outlive it.
class BoostingRun {
 public:
  BoostingRun(const nlohmann::json& parameters, const Objective& train, const Objective& eval,
              StartMargins starts, ExecutionContext& context);

  /// Fills in iterations, best iteration and its loss.
  Status Boost(Booster& booster, const LearnerOptions& options, CheckpointFile& checkpoint,
               TrainingRecord& record);

  /// The losses before the first tree: of the best constant, or of the model to start from.
  const IterationRecord& constant() const { return constant_; }

 private:
  Status Resume(Booster& booster, CheckpointFile& checkpoint, TrainingRecord& record);
  Status Keep(Booster& booster, CheckpointFile& checkpoint, const TrainingRecord& record);
  Result<IterationRecord> Measure(Booster& booster, int64_t round);
  void SampleRows(int64_t round);

  const nlohmann::json& parameters_;
  const Objective& train_;
  const Objective& eval_;
  ExecutionContext& context_;
  const StartMargins starts_;
  IterationRecord constant_;
  std::vector<float> train_margins_;
  std::vector<float> gradients_;
  std::vector<float> hessians_;
  std::vector<float> eval_margins_;
};

}  // namespace penstock::learning
