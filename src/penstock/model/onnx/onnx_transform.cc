#include "penstock/model/onnx/onnx_transform.h"

#include <cmath>
#include <limits>

#include "penstock/base/utf8.h"
#include "penstock/transform/program.h"

namespace penstock::model::onnx {
namespace {

using transform::Operator;
using transform::Program;
using transform::ValueType;
using ProgramNode = transform::Node;

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// A node of the transform in ONNX: what it is, and whether it is there. Integers and numbers are doubles,
/// booleans bool, texts strings, all [N, 1]; vectors are floats [N, width]. Where it is not there the value
/// is anything.
struct Value {
  std::string value;
  std::string presence;  ///< Empty: always there.
};

class TransformWriter {
 public:
  TransformWriter(const Program& program, Builder& builder)
      : program_(program), builder_(builder), values_(program.nodes.size()) {}

  Result<std::string> Matrix() {
    std::vector<int32_t> wanted;
    for (const Program::Output& feature : program_.features) wanted.push_back(feature.node);
    const std::vector<bool> needed = transform::NeededFor(program_, wanted);
    // Every column of the signature is an input, in its order.
    for (const transform::InputColumn& column : transform::ColumnsOf(program_, wanted))
      builder_.Input(column.name,
                     column.type == ValueType::kText ? TensorProto::STRING : TensorProto::DOUBLE);
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      if (needed[i]) PENSTOCK_RETURN_IF_ERROR(Write(static_cast<int32_t>(i)));
    }
    std::vector<std::string> columns;
    for (const Program::Output& feature : program_.features) columns.push_back(MatrixColumn(feature.node));
    return builder_.Concatenate(columns);
  }

 private:
  const ProgramNode& NodeAt(int32_t index) const { return program_.nodes[static_cast<size_t>(index)]; }
  const Value& In(const ProgramNode& node, size_t i) const {
    return values_[static_cast<size_t>(node.inputs[i])];
  }

  /// Of a feature: a float, NaN where missing, within float's range.
  std::string MatrixColumn(int32_t index) {
    const Value& at = values_[static_cast<size_t>(index)];
    const ValueType type = NodeAt(index).type;
    if (type == ValueType::kVector) return at.value;
    const double largest = std::numeric_limits<float>::max();
    std::string number =
        type == ValueType::kBoolean ? builder_.Cast(at.value, TensorProto::DOUBLE) : at.value;
    std::string is_there = builder_.Node("Equal", {number, number});  // False for NaN.
    if (!at.presence.empty()) is_there = builder_.Node("And", {is_there, at.presence});
    number = builder_.Where(builder_.Node("Greater", {number, builder_.Double(largest)}),
                            builder_.Double(largest), number);
    number = builder_.Where(builder_.Node("Less", {number, builder_.Double(-largest)}),
                            builder_.Double(-largest), number);
    return builder_.Where(is_there, builder_.Cast(number, TensorProto::FLOAT),
                          builder_.Float(std::numeric_limits<float>::quiet_NaN()));
  }

  /// There where all inputs are.
  std::string AllThere(const ProgramNode& node) {
    std::string presence;
    for (size_t i = 0; i < node.inputs.size(); ++i) presence = Both(presence, In(node, i).presence);
    return presence;
  }
  std::string Both(const std::string& a, const std::string& b) {
    if (a.empty() || a == b) return b;
    return b.empty() ? a : builder_.Node("And", {a, b});
  }
  std::string Not(const std::string& a) { return builder_.Node("Not", {a}); }

  Status Refuse(int32_t index, std::string_view why) const {
    for (const Program::Output& feature : program_.features) {
      const std::vector<bool> needed = transform::NeededFor(program_, {feature.node});
      if (needed[static_cast<size_t>(index)])
        return Unimplemented("Feature '{}' cannot be exported to ONNX: {} ({})", feature.name, why,
                             transform::NameOf(NodeAt(index).op));
    }
    return Internal("A node that no feature needs was to be exported");
  }

