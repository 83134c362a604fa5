#include "penstock/combine/column_combiners.h"

#include <charconv>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "penstock/combine/column_numbers.h"

namespace penstock::combine {
namespace {

template <class Accumulator>
Bytes EncodeOne(const Accumulator& state) {
  StateWriter writer;
  state.Encode(writer);
  return std::move(writer).Take();
}

template <class Accumulator>
Result<Accumulator> DecodeOne(std::string_view bytes, std::string_view what) {
  StateReader reader(bytes, what);
  PENSTOCK_ASSIGN_OR_RETURN(Accumulator state, Accumulator::Decode(reader));
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

double WeightAt(const std::vector<double>& weights, int64_t row) {
  return weights.empty() ? 1.0 : weights[static_cast<size_t>(row)];
}

// Calls visit(text) for values [from, to) of a text, bytes, integer or bool array; false for another type.
template <class Visit>
bool VisitTexts(const arrow::Array& array, int64_t from, int64_t to, const Visit& visit) {
  const auto visit_all = [&](const auto& typed, const auto& text_of) {
    for (int64_t i = from; i < to; ++i) {
      if (typed.IsValid(i)) visit(text_of(typed, i));
    }
    return true;
  };
  const auto view = [](const auto& typed, int64_t i) { return std::string_view(typed.GetView(i)); };
  char digits[24];
  const auto decimal = [&](const auto& typed, int64_t i) {
    return std::string_view(
        digits,
        static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, typed.Value(i)).ptr - digits));
  };
  const auto truth = [](const auto& typed, int64_t i) {
    return std::string_view(typed.Value(i) ? "true" : "false");
  };
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return visit_all(static_cast<const arrow::BinaryArray&>(array), view);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return visit_all(static_cast<const arrow::LargeBinaryArray&>(array), view);
    case arrow::Type::INT64:
      return visit_all(static_cast<const arrow::Int64Array&>(array), decimal);
    case arrow::Type::INT32:
      return visit_all(static_cast<const arrow::Int32Array&>(array), decimal);
    case arrow::Type::UINT64:
      return visit_all(static_cast<const arrow::UInt64Array&>(array), decimal);
    case arrow::Type::UINT32:
      return visit_all(static_cast<const arrow::UInt32Array&>(array), decimal);
    case arrow::Type::BOOL:
      return visit_all(static_cast<const arrow::BooleanArray&>(array), truth);
    case arrow::Type::NA:
      return true;
    default:
      return false;
  }
}

template <class Accumulator>
void AddWeighted(const ColumnNumbers& numbers, const std::vector<double>& weights, Accumulator& state) {
  const std::span<const double> values = numbers.values();
  for (size_t i = 0; i < values.size(); ++i) state.Add(values[i], WeightAt(weights, numbers.RowOf(i)));
}

}  // namespace

Status ColumnMoments::Add(const Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const ColumnNumbers numbers, ColumnNumbers::Read(batch, column_));
  state.AddSpan(numbers.values());
  return OkStatus();
}
Status ColumnMoments::Merge(const State& from, State& into) const {
  into.Merge(from);
  return OkStatus();
}
Bytes ColumnMoments::Encode(const State& state) const { return EncodeOne(state); }
Result<Moments> ColumnMoments::Decode(std::string_view bytes) const {
  return DecodeOne<Moments>(bytes, "moments");
}
Digest ColumnMoments::Fingerprint() const {
  return DigestBuilder().Add("column-moments/1").Add(std::string_view(column_)).Finish();
}

Status WeightedColumnMoments::Add(const Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const ColumnNumbers numbers, ColumnNumbers::Read(batch, column_));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, ReadWeights(batch, weight_column_));
  AddWeighted(numbers, weights, state);
  return OkStatus();
}
Status WeightedColumnMoments::Merge(const State& from, State& into) const {
  into.Merge(from);
  return OkStatus();
}
Bytes WeightedColumnMoments::Encode(const State& state) const { return EncodeOne(state); }
Result<WeightedMoments> WeightedColumnMoments::Decode(std::string_view bytes) const {
  return DecodeOne<WeightedMoments>(bytes, "weighted moments");
}
Digest WeightedColumnMoments::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("weighted-column-moments/1")
      .Add(std::string_view(column_))
      .Add(std::string_view(weight_column_));
  return digest.Finish();
}

