#include "penstock/components/standard_components.h"

#include "penstock/components/bulk_inferrer/bulk_inferrer.h"
#include "penstock/components/distribution_validator/distribution_validator.h"
#include "penstock/components/evaluator/evaluator.h"
#include "penstock/components/example_diff/example_diff.h"
#include "penstock/components/example_gen/example_gen.h"
#include "penstock/components/example_validator/example_validator.h"
#include "penstock/components/latest_blessed_model/latest_blessed_model.h"
#include "penstock/components/pusher/pusher.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/components/statistics_gen/statistics_gen.h"
#include "penstock/components/trainer/trainer.h"
#include "penstock/components/transform/transform.h"
#include "penstock/components/tuner/tuner.h"

namespace penstock::components {
namespace {

using MakeExecutor = std::function<std::unique_ptr<pipeline::Executor>()>;
using CheckParameters = std::function<Status(const std::map<std::string, nlohmann::json>&)>;

template <class C>
Status Register(pipeline::ComponentCatalog& catalog, MakeExecutor make_executor,
                CheckParameters check = nullptr) {
  return catalog.Register(std::string(C::kType),
                          {pipeline::DescribeComponent<C>(), std::move(make_executor), std::move(check)});
}

}  // namespace

Status RegisterStandardComponents(pipeline::ComponentCatalog& catalog,
                                  const learning::LearnerCatalog& learners,
                                  const PredictionProcess& process) {
  PENSTOCK_RETURN_IF_ERROR(Register<ExampleGen>(catalog, MakeExampleGenExecutor, CheckExampleGen));
  PENSTOCK_RETURN_IF_ERROR(Register<StatisticsGen>(catalog, MakeStatisticsGenExecutor, CheckStatisticsGen));
  PENSTOCK_RETURN_IF_ERROR(Register<SchemaGen>(catalog, MakeSchemaGenExecutor));
  PENSTOCK_RETURN_IF_ERROR(
      Register<ImportSchemaGen>(catalog, MakeImportSchemaGenExecutor, CheckImportSchemaGen));
  PENSTOCK_RETURN_IF_ERROR(
      Register<ExampleValidator>(catalog, MakeExampleValidatorExecutor, CheckExampleValidator));
  PENSTOCK_RETURN_IF_ERROR(Register<DistributionValidator>(catalog, MakeDistributionValidatorExecutor,
                                                           CheckDistributionValidator));
  PENSTOCK_RETURN_IF_ERROR(Register<ExampleDiff>(catalog, MakeExampleDiffExecutor, CheckExampleDiff));
  PENSTOCK_RETURN_IF_ERROR(Register<Transform>(catalog, MakeTransformExecutor, CheckTransform));
  PENSTOCK_RETURN_IF_ERROR(Register<Trainer>(
      catalog, [&learners] { return MakeTrainerExecutor(learners); },
      [&learners](const auto& parameters) { return CheckTrainer(parameters, learners); }));
  PENSTOCK_RETURN_IF_ERROR(Register<Tuner>(
      catalog, [&learners] { return MakeTunerExecutor(learners); },
      [&learners](const auto& parameters) { return CheckTuner(parameters, learners); }));
  PENSTOCK_RETURN_IF_ERROR(Register<LatestBlessedModel>(catalog, nullptr));
  PENSTOCK_RETURN_IF_ERROR(Register<WarmStartModel>(catalog, nullptr));
  PENSTOCK_RETURN_IF_ERROR(Register<BulkInferrer>(catalog, MakeBulkInferrerExecutor, CheckBulkInferrer));
  PENSTOCK_RETURN_IF_ERROR(Register<Evaluator>(catalog, MakeEvaluatorExecutor, CheckEvaluator));
  PENSTOCK_RETURN_IF_ERROR(
      Register<InfraValidator>(catalog, [process] { return MakeInfraValidatorExecutor(process); }));
  return Register<Pusher>(catalog, MakePusherExecutor);
}

}  // namespace penstock::components