  Status Write(int32_t index) {
    const ProgramNode& node = NodeAt(index);
    Value& into = values_[static_cast<size_t>(index)];
    if (node.is_list) return Refuse(index, "lists of values have no ONNX form");
    if (node.is_narrow) return Refuse(index, "float32 arithmetic of `compat: tft` has no ONNX form here");
    switch (node.op) {
      case Operator::kColumn:
        return WriteColumn(node, into);
      case Operator::kLiteral:
        return WriteLiteral(index, node, into);
      case Operator::kCast:
        return WriteCast(index, node, into);
      case Operator::kAnd:
      case Operator::kOr:
        WriteConnective(node, into);
        return OkStatus();
      case Operator::kNot:
        into = {Not(In(node, 0).value), In(node, 0).presence};
        return OkStatus();
      case Operator::kIf:
        WriteIf(node, into);
        return OkStatus();
      case Operator::kCoalesce:
        WriteCoalesce(node, into);
        return OkStatus();
      case Operator::kIsMissing:
        into.value =
            In(node, 0).presence.empty() ? AlwaysFalse(In(node, 0).value) : Not(In(node, 0).presence);
        return OkStatus();
      case Operator::kLess:
      case Operator::kLessEqual:
      case Operator::kEqual:
      case Operator::kNotEqual:
        return WriteComparison(index, node, into);
      case Operator::kOneHot:
        WriteOneHot(node, into);
        return OkStatus();
      case Operator::kImputeMean:
      case Operator::kImputeMedian:
      case Operator::kZScore:
      case Operator::kMinMax:
      case Operator::kBucketize:
      case Operator::kVocabulary:
        return WriteAnalyzed(index, node, into);
      default:
        return WriteArithmetic(index, node, into);
    }
  }

  std::string AlwaysFalse(const std::string& like) {
    return builder_.Node("And", {builder_.Node("Equal", {like, like}), builder_.Booleans({false}, {1, 1})});
  }

  Status WriteColumn(const ProgramNode& node, Value& into) {
    into.value = node.text;
    if (node.type == ValueType::kText) {
      into.presence = Not(builder_.Node("Equal", {node.text, builder_.Text("")}));
      return OkStatus();
    }
    into.presence = builder_.Node("Equal", {node.text, node.text});
    if (node.type == ValueType::kBoolean)
      into.value = Not(builder_.Node("Equal", {node.text, builder_.Double(0)}));
    return OkStatus();
  }

  Status WriteLiteral(int32_t index, const ProgramNode& node, Value& into) {
    switch (node.type) {
      case ValueType::kInteger:
        into.value = builder_.Double(static_cast<double>(node.integer));
        return OkStatus();
      case ValueType::kNumber:
        into.value = builder_.Double(node.number);
        return OkStatus();
      case ValueType::kBoolean:
        into.value = builder_.Booleans({node.integer != 0}, {1, 1});
        return OkStatus();
      case ValueType::kText:
        if (!IsUtf8(node.text)) return Refuse(index, "a text in it is not UTF-8");
        into.value = builder_.Text(node.text);
        return OkStatus();
      default:
        return Refuse(index, "there is no literal of its type");
    }
  }

  Status WriteCast(int32_t index, const ProgramNode& node, Value& into) {
    const ValueType from = NodeAt(node.inputs[0]).type;
    const Value& x = In(node, 0);
    into.presence = x.presence;
    if (from == ValueType::kText || node.type == ValueType::kText)
      return Refuse(index, "ONNX does not read or write numbers as text as we do");
    if (node.type == ValueType::kBoolean) {
      into.value =
          from == ValueType::kBoolean ? x.value : Not(builder_.Node("Equal", {x.value, builder_.Double(0)}));
      if (from == ValueType::kNumber)
        into.presence = Both(into.presence, builder_.Node("Equal", {x.value, x.value}));
      return OkStatus();
    }
    into.value = from == ValueType::kBoolean ? builder_.Cast(x.value, TensorProto::DOUBLE) : x.value;
    if (from == ValueType::kNumber && node.type == ValueType::kInteger) Round(Truncate(x.value), into);
    return OkStatus();
  }

