#include "penstock/learning/boosted_trees/xgboost_model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

namespace penstock::learning {
namespace {

using Json = nlohmann::json;

int64_t IntegerOf(const Json& text) {
  return std::strtoll(text.get_ref<const std::string&>().c_str(), nullptr, 10);
}

/// The columns of one tree, in XGBoost's names.
struct SavedTree {
  std::vector<int32_t> left_children;
  std::vector<int32_t> right_children;
  std::vector<int32_t> split_indices;
  std::vector<int32_t> default_left;
  std::vector<double> split_conditions;  // Of leaves: their value.
  std::vector<double> loss_changes;
};

Result<SavedTree> ReadTree(const Json& json) {
  SavedTree tree;
  tree.left_children = json.at("left_children").get<std::vector<int32_t>>();
  tree.right_children = json.at("right_children").get<std::vector<int32_t>>();
  tree.split_indices = json.at("split_indices").get<std::vector<int32_t>>();
  tree.default_left = json.at("default_left").get<std::vector<int32_t>>();
  tree.split_conditions = json.at("split_conditions").get<std::vector<double>>();
  tree.loss_changes = json.at("loss_changes").get<std::vector<double>>();
  const size_t size = tree.left_children.size();
  for (size_t other : {tree.right_children.size(), tree.split_indices.size(), tree.default_left.size(),
                       tree.split_conditions.size(), tree.loss_changes.size()}) {
    if (other != size || size == 0)
      return DataLoss("XGBoost's model has a tree whose parts differ in length");
  }
  for (int32_t type : json.at("split_type").get<std::vector<int32_t>>()) {
    if (type != 0) return DataLoss("XGBoost's model has a categorical split, which is not known here");
  }
  return tree;
}

/// Copies what can be reached from the root: pruning leaves dead nodes behind. Adds up the gains.
Result<model::Tree> CompactTree(const SavedTree& saved, std::vector<double>& column_gains) {
  model::Tree tree(1);
  std::vector<int32_t> sources{0};
  const auto size = static_cast<int32_t>(saved.left_children.size());
  for (size_t at = 0; at < sources.size(); ++at) {
    const int32_t source = sources[at];
    tree[at].value = static_cast<float>(saved.split_conditions[source]);
    const int32_t left = saved.left_children[source];
    const int32_t right = saved.right_children[source];
    if (left == -1 && right == -1) continue;
    const int32_t column = saved.split_indices[source];
    // A tree of n nodes has fewer than n children: more means that they run in a circle.
    if (left < 0 || right < 0 || left >= size || right >= size || column < 0 ||
        column >= static_cast<int32_t>(column_gains.size()) ||
        static_cast<int32_t>(sources.size()) + 2 > size) {
      return DataLoss("XGBoost's model has a tree that is none, at node {} of {}", source, size);
    }
    column_gains[column] += saved.loss_changes[source];
    tree[at].column = column;
    tree[at].missing_goes_left = saved.default_left[source] != 0;
    tree[at].left = static_cast<int32_t>(tree.size());
    tree[at].right = tree[at].left + 1;
    tree.resize(tree.size() + 2);
    sources.push_back(left);
    sources.push_back(right);
  }
  return tree;
}

/// One an output.
Result<std::vector<float>> BaseMargins(const Json& learner) {
  const auto& objective = learner.at("objective").at("name").get_ref<const std::string&>();
  const std::string& text = learner.at("learner_model_param").at("base_score").get_ref<const std::string&>();
  const float base_score = std::strtof(text.c_str(), nullptr);
  if (objective == "reg:squarederror") return std::vector{base_score};
  // In float32, as XGBoost's LogisticRegression::ProbToMargin computes it.
  if (objective == "binary:logistic") return std::vector{-std::log(1.0f / base_score - 1.0f)};
  if (objective == "multi:softprob") {
    const int64_t num_outputs = IntegerOf(learner.at("learner_model_param").at("num_class"));
    if (num_outputs < 1 || num_outputs > 1 << 16)
      return DataLoss("XGBoost's model has {} outputs", num_outputs);
    return std::vector<float>(static_cast<size_t>(num_outputs), base_score);
  }
  return DataLoss("XGBoost's model has an objective that is not known here: {}", objective);
}

Result<ConvertedTrees> Convert(const Json& json, int64_t num_trees) {
  const Json& learner = json.at("learner");
  const int64_t num_columns = IntegerOf(learner.at("learner_model_param").at("num_feature"));
  const Json& booster = learner.at("gradient_booster");
  const Json& trees = booster.at("model").at("trees");
  if (booster.at("name") != "gbtree" || num_columns < 0 || num_columns > 1 << 30) {
    return DataLoss("XGBoost's model is not a gbtree of a possible width ({} columns)", num_columns);
  }
  if (num_trees < 0 || static_cast<int64_t>(trees.size()) < num_trees) {
    return DataLoss("XGBoost's model has {} trees, but {} were asked for", trees.size(), num_trees);
  }
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<float> base_margins, BaseMargins(learner));
  const Json& outputs = booster.at("model").at("tree_info");
  std::vector<double> column_gains(num_columns, 0.0);
  std::vector<model::Tree> converted;
  for (int64_t i = 0; i < num_trees; ++i) {
    if (outputs.at(static_cast<size_t>(i)) != i % static_cast<int64_t>(base_margins.size()))
      return DataLoss("XGBoost's model has its trees in an order that is not known here, from tree {}", i);
    PENSTOCK_ASSIGN_OR_RETURN(const SavedTree saved, ReadTree(trees[i]));
    PENSTOCK_ASSIGN_OR_RETURN(converted.emplace_back(), CompactTree(saved, column_gains));
  }
  PENSTOCK_ASSIGN_OR_RETURN(
      model::TreeEnsemble forest,
      model::TreeEnsemble::Make(converted, std::move(base_margins), static_cast<int32_t>(num_columns)));
  return ConvertedTrees{std::move(forest), std::move(column_gains)};
}

}  // namespace

Result<ConvertedTrees> ConvertXgboostModel(std::string_view ubjson, int64_t num_trees) {
  try {
    const Json json = Json::from_ubjson(ubjson, /*strict=*/true, /*allow_exceptions=*/false);
    if (json.is_discarded()) return DataLoss("XGBoost's model is not UBJSON, or it is cut off");
    return Convert(json, num_trees);
  } catch (const Json::exception& error) {
    return DataLoss("XGBoost's model is not of the known form: {}", error.what());
  }
}

}  // namespace penstock::learning
