#include "penstock/learning/boosted_trees/boosted_trees_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/learning/boosted_trees/booster_library.h"
#include "penstock/learning/boosted_trees/objective.h"
#include "penstock/learning/boosted_trees/xgboost_model.h"
#include "penstock/learning/training_matrix.h"
#include "penstock/model/forest_model.h"

namespace penstock::learning {
namespace {

constexpr std::string_view kLearnerName = "boosted_trees";
// Row numbers are 32 bits wide in XGBoost, and sums on Objective's grid exact up to here.
constexpr int64_t kMaxRows = std::numeric_limits<int32_t>::max();
// XGBoost's threads wait for each other several times a tree: with less to do than this they only cost
// (measured: 10,000 x 22 values take 0.3 s on one thread, 1.3 to 3.5 s on two of a busy machine).
constexpr int64_t kValuesPerThread = 1 << 20;

std::vector<HyperparameterDescription> Hyperparameters() {
  return {
      {"num_rounds", "at most so many trees", 500, 1, 100000},
      {"early_stopping_rounds", "stop when the eval loss has not fallen for so many rounds", 20, 1, 100000},
      {"learning_rate", "what a tree's leaves are multiplied by", 0.1, 1e-6, 1.0},
      {"max_depth", "levels of splits of a tree", 5, 1, 30},
      {"min_child_weight", "a leaf has at least this sum of second derivatives", 2.0, 0.0, 1e12},
      {"reg_lambda", "L2 penalty on the leaves", 3.0, 0.0, 1e12},
      {"reg_alpha", "L1 penalty on the leaves", 0.0, 0.0, 1e12},
      {"gamma", "a split gains at least this", 0.0, 0.0, 1e12},
      {"subsample", "share of the examples that a tree is grown on", 1.0, 0.01, 1.0},
      {"colsample_bytree", "share of the columns that a tree is grown on", 1.0, 0.01, 1.0},
      {"max_bin", "thresholds tried a column", 256, 2, 65536},
  };
}

/// splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

Status FromBooster(const std::string& error) {
  return error.empty() ? OkStatus() : Internal("XGBoost failed: {}", error);
}

/// One training: grows trees until the eval loss no longer falls.
class BoostingRun {
 public:
  BoostingRun(const nlohmann::json& parameters, const Objective& train, const Objective& eval,
              int64_t num_train_rows, int64_t num_eval_rows, ExecutionContext& context)
      : parameters_(parameters),
        train_(train),
        eval_(eval),
        context_(context),
        train_margins_(num_train_rows),
        gradients_(num_train_rows),
        hessians_(num_train_rows),
        eval_margins_(num_eval_rows) {}

  Status Boost(Booster& booster, TrainingRecord& record) {
    const int64_t num_rounds = parameters_["num_rounds"];
    const int64_t patience = parameters_["early_stopping_rounds"];
    PENSTOCK_ASSIGN_OR_RETURN(IterationRecord losses, Measure(booster, 0));
    record.best_iteration = 0;
    record.best_eval_loss = losses.eval_loss;
    for (int64_t round = 1; round <= num_rounds && round - record.best_iteration <= patience; ++round) {
      PENSTOCK_RETURN_IF_ERROR(context_.options.CheckCancelled());
      SampleRows(round);
      PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Boost(gradients_, hessians_)));
      PENSTOCK_ASSIGN_OR_RETURN(losses, Measure(booster, round));
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
    }
    return OkStatus();
  }

 private:
  Result<IterationRecord> Measure(Booster& booster, int64_t round) {
    PENSTOCK_RETURN_IF_ERROR(
        FromBooster(booster.Predict(Booster::Split::kTrain, Booster::Scale::kMargin, train_margins_)));
    PENSTOCK_RETURN_IF_ERROR(
        FromBooster(booster.Predict(Booster::Split::kEval, Booster::Scale::kMargin, eval_margins_)));
    IterationRecord losses{round};
    PENSTOCK_ASSIGN_OR_RETURN(
        losses.train_loss, train_.LossAndGradients(train_margins_, context_.options, gradients_, hessians_));
    PENSTOCK_ASSIGN_OR_RETURN(losses.eval_loss, eval_.Loss(eval_margins_, context_.options));
    return losses;
  }

