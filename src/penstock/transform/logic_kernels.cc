#include "penstock/transform/for_type.h"
#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

template <class T, class Function>
Result<Column> Compare(Inputs inputs, Function&& function) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kBoolean, inputs[0]->size()));
  const T* const x = inputs[0]->Values<T>();
  const T* const y = inputs[1]->Values<T>();
  auto* const to = column.MutableValues<uint8_t>();
  for (int64_t i = 0; i < column.size(); ++i) to[i] = static_cast<uint8_t>(function(x[i], y[i]));
  PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
  return column;
}

Result<Column> ComputeComparison(const Node& node, Inputs inputs) {
  return ForType(inputs[0]->type(), [&](auto zero) -> Result<Column> {
    using T = decltype(zero);
    switch (node.op) {
      case Operator::kLess:
        return Compare<T>(inputs, [](const T& x, const T& y) { return x < y; });
      case Operator::kLessEqual:
        return Compare<T>(inputs, [](const T& x, const T& y) { return x <= y; });
      case Operator::kEqual:
        return Compare<T>(inputs, [](const T& x, const T& y) { return x == y; });
      default:
        return Compare<T>(inputs, [](const T& x, const T& y) { return x != y; });
    }
  });
}

/// Kleene's logic: what is known for any value of the missing one is known. `decides` is
/// the operand that settles the answer alone: false for "and", true for "or".
Result<Column> ComputeConnective(uint8_t decides, Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kBoolean, inputs[0]->size()));
  const uint8_t* const x = inputs[0]->booleans();
  const uint8_t* const y = inputs[1]->booleans();
  auto* const to = column.MutableValues<uint8_t>();
  if (!inputs[0]->has_missing() && !inputs[1]->has_missing()) {
    for (int64_t i = 0; i < column.size(); ++i) to[i] = decides != 0 ? x[i] | y[i] : x[i] & y[i];
    return column;
  }
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  for (int64_t i = 0; i < column.size(); ++i) {
    const bool has_x = inputs[0]->IsPresent(i);
    const bool has_y = inputs[1]->IsPresent(i);
    const bool is_settled = (has_x && x[i] == decides) || (has_y && y[i] == decides);
    to[i] = is_settled ? decides : static_cast<uint8_t>(1 - decides);
    presence[i] = static_cast<uint8_t>(is_settled || (has_x && has_y));
  }
  return column;
}

Result<Column> ComputeNot(Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kBoolean, inputs[0]->size()));
  const uint8_t* const x = inputs[0]->booleans();
  auto* const to = column.MutableValues<uint8_t>();
  for (int64_t i = 0; i < column.size(); ++i) to[i] = static_cast<uint8_t>(x[i] == 0);
  column.SetPresence(inputs[0]->presence_buffer());
  return column;
}

/// out[i] = takes_first(i) ? x[i] : y[i], with its presence.
template <class TakesFirst>
Result<Column> Select(const Column& x, const Column& y, bool has_missing, TakesFirst&& takes_first) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(x.type(), x.size()));
  ForType(x.type(), [&](auto zero) {
    using T = decltype(zero);
    const T* const first = x.Values<T>();
    const T* const second = y.Values<T>();
    T* const to = column.MutableValues<T>();
    for (int64_t i = 0; i < column.size(); ++i) to[i] = takes_first(i) ? first[i] : second[i];
  });
  column.KeepAliveAllOf(x);
  column.KeepAliveAllOf(y);
  if (!has_missing) return column;
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  for (int64_t i = 0; i < column.size(); ++i) {
    presence[i] = static_cast<uint8_t>(takes_first(i) ? x.IsPresent(i) : y.IsPresent(i));
  }
  return column;
}

Result<Column> ComputeIf(Inputs inputs) {
  const Column& condition = *inputs[0];
  const uint8_t* const truth = condition.booleans();
  const bool has_missing = condition.has_missing() || inputs[1]->has_missing() || inputs[2]->has_missing();
  PENSTOCK_ASSIGN_OR_RETURN(
      Column column, Select(*inputs[1], *inputs[2], has_missing, [&](int64_t i) { return truth[i] != 0; }));
  if (!condition.has_missing()) return column;
  // Select has just made this presence: nobody else looks at it yet.
  uint8_t* const presence = column.presence_buffer()->mutable_data();
  for (int64_t i = 0; i < column.size(); ++i) presence[i] &= condition.presence()[i];
  return column;
}

Result<Column> ComputeIsMissing(Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kBoolean, inputs[0]->size()));
  auto* const to = column.MutableValues<uint8_t>();
  for (int64_t i = 0; i < column.size(); ++i) to[i] = static_cast<uint8_t>(!inputs[0]->IsPresent(i));
  return column;
}

}  // namespace

Result<Column> ComputeLogic(const Node& node, Inputs inputs) {
  switch (node.op) {
    case Operator::kAnd:
      return ComputeConnective(0, inputs);
    case Operator::kOr:
      return ComputeConnective(1, inputs);
    case Operator::kNot:
      return ComputeNot(inputs);
    case Operator::kIf:
      return ComputeIf(inputs);
    case Operator::kIsMissing:
      return ComputeIsMissing(inputs);
    case Operator::kCoalesce: {
      const Column& x = *inputs[0];
      if (!x.has_missing()) return x;
      return Select(x, *inputs[1], inputs[1]->has_missing(), [&](int64_t i) { return x.presence()[i] != 0; });
    }
    default:
      return ComputeComparison(node, inputs);
  }
}

}  // namespace penstock::transform
