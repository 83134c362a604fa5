#include "penstock/learning/network/network_training.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <penstock/training.pb.h>

#include "penstock/learning/random_bits.h"
#include "penstock/learning/training_checks.h"

namespace penstock::learning {
namespace {

constexpr int64_t kEvalBlockRows = 2048;
constexpr int64_t kMaxShuffledRows = 2000;
// With fewer multiplications a step, waking threads costs more than it saves.
constexpr int64_t kParametersPerThread = 1 << 12;

int NumThreads(const NetworkOptions& options, const model::NetworkLayout& layout,
               const ExecutionOptions& execution) {
  const int64_t work = layout.num_trained_dense * std::max<int64_t>(options.batch_size / ChunkPass::kRows, 1);
  return static_cast<int>(std::min<int64_t>(execution.ResolvedThreads(), 1 + work / kParametersPerThread));
}

}  // namespace

NetworkTraining::NetworkTraining(const NetworkOptions& options, const model::NetworkShape& shape,
                                 const TrainingMatrix& train, const TrainingMatrix& eval, model::Task task,
                                 ExecutionContext& context)
    : options_(options),
      shape_(shape),
      layout_(shape),
      train_(train),
      eval_(eval),
      train_objective_(task, train.labels, train.weights),
      eval_objective_(task, eval.labels, eval.weights),
      context_(context),
      train_rows_(model::EncodeRows(shape, train.values)),
      eval_rows_(model::EncodeRows(shape, eval.values)),
      team_(NumThreads(options, layout_, context.options)),
      optimizer_(shape_, layout_, options),
      transposed_(layout_) {
  PrepareLabels(train);
  steps_per_epoch_ = (train.num_rows() + options.batch_size - 1) / options.batch_size;
  const int64_t largest = std::min(options.batch_size, train.num_rows());
  for (int64_t row = 0; row < largest; row += ChunkPass::kRows)
    chunks_.emplace_back(shape_, layout_, options.dropout);
}

void NetworkTraining::PrepareLabels(const TrainingMatrix& train) {
  labels_ = train.labels;
  weights_ = train.weights;
  for (double& label : labels_) label = (label - shape_.output_shift) / shape_.output_scale;
  loss_scale_ = static_cast<double>(shape_.output_scale) * shape_.output_scale;
  double positive_weight = options_.positive_class_weight;
  if (options_.balance_classes) {
    const double rate = train_objective_.MeanLabel();
    positive_weight *= (1 - rate) / rate;
  }
  if (positive_weight != 1 && shape_.link == model::NetworkLink::kLogistic) {
    if (weights_.empty()) weights_.assign(labels_.size(), 1.0);
    for (size_t i = 0; i < labels_.size(); ++i) weights_[i] *= labels_[i] == 1 ? positive_weight : 1;
  }
  if (weights_.empty()) return;
  mean_weight_ =
      std::accumulate(weights_.begin(), weights_.end(), 0.0) / static_cast<double>(weights_.size());
}

double NetworkTraining::RateAt(int64_t step) const {
  const double total = static_cast<double>(options_.num_epochs * steps_per_epoch_);
  const double share = static_cast<double>(step) / total;
  double rate = options_.learning_rate * rate_factor_;
  if (options_.schedule == RateSchedule::kCosine) rate *= 0.5 * (1 + std::cos(std::numbers::pi * share));
  if (options_.schedule == RateSchedule::kExponential) rate *= std::pow(0.01, share);
  if (step < options_.warmup_steps)
    rate *= static_cast<double>(step + 1) / static_cast<double>(options_.warmup_steps);
  return rate;
}

Result<double> NetworkTraining::EvalLoss() const {
  // Only a network that can be used may be measured.
  Result<model::Network> network = model::Network::Make(shape_, state_.parameters);
  if (!network.ok()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<float> margins(eval_rows_.num_rows);
  const int64_t num_blocks = (eval_rows_.num_rows + kEvalBlockRows - 1) / kEvalBlockRows;
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(num_blocks, context_.options, [&](int64_t block) {
    const int64_t first = block * kEvalBlockRows;
    const int64_t size = std::min(kEvalBlockRows, eval_rows_.num_rows - first);
    network->EncodedMargins(eval_rows_, first, std::span(margins).subspan(first, size));
    return OkStatus();
  }));
  return eval_objective_.Loss(margins, context_.options);
}

Result<IterationRecord> NetworkTraining::ConstantLosses() const {
  IterationRecord constant;
  if (shape_.link == model::NetworkLink::kReconstructionError) {
    // The mean of each number, which is 0 once standardised.
    const auto mean_square = [](const model::EncodedRows& rows) {
      double sum = 0;
      for (float value : rows.numbers) sum += static_cast<double>(value) * value;
      return sum / static_cast<double>(std::max<size_t>(rows.numbers.size(), 1));
    };
    constant.train_loss = mean_square(train_rows_);
    constant.eval_loss = mean_square(eval_rows_);
    return constant;
  }
  const double mean = train_objective_.MeanLabel();
  const bool is_binary = shape_.link == model::NetworkLink::kLogistic;
  const auto margin = static_cast<float>(is_binary ? std::log(mean / (1 - mean)) : mean);
  const std::vector<float> train(labels_.size(), margin), eval(eval_rows_.num_rows, margin);
  PENSTOCK_ASSIGN_OR_RETURN(constant.train_loss, train_objective_.Loss(train, context_.options));
  PENSTOCK_ASSIGN_OR_RETURN(constant.eval_loss, eval_objective_.Loss(eval, context_.options));
  return constant;
}

Result<double> NetworkTraining::RunEpoch(int64_t epoch, int64_t num_done, double& reported) {
  const int64_t num_rows = train_rows_.num_rows;
  const uint64_t seed = RandomBits(context_.random_seed, static_cast<uint64_t>(epoch));
  std::vector<int64_t> order(num_rows);
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = num_rows - 1; i > 0; --i)
    std::swap(order[i], order[RandomBits(seed, static_cast<uint64_t>(i)) % static_cast<uint64_t>(i + 1)]);
  const ExampleView examples{train_rows_, labels_, weights_};
  double loss = 0;
  for (int64_t first = 0; first < num_rows; first += options_.batch_size) {
    PENSTOCK_RETURN_IF_ERROR(context_.options.CheckCancelled());
    const int64_t size = std::min(options_.batch_size, num_rows - first);
    const std::span<const int64_t> picked(order.data() + first, size);
    const int64_t num_chunks = (size + ChunkPass::kRows - 1) / ChunkPass::kRows;
    const double scale = 1 / (mean_weight_ * static_cast<double>(size));
    const uint64_t noise = RandomBits(seed, ~static_cast<uint64_t>(first));
    transposed_.Refresh(state_.parameters);
    team_.Run(num_chunks, [&](int64_t i) {
      const int64_t begin = i * ChunkPass::kRows;
      chunks_[i].Run(state_.parameters, transposed_, examples,
                     picked.subspan(begin, std::min(ChunkPass::kRows, size - begin)), scale,
                     RandomBits(noise, static_cast<uint64_t>(i)));
    });
    double batch_loss = 0;
    for (int64_t i = 0; i < num_chunks; ++i) batch_loss += chunks_[i].loss();
    if (!std::isfinite(batch_loss)) {
      return InvalidArgument(
          "The loss is no longer a number: epoch {}, step {} of {}. A lower learning_rate (now {}) or a "
          "gradient_clip_norm of 1 keeps the training stable",
          epoch, first / options_.batch_size + 1, steps_per_epoch_, options_.learning_rate);
    }
    loss += batch_loss;
    optimizer_.Step(std::span(chunks_).first(num_chunks), train_rows_, picked, RateAt(state_.num_steps),
                    team_, state_);
    const double share = static_cast<double>(num_done * num_rows + first + size) /
                         static_cast<double>(options_.num_epochs * num_rows);
    if (context_.report_progress && share - reported > 0.01 && first + size < num_rows) {
      reported = share;
      context_.report_progress(
          share, fmt::format("epoch {}: train {} {:.5f}", epoch, train_objective_.name(),
                             loss * loss_scale_ / (mean_weight_ * static_cast<double>(first + size))));
    }
  }
  return loss * loss_scale_ / (mean_weight_ * static_cast<double>(num_rows));
}

