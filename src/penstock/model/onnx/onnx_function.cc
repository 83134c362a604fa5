#include "penstock/model/onnx/onnx_function.h"

#include <cmath>
#include <limits>

namespace penstock::model::onnx {
namespace {

/// The parts of a network one after the other.
class NetworkWriter {
 public:
  NetworkWriter(const Network& network, const std::string& matrix, Builder& builder)
      : network_(network),
        shape_(network.shape()),
        layout_(network.layout()),
        matrix_(matrix),
        builder_(builder) {}

  std::string Margins() {
    const std::string numbers = Numbers(shape_.numbers);
    for (size_t i = 0; i < shape_.ids.size(); ++i) ids_.push_back(Ids(shape_.ids[i]));
    std::string sum = Block(layout_.bias);
    if (shape_.has_wide) sum = Wide(numbers, sum);
    if (shape_.has_deep) sum = builder_.Node("Add", {sum, Deep(numbers)});
    if (shape_.link == NetworkLink::kReconstructionError) {
      const std::string difference = builder_.Node("Sub", {sum, numbers});
      const std::string error = builder_.Node(
          "ReduceMean", {builder_.Node("Mul", {difference, difference}), builder_.Integers({1}, {1})});
      Builder::Set(builder_.last(), "keepdims", int64_t{1});
      return error;
    }
    // The bias alone does not know how many examples there are.
    if (shape_.numbers.empty() && !shape_.has_deep && shape_.ids.empty()) return sum;
    sum = builder_.Node("Mul", {sum, builder_.Float(shape_.output_scale)});
    return builder_.Node("Add", {sum, builder_.Float(shape_.output_shift)});
  }

 private:
  std::string Block(const ParameterBlock& block) {
    const float* first = network_.parameters().data() + block.offset;
    return builder_.Floats({first, first + block.size()}, {block.rows, block.columns});
  }

  std::string IsThere(const std::string& x) { return builder_.Node("Equal", {x, x}); }

  /// Standardised numbers and indicators, as InputEncoder has them.
  std::string Numbers(const std::vector<NumberInput>& inputs) {
    const auto width = static_cast<int64_t>(inputs.size());
    std::vector<int64_t> columns;
    std::vector<float> means, scales;
    std::vector<bool> indicators;
    for (const NumberInput& input : inputs) {
      columns.push_back(input.column);
      means.push_back(input.is_indicator ? 0 : input.mean);
      scales.push_back(input.is_indicator ? 1 : input.scale);
      indicators.push_back(input.is_indicator);
    }
    const std::string x = builder_.Columns(matrix_, columns);
    const std::string is_there = IsThere(x);
    std::string standard = builder_.Node("Sub", {x, builder_.Floats(means, {1, width})});
    standard = builder_.Node("Mul", {standard, builder_.Floats(scales, {1, width})});
    const std::string limit = builder_.Float(kStandardLimit), below = builder_.Float(-kStandardLimit);
    standard = builder_.Where(builder_.Node("Greater", {standard, limit}), limit, standard);
    standard = builder_.Where(builder_.Node("Less", {standard, below}), below, standard);
    standard = builder_.Where(is_there, standard, builder_.Float(0));
    const std::string missing = builder_.Cast(builder_.Node("Not", {is_there}), TensorProto::FLOAT);
    return builder_.Where(builder_.Booleans(indicators, {1, width}), missing, standard);
  }

  /// int64, [N, 1].
  std::string Ids(const IdInput& input) {
    const std::string last = builder_.Float(static_cast<float>(input.num_ids - 1));
    if (input.source == IdInput::Source::kCross) return Cross(input);
    const std::string x = builder_.Columns(matrix_, {input.column});
    std::string id = last;
    if (input.source == IdInput::Source::kCategory) {
      const std::string is_known = builder_.Node(
          "And", {builder_.Node("GreaterOrEqual", {x, builder_.Float(0)}), builder_.Node("Less", {x, last})});
      id = builder_.Where(is_known, x, last);
    } else {
      const auto count = static_cast<int64_t>(input.boundaries.size());
      const std::string above =
          builder_.Node("GreaterOrEqual", {x, builder_.Floats(input.boundaries, {1, count})});
      const std::string bucket =
          builder_.Node("ReduceSum", {builder_.Cast(above, TensorProto::FLOAT), builder_.Integers({1}, {1})});
      Builder::Set(builder_.last(), "keepdims", int64_t{1});
      id = builder_.Where(IsThere(x), bucket, last);
    }
    return builder_.Cast(id, TensorProto::INT64);
  }

