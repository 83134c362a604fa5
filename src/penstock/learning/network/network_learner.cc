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

/// Reads both splits once, and holds them against what a network can learn from.
Result<TrainingSplits> ReadSplits(const TrainingData& data, const NetworkOptions& options,
                                  ExecutionContext& context, Loss& loss, TrainingRecord& record) {
  const Labels wanted = record.task == model::Task::kReconstruction ? Labels::kNotWanted : Labels::kWanted;
  PENSTOCK_ASSIGN_OR_RETURN(RowReader train_reader,
                            RowReader::Make(*data.transform, data.train_name, wanted));
  PENSTOCK_ASSIGN_OR_RETURN(RowReader eval_reader, RowReader::Make(*data.transform, data.eval_name, wanted));
  PENSTOCK_ASSIGN_OR_RETURN(SplitSummary train,
                            SummariseSplit(*data.train, data.train_name, train_reader, loss,
                                           options.shuffle_buffer, context.options));
  PENSTOCK_ASSIGN_OR_RETURN(SplitSummary eval, SummariseSplit(*data.eval, data.eval_name, eval_reader, loss,
                                                              options.shuffle_buffer, context.options));
  FitLossToLabels(train.sample.labels, loss);
  PENSTOCK_RETURN_IF_ERROR(CheckLabels(train.labels, data.train_name));
  PENSTOCK_RETURN_IF_ERROR(CheckLabels(eval.labels, data.eval_name));
  PENSTOCK_RETURN_IF_ERROR(
      CheckLabelsVary(train.labels, record.task, data.transform->class_names(), data.train_name));
  std::vector<bool> has_value;
  for (const ColumnSummary& column : train.columns) has_value.push_back(column.count > 0);
  PENSTOCK_RETURN_IF_ERROR(
      CheckFeatures(has_value, data.transform->output_schema(), data.train_name, record));
  record.loss = NameOf(loss.kind);
  record.num_train_examples = train.labels.num_rows;
  record.num_eval_examples = eval.labels.num_rows;
  record.num_unlabeled_examples = train.num_unlabeled + eval.num_unlabeled;
  return TrainingSplits{std::move(train), std::move(eval), std::move(train_reader), std::move(eval_reader)};
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
    PENSTOCK_ASSIGN_OR_RETURN(record.task, TaskToLearn(*data.transform));
    const bool has_classes = record.task != model::Task::kReconstruction;
    PENSTOCK_ASSIGN_OR_RETURN(Loss loss,
                              LossOf(record.task, has_classes ? std::ssize(data.transform->class_names()) : 1,
                                     network_options.loss, network_options.huber_delta));
    PENSTOCK_ASSIGN_OR_RETURN(TrainingSplits splits,
                              ReadSplits(data, network_options, context, loss, record));
    PENSTOCK_ASSIGN_OR_RETURN(
        const model::NetworkShape shape,
        DesignNetwork(network_options, data.transform->output_schema(), splits.train, record.task, loss));
    std::vector<float> initial =
        InitialParameters(shape, context.random_seed,
                          ConstantMargins(loss, splits.train.labels.means, splits.train.labels.num_rows, 0));
    if (options.warm_start != nullptr)
      PENSTOCK_RETURN_IF_ERROR(WarmStartNetwork(*options.warm_start, *data.transform, shape, initial));
    CheckpointFile checkpoint(options.checkpoint_folder,
                              FingerprintOf(record, data, options, splits.train.digest, splits.eval.digest),
                              context.clock);
    NetworkTraining training(network_options, shape, splits, data, loss, context);
    PENSTOCK_RETURN_IF_ERROR(training.Run(std::move(initial), data, options, checkpoint, record));
    PENSTOCK_ASSIGN_OR_RETURN(model::Network network, training.Best());
    PENSTOCK_RETURN_IF_ERROR(MeasureImportances(training, network, data.transform->output_schema(), record));
    PENSTOCK_ASSIGN_OR_RETURN(trained.model, model::NetworkModel::Make(data.transform, std::move(network)));
    record.seconds = static_cast<double>(context.clock.Now().micros - start.micros) * 1e-6;
    return trained;
  }

 private:
  Result<model::Task> TaskToLearn(const transform::TransformGraph& transform) const {
    if (kind_ == NetworkKind::kAutoencoder) return model::Task::kReconstruction;
    PENSTOCK_ASSIGN_OR_RETURN(const model::Task task, TaskOf(transform));
    if (task == model::Task::kRanking)
      return InvalidArgument("Learner '{}' does not rank; boosted_trees does", NameOf(kind_));
    return task;
  }

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