Status NetworkTraining::Resume(CheckpointFile& checkpoint, TrainingRecord& record) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto kept, checkpoint.Load());
  if (kept == nullptr) return OkStatus();
  const auto size = static_cast<int>(layout_.num_parameters);
  if (kept->parameters_size() != size || kept->first_moments_size() != size ||
      kept->second_moments_size() != size || kept->best_parameters_size() != size) {
    return OkStatus();
  }
  DecodeIterations(*kept, record);
  state_.num_steps = kept->num_steps();
  state_.parameters.assign(kept->parameters().begin(), kept->parameters().end());
  state_.first_moments.assign(kept->first_moments().begin(), kept->first_moments().end());
  state_.second_moments.assign(kept->second_moments().begin(), kept->second_moments().end());
  best_.assign(kept->best_parameters().begin(), kept->best_parameters().end());
  rate_factor_ = kept->rate_factor();
  return OkStatus();
}

Status NetworkTraining::Keep(CheckpointFile& checkpoint, const TrainingRecord& record) const {
  if (!checkpoint.IsDue()) return OkStatus();
  v1::TrainingCheckpoint kept;
  EncodeIterations(record, kept);
  kept.set_num_steps(state_.num_steps);
  kept.mutable_parameters()->Add(state_.parameters.begin(), state_.parameters.end());
  kept.mutable_first_moments()->Add(state_.first_moments.begin(), state_.first_moments.end());
  kept.mutable_second_moments()->Add(state_.second_moments.begin(), state_.second_moments.end());
  kept.mutable_best_parameters()->Add(best_.begin(), best_.end());
  kept.set_rate_factor(rate_factor_);
  return checkpoint.Save(kept);
}

