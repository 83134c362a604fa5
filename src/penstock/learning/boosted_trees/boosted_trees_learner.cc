#include "penstock/learning/boosted_trees/boosted_trees_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <penstock/training.pb.h>

#include "penstock/learning/boosted_trees/booster_library.h"
#include "penstock/learning/boosted_trees/forest_warm_start.h"
#include "penstock/learning/boosted_trees/xgboost_model.h"
#include "penstock/learning/objective.h"
#include "penstock/learning/random_bits.h"
#include "penstock/learning/training_checkpoint.h"
#include "penstock/learning/training_checks.h"
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

Status FromBooster(const std::string& error) {
  return error.empty() ? OkStatus() : Internal("XGBoost failed: {}", error);
}

struct StartMargins {
  std::vector<float> train, eval;
};

/// One training: grows trees until the eval loss no longer falls.
class BoostingRun {
 public:
  /// `starts` are what the trees that are there already add up to; empty: there are none.
  BoostingRun(const nlohmann::json& parameters, const Objective& train, const Objective& eval,
              int64_t num_train_rows, int64_t num_eval_rows, StartMargins starts, ExecutionContext& context)
      : parameters_(parameters),
        train_(train),
        eval_(eval),
        context_(context),
        starts_(std::move(starts)),
        train_margins_(num_train_rows),
        gradients_(num_train_rows),
        hessians_(num_train_rows),
        eval_margins_(num_eval_rows) {}

  Status Boost(Booster& booster, const LearnerOptions& options, CheckpointFile& checkpoint,
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

  /// The losses of the best constant.
  const IterationRecord& constant() const { return constant_; }

 private:
  /// Goes on where a killed attempt was last kept.
  Status Resume(Booster& booster, CheckpointFile& checkpoint, TrainingRecord& record) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto kept, checkpoint.Load());
    if (kept == nullptr || kept->booster().empty()) return OkStatus();
    PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Load(kept->booster())));
    DecodeIterations(*kept, record);
    return Measure(booster, static_cast<int64_t>(record.iterations.size())).status();
  }

  Status Keep(Booster& booster, CheckpointFile& checkpoint, const TrainingRecord& record) {
    if (!checkpoint.IsDue()) return OkStatus();
    v1::TrainingCheckpoint kept;
    EncodeIterations(record, kept);
    PENSTOCK_RETURN_IF_ERROR(FromBooster(booster.Save(*kept.mutable_booster())));
    return checkpoint.Save(kept);
  }

  static void Add(const std::vector<float>& starts, std::vector<float>& margins) {
    for (size_t i = 0; i < starts.size(); ++i) margins[i] = starts[i] + margins[i];
  }

  Result<IterationRecord> Measure(Booster& booster, int64_t round) {
    PENSTOCK_RETURN_IF_ERROR(
        FromBooster(booster.Predict(Booster::Split::kTrain, Booster::Scale::kMargin, train_margins_)));
    PENSTOCK_RETURN_IF_ERROR(
        FromBooster(booster.Predict(Booster::Split::kEval, Booster::Scale::kMargin, eval_margins_)));
    Add(starts_.train, train_margins_);
    Add(starts_.eval, eval_margins_);
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
    const uint64_t seed = RandomBits(context_.random_seed, static_cast<uint64_t>(round));
    for (size_t row = 0; row < gradients_.size(); ++row) {
      if (static_cast<double>(RandomBits(seed ^ row) >> 11) * 0x1p-53 >= share)
        gradients_[row] = hessians_[row] = 0;
    }
  }

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

BoosterParameters XgboostParameters(const nlohmann::json& parameters, model::Task task, double mean_label,
                                    uint64_t random_seed) {
  BoosterParameters all{{"verbosity", "0"}, {"booster", "gbtree"}, {"tree_method", "hist"}};
  const bool is_binary = task == model::Task::kBinaryClassification;
  all.emplace_back("objective", is_binary ? "binary:logistic" : "reg:squarederror");
  all.emplace_back("base_score", fmt::format("{}", static_cast<float>(mean_label)));
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
    RecordExamples(train, eval, train_objective, record);

    PENSTOCK_ASSIGN_OR_RETURN(
        const std::unique_ptr<Booster> booster,
        library.Make(XgboostParameters(record.hyperparameters, record.task,
                                       options.warm_start != nullptr ? NeutralLabel(record.task)
                                                                     : train_objective.MeanLabel(),
                                       record.random_seed),
                     {train.values, train.num_rows(), train.num_columns},
                     {eval.values, eval.num_rows(), eval.num_columns}, NumThreads(train, context.options)));
    std::optional<model::TreeEnsemble> former;
    StartMargins starts;
    if (options.warm_start != nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(former, WarmStartForest(*options.warm_start, *data.transform));
      starts = {std::vector<float>(train.num_rows()), std::vector<float>(eval.num_rows())};
      former->Sum(train.values, starts.train);
      former->Sum(eval.values, starts.eval);
    }
    CheckpointFile checkpoint(options.checkpoint_folder, FingerprintOf(record, data, options, train, eval),
                              context.clock);
    // XGBoost has its own copies now.
    std::vector<float>().swap(train.values);
    std::vector<float>().swap(eval.values);
    BoostingRun run(record.hyperparameters, train_objective, eval_objective, train.num_rows(),
                    eval.num_rows(), std::move(starts), context);
    PENSTOCK_RETURN_IF_ERROR(run.Boost(*booster, options, checkpoint, record));
    if (!former) AddWarnings(data.train_name, data.eval_name, run.constant(), record);
    PENSTOCK_RETURN_IF_ERROR(TakeModel(*booster, data, former, trained));
    record.seconds = static_cast<double>(context.clock.Now().micros - start.micros) * 1e-6;
    return trained;
  }

 private:
  /// What leaves the margins of the trees before as they are.
  static double NeutralLabel(model::Task task) {
    return task == model::Task::kBinaryClassification ? 0.5 : 0;
  }

  static Status TakeModel(Booster& booster, const TrainingData& data,
                          const std::optional<model::TreeEnsemble>& former, TrainedModel& trained) {
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
    if (former) {
      PENSTOCK_ASSIGN_OR_RETURN(converted.forest, ForestOfBoth(*former, converted.forest));
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
