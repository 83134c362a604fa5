#include "penstock/components/training_splits.h"

#include "penstock/components/task_access.h"
#include "penstock/data/splits.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::components {

Result<TrainingSplits> OpenTrainingSplits(const pipeline::ExecutionTask& task,
                                          const ExecutionOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "transformed_examples"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto* graph_artifact, Input(task, "transform_graph"));
  TrainingSplits splits;
  learning::TrainingData& data = splits.data;
  PENSTOCK_ASSIGN_OR_RETURN(data.train_name, Parameter<std::string>(task, "train_split"));
  PENSTOCK_ASSIGN_OR_RETURN(data.eval_name, Parameter<std::string>(task, "eval_split"));
  PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, data.train_name));
  PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, data.eval_name));
  PENSTOCK_ASSIGN_OR_RETURN(auto graph, transform::LoadTransformGraph(graph_artifact->uri));
  const auto open = [&](const std::string& split) {
    const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, split)};
    return data::OpenDataset(pattern, {}, options);
  };
  PENSTOCK_ASSIGN_OR_RETURN(splits.train, open(data.train_name));
  PENSTOCK_ASSIGN_OR_RETURN(splits.eval, open(data.eval_name));
  data.train = splits.train.get();
  data.eval = splits.eval.get();
  data.transform = std::make_shared<const transform::TransformGraph>(std::move(graph));
  return splits;
}

}  // namespace penstock::components