  /// Rows left out of a round have no derivatives. Chosen here, by row number, because XGBoost's own
  /// choice depends on its number of threads.
  void SampleRows(int64_t round) {
    const double share = parameters_["subsample"];
    if (share >= 1) return;
    const uint64_t seed = Mix(context_.random_seed ^ Mix(static_cast<uint64_t>(round)));
    for (size_t row = 0; row < gradients_.size(); ++row) {
      if (static_cast<double>(Mix(seed ^ row) >> 11) * 0x1p-53 >= share) gradients_[row] = hessians_[row] = 0;
    }
  }

  const nlohmann::json& parameters_;
  const Objective& train_;
  const Objective& eval_;
  ExecutionContext& context_;
  std::vector<float> train_margins_;
  std::vector<float> gradients_;
  std::vector<float> hessians_;
  std::vector<float> eval_margins_;
};

BoosterParameters XgboostParameters(const nlohmann::json& parameters, model::Task task, double mean_label,
                                    uint64_t random_seed) {
  BoosterParameters all{{"verbosity", "0"}, {"booster", "gbtree"}, {"tree_method", "hist"}};
  const bool is_binary = task == model::Task::kBinaryClassification;
  all.emplace_back("objective", is_binary ? "binary:logistic" : "reg:squarederror");
  all.emplace_back("base_score", fmt::format("{}", static_cast<float>(mean_label)));
  all.emplace_back("seed", fmt::format("{}", Mix(random_seed) >> 33));
  for (const char* name : {"learning_rate", "max_depth", "min_child_weight", "reg_lambda", "reg_alpha",
                           "gamma", "colsample_bytree", "max_bin"}) {
    all.emplace_back(name, parameters.at(name).dump());
  }
  return all;
}

int NumThreads(const TrainingMatrix& train, const ExecutionOptions& execution) {
  const int64_t useful = 1 + static_cast<int64_t>(train.values.size()) / kValuesPerThread;
  return static_cast<int>(std::min<int64_t>(execution.ResolvedThreads(), useful));
}

