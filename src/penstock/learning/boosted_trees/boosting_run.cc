#include "penstock/learning/boosted_trees/boosting_run.h"

#include <penstock/training.pb.h>

#include "penstock/base/random_bits.h"

namespace penstock::learning {
namespace {

void AddTo(const std::vector<float>& starts, std::vector<float>& margins) {
  for (size_t i = 0; i < starts.size(); ++i) margins[i] = starts[i] + margins[i];
}

}  // namespace

Status FromBooster(const std::string& error) {
  return error.empty() ? OkStatus() : Internal("XGBoost failed: {}", error);
}

BoostingRun::BoostingRun(const nlohmann::json& parameters, const Objective& train, const Objective& eval,
                         StartMargins starts, ExecutionContext& context)
    : parameters_(parameters),
      train_(train),
      eval_(eval),
      context_(context),
      starts_(std::move(starts)),
      train_margins_(train.num_rows() * train.loss().num_outputs),
      gradients_(train_margins_.size()),
      hessians_(train_margins_.size()),
      eval_margins_(eval.num_rows() * eval.loss().num_outputs) {}

Status BoostingRun::Boost(Booster& booster, const LearnerOptions& options, CheckpointFile& checkpoint,
                          TrainingRecord& record) {
  const int64_t num_rounds = parameters_["num_rounds"];
  const int64_t patience = parameters_["early_stopping_rounds"];
  PENSTOCK_ASSIGN_OR_RETURN(constant_, Measure(booster, 0));
  record.best_iteration = 0;
  record.best_eval_loss = constant_.eval_loss;
  PENSTOCK_RETURN_IF_ERROR(Resume(booster, checkpoint, record));
  for (int64_t round = static_cast<int64_t>(record.iterations.size()) + 1;
       round <= num_rounds && round - record.best_iteration <= patience; ++round) {
    PENSTOCK_RETURN_IF_ERROR(context_.options.CheckCancelled());
    SampleRows(round);
    PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Boost(gradients_, hessians_)));
    PENSTOCK_ASSIGN_OR_RETURN(const IterationRecord losses, Measure(booster, round));
    record.iterations.push_back(losses);
    if (losses.eval_loss < record.best_eval_loss) {
      record.best_eval_loss = losses.eval_loss;
      record.best_iteration = round;
    }
    if (context_.report_progress) {
      context_.report_progress(static_cast<double>(round) / static_cast<double>(num_rounds),
                               fmt::format("tree {}: eval {} {:.5f}, best {:.5f}", round, eval_.name(),
                                           losses.eval_loss, record.best_eval_loss));
    }
    if (options.on_iteration && !options.on_iteration(losses)) break;
    PENSTOCK_RETURN_IF_ERROR(Keep(booster, checkpoint, record));
  }
  return checkpoint.Remove();
}

/// Goes on where a killed attempt was last kept.
Status BoostingRun::Resume(Booster& booster, CheckpointFile& checkpoint, TrainingRecord& record) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto kept, checkpoint.Load());
  if (kept == nullptr || kept->booster().empty()) return OkStatus();
  PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Load(kept->booster())));
  DecodeIterations(*kept, record);
  return Measure(booster, static_cast<int64_t>(record.iterations.size())).status();
}

Status BoostingRun::Keep(Booster& booster, CheckpointFile& checkpoint, const TrainingRecord& record) {
  if (!checkpoint.IsDue()) return OkStatus();
  v1::TrainingCheckpoint kept;
  EncodeIterations(record, kept);
  PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Save(*kept.mutable_booster())));
  return checkpoint.Save(kept);
}

Result<IterationRecord> BoostingRun::Measure(Booster& booster, int64_t round) {
  PENSTOCK_RETURN_IF_ERROR(
      FromBooster(booster.Predict(Booster::Split::kTrain, Booster::Scale::kMargin, train_margins_)));
  PENSTOCK_RETURN_IF_ERROR(
      FromBooster(booster.Predict(Booster::Split::kEval, Booster::Scale::kMargin, eval_margins_)));
  AddTo(starts_.train, train_margins_);
  AddTo(starts_.eval, eval_margins_);
  IterationRecord losses{round};
  PENSTOCK_ASSIGN_OR_RETURN(losses.train_loss,
                            train_.LossAndGradients(train_margins_, context_.options, gradients_, hessians_));
  PENSTOCK_ASSIGN_OR_RETURN(losses.eval_loss, eval_.MeanLoss(eval_margins_, context_.options));
  return losses;
}

/// Rows left out of a round have no derivatives. Chosen here, by row number, because XGBoost's own
/// choice depends on its number of threads.
void BoostingRun::SampleRows(int64_t round) {
  const double share = parameters_["subsample"];
  if (share >= 1) return;
  const uint64_t seed = RandomBits(context_.random_seed, static_cast<uint64_t>(round));
  const size_t width = gradients_.size() / static_cast<size_t>(train_.num_rows());
  for (size_t row = 0; row * width < gradients_.size(); ++row) {
    if (static_cast<double>(RandomBits(seed ^ row) >> 11) * 0x1p-53 < share) continue;
    for (size_t j = row * width; j < (row + 1) * width; ++j) gradients_[j] = hessians_[j] = 0;
  }
}

}  // namespace penstock::learning
