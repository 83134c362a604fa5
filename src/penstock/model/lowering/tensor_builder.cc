#include "penstock/model/lowering/tensor_builder.h"

#include <algorithm>
#include <limits>

namespace penstock::model {
namespace {

/// All trees' nodes side by side, so that one step down is the same few operators for all of them.
struct FlatForest {
  std::vector<int64_t> roots, columns, left;
  std::vector<float> thresholds, missing_left, leaves;
  int64_t depth = 0;

  explicit FlatForest(const TreeEnsemble& forest) {
    for (int64_t t = 0; t < forest.num_trees(); ++t) Add(forest.TreeAt(t));
  }

  void Add(const Tree& tree) {
    const auto first = static_cast<int64_t>(thresholds.size());
    roots.push_back(first);
    std::vector<int64_t> depths(tree.size(), 0);
    for (size_t i = 0; i < tree.size(); ++i) {
      const TreeNode& node = tree[i];
      const bool is_leaf = node.IsLeaf();
      columns.push_back(is_leaf ? 0 : node.column);
      // A leaf goes to itself: its right child is at `left` + 1, and nothing is below its threshold.
      left.push_back(is_leaf ? first + static_cast<int64_t>(i) - 1 : first + node.left);
      thresholds.push_back(is_leaf ? -std::numeric_limits<float>::infinity() : node.value);
      missing_left.push_back(!is_leaf && node.missing_goes_left ? 1 : 0);
      leaves.push_back(is_leaf ? node.value : 0);
      depth = std::max(depth, depths[i]);
      if (is_leaf) continue;
      depths[static_cast<size_t>(node.left)] = depths[static_cast<size_t>(node.right)] = depths[i] + 1;
    }
  }
};

}  // namespace

Tensor TensorBuilder::Dense(const Tensor& x, const DenseTensors& layer) {
  Tensor made = MatrixProduct(x, layer.weights);
  if (layer.bias.exists()) made = Apply(TensorOp::kAdd, made, layer.bias);
  return layer.activation ? Apply(*layer.activation, made) : made;
}

Result<Tensor> TensorBuilder::Lookup(const Tensor&, const transform::Vocabulary&, Tensor) {
  return Unimplemented("{} has no tables of text", format());
}

Result<OptionalTensor> TensorBuilder::TextFunction(const transform::Node& node, std::span<const Tensor>) {
  return Unimplemented("{} has no operators for {}", format(), transform::NameOf(node.op));
}

Result<Tensor> TensorBuilder::Forest(const TreeEnsemble& forest, const Tensor& matrix) {
  const Tensor base = Floats(forest.base_margins(), 1);
  const Tensor first_column = Columns(matrix, {0});
  const Tensor no_example_differs = Apply(TensorOp::kEqual, first_column, first_column);
  if (forest.num_trees() == 0) return Where(no_example_differs, base, base);
  const FlatForest flat(forest);
  const Tensor columns = Integers(flat.columns), left = Integers(flat.left);
  const Tensor thresholds = Floats(flat.thresholds, 1), missing_left = Floats(flat.missing_left, 1);
  const Tensor zero = Float(0), one = Integers({1});
  // The same for every example, but a row for each.
  Tensor at = Integers(flat.roots);
  at = Where(no_example_differs, at, at);
  for (int64_t level = 0; level < flat.depth; ++level) {
    const Tensor value = Pick(matrix, Elements(columns, at));
    const Tensor is_missing = Apply(TensorOp::kNot, Apply(TensorOp::kEqual, value, value));
    const Tensor goes_if_missing = Apply(TensorOp::kGreater, Elements(missing_left, at), zero);
    const Tensor goes_left = Apply(TensorOp::kOr, Apply(TensorOp::kLess, value, Elements(thresholds, at)),
                                   Apply(TensorOp::kAnd, is_missing, goes_if_missing));
    const Tensor child = Elements(left, at);
    at = Where(goes_left, child, Apply(TensorOp::kAdd, child, one));
  }
  const Tensor leaves = Elements(Floats(flat.leaves, 1), at);
  const auto num_outputs = static_cast<int64_t>(forest.num_outputs());
  if (num_outputs == 1) return Apply(TensorOp::kAdd, Sum(leaves), base);
  std::vector<int64_t> trees;
  std::vector<Tensor> sums;
  for (int64_t output = 0; output < num_outputs; ++output) {
    trees.clear();
    for (int64_t t = output; t < forest.num_trees(); t += num_outputs) trees.push_back(t);
    sums.push_back(Sum(Columns(leaves, trees)));
  }
  return Apply(TensorOp::kAdd, Concatenate(sums), base);
}

}  // namespace penstock::model
