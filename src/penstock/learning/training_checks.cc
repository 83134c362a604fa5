#include "penstock/learning/training_checks.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::learning {
namespace {

// Row numbers are 32 bits wide in XGBoost, and sums on Objective's grid exact up to here.
constexpr int64_t kMaxRows = std::numeric_limits<int32_t>::max();
constexpr double kLargeGap = 1.0 / 3;
constexpr double kSmallGain = 0.02;

}  // namespace

Result<model::Task> TaskOf(const transform::TransformGraph& transform) {
  if (transform.output_schema().empty()) {
    return InvalidArgument("The transform defines no features, so there is nothing to learn from");
  }
  switch (transform.task()) {
    case transform::Task::kBinaryClassification:
      return model::Task::kBinaryClassification;
    case transform::Task::kRegression:
      return model::Task::kRegression;
    default:
      break;
  }
  return InvalidArgument(
      "The transform defines no label, so there is nothing to learn: add `label:` to the features file");
}

Status CheckLabels(const TrainingMatrix& matrix, const Objective& objective, const std::string& split) {
  if (matrix.num_rows() > kMaxRows) {
    return InvalidArgument("Split '{}' has {} examples; learners take up to {}", split, matrix.num_rows(),
                           kMaxRows);
  }
  if (!(objective.total_weight() > 0))
    return InvalidArgument("Split '{}' has no example with a weight above 0", split);
  const auto [least, largest] = std::minmax_element(matrix.labels.begin(), matrix.labels.end());
  if (std::max(std::abs(*least), std::abs(*largest)) > std::numeric_limits<float>::max() / 4) {
    return InvalidArgument(
        "Split '{}' has labels as large as {}, beyond what learners compute with; scale the label", split,
        std::abs(*least) > std::abs(*largest) ? *least : *largest);
  }
  return OkStatus();
}

Status CheckBothClasses(const TrainingMatrix& matrix, const Objective& objective, const std::string& split) {
  const auto num_positive = std::count(matrix.labels.begin(), matrix.labels.end(), 1.0);
  const float rate = static_cast<float>(objective.MeanLabel());
  if (num_positive > 0 && num_positive < matrix.num_rows() && rate > 0 && rate < 1) return OkStatus();
  return InvalidArgument(
      "The label has one class only in split '{}': {} examples are positive, {} negative; a classifier needs "
      "both (check "
      "the label's expression)",
      split, num_positive, matrix.num_rows() - num_positive);
}

void RecordExamples(const TrainingMatrix& train, const TrainingMatrix& eval, const Objective& objective,
                    TrainingRecord& record) {
  record.loss = objective.name();
  record.num_train_examples = train.num_rows();
  record.num_eval_examples = eval.num_rows();
  record.num_unlabeled_examples = train.num_unlabeled + eval.num_unlabeled;
}

void AddWarnings(const std::string& train_split, const std::string& eval_split,
                 const IterationRecord& constant, TrainingRecord& record) {
  if (record.best_iteration == 0) {
    record.warnings.push_back(fmt::format(
        "Nothing was learned that holds on split '{}': its {} never fell below the {:.4f} of a constant. Do "
        "the features say anything about the label, and are both splits of the same kind?",
        eval_split, record.loss, constant.eval_loss));
    return;
  }
  const IterationRecord& best = record.iterations[static_cast<size_t>(record.best_iteration - 1)];
  const IterationRecord& last = record.iterations.back();
  const double train_gain = (constant.train_loss - best.train_loss) / constant.train_loss;
  const double eval_gain = (constant.eval_loss - best.eval_loss) / constant.eval_loss;
  if (train_gain > kSmallGain && train_gain - eval_gain > kLargeGap * train_gain) {
    record.warnings.push_back(
        fmt::format("The model overfits: it is {:.1f} % better than a constant on split '{}' but only {:.1f} "
                    "% on '{}' ({} "
                    "{:.4f} against {:.4f}). Try more examples, fewer or coarser features (a date is learned "
                    "by heart and "
                    "extrapolated), or more regularisation.",
                    100 * train_gain, train_split, 100 * eval_gain, eval_split, record.loss, best.train_loss,
                    best.eval_loss));
  } else if (last.eval_loss > best.eval_loss * 1.05 && last.train_loss < best.train_loss) {
    record.warnings.push_back(
        fmt::format("After iteration {} the training only learned split '{}' by heart ({} on '{}' rose from "
                    "{:.4f} to {:.4f}); the model is that of iteration {}.",
                    record.best_iteration, train_split, record.loss, eval_split, best.eval_loss,
                    last.eval_loss, record.best_iteration));
  } else if (eval_gain < kSmallGain) {
    record.warnings.push_back(
        fmt::format("The model is hardly better than a constant on split '{}': {} {:.4f} against {:.4f}.",
                    eval_split, record.loss, best.eval_loss, constant.eval_loss));
  }
}

}  // namespace penstock::learning
