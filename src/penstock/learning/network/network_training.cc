#include "penstock/learning/network/network_training.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <penstock/training.pb.h>

#include "penstock/base/random_bits.h"
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

/// How the examples of a split become those of the network; eval losses are of labels as they are.
ExampleEncoder EncoderOf(const model::NetworkShape& shape, bool is_train, std::vector<double> class_weights) {
  ExampleEncoder encoder{.shape = shape};
  if (!is_train) return encoder;
  encoder.class_weights = std::move(class_weights);
  if (shape.link != model::NetworkLink::kIdentity) return encoder;
  encoder.label_shift = shape.output_shift;
  encoder.label_scale = shape.output_scale;
  return encoder;
}

ExampleSource SourceOf(ExampleEncoder encoder, SplitSummary& split, const RowReader& reader,
                       const data::Dataset& dataset, int64_t window_rows, const ExecutionOptions& execution) {
  if (!split.rows) return ExampleSource(std::move(encoder), dataset, reader, window_rows, execution);
  TrainingMatrix rows = std::move(*split.rows);
  split.rows.reset();
  return ExampleSource(encoder, std::move(rows));
}

/// The mean of the weights once those of classes are multiplied in.
double MeanWeight(const LabelSummary& labels, const std::vector<double>& class_weights) {
  double of_classes = 1;
  if (!class_weights.empty()) {
    const bool is_binary = labels.means.size() == 1;
    of_classes =
        is_binary ? (1 - labels.means[0]) * class_weights[0] + labels.means[0] * class_weights[1] : 0;
    for (size_t i = 0; !is_binary && i < class_weights.size(); ++i)
      of_classes += labels.means[i] * class_weights[i];
  }
  return of_classes * labels.total_weight / static_cast<double>(labels.num_rows);
}

}  // namespace

struct NetworkTraining::Epoch {
  int64_t number = 1;
  uint64_t seed = 0;
  int64_t num_seen = 0;
  double loss = 0;
};

NetworkTraining::NetworkTraining(const NetworkOptions& options, const model::NetworkShape& shape,
                                 TrainingSplits& splits, const TrainingData& data, const Loss& loss,
                                 ExecutionContext& context)
    : options_(options),
      shape_(shape),
      layout_(shape),
      loss_(loss),
      output_loss_(loss),
      train_(splits.train),
      eval_(splits.eval),
      context_(context),
      mean_weight_(MeanWeight(train_.labels, options.class_weights.ByLabel(loss, train_.labels.means))),
      num_rows_(train_.labels.num_rows),
      steps_per_epoch_((num_rows_ + options.batch_size - 1) / options.batch_size),
      train_source_(SourceOf(EncoderOf(shape, true, options.class_weights.ByLabel(loss, train_.labels.means)),
                             splits.train, splits.train_reader, *data.train, options.shuffle_buffer,
                             context.options)),
      eval_source_(SourceOf(EncoderOf(shape, false, {}), splits.eval, splits.eval_reader, *data.eval,
                            options.shuffle_buffer, context.options)),
      team_(NumThreads(options, layout_, context.options)),
      optimizer_(shape_, layout_, options),
      transposed_(layout_) {
  if (shape_.link == model::NetworkLink::kIdentity) {
    const bool is_linear = loss.kind == LossKind::kAbsoluteError;
    loss_scale_ = static_cast<double>(shape_.output_scale) * (is_linear ? 1 : shape_.output_scale);
    output_loss_.huber_delta /= shape_.output_scale;
  }
  const int64_t largest = std::min(options.batch_size, num_rows_);
  for (int64_t row = 0; row < largest; row += ChunkPass::kRows)
    chunks_.emplace_back(shape_, layout_, options.dropout);
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

Result<double> NetworkTraining::EvalLoss() {
  // Only a network that can be used may be measured.
  Result<model::Network> network = model::Network::Make(shape_, state_.parameters);
  if (!network.ok()) return std::numeric_limits<double>::quiet_NaN();
  const int64_t width = network->num_margins();
  double sum = 0, weight = 0;
  eval_source_.StartPass(std::nullopt);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const EncodedExamples* const examples, eval_source_.NextWindow());
    if (examples == nullptr) break;
    const int64_t num_rows = examples->rows.num_rows;
    std::vector<float> margins(static_cast<size_t>(num_rows * width));
    const int64_t num_blocks = (num_rows + kEvalBlockRows - 1) / kEvalBlockRows;
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(num_blocks, context_.options, [&](int64_t block) {
      const int64_t first = block * kEvalBlockRows;
      const int64_t size = std::min(kEvalBlockRows, num_rows - first);
      network->EncodedMargins(examples->rows, first, std::span(margins).subspan(first * width, size * width));
      return OkStatus();
    }));
    const Objective objective(loss_, examples->labels, examples->weights);
    if (!(objective.total_weight() > 0)) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const double loss, objective.MeanLoss(margins, context_.options));
    sum += loss * objective.total_weight();
    weight += objective.total_weight();
  }
  return sum / weight;
}

