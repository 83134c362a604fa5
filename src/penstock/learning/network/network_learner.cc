#include "penstock/learning/network/network_learner.h"

#include <cmath>

#include "penstock/learning/network/network_design.h"
#include "penstock/learning/network/network_training.h"
#include "penstock/learning/network/network_warm_start.h"
#include "penstock/learning/training_checks.h"
#include "penstock/model/network_model.h"

namespace penstock::learning {
namespace {

/// Feature -> what shuffling it costs, as shares.
Status MeasureImportances(const NetworkTraining& training, const model::Network& network,
                          const std::vector<transform::FeatureSchema>& features, TrainingRecord& record) {
  int32_t column = 0;
  double total = 0;
  for (const transform::FeatureSchema& feature : features) {
    const auto width = static_cast<int32_t>(feature.width);
    PENSTOCK_ASSIGN_OR_RETURN(const double cost, training.ShuffledLoss(network, column, width));
    record.feature_importances.emplace_back(feature.name, cost);
    total += cost;
    column += width;
  }
  for (auto& [feature, share] : record.feature_importances) share = total > 0 ? share / total : 0;
  return OkStatus();
}

class NetworkLearner final : public Learner {
 public:
  explicit NetworkLearner(NetworkKind kind) : kind_(kind), hyperparameters_(HyperparametersOf(kind)) {}

  const std::vector<HyperparameterDescription>& hyperparameters() const override { return hyperparameters_; }

  Result<TrainedModel> Train(const TrainingData& data, const LearnerOptions& options,
                             ExecutionContext& context) const override {
    const Timestamp start = context.clock.Now();
    TrainedModel trained;
    TrainingRecord& record = trained.record;
    record.learner = NameOf(kind_);
    record.random_seed = context.random_seed;
    PENSTOCK_ASSIGN_OR_RETURN(record.hyperparameters,
                              ResolveHyperparameters(options.hyperparameters, hyperparameters_));
    PENSTOCK_ASSIGN_OR_RETURN(const NetworkOptions network_options,
                              ReadNetworkOptions(kind_, record.hyperparameters));
    const bool has_label = kind_ != NetworkKind::kAutoencoder;
    record.task = model::Task::kReconstruction;
    if (has_label) {
      PENSTOCK_ASSIGN_OR_RETURN(record.task, TaskOf(*data.transform));
    }
    const Labels wanted = has_label ? Labels::kWanted : Labels::kNotWanted;
    PENSTOCK_ASSIGN_OR_RETURN(
        const TrainingMatrix train,
        ReadTrainingMatrix(*data.train, data.train_name, *data.transform, context.options, wanted));
    PENSTOCK_ASSIGN_OR_RETURN(
        const TrainingMatrix eval,
        ReadTrainingMatrix(*data.eval, data.eval_name, *data.transform, context.options, wanted));
    const Objective train_objective(record.task, train.labels, train.weights);
    PENSTOCK_RETURN_IF_ERROR(CheckLabels(train, train_objective, data.train_name));
    PENSTOCK_RETURN_IF_ERROR(
        CheckLabels(eval, Objective(record.task, eval.labels, eval.weights), data.eval_name));
    if (record.task == model::Task::kBinaryClassification)
      PENSTOCK_RETURN_IF_ERROR(CheckBothClasses(train, train_objective, data.train_name));
    RecordExamples(train, eval, train_objective, record);

    PENSTOCK_ASSIGN_OR_RETURN(
        const model::NetworkShape shape,
        DesignNetwork(network_options, data.transform->output_schema(), train, record.task));
    std::vector<float> initial = InitialParameters(shape, context.random_seed, train_objective.MeanLabel());
    if (options.warm_start != nullptr)
      PENSTOCK_RETURN_IF_ERROR(WarmStartNetwork(*options.warm_start, *data.transform, shape, initial));
    CheckpointFile checkpoint(options.checkpoint_folder, FingerprintOf(record, data, options, train, eval),
                              context.clock);
    NetworkTraining training(network_options, shape, train, eval, record.task, context);
    PENSTOCK_RETURN_IF_ERROR(training.Run(std::move(initial), data, options, checkpoint, record));
    PENSTOCK_ASSIGN_OR_RETURN(model::Network network, training.Best());
    PENSTOCK_RETURN_IF_ERROR(MeasureImportances(training, network, data.transform->output_schema(), record));
    PENSTOCK_ASSIGN_OR_RETURN(trained.model, model::NetworkModel::Make(data.transform, std::move(network)));
    record.seconds = static_cast<double>(context.clock.Now().micros - start.micros) * 1e-6;
    return trained;
  }

 private:
  const NetworkKind kind_;
  const std::vector<HyperparameterDescription> hyperparameters_;
};

}  // namespace

Status RegisterNetworkLearners(LearnerCatalog& catalog) {
  for (NetworkKind kind : {NetworkKind::kLinear, NetworkKind::kDense, NetworkKind::kWideAndDeep,
                           NetworkKind::kLstm, NetworkKind::kAutoencoder}) {
    PENSTOCK_RETURN_IF_ERROR(
        catalog.Register(std::string(NameOf(kind)), std::make_shared<const NetworkLearner>(kind)));
  }
  return OkStatus();
}

}  // namespace penstock::learning
