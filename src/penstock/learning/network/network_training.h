#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/learning/learner.h"
#include "penstock/learning/network/example_source.h"
#include "penstock/learning/network/network_optimizer.h"
#include "penstock/learning/network/network_options.h"
#include "penstock/learning/objective.h"
#include "penstock/learning/row_reader.h"
#include "penstock/learning/split_summary.h"
#include "penstock/learning/training_checkpoint.h"

namespace penstock::learning {

/// The splits of a training: what is known of each, and where its examples come from.
struct TrainingSplits {
  SplitSummary train, eval;
  RowReader train_reader, eval_reader;
};

/// One training of one network: epochs of shuffled mini-batches until the eval loss no longer falls. Splits
/// of up to options.shuffle_buffer examples stay in memory, larger ones are read anew in every epoch. Not for
/// concurrent use; what it refers to must outlive it.
class NetworkTraining {
 public:
  /// Takes the rows out of `splits`, where they are. `loss`: of labels as they are.
  NetworkTraining(const NetworkOptions& options, const model::NetworkShape& shape, TrainingSplits& splits,
                  const TrainingData& data, const Loss& loss, ExecutionContext& context);

  /// Trains from `initial`, or from what `checkpoint` kept, and fills in iterations, best iteration, warnings
  /// of `record`. kInvalidArgument, with epoch and step, where the loss is no longer a number.
  Status Run(std::vector<float> initial, const TrainingData& data, const LearnerOptions& learner_options,
             CheckpointFile& checkpoint, TrainingRecord& record);

  /// The network of the best epoch.
  Result<model::Network> Best() const { return model::Network::Make(shape_, best_); }
  /// The mean loss on up to 2,000 rows of the eval split's sample with feature columns [first, first + width)
  /// handed to other rows, minus that without: what the network owes to them. At least 0.
  Result<double> ShuffledLoss(const model::Network& network, int32_t first, int32_t width) const;

 private:
  struct Epoch;
  Result<double> RunEpoch(int64_t number);
  Status RunWindow(const EncodedExamples& examples, uint64_t seed, Epoch& epoch);
  Status RunStep(const EncodedExamples& examples, std::span<const int64_t> picked, Epoch& epoch);
  Result<double> EvalLoss();
  Result<IterationRecord> ConstantLosses() const;
  double RateAt(int64_t step) const;
  Status Resume(CheckpointFile& checkpoint, TrainingRecord& record);
  Status Keep(CheckpointFile& checkpoint, const TrainingRecord& record) const;

  const NetworkOptions& options_;
  const model::NetworkShape& shape_;
  const model::NetworkLayout layout_;
  const Loss& loss_;
  Loss output_loss_;  // As the network's outputs see it.
  const SplitSummary& train_;
  const SplitSummary& eval_;
  ExecutionContext& context_;
  double mean_weight_ = 1;
  double loss_scale_ = 1;  // From the network's loss to the record's.
  const int64_t num_rows_;
  const int64_t steps_per_epoch_;
  ExampleSource train_source_;
  ExampleSource eval_source_;
  WorkerTeam team_;
  NetworkOptimizer optimizer_;
  TransposedWeights transposed_;
  std::vector<ChunkPass> chunks_;
  NetworkState state_;
  double rate_factor_ = 1;
  double reported_ = 0;  // How far progress was told of.
  std::vector<float> best_;
};

}  // namespace penstock::learning
