#include "penstock/model/forest_model.h"

#include <algorithm>

#include <penstock/model.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/model/model_signature.h"

namespace penstock::model {
namespace {

void EncodeForest(const TreeEnsemble& forest, v1::Forest& out) {
  if (forest.num_outputs() == 1) {
    out.set_base_margin(forest.base_margin());
  } else {
    out.mutable_base_margins()->Add(forest.base_margins().begin(), forest.base_margins().end());
  }
  out.set_num_columns(static_cast<uint32_t>(forest.num_columns()));
  for (int64_t i = 0; i < forest.num_trees(); ++i) {
    const Tree tree = forest.TreeAt(i);
    out.add_tree_sizes(static_cast<uint32_t>(tree.size()));
    for (const TreeNode& node : tree) {
      out.add_left_children(node.IsLeaf() ? 0 : static_cast<uint32_t>(node.left));
      out.add_splits(static_cast<uint32_t>(node.column) * 2 + (node.missing_goes_left ? 1 : 0));
      out.add_values(node.value);
    }
  }
}

v1::Forest::Link LinkOf(Task task) {
  switch (task) {
    case Task::kBinaryClassification:
    case Task::kMultilabelClassification:
      return v1::Forest::LOGISTIC;
    case Task::kMulticlassClassification:
      return v1::Forest::SOFTMAX;
    case Task::kRegression:
    case Task::kRanking:
    case Task::kReconstruction:
      break;
  }
  return v1::Forest::IDENTITY;
}

Result<TreeEnsemble> DecodeForest(const v1::Forest& file) {
  int64_t num_nodes = 0;
  for (uint32_t size : file.tree_sizes()) num_nodes += size;
  if (num_nodes != file.left_children_size() || num_nodes != file.splits_size() ||
      num_nodes != file.values_size()) {
    return DataLoss(
        "The forest's parts differ in length: trees of {} nodes, {} children, {} splits, {} values",
        num_nodes, file.left_children_size(), file.splits_size(), file.values_size());
  }
  if (file.num_columns() > 1u << 30)
    return DataLoss("The forest has too many columns: {}", file.num_columns());
  std::vector<Tree> trees;
  trees.reserve(file.tree_sizes_size());
  int at = 0;
  for (uint32_t size : file.tree_sizes()) {
    Tree& tree = trees.emplace_back(size);
    for (TreeNode& node : tree) {
      const uint32_t left = file.left_children(at);
      node.value = file.values(at);
      node.column = static_cast<int32_t>(file.splits(at) >> 1);
      node.missing_goes_left = (file.splits(at) & 1u) != 0;
      ++at;
      if (left == 0) continue;
      // Beyond the tree stays beyond it after the narrowing, for Make to refuse.
      node.left = static_cast<int32_t>(std::min(left, 1u << 30));
      node.right = node.left + 1;
    }
  }
  std::vector<float> base_margins(file.base_margins().begin(), file.base_margins().end());
  if (base_margins.empty()) base_margins.push_back(file.base_margin());
  return TreeEnsemble::Make(trees, std::move(base_margins), static_cast<int32_t>(file.num_columns()));
}

}  // namespace

ForestModel::ForestModel(Signature signature, std::shared_ptr<const transform::TransformGraph> transform,
                         FeatureMatrix matrix, TreeEnsemble forest)
    : signature_(std::move(signature)),
      transform_(std::move(transform)),
      matrix_(std::move(matrix)),
      forest_(std::move(forest)) {}

Result<std::shared_ptr<const ForestModel>> ForestModel::Make(
    std::shared_ptr<const transform::TransformGraph> transform, TreeEnsemble forest) {
  PENSTOCK_ASSIGN_OR_RETURN(Signature signature, SignatureOf(*transform));
  PENSTOCK_ASSIGN_OR_RETURN(FeatureMatrix matrix, FeatureMatrix::ForFeatures(transform->output_schema()));
  if (matrix.num_columns() != forest.num_columns()) {
    return InvalidArgument("The forest was grown on {} columns, but the transform's features take {}",
                           forest.num_columns(), matrix.num_columns());
  }
  if (NumOutputs(signature) != forest.num_outputs())
    return InvalidArgument("The forest has {} outputs where the label takes {}", forest.num_outputs(),
                           NumOutputs(signature));
  return std::shared_ptr<const ForestModel>(
      new ForestModel(std::move(signature), std::move(transform), std::move(matrix), std::move(forest)));
}

Result<Batch> ForestModel::Predict(const Batch& raw_examples) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Batch features, transform_->ApplyFeatures(raw_examples));
  return PredictTransformed(features);
}

Result<std::vector<float>> ForestModel::Rows(const Batch& raw_examples) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Batch features, transform_->ApplyFeatures(raw_examples));
  std::vector<float> rows(static_cast<size_t>(features->num_rows()) *
                          static_cast<size_t>(matrix_.num_columns()));
  PENSTOCK_RETURN_IF_ERROR(matrix_.Fill(features, rows));
  return rows;
}

Result<Batch> ForestModel::PredictTransformed(const Batch& features) const {
  return PredictInChunks(
      signature_, matrix_, features,
      [this](std::span<const float> rows, std::span<float> margins) { forest_.Sum(rows, margins); });
}

Result<std::string> ForestModel::Encode() const {
  v1::ModelFile file;
  file.set_format_version(kModelFormatVersion);
  EncodeSignature(signature_, *file.mutable_signature());
  EncodeFeatures(*transform_, file);
  EncodeForest(forest_, *file.mutable_forest());
  file.mutable_forest()->set_link(LinkOf(signature_.task));
  file.set_transform_graph(transform_->Serialize());
  return SerializeDeterministically(file);
}

Result<std::shared_ptr<const ForestModel>> ForestModel::FromFile(const v1::ModelFile& file) {
  PENSTOCK_ASSIGN_OR_RETURN(transform::TransformGraph graph,
                            transform::TransformGraph::Parse(file.transform_graph()));
  PENSTOCK_ASSIGN_OR_RETURN(TreeEnsemble forest, DecodeForest(file.forest()));
  auto transform = std::make_shared<const transform::TransformGraph>(std::move(graph));
  Result<std::shared_ptr<const ForestModel>> model = Make(transform, std::move(forest));
  if (!model.ok()) return DataLoss("{}", model.status().message());
  PENSTOCK_RETURN_IF_ERROR(CheckFileFitsTransform(file, (*model)->signature(), *transform));
  if (file.forest().link() != LinkOf((*model)->signature().task)) {
    return DataLoss("The forest's link does not fit the model's task");
  }
  return model;
}

}  // namespace penstock::model
