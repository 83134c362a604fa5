#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/learning/learner.h"
#include "penstock/learning/network/network_optimizer.h"
#include "penstock/learning/network/network_options.h"
#include "penstock/learning/objective.h"
#include "penstock/learning/training_checkpoint.h"
#include "penstock/learning/training_matrix.h"

namespace penstock::learning {

/// One training of one network: epochs of shuffled mini-batches until the eval loss no longer falls.
/// Not for concurrent use; what it refers to must outlive it.
class NetworkTraining {
 public:
  /// `train` is read for its labels and weights only: the features are in `train_rows`.
  NetworkTraining(const NetworkOptions& options, const model::NetworkShape& shape,
                  const TrainingMatrix& train, const TrainingMatrix& eval, model::Task task,
                  ExecutionContext& context);

  /// Trains from `initial`, or from what `checkpoint` kept, and fills in iterations, best iteration, warnings
  /// of `record`. kInvalidArgument, with epoch and step, where the loss is no longer a number.
  Status Run(std::vector<float> initial, const TrainingData& data, const LearnerOptions& learner_options,
             CheckpointFile& checkpoint, TrainingRecord& record);

  /// The network of the best epoch.
  Result<model::Network> Best() const { return model::Network::Make(shape_, best_); }
  /// The mean loss on the eval split with feature columns [first, first + width) of up to 2,000 of its rows
  /// handed to other rows, minus that without: what the network owes to them. At least 0.
  Result<double> ShuffledLoss(const model::Network& network, int32_t first, int32_t width) const;

 private:
  Result<double> RunEpoch(int64_t epoch, int64_t num_done, double& reported);
  Result<double> EvalLoss() const;
  Result<IterationRecord> ConstantLosses() const;
  double RateAt(int64_t step) const;
  void Report(int64_t epoch, double share, double train_loss, const TrainingRecord* record);
  Status Resume(CheckpointFile& checkpoint, TrainingRecord& record);
  Status Keep(CheckpointFile& checkpoint, const TrainingRecord& record) const;
  void PrepareLabels(const TrainingMatrix& train);

  const NetworkOptions& options_;
  const model::NetworkShape& shape_;
  const model::NetworkLayout layout_;
  const TrainingMatrix& train_;
  const TrainingMatrix& eval_;
  const Objective train_objective_;
  const Objective eval_objective_;
  ExecutionContext& context_;
  model::EncodedRows train_rows_;
  model::EncodedRows eval_rows_;
  std::vector<double> labels_;   // Of the train split, standardised for regression.
  std::vector<double> weights_;  // With class weights; empty: 1 each.
  double mean_weight_ = 1;
  double loss_scale_ = 1;  // From the network's loss to the record's.
  int64_t steps_per_epoch_ = 1;
  WorkerTeam team_;
  NetworkOptimizer optimizer_;
  TransposedWeights transposed_;
  std::vector<ChunkPass> chunks_;
  NetworkState state_;
  double rate_factor_ = 1;
  std::vector<float> best_;
};

}  // namespace penstock::learning