  /// InputEncoder's hash: products wrap round, shifts are of unsigned numbers.
  std::string Cross(const IdInput& input) {
    const auto constant = [this](uint64_t value) {
      return builder_.Integers({static_cast<int64_t>(value)}, {1, 1});
    };
    const auto fold = [this](const std::string& hash) {
      const std::string shifted =
          builder_.Node("BitShift", {builder_.Cast(hash, TensorProto::UINT64), builder_.Unsigned(33)});
      Builder::Set(builder_.last(), "direction", std::string("RIGHT"));
      return builder_.Node("BitwiseXor", {hash, builder_.Cast(shifted, TensorProto::INT64)});
    };
    std::string hash = constant(0xcbf29ce484222325u);
    for (int32_t other : input.crossed) {
      hash = builder_.Node("BitwiseXor", {hash, ids_[static_cast<size_t>(other)]});
      hash = builder_.Node("Mul", {hash, constant(0x100000001b3u)});
    }
    hash = builder_.Node("Mul", {fold(hash), constant(0xff51afd7ed558ccdu)});
    hash = builder_.Cast(fold(hash), TensorProto::UINT64);
    const std::string place =
        builder_.Node("Mod", {hash, builder_.Unsigned(static_cast<uint64_t>(input.num_ids))});
    return builder_.Cast(place, TensorProto::INT64);
  }

  /// The rows of a table that the ids [N, 1] pick: [N, columns].
  std::string Rows(const ParameterBlock& table, const std::string& ids) {
    const std::string flat = builder_.Node("Reshape", {ids, builder_.Integers({-1}, {1})});
    const std::string rows = builder_.Node("Gather", {Block(table), flat});
    Builder::Set(builder_.last(), "axis", int64_t{0});
    return rows;
  }

  std::string Wide(const std::string& numbers, std::string sum) {
    if (!shape_.numbers.empty())
      sum = builder_.Node("Add", {sum, builder_.Node("MatMul", {numbers, Block(layout_.wide_numbers)})});
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (layout_.wide_tables[i].rows > 0)
        sum = builder_.Node("Add", {sum, Rows(layout_.wide_tables[i], ids_[i])});
    }
    return sum;
  }

  std::string Deep(const std::string& numbers) {
    std::vector<std::string> parts;
    if (!shape_.numbers.empty()) parts.push_back(numbers);
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (layout_.embeddings[i].rows > 0) parts.push_back(Rows(layout_.embeddings[i], ids_[i]));
    }
    if (!shape_.series.empty()) parts.push_back(Recurrent());
    std::string x = builder_.Concatenate(parts);
    for (size_t i = 0; i < layout_.layers.size(); ++i) {
      const NetworkLayout::Layer& layer = layout_.layers[i];
      x = builder_.Node("Add", {builder_.Node("MatMul", {x, Block(layer.weights)}), Block(layer.bias)});
      if (layer.norm_scale.size() > 0) x = Normalise(layer, x);
      x = builder_.Node(shape_.layers[i].activation == Activation::kRelu ? "Relu" : "Tanh", {x});
    }
    return builder_.Node("MatMul", {x, Block(layout_.output_weights)});
  }

  std::string Normalise(const NetworkLayout::Layer& layer, const std::string& x) {
    std::vector<float> factors;
    for (int64_t j = 0; j < layer.weights.columns; ++j)
      factors.push_back(network_.parameters()[layer.norm_scale.offset + j] /
                        std::sqrt(network_.parameters()[layer.norm_variance.offset + j] + kNormEpsilon));
    const std::string centred = builder_.Node("Sub", {x, Block(layer.norm_mean)});
    return builder_.Node(
        "Add", {builder_.Node("Mul", {centred, builder_.Floats(factors, {1, layer.weights.columns})}),
                Block(layer.norm_shift)});
  }