  std::string Truncate(const std::string& x) {
    return builder_.Where(builder_.Node("Less", {x, builder_.Double(0)}), builder_.Node("Ceil", {x}),
                          builder_.Node("Floor", {x}));
  }

  /// An integer out of a rounded number: missing where int64 has none.
  void Round(const std::string& rounded, Value& into) {
    const std::string fits =
        builder_.Node("And", {builder_.Node("GreaterOrEqual", {rounded, builder_.Double(-0x1p63)}),
                              builder_.Node("Less", {rounded, builder_.Double(0x1p63)})});
    into.presence = Both(into.presence, fits);
    into.value = builder_.Where(fits, rounded, builder_.Double(0));
  }

  /// Kleene's logic, as transform/logic_kernels.cc has it.
  void WriteConnective(const ProgramNode& node, Value& into) {
    const Value &x = In(node, 0), &y = In(node, 1);
    const bool is_or = node.op == Operator::kOr;
    const char* const op = is_or ? "Or" : "And";
    if (x.presence.empty() && y.presence.empty()) {
      into.value = builder_.Node(op, {x.value, y.value});
      return;
    }
    const auto settles = [&](const Value& at) {
      const std::string decides = is_or ? at.value : Not(at.value);
      return at.presence.empty() ? decides : builder_.Node("And", {decides, at.presence});
    };
    const std::string settled = builder_.Node("Or", {settles(x), settles(y)});
    into.value = is_or ? settled : Not(settled);
    const std::string both = Both(x.presence, y.presence);
    into.presence = builder_.Node("Or", {settled, both});
  }

  /// ONNX Runtime's Where does not take booleans.
  std::string Choose(const std::string& condition, const std::string& x, const std::string& y) {
    return builder_.Node("Or",
                         {builder_.Node("And", {condition, x}), builder_.Node("And", {Not(condition), y})});
  }

  void WriteIf(const ProgramNode& node, Value& into) {
    const Value &condition = In(node, 0), &x = In(node, 1), &y = In(node, 2);
    into.value = node.type == ValueType::kBoolean ? Choose(condition.value, x.value, y.value)
                                                  : builder_.Where(condition.value, x.value, y.value);
    if (!x.presence.empty() || !y.presence.empty()) {
      const std::string always = builder_.Booleans({true}, {1, 1});
      into.presence = Choose(condition.value, x.presence.empty() ? always : x.presence,
                             y.presence.empty() ? always : y.presence);
    }
    into.presence = Both(into.presence, condition.presence);
  }

  void WriteCoalesce(const ProgramNode& node, Value& into) {
    const Value &x = In(node, 0), &y = In(node, 1);
    into = x;
    if (x.presence.empty()) return;
    into.value = node.type == ValueType::kBoolean ? Choose(x.presence, x.value, y.value)
                                                  : builder_.Where(x.presence, x.value, y.value);
    into.presence = y.presence.empty() ? "" : builder_.Node("Or", {x.presence, y.presence});
  }

  Status WriteComparison(int32_t index, const ProgramNode& node, Value& into) {
    const Value &x = In(node, 0), &y = In(node, 1);
    const ValueType type = NodeAt(node.inputs[0]).type;
    const bool is_order = node.op == Operator::kLess || node.op == Operator::kLessEqual;
    if (is_order && (type == ValueType::kText || type == ValueType::kBoolean))
      return Refuse(index, "ONNX does not order texts or booleans");
    into.presence = AllThere(node);
    if (node.op == Operator::kLess)
      into.value = builder_.Node("Less", {x.value, y.value});
    else if (node.op == Operator::kLessEqual)
      into.value = builder_.Node("LessOrEqual", {x.value, y.value});
    else
      into.value = builder_.Node("Equal", {x.value, y.value});
    if (node.op == Operator::kNotEqual) into.value = Not(into.value);
    return OkStatus();
  }