Status NetworkTraining::Run(std::vector<float> initial, const TrainingData& data,
                            const LearnerOptions& learner_options, CheckpointFile& checkpoint,
                            TrainingRecord& record) {
  state_.first_moments.assign(initial.size(), 0.0f);
  state_.second_moments.assign(initial.size(), 0.0f);
  state_.parameters = initial;
  best_ = std::move(initial);
  PENSTOCK_ASSIGN_OR_RETURN(const IterationRecord constant, ConstantLosses());
  // A warm start may be better than anything that follows.
  PENSTOCK_ASSIGN_OR_RETURN(const double initial_loss, EvalLoss());
  const bool is_warm = learner_options.warm_start != nullptr;
  record.best_eval_loss = is_warm ? initial_loss : std::min(initial_loss, constant.eval_loss);
  if (!is_warm && constant.eval_loss < initial_loss) record.best_eval_loss = constant.eval_loss;
  PENSTOCK_RETURN_IF_ERROR(Resume(checkpoint, record));
  double reported = 0;
  for (auto epoch = static_cast<int64_t>(record.iterations.size()) + 1;
       epoch <= options_.num_epochs && epoch - record.best_iteration <= options_.early_stopping_epochs;
       ++epoch) {
    IterationRecord losses{epoch};
    PENSTOCK_ASSIGN_OR_RETURN(losses.train_loss, RunEpoch(epoch, epoch - 1, reported));
    PENSTOCK_ASSIGN_OR_RETURN(losses.eval_loss, EvalLoss());
    if (!std::isfinite(losses.eval_loss))
      return InvalidArgument(
          "The eval loss is no longer a number after epoch {}. A lower learning_rate (now {}) or a "
          "gradient_clip_norm of 1 keeps the training stable",
          epoch, options_.learning_rate);
    record.iterations.push_back(losses);
    if (losses.eval_loss < record.best_eval_loss) {
      record.best_eval_loss = losses.eval_loss;
      record.best_iteration = epoch;
      best_ = state_.parameters;
    } else if (options_.schedule == RateSchedule::kPlateau) {
      rate_factor_ *= 0.3;
    }
    if (context_.report_progress) {
      context_.report_progress(
          static_cast<double>(epoch) / static_cast<double>(options_.num_epochs),
          fmt::format("epoch {}: train {} {:.5f}, eval {:.5f}, best {:.5f}", epoch, record.loss,
                      losses.train_loss, losses.eval_loss, record.best_eval_loss));
    }
    if (learner_options.on_iteration && !learner_options.on_iteration(losses)) break;
    PENSTOCK_RETURN_IF_ERROR(Keep(checkpoint, record));
  }
  if (!is_warm || record.best_iteration > 0) AddWarnings(data.train_name, data.eval_name, constant, record);
  return checkpoint.Remove();
}

Result<double> NetworkTraining::ShuffledLoss(const model::Network& network, int32_t first,
                                             int32_t width) const {
  const int64_t num_columns = shape_.num_columns;
  const int64_t num_rows = std::min(kMaxShuffledRows, eval_.num_rows());
  const std::span<const double> labels(eval_.labels.data(), num_rows);
  const std::span<const double> weights(eval_.weights.data(), eval_.weights.empty() ? 0 : num_rows);
  const model::Task task = shape_.link == model::NetworkLink::kLogistic   ? model::Task::kBinaryClassification
                           : shape_.link == model::NetworkLink::kIdentity ? model::Task::kRegression
                                                                          : model::Task::kReconstruction;
  const Objective objective(task, labels, weights);
  if (!(objective.total_weight() > 0)) return 0.0;
  std::vector<float> values(eval_.values.begin(), eval_.values.begin() + num_rows * num_columns);
  std::vector<float> margins(num_rows);
  network.Margins(values, margins);
  PENSTOCK_ASSIGN_OR_RETURN(const double loss, objective.Loss(margins, context_.options));
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto other =
        static_cast<int64_t>(RandomBits(17, static_cast<uint64_t>(row)) % static_cast<uint64_t>(num_rows));
    std::copy_n(eval_.values.data() + other * num_columns + first, width,
                values.data() + row * num_columns + first);
  }
  network.Margins(values, margins);
  PENSTOCK_ASSIGN_OR_RETURN(const double shuffled, objective.Loss(margins, context_.options));
  return std::max(0.0, shuffled - loss);
}

}  // namespace penstock::learning
