#include "penstock/learning/boosted_trees/forest_warm_start.h"

#include <algorithm>
#include <map>

#include "penstock/learning/feature_match.h"
#include "penstock/model/forest_model.h"

namespace penstock::learning {
namespace {

/// Whether what a split says of the old feature holds of the new one: all ids or columns are there, in place.
bool MeansTheSame(const FeatureMatch& match) {
  const auto is_whole = [](const std::vector<int32_t>& values) {
    return std::find(values.begin(), values.end(), -1) == values.end();
  };
  if (!match.is_matched || !is_whole(match.columns) || !is_whole(match.ids)) return false;
  for (size_t id = 0; id < match.ids.size(); ++id) {
    if (match.ids[id] != static_cast<int32_t>(id)) return false;
  }
  return true;
}

}  // namespace

Result<model::TreeEnsemble> WarmStartForest(const model::Model& before,
                                            const transform::TransformGraph& transform) {
  const auto* model = dynamic_cast<const model::ForestModel*>(&before);
  if (model == nullptr)
    return InvalidArgument("The model to start from has no trees, so no trees can be added to it");
  if (model->transform().task() != transform.task())
    return InvalidArgument("The model to start from is for {}, not for the task of this training",
                           model::TaskName(model->signature().task));
  PENSTOCK_RETURN_IF_ERROR(CheckSameClasses(model->transform(), transform));
  std::map<int32_t, int32_t> new_column;
  int32_t column = 0;
  for (const FeatureMatch& match : MatchFeatures(model->transform(), transform)) {
    for (int32_t old : match.columns) {
      if (MeansTheSame(match)) new_column[old] = column;
      ++column;
    }
  }
  std::vector<std::string> names;
  for (const transform::FeatureSchema& feature : model->transform().output_schema())
    for (const std::string& name : feature.DenseNames()) names.push_back(name);
  std::vector<model::Tree> trees;
  for (int64_t t = 0; t < model->forest().num_trees(); ++t) {
    trees.push_back(model->forest().TreeAt(t));
    for (model::TreeNode& node : trees.back()) {
      if (node.IsLeaf()) continue;
      const auto found = new_column.find(node.column);
      if (found == new_column.end())
        return InvalidArgument(
            "The trees to start from split on '{}', which is gone or has other ids now; train anew, or start "
            "from a "
            "network, whose ids are matched by token",
            names[static_cast<size_t>(node.column)]);
      node.column = found->second;
    }
  }
  return model::TreeEnsemble::Make(trees, model->forest().base_margins(), column);
}

Result<model::TreeEnsemble> ForestOfBoth(const model::TreeEnsemble& first,
                                         const model::TreeEnsemble& second) {
  std::vector<model::Tree> trees;
  for (const model::TreeEnsemble* forest : {&first, &second}) {
    for (int64_t t = 0; t < forest->num_trees(); ++t) trees.push_back(forest->TreeAt(t));
  }
  std::vector<float> base_margins = first.base_margins();
  for (size_t i = 0; i < base_margins.size(); ++i) base_margins[i] += second.base_margins()[i];
  return model::TreeEnsemble::Make(trees, std::move(base_margins), first.num_columns());
}

}  // namespace penstock::learning