  void WriteOneHot(const ProgramNode& node, Value& into) {
    const Value& x = In(node, 0);
    std::vector<double> places;
    for (int64_t i = 0; i < node.integer; ++i) places.push_back(static_cast<double>(i));
    std::string hot = builder_.Node("Equal", {x.value, builder_.Doubles(places, {1, node.integer})});
    if (!x.presence.empty()) hot = builder_.Node("And", {hot, x.presence});
    into.value = builder_.Cast(hot, TensorProto::FLOAT);
  }

  Status WriteAnalyzed(int32_t index, const ProgramNode& node, Value& into) {
    const Value& x = In(node, 0);
    const auto& result = program_.analyses[static_cast<size_t>(node.analysis)].result;
    into = x;
    if (const auto* moments = std::get_if<transform::MomentsResult>(&result)) {
      WriteMoments(node, *moments, x, into);
    } else if (const auto* median = std::get_if<transform::MedianResult>(&result)) {
      if (!median->median || x.presence.empty()) return OkStatus();
      into = {builder_.Where(x.presence, x.value, builder_.Double(*median->median)), ""};
    } else if (const auto* quantiles = std::get_if<transform::QuantilesResult>(&result)) {
      WriteBuckets(quantiles->boundaries, x.value, into);
    } else if (const auto* vocabulary = std::get_if<transform::VocabularyResult>(&result)) {
      return WriteVocabulary(index, node, **vocabulary, x, into);
    } else {
      return Refuse(index, "its analysis has no ONNX form");
    }
    return OkStatus();
  }

  void WriteMoments(const ProgramNode& node, const transform::MomentsResult& moments, const Value& x,
                    Value& into) {
    const std::string zero_unless_nan =
        builder_.Where(builder_.Node("Equal", {x.value, x.value}), builder_.Double(0), x.value);
    if (node.op == Operator::kImputeMean) {
      if (moments.num_values > 0 && !x.presence.empty())
        into = {builder_.Where(x.presence, x.value, builder_.Double(moments.mean)), ""};
    } else if (node.op == Operator::kZScore) {
      const double deviation = std::sqrt(moments.variance);
      into.value = zero_unless_nan;
      if (deviation > 0)
        into.value = builder_.Node("Div", {builder_.Node("Sub", {x.value, builder_.Double(moments.mean)}),
                                           builder_.Double(deviation)});
    } else {
      const double range = moments.maximum - moments.minimum;
      std::string share = zero_unless_nan;
      if (range > 0) {
        share = builder_.Node("Div", {builder_.Node("Sub", {x.value, builder_.Double(moments.minimum)}),
                                      builder_.Double(range)});
        share = builder_.Node("Mul", {share, builder_.Double(node.output_max - node.number)});
      }
      into.value = builder_.Node("Add", {share, builder_.Double(node.number)});
    }
  }

  void WriteBuckets(const std::vector<double>& boundaries, const std::string& x, Value& into) {
    const auto count = static_cast<int64_t>(boundaries.size());
    std::string bucket = builder_.Double(0);
    if (count > 0) {
      const std::string above =
          builder_.Node("GreaterOrEqual", {x, builder_.Doubles(boundaries, {1, count})});
      bucket = builder_.Node("ReduceSum",
                             {builder_.Cast(above, TensorProto::DOUBLE), builder_.Integers({1}, {1})});
      Builder::Set(builder_.last(), "keepdims", int64_t{1});
    }
    into.value =
        builder_.Where(builder_.Node("Equal", {x, x}), bucket, builder_.Double(static_cast<double>(count)));
  }

