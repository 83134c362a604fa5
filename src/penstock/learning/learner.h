#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/catalog.h"
#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/model/model.h"

namespace penstock::transform {
class TransformGraph;
}

namespace penstock::learning {

/// What a learner learns from. The datasets hold transformed examples, as TransformGraph::Apply gives
/// them: the features, `__label__` and, where the graph defines one, `__weight__`. Examples whose label or
/// weight is missing take no part; the record counts them.
struct TrainingData {
  const data::Dataset* train = nullptr;  ///< Not owned.
  const data::Dataset* eval = nullptr;   ///< Not owned. What early stopping looks at.
  std::string train_name = "train";      ///< The splits' names, for messages and the record.
  std::string eval_name = "eval";
  /// Goes into the model; its features and its task decide what is learned.
  std::shared_ptr<const transform::TransformGraph> transform;
};

/// The losses after one iteration: mean log loss (binary classification), mean squared
/// error (regression) or mean reconstruction error, weighted where there are weights.
struct IterationRecord {
  int64_t iteration = 0;  ///< From 1.
  double train_loss = 0;
  double eval_loss = 0;
};

struct LearnerOptions {
  /// By name; those not given have the learner's defaults. An unknown name is an error.
  nlohmann::json hyperparameters = nlohmann::json::object();
  /// Where to keep what a killed training needs to go on with; it then ends as if it had not been killed.
  /// Empty: nowhere. Emptied at the end.
  std::string checkpoint_folder;
  /// What to start from instead of nothing; null: nothing. Features and vocabularies are matched by name.
  std::shared_ptr<const model::Model> warm_start;
  /// Hears of each iteration once its losses are known; may be empty. False: stop here, as if the eval loss
  /// had not fallen for long enough.
  std::function<bool(const IterationRecord&)> on_iteration;
};

/// How a training went: what a ModelRun artifact holds.
struct TrainingRecord {
  std::string learner;
  model::Task task = model::Task::kBinaryClassification;
  std::string loss;                ///< "log_loss", "mean_squared_error" or "reconstruction_error".
  nlohmann::json hyperparameters;  ///< All of them, defaults filled in.
  uint64_t random_seed = 0;
  int64_t num_train_examples = 0;  ///< Those with a label.
  int64_t num_eval_examples = 0;
  int64_t num_unlabeled_examples = 0;  ///< Of both splits: left out for want of a label or weight.
  /// Feature -> its share (they add to 1) of what the model owes to features; 0: it was never used. Trees: of
  /// what all splits gained in training loss. Networks: of what shuffling it costs in eval loss.
  std::vector<std::pair<std::string, double>> feature_importances;
  std::vector<IterationRecord> iterations;
  int64_t best_iteration = 0;  ///< The model is that of this iteration; 0: none was better than a constant.
  double best_eval_loss = 0;
  std::vector<std::string> warnings;  ///< For people: a sentence each, such as that the model overfits.
  double seconds = 0;                 ///< By the context's clock. All else is equal in every attempt.

  nlohmann::json ToJson() const;
};

struct TrainedModel {
  std::shared_ptr<const model::Model> model;
  TrainingRecord record;
};

/// One kind of hyperparameter: what the options are checked against and the help is made of.
struct HyperparameterDescription {
  std::string name;
  std::string help;              ///< One line, with the unit or the range.
  nlohmann::json default_value;  ///< Its type is the parameter's type: integer, double, boolean or text.
  double minimum = 0;
  double maximum = 0;
  std::vector<std::string> choices;  ///< Of a text: what it may be; empty: anything.
};

/// Makes models of one kind from data.
///
/// Immutable; Train is safe from any thread, and its model is bit-equal whatever the number of
/// threads: it depends on data, options and seed alone.
class Learner {
 public:
  virtual ~Learner() = default;

  virtual const std::vector<HyperparameterDescription>& hyperparameters() const = 0;

  /// Reads the data shard by shard, trains until the eval loss no longer falls, and returns the
  /// model of the best iteration. Looks for cancellation between iterations, reports progress through
  /// `context`. kInvalidArgument: a hyperparameter that is unknown, of a wrong type or out of range; a split
  /// without examples or labels (named); a label that is NaN, infinite or, for classification, of one class
  /// (with counts).
  virtual Result<TrainedModel> Train(const TrainingData& data, const LearnerOptions& options,
                                     ExecutionContext& context) const = 0;
};

/// Learner by name ("boosted_trees"); filled in apps/.
using LearnerCatalog = Catalog<std::shared_ptr<const Learner>>;

/// The options' hyperparameters with the defaults filled in; integers stand for doubles, not the
/// other way round. An unknown name is answered with the nearest there is.
Result<nlohmann::json> ResolveHyperparameters(const nlohmann::json& given,
                                              const std::vector<HyperparameterDescription>& known);

/// Hyperparameters from a JSON text: a map of names to values, or KerasTuner's {"space": .., "values": {..}}
/// as best_hyperparameters holds it, of which "tuner/..." entries are left out. `name` stands for the file in
/// messages.
Result<nlohmann::json> ReadHyperparameters(const std::string& text, const std::string& name);

}  // namespace penstock::learning
