#include "penstock/model/lowering/value_lowering.h"

#include <cmath>
#include <optional>

#include "penstock/base/utf8.h"
#include "penstock/model/lowering/time_lowering.h"

namespace penstock::model {
namespace {

using transform::Operator;
using transform::ValueType;

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// Those that are one operator everywhere.
std::optional<TensorOp> SameEverywhere(Operator op) {
  switch (op) {
    case Operator::kAdd:
      return TensorOp::kAdd;
    case Operator::kSubtract:
      return TensorOp::kSubtract;
    case Operator::kMultiply:
      return TensorOp::kMultiply;
    case Operator::kDivide:
      return TensorOp::kDivide;
    case Operator::kPower:
      return TensorOp::kPower;
    case Operator::kNegate:
      return TensorOp::kNegate;
    case Operator::kAbsolute:
      return TensorOp::kAbsolute;
    case Operator::kLog:
      return TensorOp::kLog;
    case Operator::kExp:
      return TensorOp::kExp;
    case Operator::kSqrt:
      return TensorOp::kSqrt;
    case Operator::kSigmoid:
      return TensorOp::kSigmoid;
    case Operator::kTanh:
      return TensorOp::kTanh;
    case Operator::kSin:
      return TensorOp::kSin;
    case Operator::kCos:
      return TensorOp::kCos;
    case Operator::kTan:
      return TensorOp::kTan;
    case Operator::kErf:
      return TensorOp::kErf;
    case Operator::kFloorNumber:
      return TensorOp::kFloor;
    case Operator::kCeilNumber:
      return TensorOp::kCeil;
    case Operator::kRoundNumber:
      return TensorOp::kRound;
    default:
      return std::nullopt;
  }
}

class ValueWriter {
 public:
  ValueWriter(const transform::Node& node, const std::vector<OptionalTensor>& inputs,
              const std::vector<ValueType>& types, TensorBuilder& builder)
      : node_(node), inputs_(inputs), types_(types), builder_(builder), logic_(builder) {}

  Result<OptionalTensor> Write() {
    switch (node_.op) {
      case Operator::kLiteral:
        return Literal();
      case Operator::kCast:
        return Cast();
      case Operator::kAnd:
      case Operator::kOr:
        return Connective();
      case Operator::kNot:
        return OptionalTensor{logic_.Not(X()), inputs_[0].presence};
      case Operator::kIf:
        return If();
      case Operator::kCoalesce:
        return Coalesce();
      case Operator::kIsMissing:
        return OptionalTensor{
            inputs_[0].presence.exists() ? logic_.Not(inputs_[0].presence) : builder_.Booleans({false}), {}};
      case Operator::kLess:
      case Operator::kLessEqual:
      case Operator::kEqual:
      case Operator::kNotEqual:
        return Comparison();
      case Operator::kOneHot:
        return OneHot();
      default:
        return node_.type == ValueType::kText || (!types_.empty() && types_[0] == ValueType::kText)
                   ? TextFunction()
                   : Arithmetic();
    }
  }

 private:
  const Tensor& X() const { return inputs_[0].value; }
  const Tensor& Y() const { return inputs_[1].value; }
  Tensor Apply(TensorOp op, const Tensor& x) { return builder_.Apply(op, x); }
  Tensor Apply(TensorOp op, const Tensor& x, const Tensor& y) { return builder_.Apply(op, x, y); }
  Status Has(TensorOp op, Element element = Element::kNumber) const {
    if (builder_.Has(op, element)) return OkStatus();
    return Unimplemented("it uses a function that {} has no operators for", builder_.format());
  }

  Result<OptionalTensor> Literal() {
    switch (node_.type) {
      case ValueType::kInteger:
        return OptionalTensor{builder_.Number(static_cast<double>(node_.integer)), {}};
      case ValueType::kNumber:
        return OptionalTensor{builder_.Number(node_.number), {}};
      case ValueType::kBoolean:
        return OptionalTensor{builder_.Booleans({node_.integer != 0}), {}};
      case ValueType::kText:
        if (!IsUtf8(node_.text)) return Unimplemented("a text in it is not UTF-8");
        return OptionalTensor{builder_.Text(node_.text), {}};
      default:
        return Unimplemented("there is no literal of its type");
    }
  }

  Result<OptionalTensor> TextFunction() {
    std::vector<Tensor> values;
    for (const OptionalTensor& input : inputs_) values.push_back(input.value);
    PENSTOCK_ASSIGN_OR_RETURN(OptionalTensor made, builder_.TextFunction(node_, values));
    made.presence = logic_.Both(made.presence, logic_.AllThere(inputs_));
    return made;
  }