  /// The steps one after the other: every runtime has these operators, and series here are short.
  std::string Recurrent() {
    const int64_t width = shape_.recurrent_width;
    const std::string series = Numbers(shape_.series);
    const std::string input_weights = Block(layout_.recurrent_input),
                      state_weights = Block(layout_.recurrent_state), bias = Block(layout_.recurrent_bias);
    std::string cell, state;
    for (int64_t step = 0; step < shape_.num_steps(); ++step) {
      std::vector<int64_t> columns;
      for (int64_t c = 0; c < shape_.num_channels; ++c) columns.push_back(step * shape_.num_channels + c);
      std::string gates = builder_.Node(
          "Add", {builder_.Node("MatMul", {builder_.Columns(series, columns), input_weights}), bias});
      if (!state.empty())
        gates = builder_.Node("Add", {gates, builder_.Node("MatMul", {state, state_weights})});
      const auto gate = [&](int64_t index, const char* activation) {
        std::vector<int64_t> picked;
        for (int64_t j = 0; j < width; ++j) picked.push_back(index * width + j);
        return builder_.Node(activation, {builder_.Columns(gates, picked)});
      };
      const std::string fresh = builder_.Node("Mul", {gate(0, "Sigmoid"), gate(2, "Tanh")});
      cell = cell.empty() ? fresh
                          : builder_.Node("Add", {builder_.Node("Mul", {gate(1, "Sigmoid"), cell}), fresh});
      state = builder_.Node("Mul", {gate(3, "Sigmoid"), builder_.Node("Tanh", {cell})});
    }
    return state;
  }

  const Network& network_;
  const NetworkShape& shape_;
  const NetworkLayout& layout_;
  const std::string matrix_;
  Builder& builder_;
  std::vector<std::string> ids_;
};

}  // namespace

std::string BuildForest(const TreeEnsemble& forest, const std::string& matrix, Builder& builder) {
  std::vector<int64_t> tree_ids, node_ids, columns, yes, no, missing_yes, leaf_trees, leaf_nodes,
      leaf_targets;
  std::vector<float> thresholds, leaves;
  std::vector<std::string> modes;
  for (int64_t t = 0; t < forest.num_trees(); ++t) {
    const Tree tree = forest.TreeAt(t);
    for (size_t i = 0; i < tree.size(); ++i) {
      const TreeNode& node = tree[i];
      const bool is_leaf = node.IsLeaf();
      tree_ids.push_back(t);
      node_ids.push_back(static_cast<int64_t>(i));
      columns.push_back(is_leaf ? 0 : node.column);
      yes.push_back(is_leaf ? 0 : node.left);
      no.push_back(is_leaf ? 0 : node.right);
      missing_yes.push_back(node.missing_goes_left ? 1 : 0);
      thresholds.push_back(is_leaf ? 0 : node.value);
      modes.emplace_back(is_leaf ? "LEAF" : "BRANCH_LT");
      if (!is_leaf) continue;
      leaf_trees.push_back(t);
      leaf_nodes.push_back(static_cast<int64_t>(i));
      leaf_targets.push_back(t % forest.num_outputs());
      leaves.push_back(node.value);
    }
  }
  const std::string margins = builder.Node("TreeEnsembleRegressor", {matrix}, "ai.onnx.ml");
  NodeProto& node = builder.last();
  Builder::Set(node, "n_targets", int64_t{forest.num_outputs()});
  Builder::Set(node, "nodes_treeids", tree_ids);
  Builder::Set(node, "nodes_nodeids", node_ids);
  Builder::Set(node, "nodes_featureids", columns);
  Builder::Set(node, "nodes_modes", modes);
  Builder::Set(node, "nodes_values", thresholds);
  Builder::Set(node, "nodes_truenodeids", yes);
  Builder::Set(node, "nodes_falsenodeids", no);
  Builder::Set(node, "nodes_missing_value_tracks_true", missing_yes);
  Builder::Set(node, "target_treeids", leaf_trees);
  Builder::Set(node, "target_nodeids", leaf_nodes);
  Builder::Set(node, "target_ids", leaf_targets);
  Builder::Set(node, "target_weights", leaves);
  Builder::Set(node, "base_values", forest.base_margins());
  Builder::Set(node, "post_transform", std::string("NONE"));
  return margins;
}

Result<std::string> BuildNetwork(const Network& network, const std::string& matrix, Builder& builder) {
  for (const IdInput& input : network.shape().ids) {
    if (input.num_ids > (1 << std::numeric_limits<float>::digits))
      return Unimplemented("A table of {} ids is larger than what ONNX's float columns count to",
                           input.num_ids);
  }
  return NetworkWriter(network, matrix, builder).Margins();
}

}  // namespace penstock::model::onnx
