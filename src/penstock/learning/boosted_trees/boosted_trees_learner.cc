#include "penstock/learning/boosted_trees/boosted_trees_learner.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "penstock/base/random_bits.h"
#include "penstock/learning/boosted_trees/booster_library.h"
#include "penstock/learning/boosted_trees/boosting_run.h"
#include "penstock/learning/boosted_trees/forest_warm_start.h"
#include "penstock/learning/boosted_trees/xgboost_model.h"
#include "penstock/learning/class_weights.h"
#include "penstock/learning/training_checks.h"
#include "penstock/model/forest_model.h"

namespace penstock::learning {
namespace {

constexpr std::string_view kLearnerName = "boosted_trees";
// XGBoost's threads wait for each other several times a tree: with less to do than this they only cost
// (measured: 10,000 x 22 values take 0.3 s on one thread, 1.3 to 3.5 s on two of a busy machine).
constexpr int64_t kValuesPerThread = 1 << 20;

std::vector<HyperparameterDescription> Hyperparameters() {
  return {
      {"num_rounds", "at most so many trees (of several classes: for each)", 500, 1, 100000},
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
      {"positive_class_weight", "positive examples count so often", 1.0, 1e-6, 1e6},
      {"balance_classes", "all classes weigh the same in training", false},
      {"loss",
       "what is minimised; auto: by the task (log_loss, squared_error, ndcg)",
       "auto",
       0,
       0,
       {"auto", "log_loss", "squared_error", "absolute_error", "huber", "ndcg", "pairwise"}},
      {"huber_delta", "errors above this count linearly; 0: 1.345 deviations of the labels", 0.0, 0.0, 1e30},
  };
}

/// XGBoost's objective only says how many outputs there are and what base_score means: gradients come from
/// here.
BoosterParameters XgboostParameters(const nlohmann::json& parameters, const Loss& loss, double base_score,
                                    uint64_t random_seed) {
  BoosterParameters all{{"verbosity", "0"}, {"booster", "gbtree"}, {"tree_method", "hist"}};
  if (loss.num_outputs > 1) {
    all.emplace_back("objective", "multi:softprob");
    all.emplace_back("num_class", fmt::format("{}", loss.num_outputs));
  } else {
    all.emplace_back("objective", loss.kind == LossKind::kLogLoss ? "binary:logistic" : "reg:squarederror");
  }
  all.emplace_back("base_score", fmt::format("{}", static_cast<float>(base_score)));
  // Columns are drawn by seed and round, not by what was drawn before: a resumed training draws the same.
  all.emplace_back("seed_per_iteration", "true");
  all.emplace_back("seed", fmt::format("{}", RandomBits(random_seed) >> 33));
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

/// Of each column, whether any row has a value in it.
std::vector<bool> HasValue(const TrainingMatrix& matrix) {
  std::vector<bool> has_value(static_cast<size_t>(matrix.num_columns), false);
  auto column = has_value.begin();
  for (const float value : matrix.values) {
    if (!std::isnan(value)) *column = true;
    if (++column == has_value.end()) column = has_value.begin();
  }
  return has_value;
}

/// Both splits, read and held against what trees can be grown on.
struct Splits {
  TrainingMatrix train, eval;
  std::optional<Objective> train_objective, eval_objective;
};

Status ReadSplits(const TrainingData& data, ExecutionContext& context, TrainingRecord& record,
                  Splits& splits) {
  PENSTOCK_ASSIGN_OR_RETURN(
      splits.train, ReadTrainingMatrix(*data.train, data.train_name, *data.transform, context.options));
  PENSTOCK_ASSIGN_OR_RETURN(splits.eval,
                            ReadTrainingMatrix(*data.eval, data.eval_name, *data.transform, context.options));
  const std::vector<std::string>& classes = data.transform->class_names();
  PENSTOCK_ASSIGN_OR_RETURN(Loss loss, LossOf(record.task, static_cast<int64_t>(classes.size()),
                                              record.hyperparameters["loss"].get<std::string>(),
                                              record.hyperparameters["huber_delta"]));
  FitLossToLabels(splits.train.labels, loss);
  const LabelSummary train_labels = LabelSummary::Of(splits.train, loss);
  const LabelSummary eval_labels = LabelSummary::Of(splits.eval, loss);
  PENSTOCK_RETURN_IF_ERROR(CheckLabels(train_labels, data.train_name));
  PENSTOCK_RETURN_IF_ERROR(CheckLabels(eval_labels, data.eval_name));
  PENSTOCK_RETURN_IF_ERROR(CheckLabelsVary(train_labels, record.task, classes, data.train_name));
  PENSTOCK_RETURN_IF_ERROR(CheckQueriesVary(splits.train, data.train_name));
  record.loss = NameOf(loss.kind);
  record.num_train_examples = train_labels.num_rows;
  record.num_eval_examples = eval_labels.num_rows;
  record.num_unlabeled_examples = splits.train.num_unlabeled + splits.eval.num_unlabeled;
  const ClassWeights class_weights{record.hyperparameters["positive_class_weight"],
                                   record.hyperparameters["balance_classes"]};
  MultiplyClassWeights(class_weights.ByLabel(loss, Objective(loss, splits.train).mean_labels()),
                       splits.train.labels, splits.train.weights);
  splits.train_objective.emplace(loss, splits.train);
  splits.eval_objective.emplace(loss, splits.eval);
  return CheckFeatures(HasValue(splits.train), data.transform->output_schema(), data.train_name, record);
}

/// What the trees to be grown are added to.
struct Beginning {
  std::optional<model::TreeEnsemble> former;
  std::vector<float> constants;  // One an output, beside XGBoost's own base_score; of several outputs only.
  double base_score = 0;
  StartMargins margins;
};

Result<Beginning> Begin(const TrainingData& data, const LearnerOptions& options, const Splits& splits) {
  const Loss& loss = splits.train_objective->loss();
  const std::vector<double> constants = splits.train_objective->ConstantMargins();
  Beginning beginning;
  beginning.margins.train.resize(
      options.warm_start != nullptr || loss.num_outputs > 1 ? splits.train.num_rows() * loss.num_outputs : 0);
  beginning.margins.eval.resize(beginning.margins.train.empty() ? 0
                                                                : splits.eval.num_rows() * loss.num_outputs);
  if (options.warm_start != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(beginning.former, WarmStartForest(*options.warm_start, *data.transform));
    beginning.former->Sum(splits.train.values, beginning.margins.train);
    beginning.former->Sum(splits.eval.values, beginning.margins.eval);
    // What leaves the margins as they are.
    beginning.base_score = loss.num_outputs == 1 && loss.kind == LossKind::kLogLoss ? 0.5 : 0;
  } else if (loss.num_outputs > 1) {
    beginning.constants.assign(constants.begin(), constants.end());
    for (std::vector<float>* margins : {&beginning.margins.train, &beginning.margins.eval})
      for (size_t i = 0; i < margins->size(); ++i) (*margins)[i] = beginning.constants[i % constants.size()];
  } else {
    // XGBoost takes a probability here.
    beginning.base_score =
        loss.kind == LossKind::kLogLoss ? splits.train_objective->mean_labels()[0] : constants[0];
  }
  return beginning;
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
    Splits splits;
    PENSTOCK_RETURN_IF_ERROR(ReadSplits(data, context, record, splits));
    PENSTOCK_ASSIGN_OR_RETURN(Beginning beginning, Begin(data, options, splits));
    PENSTOCK_ASSIGN_OR_RETURN(
        const std::unique_ptr<Booster> booster,
        library.Make(XgboostParameters(record.hyperparameters, splits.train_objective->loss(),
                                       beginning.base_score, record.random_seed),
                     {splits.train.values, splits.train.num_rows(), splits.train.num_columns},
                     {splits.eval.values, splits.eval.num_rows(), splits.eval.num_columns},
                     NumThreads(splits.train, context.options)));
    CheckpointFile checkpoint(
        options.checkpoint_folder,
        FingerprintOf(record, data, options, DigestOf(splits.train), DigestOf(splits.eval)), context.clock);
    // XGBoost has its own copies now.
    std::vector<float>().swap(splits.train.values);
    std::vector<float>().swap(splits.eval.values);
    BoostingRun run(record.hyperparameters, *splits.train_objective, *splits.eval_objective,
                    std::move(beginning.margins), context);
    PENSTOCK_RETURN_IF_ERROR(run.Boost(*booster, options, checkpoint, record));
    if (!beginning.former) AddWarnings(data.train_name, data.eval_name, run.constant(), record);
    PENSTOCK_RETURN_IF_ERROR(TakeModel(*booster, data, beginning, trained));
    record.seconds = static_cast<double>(context.clock.Now().micros - start.micros) * 1e-6;
    return trained;
  }

 private:
  static Status TakeModel(Booster& booster, const TrainingData& data, const Beginning& beginning,
                          TrainedModel& trained) {
    std::string bytes;
    PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Save(bytes)));
    const int64_t num_outputs =
        std::max<int64_t>(1, static_cast<int64_t>(data.transform->class_names().size()));
    PENSTOCK_ASSIGN_OR_RETURN(ConvertedTrees converted,
                              ConvertXgboostModel(bytes, trained.record.best_iteration * num_outputs));
    double total = 0;
    for (double gain : converted.column_gains) total += gain;
    size_t column = 0;
    for (const transform::FeatureSchema& feature : data.transform->output_schema()) {
      double gain = 0;
      for (int64_t i = 0; i < feature.width; ++i) gain += converted.column_gains[column++];
      trained.record.feature_importances.emplace_back(feature.name, total > 0 ? gain / total : 0);
    }
    if (!beginning.constants.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(
          const model::TreeEnsemble constants,
          model::TreeEnsemble::Make({}, beginning.constants, converted.forest.num_columns()));
      PENSTOCK_ASSIGN_OR_RETURN(converted.forest, ForestOfBoth(constants, converted.forest));
    }
    if (beginning.former) {
      PENSTOCK_ASSIGN_OR_RETURN(converted.forest, ForestOfBoth(*beginning.former, converted.forest));
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
