#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

/// out[i] = function(x[i]) for every row, missing ones too: their values are never looked at,
/// and a loop without branches is the faster one.
template <class From, class To, class Function>
Result<Column> Map(ValueType type, Inputs inputs, Function&& function) {
  const Column& x = *inputs[0];
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(type, x.size()));
  const From* const from = x.Values<From>();
  To* const to = column.MutableValues<To>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = function(from[i]);
  PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
  return column;
}

template <class T, class Function>
Result<Column> Map2(ValueType type, Inputs inputs, Function&& function) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(type, inputs[0]->size()));
  const T* const x = inputs[0]->Values<T>();
  const T* const y = inputs[1]->Values<T>();
  T* const to = column.MutableValues<T>();
  for (int64_t i = 0; i < column.size(); ++i) to[i] = function(x[i], y[i]);
  PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
  return column;
}

// Integers wrap round, as TensorFlow's do; in C++ only unsigned ones may.
int64_t Wrap(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Bits(int64_t value) { return static_cast<uint64_t>(value); }

int64_t FlooredModulo(int64_t x, int64_t y) {
  if (y == 0 || y == -1) return 0;
  const int64_t rest = x % y;
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

int64_t FlooredQuotient(int64_t x, int64_t y) {
  if (y == 0) return 0;
  if (y == -1) return Wrap(0 - Bits(x));
  const int64_t quotient = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}

double FlooredModulo(double x, double y) {
  const double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

/// x % y or x // y.
Result<Column> DivideIntegers(const Node& node, Inputs inputs) {
  const bool is_modulo = node.op == Operator::kModulo;
  PENSTOCK_ASSIGN_OR_RETURN(Column column,
                            Map2<int64_t>(ValueType::kInteger, inputs, [&](int64_t x, int64_t y) {
                              return is_modulo ? FlooredModulo(x, y) : FlooredQuotient(x, y);
                            }));
  const int64_t* const divisors = inputs[1]->integers();
  bool has_zero = false;
  for (int64_t i = 0; i < column.size(); ++i) has_zero |= divisors[i] == 0;
  if (!has_zero) return column;
  for (int64_t i = 0; i < column.size() && node.integer == kFailsAtZero; ++i) {
    if (divisors[i] == 0 && column.IsPresent(i))
      return InvalidArgument("Value {} of a batch of examples is {} divided by 0, which is no integer", i + 1,
                             inputs[0]->integers()[i]);
  }
  // There is no integer for a division by 0: it is missing.
  const std::shared_ptr<arrow::Buffer> before = column.presence_buffer();
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  for (int64_t i = 0; i < column.size(); ++i) {
    presence[i] = static_cast<uint8_t>((before == nullptr || before->data()[i] != 0) && divisors[i] != 0);
  }
  return column;
}

Result<Column> ComputeInteger(const Node& node, Inputs inputs) {
  constexpr ValueType kType = ValueType::kInteger;
  switch (node.op) {
    case Operator::kAdd:
      return Map2<int64_t>(kType, inputs, [](int64_t x, int64_t y) { return Wrap(Bits(x) + Bits(y)); });
    case Operator::kSubtract:
      return Map2<int64_t>(kType, inputs, [](int64_t x, int64_t y) { return Wrap(Bits(x) - Bits(y)); });
    case Operator::kMultiply:
      return Map2<int64_t>(kType, inputs, [](int64_t x, int64_t y) { return Wrap(Bits(x) * Bits(y)); });
    case Operator::kModulo:
    case Operator::kFloorDivide:
      return DivideIntegers(node, inputs);
    case Operator::kMinimum:
      return Map2<int64_t>(kType, inputs, [](int64_t x, int64_t y) { return x < y ? x : y; });
    case Operator::kMaximum:
      return Map2<int64_t>(kType, inputs, [](int64_t x, int64_t y) { return x > y ? x : y; });
    case Operator::kNegate:
      return Map<int64_t, int64_t>(kType, inputs, [](int64_t x) { return Wrap(0 - Bits(x)); });
    case Operator::kAbsolute:
      return Map<int64_t, int64_t>(kType, inputs, [](int64_t x) { return x < 0 ? Wrap(0 - Bits(x)) : x; });
    default:
      return Internal("No integer form of {}", NameOf(node.op));
  }
}

/// The integer `round(x)`, missing where there is none (NaN, or beyond int64).
template <class Function>
Result<Column> RoundToInteger(Inputs inputs, Function&& round) {
  const Column& x = *inputs[0];
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  const double* const from = x.numbers();
  auto* const to = column.MutableValues<int64_t>();
  bool fits = true;
  for (int64_t i = 0; i < x.size(); ++i) {
    const double rounded = round(from[i]);
    const bool fits_here = rounded >= -0x1p63 && rounded < 0x1p63;
    to[i] = fits_here ? static_cast<int64_t>(rounded) : 0;
    fits &= fits_here;
  }
  if (fits) {
    PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
    return column;
  }
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  for (int64_t i = 0; i < x.size(); ++i) {
    const double rounded = round(from[i]);
    presence[i] = static_cast<uint8_t>(x.IsPresent(i) && rounded >= -0x1p63 && rounded < 0x1p63);
  }
  return column;
}

/// Below it TensorFlow's float32 takes numbers for 0.
constexpr double kLeastNormal = std::numeric_limits<float>::min();

double NarrowLog(double x) {
  // What comes of the exponent alone, where the digits are taken for 0.
  constexpr double kLogOfDenormal = -150 * M_LN2;
  return x > 0 && x < kLeastNormal ? kLogOfDenormal : std::log(x);
}

Result<Column> ComputeNumber(const Node& node, Inputs inputs) {
  constexpr ValueType kType = ValueType::kNumber;
  switch (node.op) {
    case Operator::kAdd:
      return Map2<double>(kType, inputs, [](double x, double y) { return x + y; });
    case Operator::kSubtract:
      return Map2<double>(kType, inputs, [](double x, double y) { return x - y; });
    case Operator::kMultiply:
      return Map2<double>(kType, inputs, [](double x, double y) { return x * y; });
    case Operator::kDivide:
      return Map2<double>(kType, inputs, [](double x, double y) { return x / y; });
    case Operator::kModulo:
      return Map2<double>(kType, inputs, [](double x, double y) { return FlooredModulo(x, y); });
    case Operator::kPower:
      return Map2<double>(kType, inputs, [](double x, double y) { return std::pow(x, y); });
    // A NaN on either side wins, as in TensorFlow.
    case Operator::kMinimum:
      return Map2<double>(kType, inputs, [](double x, double y) { return x < y || x != x ? x : y; });
    case Operator::kMaximum:
      return Map2<double>(kType, inputs, [](double x, double y) { return x > y || x != x ? x : y; });
    case Operator::kNegate:
      return Map<double, double>(kType, inputs, [](double x) { return -x; });
    case Operator::kAbsolute:
      return Map<double, double>(kType, inputs, [](double x) { return std::fabs(x); });
    case Operator::kLog:
      if (node.is_narrow) return Map<double, double>(kType, inputs, NarrowLog);
      return Map<double, double>(kType, inputs, [](double x) { return std::log(x); });
    case Operator::kLog1p:
      return Map<double, double>(kType, inputs, [](double x) { return std::log1p(x); });
    case Operator::kExp:
      return Map<double, double>(kType, inputs, [](double x) { return std::exp(x); });
    case Operator::kSigmoid:
      return Map<double, double>(kType, inputs, [](double x) { return 1 / (1 + std::exp(-x)); });
    case Operator::kTanh:
      return Map<double, double>(kType, inputs, [](double x) { return std::tanh(x); });
    case Operator::kSign: {
      const double least = node.is_narrow ? kLeastNormal : 0;
      return Map<double, double>(kType, inputs, [=](double x) {
        if (std::fabs(x) < least) return 0.0;
        return x > 0 ? 1.0 : x < 0 ? -1.0 : x;
      });
    }
    case Operator::kSin:
      return Map<double, double>(kType, inputs, [](double x) { return std::sin(x); });
    case Operator::kCos:
      return Map<double, double>(kType, inputs, [](double x) { return std::cos(x); });
    case Operator::kTan:
      return Map<double, double>(kType, inputs, [](double x) { return std::tan(x); });
    case Operator::kExpm1:
      return Map<double, double>(kType, inputs, [](double x) { return std::expm1(x); });
    case Operator::kErf:
      return Map<double, double>(kType, inputs, [](double x) { return std::erf(x); });
    case Operator::kFloorDivide:
      return Map2<double>(kType, inputs, [](double x, double y) { return std::floor(x / y); });
    case Operator::kFloorNumber:
      return Map<double, double>(kType, inputs, [](double x) { return std::floor(x); });
    case Operator::kCeilNumber:
      return Map<double, double>(kType, inputs, [](double x) { return std::ceil(x); });
    // Half to even.
    case Operator::kRoundNumber:
      return Map<double, double>(kType, inputs, [](double x) { return std::nearbyint(x); });
    case Operator::kSqrt:
      return Map<double, double>(kType, inputs, [](double x) { return std::sqrt(x); });
    case Operator::kFloor:
      return RoundToInteger(inputs, [](double x) { return std::floor(x); });
    case Operator::kCeil:
      return RoundToInteger(inputs, [](double x) { return std::ceil(x); });
    // Half to even.
    case Operator::kRound:
      return RoundToInteger(inputs, [](double x) { return std::nearbyint(x); });
    case Operator::kIsNan:
      return Map<double, uint8_t>(ValueType::kBoolean, inputs,
                                  [](double x) { return static_cast<uint8_t>(x != x); });
    default:
      return Internal("No number form of {}", NameOf(node.op));
  }
}

}  // namespace

Result<Column> ComputeArithmetic(const Node& node, Inputs inputs) {
  return inputs[0]->type() == ValueType::kInteger ? ComputeInteger(node, inputs)
                                                  : ComputeNumber(node, inputs);
}

}  // namespace penstock::transform
