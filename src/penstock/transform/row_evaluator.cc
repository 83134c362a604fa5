#include "penstock/transform/row_evaluator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "penstock/transform/fingerprint64.h"
#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

float ToFloat(double value) {
  return value > kLargest ? kLargest : value < -kLargest ? -kLargest : static_cast<float>(value);
}

/// Integers wrap round.
int64_t Wrap(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Bits(int64_t value) { return static_cast<uint64_t>(value); }

double FlooredModulo(double x, double y) {
  const double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

int64_t FlooredModulo(int64_t x, int64_t y) {
  if (y == 0 || y == -1) return 0;
  const int64_t rest = x % y;
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

bool SetInteger(double rounded, RowValue& result) {
  result.is_present = rounded >= -0x1p63 && rounded < 0x1p63;
  result.integer = result.is_present ? static_cast<int64_t>(rounded) : 0;
  return result.is_present;
}

template <class T>
bool Compare(Operator op, const T& x, const T& y) {
  switch (op) {
    case Operator::kLess:
      return x < y;
    case Operator::kLessEqual:
      return x <= y;
    case Operator::kEqual:
      return x == y;
    default:
      return x != y;
  }
}

bool IsSupported(Operator op) {
  switch (op) {
    case Operator::kColumn:
    case Operator::kLiteral:
    case Operator::kCast:
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kModulo:
    case Operator::kNegate:
    case Operator::kAbsolute:
    case Operator::kMinimum:
    case Operator::kMaximum:
    case Operator::kPower:
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kNot:
    case Operator::kIf:
    case Operator::kLog:
    case Operator::kLog1p:
    case Operator::kExp:
    case Operator::kSqrt:
    case Operator::kFloor:
    case Operator::kCeil:
    case Operator::kRound:
    case Operator::kIsMissing:
    case Operator::kIsNan:
    case Operator::kCoalesce:
    case Operator::kHash:
    case Operator::kOneHot:
    case Operator::kCross:
    case Operator::kImputeMean:
    case Operator::kImputeMedian:
    case Operator::kZScore:
    case Operator::kMinMax:
    case Operator::kBucketize:
    case Operator::kVocabulary:
    case Operator::kApplyBuckets:
      return true;
    default:
      return false;
  }
}

}  // namespace

Status RowEvaluator::CheckStep(const Program& program, const Node& node) {
  bool is_supported = IsSupported(node.op) && !node.is_list && !node.is_narrow;
  if (node.op == Operator::kCast) {
    const ValueType from = program.nodes[static_cast<size_t>(node.inputs[0])].type;
    // Text is made of whole numbers and truth values only, and read back never.
    is_supported = is_supported && from != ValueType::kText && node.integer == 0 &&
                   !(node.type == ValueType::kText && from == ValueType::kNumber);
  }
  if (node.op == Operator::kModulo && node.integer == kFailsAtZero) {
    // A batch fails at a division by 0, which a row cannot: only a divisor that is never 0 will do.
    const Node& divisor = program.nodes[static_cast<size_t>(node.inputs[1])];
    is_supported = is_supported && divisor.op == Operator::kLiteral && divisor.integer != 0;
  }
  if (node.op == Operator::kHash) is_supported = is_supported && node.integers.empty();
  if (node.op == Operator::kOneHot) is_supported = is_supported && node.numbers.empty();
  if (node.op == Operator::kApplyBuckets) is_supported = is_supported && node.integer == 0;
  return is_supported ? OkStatus()
                      : Unimplemented("'{}' goes by whole batches of examples only", NameOf(node.op));
}

Result<RowEvaluator> RowEvaluator::Make(const TransformGraph& graph) {
  RowEvaluator evaluator;
  // A copy of its own: steps point into it.
  evaluator.program_ = std::make_shared<const Program>(graph.program());
  const Program& program = *evaluator.program_;
  evaluator.inputs_ = graph.input_columns();
  std::vector<int32_t> wanted;
  for (const Program::Output& feature : program.features) wanted.push_back(feature.node);
  const std::vector<bool> needed = NeededFor(program, wanted);
  std::vector<int32_t> slot_of_node(program.nodes.size(), -1);
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    if (!needed[i]) continue;
    const Node& node = program.nodes[i];
    PENSTOCK_RETURN_IF_ERROR(CheckStep(program, node));
    Step step{.node = &node};
    if (node.analysis >= 0) step.analysis = &program.analyses[static_cast<size_t>(node.analysis)];
    for (const int32_t input : node.inputs) step.parts.push_back(slot_of_node[static_cast<size_t>(input)]);
    if (!step.parts.empty()) {
      step.first = step.parts[0];
      step.second = step.parts[std::min<size_t>(1, step.parts.size() - 1)];
      step.third = step.parts[std::min<size_t>(2, step.parts.size() - 1)];
      step.type = program.nodes[static_cast<size_t>(node.inputs[0])].type;
    }
    if (node.op == Operator::kColumn) {
      const auto found = std::find_if(evaluator.inputs_.begin(), evaluator.inputs_.end(),
                                      [&](const InputColumn& input) { return input.name == node.text; });
      step.input = static_cast<int32_t>(found - evaluator.inputs_.begin());
    }
    slot_of_node[i] = static_cast<int32_t>(evaluator.steps_.size());
    evaluator.steps_.push_back(std::move(step));
  }
  for (size_t i = 0; i < program.features.size(); ++i) {
    const FeatureSchema& feature = graph.output_schema()[i];
    evaluator.features_.push_back(
        {slot_of_node[static_cast<size_t>(program.features[i].node)], feature.width, feature.type});
    evaluator.num_columns_ += feature.width;
  }
  evaluator.slots_.resize(evaluator.steps_.size());
  return evaluator;
}

void RowEvaluator::Evaluate(std::span<const RowValue> values, std::span<float> row) {
  for (size_t i = 0; i < steps_.size(); ++i) Run(steps_[i], values, slots_[i]);
  float* at = row.data();
  for (const Feature& feature : features_) {
    const RowValue& value = At(feature.slot);
    if (feature.type == ValueType::kVector) {
      std::fill_n(at, feature.width, 0.0f);
      if (value.is_present && value.integer >= 0 && value.integer < feature.width) at[value.integer] = 1;
    } else if (!value.is_present) {
      *at = std::numeric_limits<float>::quiet_NaN();
    } else {
      *at = feature.type == ValueType::kNumber ? ToFloat(value.number) : static_cast<float>(value.integer);
    }
    at += feature.width;
  }
}

void RowEvaluator::Run(Step& step, std::span<const RowValue> values, RowValue& result) {
  const Node& node = *step.node;
  switch (node.op) {
    case Operator::kColumn:
      result = values[static_cast<size_t>(step.input)];
      return;
    case Operator::kLiteral:
      result = {.is_present = true, .integer = node.integer, .number = node.number, .text = node.text};
      if (node.type == ValueType::kBoolean) result.integer = node.integer != 0 ? 1 : 0;
      return;
    case Operator::kCast:
    case Operator::kHash:
    case Operator::kOneHot:
    case Operator::kCross:
      return RunTokens(step, result);
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kNot:
    case Operator::kIf:
    case Operator::kIsMissing:
    case Operator::kCoalesce:
      return RunLogic(step, result);
    case Operator::kApplyBuckets:
      return RunAnalyzed(step, result);
    default:
      break;
  }
  if (step.analysis != nullptr) return RunAnalyzed(step, result);
  result.is_present = At(step.first).is_present && At(step.second).is_present;
  step.type == ValueType::kInteger ? RunIntegers(step, result) : RunNumbers(step, result);
}

void RowEvaluator::RunNumbers(const Step& step, RowValue& result) const {
  const double x = At(step.first).number, y = At(step.second).number;
  switch (step.node->op) {
    case Operator::kAdd:
      result.number = x + y;
      return;
    case Operator::kSubtract:
      result.number = x - y;
      return;
    case Operator::kMultiply:
      result.number = x * y;
      return;
    case Operator::kDivide:
      result.number = x / y;
      return;
    case Operator::kModulo:
      result.number = FlooredModulo(x, y);
      return;
    case Operator::kPower:
      result.number = std::pow(x, y);
      return;
    case Operator::kMinimum:
      result.number = x < y || x != x ? x : y;
      return;
    case Operator::kMaximum:
      result.number = x > y || x != x ? x : y;
      return;
    case Operator::kNegate:
      result.number = -x;
      return;
    case Operator::kAbsolute:
      result.number = std::fabs(x);
      return;
    case Operator::kLog:
      result.number = std::log(x);
      return;
    case Operator::kLog1p:
      result.number = std::log1p(x);
      return;
    case Operator::kExp:
      result.number = std::exp(x);
      return;
    case Operator::kSqrt:
      result.number = std::sqrt(x);
      return;
    case Operator::kIsNan:
      result.integer = x != x ? 1 : 0;
      return;
    default:
      break;
  }
  if (!result.is_present) return;
  const Operator op = step.node->op;
  SetInteger(op == Operator::kFloor  ? std::floor(x)
             : op == Operator::kCeil ? std::ceil(x)
                                     : std::nearbyint(x),
             result);
}

void RowEvaluator::RunIntegers(const Step& step, RowValue& result) const {
  const int64_t x = At(step.first).integer, y = At(step.second).integer;
  switch (step.node->op) {
    case Operator::kAdd:
      result.integer = Wrap(Bits(x) + Bits(y));
      return;
    case Operator::kSubtract:
      result.integer = Wrap(Bits(x) - Bits(y));
      return;
    case Operator::kMultiply:
      result.integer = Wrap(Bits(x) * Bits(y));
      return;
    case Operator::kModulo:
      result.integer = FlooredModulo(x, y);
      result.is_present = result.is_present && y != 0;
      return;
    case Operator::kMinimum:
      result.integer = std::min(x, y);
      return;
    case Operator::kMaximum:
      result.integer = std::max(x, y);
      return;
    case Operator::kNegate:
      result.integer = Wrap(0 - Bits(x));
      return;
    default:
      result.integer = x < 0 ? Wrap(0 - Bits(x)) : x;
      return;
  }
}

void RowEvaluator::RunLogic(const Step& step, RowValue& result) const {
  const RowValue &x = At(step.first), &y = At(step.second);
  const Operator op = step.node->op;
  switch (op) {
    case Operator::kAnd:
    case Operator::kOr: {
      // Kleene's logic: `decides` is the operand that settles the answer alone.
      const int64_t decides = op == Operator::kOr ? 1 : 0;
      const bool is_settled =
          (x.is_present && x.integer == decides) || (y.is_present && y.integer == decides);
      result.integer = is_settled ? decides : 1 - decides;
      result.is_present = is_settled || (x.is_present && y.is_present);
      return;
    }
    case Operator::kNot:
      result.integer = x.integer == 0 ? 1 : 0;
      result.is_present = x.is_present;
      return;
    case Operator::kIf: {
      const bool is_known = x.is_present;
      result = x.integer != 0 ? y : At(step.third);
      result.is_present = result.is_present && is_known;
      return;
    }
    case Operator::kIsMissing:
      result.integer = x.is_present ? 0 : 1;
      result.is_present = true;
      return;
    case Operator::kCoalesce:
      result = x.is_present ? x : y;
      return;
    default:
      break;
  }
  result.is_present = x.is_present && y.is_present;
  const bool answer = step.type == ValueType::kNumber ? Compare(op, x.number, y.number)
                      : step.type == ValueType::kText ? Compare(op, x.text, y.text)
                                                      : Compare(op, x.integer, y.integer);
  result.integer = answer ? 1 : 0;
}

void RowEvaluator::RunAnalyzed(const Step& step, RowValue& result) const {
  const Node& node = *step.node;
  const RowValue& x = At(step.first);
  const bool is_tft = program_->is_tft_compatible;
  const auto bucket_of = [](const std::vector<double>& boundaries, double value) {
    if (value != value) return static_cast<int64_t>(boundaries.size());
    return static_cast<int64_t>(std::upper_bound(boundaries.begin(), boundaries.end(), value) -
                                boundaries.begin());
  };
  result.is_present = x.is_present;
  switch (node.op) {
    case Operator::kApplyBuckets:
      result.integer = bucket_of(node.numbers, x.number);
      return;
    case Operator::kImputeMean: {
      const auto& moments = std::get<MomentsResult>(step.analysis->result);
      result.number = x.is_present ? x.number : moments.mean;
      result.is_present = x.is_present || moments.num_values > 0;
      return;
    }
    case Operator::kImputeMedian: {
      const auto& median = std::get<MedianResult>(step.analysis->result).median;
      result.number = x.is_present ? x.number : median.value_or(0);
      result.is_present = x.is_present || median.has_value();
      return;
    }
    case Operator::kZScore:
      result.number = ZScoreOf(std::get<MomentsResult>(step.analysis->result), x.number, is_tft);
      return;
    case Operator::kMinMax: {
      const auto& moments = std::get<MomentsResult>(step.analysis->result);
      result.number = MinMaxOf(moments, x.number, node.number, node.output_max, is_tft);
      return;
    }
    case Operator::kBucketize:
      result.integer = bucket_of(std::get<QuantilesResult>(step.analysis->result).boundaries, x.number);
      return;
    default:
      break;
  }
  if (!x.is_present) return;
  const Vocabulary& vocabulary = *std::get<VocabularyResult>(step.analysis->result);
  result.integer = vocabulary.Find(x.text);
  if (result.integer >= 0) return;
  result.integer = node.num_oov_buckets > 0
                       ? vocabulary.size() + static_cast<int64_t>(Fingerprint64(x.text) %
                                                                  static_cast<uint64_t>(node.num_oov_buckets))
                       : node.integer;
}

void RowEvaluator::RunTokens(Step& step, RowValue& result) {
  const Node& node = *step.node;
  const RowValue& x = At(step.first);
  result.is_present = x.is_present;
  switch (node.op) {
    case Operator::kHash:
      result.integer = static_cast<int64_t>(Fingerprint64(x.text) % static_cast<uint64_t>(node.integer));
      return;
    case Operator::kOneHot:
      result.integer = x.integer;
      return;
    case Operator::kCross:
      step.characters.clear();
      for (size_t i = 0; i < step.parts.size(); ++i) {
        if (i > 0) step.characters += "_X_";
        step.characters += At(step.parts[i]).text;
        result.is_present = result.is_present && At(step.parts[i]).is_present;
      }
      result.text = step.characters;
      return;
    default:
      break;
  }
  if (node.type == step.type) {
    result = x;
  } else if (node.type == ValueType::kNumber) {
    result.number = static_cast<double>(x.integer);
  } else if (node.type == ValueType::kInteger) {
    if (step.type == ValueType::kNumber && x.is_present) SetInteger(std::trunc(x.number), result);
    if (step.type == ValueType::kBoolean) result.integer = x.integer;
  } else if (node.type == ValueType::kBoolean) {
    const bool is_number = step.type == ValueType::kNumber;
    result.integer = is_number ? (x.number != 0 ? 1 : 0) : (x.integer != 0 ? 1 : 0);
    result.is_present = x.is_present && !(is_number && x.number != x.number);
  } else if (step.type == ValueType::kBoolean) {
    result.text = x.integer != 0 ? "true" : "false";
  } else {
    step.characters.resize(20);
    char* const begin = step.characters.data();
    const auto end = std::to_chars(begin, begin + step.characters.size(), x.integer);
    result.text = {begin, static_cast<size_t>(end.ptr - begin)};
  }
}

}  // namespace penstock::transform