  Status WriteVocabulary(int32_t index, const ProgramNode& node, const transform::Vocabulary& vocabulary,
                         const Value& x, Value& into) {
    if (NodeAt(node.inputs[0]).type != ValueType::kText)
      return Refuse(index, "only vocabularies of text have an ONNX form");
    if (node.num_oov_buckets > 1)
      return Refuse(index, "several out-of-vocabulary buckets need a hash that ONNX has not; use one");
    std::vector<std::string> tokens;
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < vocabulary.size(); ++id) {
      tokens.emplace_back(vocabulary.token(id));
      ids.push_back(id);
      if (!IsUtf8(tokens.back())) return Refuse(index, "a token of its vocabulary is not UTF-8");
    }
    const int64_t unknown = node.num_oov_buckets == 1 ? vocabulary.size() : node.integer;
    if (tokens.empty()) {
      into.value = builder_.Double(static_cast<double>(unknown));
      return OkStatus();
    }
    const std::string id = builder_.Node("LabelEncoder", {x.value}, "ai.onnx.ml");
    Builder::Set(builder_.last(), "keys_strings", tokens);
    Builder::Set(builder_.last(), "values_int64s", ids);
    Builder::Set(builder_.last(), "default_int64", unknown);
    into.value = builder_.Cast(id, TensorProto::DOUBLE);
    return OkStatus();
  }

  Status WriteArithmetic(int32_t index, const ProgramNode& node, Value& into) {
    const std::string x = node.inputs.empty() ? "" : In(node, 0).value;
    const std::string y = node.inputs.size() < 2 ? "" : In(node, 1).value;
    into.presence = AllThere(node);
    switch (node.op) {
      case Operator::kAdd:
        return into.value = builder_.Node("Add", {x, y}), OkStatus();
      case Operator::kSubtract:
        return into.value = builder_.Node("Sub", {x, y}), OkStatus();
      case Operator::kMultiply:
        return into.value = builder_.Node("Mul", {x, y}), OkStatus();
      case Operator::kDivide:
        return into.value = builder_.Node("Div", {x, y}), OkStatus();
      case Operator::kPower:
        return into.value = builder_.Node("Pow", {x, y}), OkStatus();
      case Operator::kModulo:
        return WriteModulo(node, x, y, into), OkStatus();
      case Operator::kMinimum:
      case Operator::kMaximum: {
        const std::string takes_x = builder_.Node(node.op == Operator::kMinimum ? "Less" : "Greater", {x, y});
        const std::string is_nan = Not(builder_.Node("Equal", {x, x}));
        return into.value = builder_.Where(builder_.Node("Or", {takes_x, is_nan}), x, y), OkStatus();
      }
      case Operator::kNegate:
        return into.value = builder_.Node("Neg", {x}), OkStatus();
      case Operator::kAbsolute:
        return into.value = builder_.Node("Abs", {x}), OkStatus();
      case Operator::kLog:
        return into.value = builder_.Node("Log", {x}), OkStatus();
      case Operator::kLog1p:
        return into.value = builder_.Node("Log", {builder_.Node("Add", {x, builder_.Double(1)})}), OkStatus();
      case Operator::kExp:
        return into.value = builder_.Node("Exp", {x}), OkStatus();
      case Operator::kSqrt:
        return into.value = builder_.Node("Sqrt", {x}), OkStatus();
      case Operator::kFloor:
        return Round(builder_.Node("Floor", {x}), into), OkStatus();
      case Operator::kCeil:
        return Round(builder_.Node("Ceil", {x}), into), OkStatus();
      case Operator::kRound:
        return Round(builder_.Node("Round", {x}), into), OkStatus();
      case Operator::kIsNan:
        return into.value = Not(builder_.Node("Equal", {x, x})), OkStatus();
      default:
        return Refuse(index, "it uses a function that ONNX has no operators for");
    }
  }

  /// Floored, with the divisor's sign; an integer modulo 0 is missing.
  void WriteModulo(const ProgramNode& node, const std::string& x, const std::string& y, Value& into) {
    const std::string quotient = builder_.Node("Floor", {builder_.Node("Div", {x, y})});
    into.value = builder_.Node("Sub", {x, builder_.Node("Mul", {quotient, y})});
    if (node.type != ValueType::kInteger) return;
    into.presence = Both(into.presence, Not(builder_.Node("Equal", {y, builder_.Double(0)})));
  }

  const Program& program_;
  Builder& builder_;
  std::vector<Value> values_;
};

}  // namespace

Result<std::string> BuildTransform(const transform::TransformGraph& graph, Builder& builder) {
  return TransformWriter(graph.program(), builder).Matrix();
}

}  // namespace penstock::model::onnx