Status CheckLabels(const TrainingMatrix& matrix, const Objective& objective, const std::string& split) {
  if (matrix.num_rows() > kMaxRows) {
    return InvalidArgument("Split '{}' has {} examples; boosted trees take up to {}", split,
                           matrix.num_rows(), kMaxRows);
  }
  if (!(objective.total_weight() > 0))
    return InvalidArgument("Split '{}' has no example with a weight above 0", split);
  const auto [least, largest] = std::minmax_element(matrix.labels.begin(), matrix.labels.end());
  if (std::max(std::abs(*least), std::abs(*largest)) > std::numeric_limits<float>::max() / 4) {
    return InvalidArgument(
        "Split '{}' has labels as large as {}, beyond what boosted trees compute with; scale the label",
        split, std::abs(*least) > std::abs(*largest) ? *least : *largest);
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

class BoostedTreesLearner final : public Learner {
 public:
  const std::vector<HyperparameterDescription>& hyperparameters() const override { return hyperparameters_; }

  Result<TrainedModel> Train(const TrainingData& data, const LearnerOptions& options,
                             ExecutionContext& context) const override {
    const Timestamp start = context.clock.Now();
    TrainedModel trained;
    TrainingRecord& record = trained.record;
    record.learner = kLearnerName;
    record.random_seed = context.random_seed;
    PENSTOCK_ASSIGN_OR_RETURN(record.hyperparameters,
                              ResolveHyperparameters(options.hyperparameters, hyperparameters_));
    PENSTOCK_ASSIGN_OR_RETURN(record.task, TaskOf(*data.transform));
    PENSTOCK_ASSIGN_OR_RETURN(const BoosterLibrary library,
                              BoosterLibrary::Load(BoosterLibrary::DefaultFolder()));
    PENSTOCK_ASSIGN_OR_RETURN(TrainingMatrix train, ReadTrainingMatrix(*data.train, data.train_name,
                                                                       *data.transform, context.options));
    PENSTOCK_ASSIGN_OR_RETURN(TrainingMatrix eval, ReadTrainingMatrix(*data.eval, data.eval_name,
                                                                      *data.transform, context.options));
    const Objective train_objective(record.task, train.labels, train.weights);
    const Objective eval_objective(record.task, eval.labels, eval.weights);
    PENSTOCK_RETURN_IF_ERROR(CheckLabels(train, train_objective, data.train_name));
    PENSTOCK_RETURN_IF_ERROR(CheckLabels(eval, eval_objective, data.eval_name));
    if (record.task == model::Task::kBinaryClassification) {
      PENSTOCK_RETURN_IF_ERROR(CheckBothClasses(train, train_objective, data.train_name));
    }
    record.loss = train_objective.name();
    record.num_train_examples = train.num_rows();
    record.num_eval_examples = eval.num_rows();
    record.num_unlabeled_examples = train.num_unlabeled + eval.num_unlabeled;

    PENSTOCK_ASSIGN_OR_RETURN(
        const std::unique_ptr<Booster> booster,
        library.Make(XgboostParameters(record.hyperparameters, record.task, train_objective.MeanLabel(),
                                       record.random_seed),
                     {train.values, train.num_rows(), train.num_columns},
                     {eval.values, eval.num_rows(), eval.num_columns}, NumThreads(train, context.options)));
    // XGBoost has its own copies now.
    std::vector<float>().swap(train.values);
    std::vector<float>().swap(eval.values);
    BoostingRun run(record.hyperparameters, train_objective, eval_objective, train.num_rows(),
                    eval.num_rows(), context);
    PENSTOCK_RETURN_IF_ERROR(run.Boost(*booster, record));
    PENSTOCK_RETURN_IF_ERROR(TakeModel(*booster, data, trained));
    record.seconds = static_cast<double>(context.clock.Now().micros - start.micros) * 1e-6;
    return trained;
  }

 private:
  static Result<model::Task> TaskOf(const transform::TransformGraph& transform) {
    if (transform.output_schema().empty()) {
      return InvalidArgument("The transform defines no features, so there is nothing to learn from");
    }
    switch (transform.task()) {
      case transform::Task::kBinaryClassification:
        return model::Task::kBinaryClassification;
      case transform::Task::kRegression:
        return model::Task::kRegression;
      case transform::Task::kNone:
        break;
    }
    return InvalidArgument(
        "The transform defines no label, so there is nothing to learn: add `label:` to the features file");
  }

  static Status TakeModel(Booster& booster, const TrainingData& data, TrainedModel& trained) {
    std::string bytes;
    PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Save(bytes)));
    PENSTOCK_ASSIGN_OR_RETURN(ConvertedTrees converted,
                              ConvertXgboostModel(bytes, trained.record.best_iteration));
    double total = 0;
    for (double gain : converted.column_gains) total += gain;
    size_t column = 0;
    for (const transform::FeatureSchema& feature : data.transform->output_schema()) {
      double gain = 0;
      for (int64_t i = 0; i < feature.width; ++i) gain += converted.column_gains[column++];
      trained.record.feature_importances.emplace_back(feature.name, total > 0 ? gain / total : 0);
    }
    PENSTOCK_ASSIGN_OR_RETURN(trained.model,
                              model::ForestModel::Make(data.transform, std::move(converted.forest)));
    return OkStatus();
  }

  const std::vector<HyperparameterDescription> hyperparameters_ = Hyperparameters();
};

}  // namespace

Status RegisterBoostedTreesLearner(LearnerCatalog& catalog) {
  return catalog.Register(std::string(kLearnerName), std::make_shared<const BoostedTreesLearner>());
}

}  // namespace penstock::learning