  Result<OptionalTensor> Cast() {
    const ValueType from = types_[0];
    if (from == node_.type) return inputs_[0];
    if (from == ValueType::kText) return TextFunction();
    if (node_.type == ValueType::kText) return ToText(from);
    OptionalTensor into{X(), inputs_[0].presence};
    if (node_.type == ValueType::kBoolean) {
      into.value = logic_.Not(Apply(TensorOp::kEqual, X(), builder_.Number(0)));
      if (from == ValueType::kNumber)
        into.presence = logic_.Both(into.presence, Apply(TensorOp::kEqual, X(), X()));
      return into;
    }
    if (from == ValueType::kBoolean) into.value = builder_.Cast(X(), Element::kNumber);
    if (from == ValueType::kNumber && node_.type == ValueType::kInteger) {
      const Tensor is_below = Apply(TensorOp::kLess, X(), builder_.Number(0));
      return Whole(builder_.Where(is_below, Apply(TensorOp::kCeil, X()), Apply(TensorOp::kFloor, X())));
    }
    return into;
  }

  Result<OptionalTensor> ToText(ValueType from) {
    if (from == ValueType::kBoolean) {
      return OptionalTensor{builder_.Where(X(), builder_.Text("true"), builder_.Text("false")),
                            inputs_[0].presence};
    }
    if (from == ValueType::kNumber)
      return Unimplemented("{} does not write numbers as text as we do", builder_.format());
    // Integers are numbers in other operators; as text they must not get a point.
    const Tensor whole = builder_.Cast(X(), Element::kInteger);
    PENSTOCK_ASSIGN_OR_RETURN(OptionalTensor made, builder_.TextFunction(node_, {&whole, 1}));
    made.presence = inputs_[0].presence;
    return made;
  }

  /// An integer out of a rounded number: missing where int64 has none, or the least one as TensorFlow has it.
  OptionalTensor Whole(const Tensor& rounded) {
    const bool as_tensorflow = node_.op == Operator::kCast && node_.integer == transform::kCastAsTensorFlow;
    const double limit = as_tensorflow && node_.is_narrow ? 0x1p31 : 0x1p63;
    const Tensor fits =
        Apply(TensorOp::kAnd, Apply(TensorOp::kGreaterOrEqual, rounded, builder_.Number(-limit)),
              Apply(TensorOp::kLess, rounded, builder_.Number(limit)));
    const Tensor presence = logic_.AllThere(inputs_);
    if (as_tensorflow) return {builder_.Where(fits, rounded, builder_.Number(-limit)), presence};
    return {builder_.Where(fits, rounded, builder_.Number(0)), logic_.Both(presence, fits)};
  }

  /// Kleene's logic, as transform/logic_kernels.cc has it.
  OptionalTensor Connective() {
    const OptionalTensor &x = inputs_[0], &y = inputs_[1];
    const bool is_or = node_.op == Operator::kOr;
    if (!x.presence.exists() && !y.presence.exists())
      return {Apply(is_or ? TensorOp::kOr : TensorOp::kAnd, x.value, y.value), {}};
    const auto settles = [&](const OptionalTensor& at) {
      const Tensor decides = is_or ? at.value : logic_.Not(at.value);
      return at.presence.exists() ? Apply(TensorOp::kAnd, decides, at.presence) : decides;
    };
    const Tensor settled = Apply(TensorOp::kOr, settles(x), settles(y));
    return {is_or ? settled : logic_.Not(settled),
            Apply(TensorOp::kOr, settled, logic_.Both(x.presence, y.presence))};
  }

  OptionalTensor If() {
    const OptionalTensor &condition = inputs_[0], &x = inputs_[1], &y = inputs_[2];
    OptionalTensor into{builder_.Where(condition.value, x.value, y.value), {}};
    if (x.presence.exists() || y.presence.exists()) {
      into.presence = builder_.Where(condition.value, x.presence.exists() ? x.presence : logic_.True(),
                                     y.presence.exists() ? y.presence : logic_.True());
    }
    into.presence = logic_.Both(into.presence, condition.presence);
    return into;
  }

  OptionalTensor Coalesce() {
    const OptionalTensor &x = inputs_[0], &y = inputs_[1];
    if (!x.presence.exists()) return x;
    return {builder_.Where(x.presence, x.value, y.value),
            y.presence.exists() ? Apply(TensorOp::kOr, x.presence, y.presence) : Tensor{}};
  }

  Result<OptionalTensor> Comparison() {
    const bool is_order = node_.op == Operator::kLess || node_.op == Operator::kLessEqual;
    if (is_order && (types_[0] == ValueType::kText || types_[0] == ValueType::kBoolean))
      return Unimplemented("{} does not order texts or booleans", builder_.format());
    OptionalTensor into{{}, logic_.AllThere(inputs_)};
    const TensorOp op = node_.op == Operator::kLess        ? TensorOp::kLess
                        : node_.op == Operator::kLessEqual ? TensorOp::kLessOrEqual
                                                           : TensorOp::kEqual;
    PENSTOCK_RETURN_IF_ERROR(Has(op, X().element));
    into.value = Apply(op, X(), Y());
    if (node_.op == Operator::kNotEqual) into.value = logic_.Not(into.value);
    return into;
  }