Status ColumnQuantiles::Add(const Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const ColumnNumbers numbers, ColumnNumbers::Read(batch, column_));
  if (weight_column_.empty()) {
    state.AddSpan(numbers.values());
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, ReadWeights(batch, weight_column_));
  AddWeighted(numbers, weights, state);
  return OkStatus();
}
Bytes ColumnQuantiles::Encode(const State& state) const { return EncodeOne(state); }
Result<QuantileSketch> ColumnQuantiles::Decode(std::string_view bytes) const {
  return DecodeOne<QuantileSketch>(bytes, "quantile sketch");
}
Digest ColumnQuantiles::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("column-quantiles/1")
      .Add(std::string_view(column_))
      .Add(std::string_view(weight_column_))
      .Add(rank_error_);
  return digest.Finish();
}

Status ColumnFrequencies::Add(const Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, FindColumn(batch, column_));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, ReadWeights(batch, weight_column_));
  bool is_countable = true;
  if (array->type_id() == arrow::Type::LIST) {
    const auto& lists = static_cast<const arrow::ListArray&>(*array);
    for (int64_t row = 0; row < lists.length(); ++row) {
      if (lists.IsNull(row)) continue;
      const double weight = WeightAt(weights, row);
      is_countable =
          is_countable && VisitTexts(*lists.values(), lists.value_offset(row), lists.value_offset(row + 1),
                                     [&](std::string_view text) { state.Add(text, 1, weight); });
    }
    is_countable = is_countable && VisitTexts(*lists.values(), 0, 0, [](std::string_view) {});
  } else if (weights.empty()) {
    is_countable = VisitTexts(*array, 0, array->length(), [&](std::string_view text) { state.Add(text); });
  } else {
    for (int64_t row = 0; row < array->length() && is_countable; ++row) {
      is_countable = VisitTexts(*array, row, row + 1,
                                [&](std::string_view text) { state.Add(text, 1, WeightAt(weights, row)); });
    }
  }
  if (is_countable) return OkStatus();
  return InvalidArgument(
      "Values of column '{}' cannot be counted: it is of type {}; text, bytes, integers and booleans can",
      column_, array->type()->ToString());
}

Result<ColumnFrequencies::Output> ColumnFrequencies::Finish(const State& state) const {
  Output output{.num_distinct = state.num_distinct(),
                .total_count = state.total_count(),
                .top = {},
                .is_exact = state.is_exact(),
                .max_undercount = state.max_undercount()};
  for (const Frequencies::Entry& entry : state.TopK(top_k_)) {
    output.top.push_back({std::string(entry.key), entry.count, entry.weight});
  }
  return output;
}
Bytes ColumnFrequencies::Encode(const State& state) const { return EncodeOne(state); }
Result<Frequencies> ColumnFrequencies::Decode(std::string_view bytes) const {
  return DecodeOne<Frequencies>(bytes, "frequencies");
}
Digest ColumnFrequencies::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("column-frequencies/1")
      .Add(std::string_view(column_))
      .Add(std::string_view(weight_column_))
      .Add(top_k_);
  digest.Add(limits_.max_distinct).Add(limits_.max_key_bytes);
  return digest.Finish();
}

Status ColumnHistogram::Add(const Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const ColumnNumbers numbers, ColumnNumbers::Read(batch, column_));
  for (double value : numbers.values()) state.Add(value);
  return OkStatus();
}
Bytes ColumnHistogram::Encode(const State& state) const { return EncodeOne(state); }
Result<EqualWidthHistogram> ColumnHistogram::Decode(std::string_view bytes) const {
  return DecodeOne<EqualWidthHistogram>(bytes, "histogram");
}
Digest ColumnHistogram::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("column-histogram/1").Add(std::string_view(column_)).Add(empty_.low()).Add(empty_.high());
  digest.Add(static_cast<int64_t>(empty_.counts().size()));
  return digest.Finish();
}

}  // namespace penstock::combine
