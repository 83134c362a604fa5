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
    return InvalidArgument(
        "The transform defines no features, so there is nothing to learn from; one that a module_file made "
        "is for a Trainer with a module_file");
  }
  switch (transform.task()) {
    case transform::Task::kBinaryClassification:
      return model::Task::kBinaryClassification;
    case transform::Task::kRegression:
      return model::Task::kRegression;
    case transform::Task::kMulticlassClassification:
      return model::Task::kMulticlassClassification;
    case transform::Task::kMultilabelClassification:
      return model::Task::kMultilabelClassification;
    case transform::Task::kRanking:
      return model::Task::kRanking;
    case transform::Task::kNone:
      break;
  }
  return InvalidArgument(
      "The transform defines no label, so there is nothing to learn: add `label:` to the features file");
}

Status CheckLabels(const LabelSummary& labels, const std::string& split) {
  if (labels.num_rows > kMaxRows) {
    return InvalidArgument("Split '{}' has {} examples; learners take up to {}", split, labels.num_rows,
                           kMaxRows);
  }
  if (!(labels.total_weight > 0))
    return InvalidArgument("Split '{}' has no example with a weight above 0", split);
  if (std::max(std::abs(labels.least), std::abs(labels.largest)) > std::numeric_limits<float>::max() / 4) {
    return InvalidArgument(
        "Split '{}' has labels as large as {}, beyond what learners compute with; scale the label", split,
        std::abs(labels.least) > std::abs(labels.largest) ? labels.least : labels.largest);
  }
  return OkStatus();
}

Status CheckLabelsVary(const LabelSummary& labels, model::Task task,
                       const std::vector<std::string>& class_names, const std::string& split) {
  const std::vector<double>& rates = labels.means;
  switch (task) {
    case model::Task::kBinaryClassification: {
      const auto rate = static_cast<float>(rates[0]);
      if (labels.num_positive > 0 && labels.num_positive < labels.num_rows && rate > 0 && rate < 1)
        return OkStatus();
      return InvalidArgument(
          "The label has one class only in split '{}': {} examples are positive, {} negative; a classifier "
          "needs "
          "both (check the label's expression)",
          split, labels.num_positive, labels.num_rows - labels.num_positive);
    }
    case model::Task::kMulticlassClassification:
      if (std::count_if(rates.begin(), rates.end(), [](double rate) { return rate > 0; }) > 1)
        return OkStatus();
      return InvalidArgument(
          "The label has one class only in split '{}': all {} examples (of a weight above 0) are '{}'; a "
          "classifier needs two or more (check the label's expression)",
          split, labels.num_rows,
          class_names[static_cast<size_t>(std::max_element(rates.begin(), rates.end()) - rates.begin())]);
    case model::Task::kMultilabelClassification:
      if (std::any_of(rates.begin(), rates.end(), [](double rate) { return rate > 0 && rate < 1; }))
        return OkStatus();
      return InvalidArgument(
          "No class of the label tells the {} examples of split '{}' apart: each is there in all of them or "
          "in none (check the label's expression)",
          labels.num_rows, split);
    case model::Task::kRegression:
    case model::Task::kRanking:
      if (labels.least < labels.largest) return OkStatus();
      return InvalidArgument(
          "The label is constant in split '{}': it is {} in all {} examples (check the label's expression)",
          split, labels.least, labels.num_rows);
    case model::Task::kReconstruction:
      break;
  }
  return OkStatus();
}

Status CheckQueriesVary(const TrainingMatrix& matrix, const std::string& split) {
  int64_t begin = 0;
  for (const int64_t end : matrix.query_ends) {
    for (int64_t row = begin + 1; row < end; ++row)
      if (matrix.labels[static_cast<size_t>(row)] != matrix.labels[static_cast<size_t>(begin)])
        return OkStatus();
    begin = end;
  }
  if (matrix.query_ends.empty()) return OkStatus();
  return InvalidArgument(
      "In none of the {} queries of split '{}' do examples differ in their label, so there is no order to "
      "learn "
      "(check the expressions of query and label)",
      matrix.query_ends.size(), split);
}

Status CheckFeatures(const std::vector<bool>& has_value,
                     const std::vector<transform::FeatureSchema>& features, const std::string& split,
                     TrainingRecord& record) {
  std::vector<std::string> empty;
  auto column = has_value.begin();
  for (const transform::FeatureSchema& feature : features) {
    const auto end = column + feature.width;
    if (std::find(column, end, true) == end) empty.push_back(feature.name);
    column = end;
  }
  if (!empty.empty() && empty.size() == features.size())
    return InvalidArgument(
        "No feature has a value in split '{}': all are missing or NaN in every example (check the features' "
        "expressions)",
        split);
  for (const std::string& name : empty)
    record.warnings.push_back(fmt::format(
        "Feature '{}' is missing or NaN in all examples of split '{}': nothing can be learned from "
        "it; check its expression or leave it out.",
        name, split));
  return OkStatus();
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