/// Of the splits' samples, which are all of them where they are not large.
Result<IterationRecord> NetworkTraining::ConstantLosses() const {
  IterationRecord constant;
  if (shape_.link == model::NetworkLink::kReconstructionError) {
    // The mean of each number, which is 0 once standardised.
    const auto mean_square = [&](const TrainingMatrix& sample) {
      const model::EncodedRows rows = model::EncodeRows(shape_, sample.values);
      double sum = 0;
      for (float value : rows.numbers) sum += static_cast<double>(value) * value;
      return sum / static_cast<double>(std::max<size_t>(rows.numbers.size(), 1));
    };
    constant.train_loss = mean_square(train_.sample);
    constant.eval_loss = mean_square(eval_.sample);
    return constant;
  }
  const Objective train(loss_, train_.sample), eval(loss_, eval_.sample);
  const std::vector<double> margins =
      learning::ConstantMargins(loss_, train_.labels.means, train_.labels.num_rows, train.MedianLabel());
  const auto loss_of = [&](const Objective& objective) {
    std::vector<float> all(static_cast<size_t>(objective.num_rows()) * margins.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<float>(margins[i % margins.size()]);
    return objective.MeanLoss(all, context_.options);
  };
  PENSTOCK_ASSIGN_OR_RETURN(constant.train_loss, loss_of(train));
  PENSTOCK_ASSIGN_OR_RETURN(constant.eval_loss, loss_of(eval));
  return constant;
}

Status NetworkTraining::RunStep(const EncodedExamples& examples, std::span<const int64_t> picked,
                                Epoch& epoch) {
  const auto size = static_cast<int64_t>(picked.size());
  const ExampleView view{examples.rows, output_loss_, examples.labels, examples.weights};
  const int64_t num_chunks = (size + ChunkPass::kRows - 1) / ChunkPass::kRows;
  const double scale = 1 / (mean_weight_ * static_cast<double>(size));
  const uint64_t noise = RandomBits(epoch.seed, ~static_cast<uint64_t>(epoch.num_seen));
  transposed_.Refresh(state_.parameters);
  team_.Run(num_chunks, [&](int64_t i) {
    const int64_t begin = i * ChunkPass::kRows;
    chunks_[i].Run(state_.parameters, transposed_, view,
                   picked.subspan(begin, std::min(ChunkPass::kRows, size - begin)), scale,
                   RandomBits(noise, static_cast<uint64_t>(i)));
  });
  double loss = 0;
  for (int64_t i = 0; i < num_chunks; ++i) loss += chunks_[i].loss();
  if (!std::isfinite(loss)) {
    return InvalidArgument(
        "The loss is no longer a number: epoch {}, step {} of {}. A lower learning_rate (now {}) or a "
        "gradient_clip_norm of 1 keeps the training stable",
        epoch.number, epoch.num_seen / options_.batch_size + 1, steps_per_epoch_, options_.learning_rate);
  }
  epoch.loss += loss;
  epoch.num_seen += size;
  optimizer_.Step(std::span(chunks_).first(num_chunks), examples.rows, picked, RateAt(state_.num_steps),
                  team_, state_);
  const double share = static_cast<double>((epoch.number - 1) * num_rows_ + epoch.num_seen) /
                       static_cast<double>(options_.num_epochs * num_rows_);
  if (context_.report_progress && share - reported_ > 0.01 && epoch.num_seen < num_rows_) {
    reported_ = share;
    context_.report_progress(
        share, fmt::format("epoch {}: train {} {:.5f}", epoch.number, NameOf(loss_.kind),
                           epoch.loss * loss_scale_ / (mean_weight_ * static_cast<double>(epoch.num_seen))));
  }
  return OkStatus();
}

Status NetworkTraining::RunWindow(const EncodedExamples& examples, uint64_t seed, Epoch& epoch) {
  const int64_t num_rows = examples.rows.num_rows;
  std::vector<int64_t> order(static_cast<size_t>(num_rows));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = num_rows - 1; i > 0; --i)
    std::swap(order[i], order[RandomBits(seed, static_cast<uint64_t>(i)) % static_cast<uint64_t>(i + 1)]);
  for (int64_t first = 0; first < num_rows; first += options_.batch_size) {
    PENSTOCK_RETURN_IF_ERROR(context_.options.CheckCancelled());
    const int64_t size = std::min(options_.batch_size, num_rows - first);
    PENSTOCK_RETURN_IF_ERROR(RunStep(examples, std::span(order).subspan(first, size), epoch));
  }
  return OkStatus();
}

