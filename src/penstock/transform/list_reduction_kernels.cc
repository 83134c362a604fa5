#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "penstock/transform/for_type.h"
#include "penstock/transform/kernels.h"
#include "penstock/transform/list_builder.h"
#include "penstock/transform/narrow_sum.h"

namespace penstock::transform {
namespace {

/// The one value of each list; missing where there is none.
Result<Column> Only(const Column& x) {
  if (!x.is_list()) return x;
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(x.type(), x.num_rows()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(0));
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    if (range.end - range.begin > 1) {
      return InvalidArgument("only(..) takes lists of at most one value, but example {} of a batch has {}",
                             row + 1, range.end - range.begin);
    }
    presence[row] = range.end > range.begin && x.IsPresent(range.begin) ? 1 : 0;
  }
  ForType(x.type(), [&](auto zero) {
    using T = decltype(zero);
    for (int64_t row = 0; row < x.num_rows(); ++row)
      column.MutableValues<T>()[row] = presence[row] != 0 ? x.Values<T>()[RangeOf(x, row).begin] : T{};
  });
  column.KeepAliveAllOf(x);
  return column;
}

/// Without missing ones.
Result<Column> Sizes(const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.num_rows()));
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    int64_t size = range.end - range.begin;
    for (int64_t i = range.begin; i < range.end && x.has_missing(); ++i) size -= x.IsPresent(i) ? 0 : 1;
    column.MutableValues<int64_t>()[row] = size;
  }
  return column;
}

/// One number of each list; NaN in, NaN out. The sum of none is 0; a mean or extreme of none is missing.
Result<Column> Reduce(const Node& node, const Column& x) {
  const Operator op = node.op;
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.num_rows()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  std::vector<float> narrow;
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    int64_t size = 0;
    narrow.clear();
    double sum = 0;
    double least = HUGE_VAL;
    double most = -HUGE_VAL;
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (!x.IsPresent(i)) continue;
      const double value = x.numbers()[i];
      ++size;
      sum += value;
      if (node.is_narrow) narrow.push_back(static_cast<float>(value));
      // A NaN stays: nothing is below or above it.
      if (value < least || value != value) least = value;
      if (value > most || value != value) most = value;
    }
    if (node.is_narrow) sum = AddUpInLanes<float>(narrow);
    double& to = column.MutableValues<double>()[row];
    to = op == Operator::kListSum    ? sum
         : op == Operator::kListMean ? sum / static_cast<double>(size)
                                     : (op == Operator::kListMinimum ? least : most);
    if (size == 0 && op != Operator::kListSum) presence[row] = 0;
  }
  return column;
}

/// The product of the values of each list, 1 of none; integers wrap round.
Result<Column> Product(const Node& node, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(x.type(), x.num_rows()));
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    uint64_t whole = 1;
    double number = 1;
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (!x.IsPresent(i)) continue;
      if (x.type() == ValueType::kInteger) {
        whole *= static_cast<uint64_t>(x.integers()[i]);
      } else {
        number *= x.numbers()[i];
        if (node.is_narrow) number = static_cast<float>(number);
      }
    }
    if (x.type() == ValueType::kInteger) {
      column.MutableValues<int64_t>()[row] = static_cast<int64_t>(whole);
    } else {
      column.MutableValues<double>()[row] = number;
    }
  }
  return column;
}

/// The numbers of each vector, as a list.
Result<Column> ValuesOfVectors(const Column& x) {
  const int64_t width = x.width();
  ListBuilder<double> lists(ValueType::kNumber, x.num_rows());
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    for (int64_t i = 0; i < width && x.IsPresent(row); ++i)
      lists.Add(static_cast<double>(x.vectors()[row * width + i]));
    lists.EndRow();
  }
  return lists.Finish();
}

/// The place of the first greatest (least) value, from 0; NaN is passed over. Missing for an empty list.
Result<Column> PlaceOfExtreme(const Column& x, bool is_greatest) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.num_rows()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  const double sign = is_greatest ? 1 : -1;
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    int64_t best = range.begin;
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (sign * x.numbers()[i] > sign * x.numbers()[best] || x.numbers()[best] != x.numbers()[best])
        best = i;
    }
    column.MutableValues<int64_t>()[row] = best - range.begin;
    presence[row] = range.end > range.begin ? 1 : 0;
  }
  return column;
}

/// The value at a place from 0; missing where there is none.
Result<Column> ElementAt(const Column& x, const Column& places) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.num_rows()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(0));
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    const ValueRange of_place = RangeOf(places, row);
    column.MutableValues<double>()[row] = 0;
    if (of_place.end - of_place.begin != 1) continue;
    const int64_t place = places.integers()[of_place.begin];
    if (place < 0 || place >= range.end - range.begin || !x.IsPresent(range.begin + place)) continue;
    column.MutableValues<double>()[row] = x.numbers()[range.begin + place];
    presence[row] = 1;
  }
  return column;
}

/// All texts of each list, one after the other.
Result<Column> JoinTexts(const Node& node, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kText, x.num_rows()));
  auto kept = std::make_shared<std::vector<std::string>>(static_cast<size_t>(x.num_rows()));
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    std::string& joined = (*kept)[static_cast<size_t>(row)];
    const ValueRange range = RangeOf(x, row);
    bool is_first = true;
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (!x.IsPresent(i)) continue;
      if (!is_first) joined += node.second_text;
      joined += x.texts()[i];
      is_first = false;
    }
    column.MutableValues<std::string_view>()[row] = joined;
  }
  column.KeepAlive(std::move(kept));
  return column;
}

}  // namespace

Result<Column> ReduceLists(const Node& node, Inputs inputs) {
  const Column& x = *inputs[0];
  switch (node.op) {
    case Operator::kListSize:
      return Sizes(x);
    case Operator::kListArgmax:
    case Operator::kListArgmin:
      return PlaceOfExtreme(x, node.op == Operator::kListArgmax);
    case Operator::kListJoin:
      return JoinTexts(node, x);
    case Operator::kListProduct:
      return Product(node, x);
    case Operator::kVectorValues:
      return ValuesOfVectors(x);
    case Operator::kOnly:
      return Only(x);
    case Operator::kElement:
      return ElementAt(x, *inputs[1]);
    default:
      return Reduce(node, x);
  }
}

}  // namespace penstock::transform
