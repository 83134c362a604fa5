#include "penstock/model/saved_model/graph_builder.h"

namespace penstock::model::saved_model {

using tensorflow::NodeDef;
using transform::Operator;
using transform::ValueType;

/// One function of text in TensorFlow's operators, with the semantics of transform/text_kernels.cc.
class TextFunctionWriter {
 public:
  TextFunctionWriter(GraphBuilder& builder, const transform::Node& node, std::span<const Tensor> inputs)
      : builder_(builder), node_(node), inputs_(inputs), x_(inputs[0]) {}

  Result<OptionalTensor> Write() {
    switch (node_.op) {
      case Operator::kHash:
        return Hash();
      case Operator::kCross:
        return Joined("_X_");
      case Operator::kJoin:
        return Joined(node_.second_text);
      case Operator::kLower:
      case Operator::kUpper: {
        NodeDef& made =
            builder_.Node(node_.op == Operator::kLower ? "StringLower" : "StringUpper", {x_.name});
        (*made.mutable_attr())["encoding"].set_s(node_.integers[0] != 0 ? "utf-8" : "");
        return Text(made);
      }
      case Operator::kStrip:
        return Text(builder_.Node("StringStrip", {x_.name}));
      case Operator::kTextLength:
        return Length();
      case Operator::kSubstring:
        return Substring();
      case Operator::kRegexReplace: {
        NodeDef& made = builder_.Node("StaticRegexReplace", {x_.name});
        (*made.mutable_attr())["pattern"].set_s(node_.text);
        (*made.mutable_attr())["rewrite"].set_s(node_.second_text);
        (*made.mutable_attr())["replace_global"].set_b(node_.integer != 0);
        return Text(made);
      }
      case Operator::kRegexMatch:
        return OptionalTensor{Matches(x_, node_.text), {}};
      case Operator::kParseNumber:
        return ParsedNumber(R"(\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*)");
      case Operator::kCast:
        return Cast();
      default:
        return Unimplemented("TensorFlow has no operators for it");
    }
  }

 private:
  OptionalTensor Text(const NodeDef& made) {
    return {builder_.Of(made.name(), Element::kText, 1, inputs_), {}};
  }

  Tensor Matches(const Tensor& x, const std::string& pattern) {
    NodeDef& made = builder_.Node("StaticRegexFullMatch", {x.name});
    (*made.mutable_attr())["pattern"].set_s(pattern);
    return builder_.Of(made.name(), Element::kBoolean, 1, inputs_);
  }

  OptionalTensor Hash() {
    NodeDef& made = builder_.Node(
        node_.integers.empty() ? "StringToHashBucketFast" : "StringToHashBucketStrong", {x_.name});
    (*made.mutable_attr())["num_buckets"].set_i(node_.integer);
    if (!node_.integers.empty()) {
      auto& key = *(*made.mutable_attr())["key"].mutable_list();
      key.add_i(node_.integers[0]);
      key.add_i(node_.integers[1]);
    }
    const Tensor place = builder_.Of(made.name(), Element::kInteger, 1, inputs_);
    return {builder_.Cast(place, Element::kNumber), {}};
  }

  OptionalTensor Joined(const std::string& separator) {
    std::vector<std::string> names;
    for (const Tensor& input : inputs_) names.push_back(input.name);
    NodeDef& made = builder_.Node("StringJoin", names);
    (*made.mutable_attr())["N"].set_i(static_cast<int64_t>(names.size()));
    (*made.mutable_attr())["separator"].set_s(separator);
    return Text(made);
  }

  Tensor LengthOf(const Tensor& x, bool in_characters) {
    NodeDef& made = builder_.Node("StringLength", {x.name});
    (*made.mutable_attr())["unit"].set_s(in_characters ? "UTF8_CHAR" : "BYTE");
    NodeDef& cast = builder_.Node("Cast", {made.name()});
    (*cast.mutable_attr())["SrcT"].set_type(tensorflow::DT_INT32);
    (*cast.mutable_attr())["DstT"].set_type(tensorflow::DT_DOUBLE);
    return builder_.Of(cast.name(), Element::kNumber, 1, inputs_);
  }

  OptionalTensor Length() { return {LengthOf(x_, node_.integers[0] != 0), {}}; }

  /// TensorFlow fails where a text is too short for the begin; here it gives "".
  OptionalTensor Substring() {
    const bool in_characters = node_.integers[2] != 0;
    const auto begin = static_cast<double>(node_.integers[0]);
    const Tensor length = LengthOf(x_, in_characters);
    const Tensor reaches =
        builder_.Apply(TensorOp::kGreaterOrEqual, length, builder_.Number(begin < 0 ? -begin : begin));
    Tensor from = builder_.Where(reaches, builder_.Number(begin), builder_.Number(0));
    Tensor size =
        builder_.Where(reaches, builder_.Number(static_cast<double>(node_.integers[1])), builder_.Number(0));
    from = builder_.Cast(from, Element::kInteger);
    size = builder_.Cast(size, Element::kInteger);
    NodeDef& made = builder_.Node("Substr", {x_.name, from.name, size.name});
    (*made.mutable_attr())["T"].set_type(tensorflow::DT_INT64);
    (*made.mutable_attr())["unit"].set_s(in_characters ? "UTF8_CHAR" : "BYTE");
    return Text(made);
  }

  Tensor ToNumber(const Tensor& text) {
    NodeDef& made = builder_.Node("StringToNumber", {text.name});
    (*made.mutable_attr())["out_type"].set_type(tensorflow::DT_DOUBLE);
    return builder_.Of(made.name(), Element::kNumber, 1, inputs_);
  }

  /// Missing where the text is no number. What TensorFlow cannot read it is not asked to.
  Result<OptionalTensor> ParsedNumber(const std::string& pattern) {
    const Tensor is_number = Matches(x_, pattern);
    OptionalTensor parsed{ToNumber(builder_.Where(is_number, x_, builder_.Text("0"))), is_number};
    if (node_.op != Operator::kParseNumber || node_.integer == 0) return parsed;
    const Tensor is_whole =
        builder_.Apply(TensorOp::kEqual, parsed.value, builder_.Apply(TensorOp::kFloor, parsed.value));
    parsed.presence = builder_.Apply(TensorOp::kAnd, parsed.presence, is_whole);
    return parsed;
  }

  Result<OptionalTensor> Cast() {
    if (x_.element == Element::kInteger) {
      NodeDef& made = builder_.Node("AsString", {x_.name});
      (*made.mutable_attr())["T"].set_type(tensorflow::DT_INT64);
      return Text(made);
    }
    if (node_.type == ValueType::kBoolean) {
      const Tensor is_true = Matches(x_, R"(\s*(true|True|1)\s*)");
      return OptionalTensor{is_true,
                            builder_.Apply(TensorOp::kOr, is_true, Matches(x_, R"(\s*(false|False|0)\s*)"))};
    }
    if (node_.type == ValueType::kInteger) return ParsedNumber(R"(\s*-?[0-9]{1,15}\s*)");
    return ParsedNumber(R"(\s*-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*)");
  }

  GraphBuilder& builder_;
  const transform::Node& node_;
  const std::span<const Tensor> inputs_;
  const Tensor& x_;
};

Result<OptionalTensor> GraphBuilder::TextFunction(const transform::Node& node,
                                                  std::span<const Tensor> inputs) {
  return TextFunctionWriter(*this, node, inputs).Write();
}

}  // namespace penstock::model::saved_model