Result<double> NetworkTraining::RunEpoch(int64_t number) {
  Epoch epoch{.number = number, .seed = RandomBits(context_.random_seed, static_cast<uint64_t>(number))};
  train_source_.StartPass(epoch.seed);
  for (uint64_t window = 0;; ++window) {
    PENSTOCK_ASSIGN_OR_RETURN(const EncodedExamples* const examples, train_source_.NextWindow());
    if (examples == nullptr) break;
    const uint64_t seed = window == 0 ? epoch.seed : RandomBits(epoch.seed ^ window);
    PENSTOCK_RETURN_IF_ERROR(RunWindow(*examples, seed, epoch));
  }
  return epoch.loss * loss_scale_ / (mean_weight_ * static_cast<double>(num_rows_));
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
  for (auto epoch = static_cast<int64_t>(record.iterations.size()) + 1;
       epoch <= options_.num_epochs && epoch - record.best_iteration <= options_.early_stopping_epochs;
       ++epoch) {
    IterationRecord losses{epoch};
    PENSTOCK_ASSIGN_OR_RETURN(losses.train_loss, RunEpoch(epoch));
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
  const TrainingMatrix& sample = eval_.sample;
  const int64_t num_rows = std::min(kMaxShuffledRows, sample.num_rows());
  const std::span<const double> labels(sample.labels.data(), num_rows * sample.num_labels);
  const std::span<const double> weights(sample.weights.data(), sample.weights.empty() ? 0 : num_rows);
  const Objective objective(loss_, labels, weights);
  if (!(objective.total_weight() > 0)) return 0.0;
  std::vector<float> values(sample.values.begin(), sample.values.begin() + num_rows * num_columns);
  std::vector<float> margins(num_rows * network.num_margins());
  network.Margins(values, margins);
  PENSTOCK_ASSIGN_OR_RETURN(const double loss, objective.MeanLoss(margins, context_.options));
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto other =
        static_cast<int64_t>(RandomBits(17, static_cast<uint64_t>(row)) % static_cast<uint64_t>(num_rows));
    std::copy_n(sample.values.data() + other * num_columns + first, width,
                values.data() + row * num_columns + first);
  }
  network.Margins(values, margins);
  PENSTOCK_ASSIGN_OR_RETURN(const double shuffled, objective.MeanLoss(margins, context_.options));
  return std::max(0.0, shuffled - loss);
}

}  // namespace penstock::learning