  Result<OptionalTensor> OneHot() {
    if (!node_.numbers.empty())
      return Unimplemented("{} has 1 for what is hot, and 0 for what is not", builder_.format());
    std::vector<double> places;
    for (int64_t i = 0; i < node_.integer; ++i) places.push_back(static_cast<double>(i));
    Tensor hot = Apply(TensorOp::kEqual, X(), builder_.Numbers(places));
    if (inputs_[0].presence.exists()) hot = Apply(TensorOp::kAnd, hot, inputs_[0].presence);
    return OptionalTensor{builder_.Cast(hot, Element::kFloat), {}};
  }

  Result<OptionalTensor> Arithmetic() {
    OptionalTensor into{{}, logic_.AllThere(inputs_)};
    if (const auto same = SameEverywhere(node_.op)) {
      PENSTOCK_RETURN_IF_ERROR(Has(*same));
      into.value = inputs_.size() == 2 ? Apply(*same, X(), Y()) : Apply(*same, X());
      return into;
    }
    switch (node_.op) {
      case Operator::kModulo:
      case Operator::kFloorDivide:
        return FlooredDivision();
      case Operator::kMinimum:
      case Operator::kMaximum: {
        const TensorOp beats = node_.op == Operator::kMinimum ? TensorOp::kLess : TensorOp::kGreater;
        const Tensor takes_x = Apply(TensorOp::kOr, Apply(beats, X(), Y()), logic_.IsNan(X()));
        into.value = builder_.Where(takes_x, X(), Y());
        return into;
      }
      case Operator::kLog1p:
        into.value = builder_.Has(TensorOp::kLog1p, Element::kNumber)
                         ? Apply(TensorOp::kLog1p, X())
                         : Apply(TensorOp::kLog, Apply(TensorOp::kAdd, X(), builder_.Number(1)));
        return into;
      case Operator::kExpm1:
        into.value = builder_.Has(TensorOp::kExpm1, Element::kNumber)
                         ? Apply(TensorOp::kExpm1, X())
                         : Apply(TensorOp::kSubtract, Apply(TensorOp::kExp, X()), builder_.Number(1));
        return into;
      case Operator::kSign: {
        const Tensor below =
            builder_.Where(Apply(TensorOp::kLess, X(), builder_.Number(0)), builder_.Number(-1), X());
        into.value =
            builder_.Where(Apply(TensorOp::kGreater, X(), builder_.Number(0)), builder_.Number(1), below);
        return into;
      }
      case Operator::kFloor:
        return Whole(Apply(TensorOp::kFloor, X()));
      case Operator::kCeil:
        return Whole(Apply(TensorOp::kCeil, X()));
      case Operator::kRound:
        return Whole(Apply(TensorOp::kRound, X()));
      case Operator::kTimePart:
        if (!builder_.has_doubles())
          return Unimplemented("{} has no doubles to count seconds in", builder_.format());
        into.value = LowerTimePart(node_.integer, X(), builder_);
        return into;
      case Operator::kIsNan:
        into.value = logic_.IsNan(X());
        return into;
      default:
        return Unimplemented("it uses a function that {} has no operators for", builder_.format());
    }
  }

  /// The quotient rounded down, or what is left over; for integers, by 0 they are missing.
  OptionalTensor FlooredDivision() {
    const Tensor quotient = Apply(TensorOp::kFloor, Apply(TensorOp::kDivide, X(), Y()));
    OptionalTensor into{quotient, logic_.AllThere(inputs_)};
    if (node_.op == Operator::kModulo)
      into.value = Apply(TensorOp::kSubtract, X(), Apply(TensorOp::kMultiply, quotient, Y()));
    if (node_.type != ValueType::kInteger) return into;
    into.presence = logic_.Both(into.presence, logic_.Not(Apply(TensorOp::kEqual, Y(), builder_.Number(0))));
    return into;
  }

  const transform::Node& node_;
  const std::vector<OptionalTensor>& inputs_;
  const std::vector<ValueType>& types_;
  TensorBuilder& builder_;
  Logic logic_;
};

}  // namespace

Tensor Logic::Both(const Tensor& a, const Tensor& b) {
  if (!a.exists() || a.name == b.name) return b;
  return b.exists() ? builder_.Apply(TensorOp::kAnd, a, b) : a;
}

Tensor Logic::AllThere(const std::vector<OptionalTensor>& inputs) {
  Tensor presence;
  for (const OptionalTensor& input : inputs) presence = Both(presence, input.presence);
  return presence;
}

Result<OptionalTensor> LowerValue(const transform::Node& node, const std::vector<OptionalTensor>& inputs,
                                  const std::vector<ValueType>& types, TensorBuilder& builder) {
  return ValueWriter(node, inputs, types, builder).Write();
}

}  // namespace penstock::model
