#include "penstock/statistics/cross_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include <arrow/array.h>

#include "penstock/base/near_miss.h"
#include "penstock/combine/column_numbers.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

namespace {

constexpr uint8_t kStateVersion = 1;
/// 100 MB of pairs.
constexpr size_t kMaxPairs = size_t{1} << 21;

bool IsNumeric(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::BOOL:
      return true;
    case arrow::Type::LIST:
      return type.field(0)->type()->id() != arrow::Type::LIST && IsNumeric(*type.field(0)->type());
    default:
      return false;
  }
}

/// One value an example; NaN where there are none or several.
Result<std::vector<double>> SingleValues(const combine::Batch& batch, const std::string& column) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto numbers, combine::ColumnNumbers::Read(batch, column));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values(static_cast<size_t>(batch->num_rows()), nan);
  const auto given = numbers.values();
  for (size_t i = 0; i < given.size(); ++i) {
    const int64_t row = numbers.RowOf(i);
    const bool is_single =
        (i == 0 || numbers.RowOf(i - 1) != row) && (i + 1 == given.size() || numbers.RowOf(i + 1) != row);
    if (is_single) values[static_cast<size_t>(row)] = given[i];
  }
  return values;
}

CrossFeatures::Pair MomentsOf(std::span<const double> x, std::span<const double> y) {
  CrossFeatures::Pair pair;
  double sum_x = 0, sum_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) continue;
    ++pair.count;
    sum_x += x[i];
    sum_y += y[i];
  }
  if (pair.count == 0) return pair;
  pair.mean_x = sum_x / static_cast<double>(pair.count);
  pair.mean_y = sum_y / static_cast<double>(pair.count);
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) continue;
    const double dx = x[i] - pair.mean_x, dy = y[i] - pair.mean_y;
    pair.square_x += dx * dx;
    pair.square_y += dy * dy;
    pair.product += dx * dy;
  }
  return pair;
}

void MergePair(const CrossFeatures::Pair& from, CrossFeatures::Pair& into) {
  if (from.count == 0) return;
  if (into.count == 0) {
    into = from;
    return;
  }
  const auto mine = static_cast<double>(into.count), theirs = static_cast<double>(from.count);
  const double dx = from.mean_x - into.mean_x, dy = from.mean_y - into.mean_y;
  const double share = theirs / (mine + theirs);
  into.square_x += from.square_x + dx * dx * (mine * share);
  into.square_y += from.square_y + dy * dy * (mine * share);
  into.product += from.product + dx * dy * (mine * share);
  into.mean_x += dx * share;
  into.mean_y += dy * share;
  into.count += from.count;
}

}  // namespace

Result<CrossFeatures> CrossFeatures::Make(const arrow::Schema& schema, const CrossFeatureOptions& options) {
  CrossFeatures cross;
  const auto find = [&](const std::string& name) -> Result<size_t> {
    const auto known = std::find_if(cross.columns_.begin(), cross.columns_.end(),
                                    [&](const Column& column) { return column.name == name; });
    if (known != cross.columns_.end()) return static_cast<size_t>(known - cross.columns_.begin());
    const int place = schema.GetFieldIndex(name);
    if (place < 0) {
      return NotFound("The feature '{}' of feature_crosses is not in the data{}", name,
                      DidYouMean(name, schema.field_names()));
    }
    if (!IsNumeric(*schema.field(place)->type())) {
      return InvalidArgument("The feature '{}' of feature_crosses is {}; only numbers can be crossed", name,
                             schema.field(place)->type()->ToString());
    }
    cross.columns_.push_back({name, place});
    return cross.columns_.size() - 1;
  };
  for (const auto& [x, y] : options.feature_crosses) {
    PENSTOCK_ASSIGN_OR_RETURN(const size_t place_x, find(x));
    PENSTOCK_ASSIGN_OR_RETURN(const size_t place_y, find(y));
    cross.crosses_.push_back({place_x, place_y});
  }
  if (!options.feature_crosses.empty()) return cross;
  for (int place = 0; place < schema.num_fields(); ++place) {
    if (IsNumeric(*schema.field(place)->type()))
      cross.columns_.push_back({schema.field(place)->name(), place});
  }
  std::sort(cross.columns_.begin(), cross.columns_.end(),
            [](const Column& a, const Column& b) { return a.name < b.name; });
  const size_t num_columns = cross.columns_.size();
  if (num_columns * num_columns / 2 > kMaxPairs) {
    return InvalidArgument(
        "There are {} numeric features, too many to cross each with each; name the pairs in feature_crosses",
        num_columns);
  }
  for (size_t x = 0; x < num_columns; ++x)
    for (size_t y = x + 1; y < num_columns; ++y) cross.crosses_.push_back({x, y});
  return cross;
}

CrossFeatures::State CrossFeatures::NewState() const {
  return {std::vector<Pair>(crosses_.size()), std::vector<uint8_t>(columns_.size(), 0)};
}

Status CrossFeatures::Add(const combine::Batch& batch, State& state) const {
  std::vector<std::vector<double>> values;
  for (size_t i = 0; i < columns_.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(values.emplace_back(), SingleValues(batch, columns_[i].name));
    const bool has_any = std::any_of(values.back().begin(), values.back().end(),
                                     [](double value) { return !std::isnan(value); });
    state.has_values[i] = state.has_values[i] | static_cast<uint8_t>(has_any);
  }
  for (size_t i = 0; i < crosses_.size(); ++i)
    MergePair(MomentsOf(values[crosses_[i].x], values[crosses_[i].y]), state.pairs[i]);
  return OkStatus();
}

Status CrossFeatures::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < crosses_.size(); ++i) MergePair(from.pairs[i], into.pairs[i]);
  for (size_t i = 0; i < columns_.size(); ++i) into.has_values[i] = into.has_values[i] | from.has_values[i];
  return OkStatus();
}

Result<CrossFeatures::Output> CrossFeatures::Finish(const State& state) const {
  Output output;
  for (size_t i = 0; i < crosses_.size(); ++i) {
    const auto [x, y] = crosses_[i];
    if (state.has_values[x] == 0 || state.has_values[y] == 0) continue;
    const Pair& pair = state.pairs[i];
    auto& cross = *output.add_cross_features();
    cross.mutable_path_x()->add_step(columns_[x].name);
    cross.mutable_path_y()->add_step(columns_[y].name);
    cross.set_count(static_cast<uint64_t>(pair.count));
    if (pair.count == 0) continue;
    auto& numbers = *cross.mutable_num_cross_stats();
    numbers.set_covariance(static_cast<float>(pair.product / static_cast<double>(pair.count)));
    if (pair.square_x > 0 && pair.square_y > 0) {
      // The roots apart, so that the product of two large sums cannot overflow.
      const double correlation = pair.product / std::sqrt(pair.square_x) / std::sqrt(pair.square_y);
      numbers.set_correlation(static_cast<float>(correlation));
    }
  }
  return output;
}

combine::Bytes CrossFeatures::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion).Varint(state.pairs.size());
  for (const Pair& pair : state.pairs) {
    WriteCount(pair.count, writer);
    for (const double value : {pair.mean_x, pair.mean_y, pair.square_x, pair.square_y, pair.product})
      writer.Double(value);
  }
  for (const uint8_t has_values : state.has_values) writer.Byte(has_values);
  return std::move(writer).Take();
}

Result<CrossFeatures::State> CrossFeatures::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "CrossFeatures");
  reader.Version(kStateVersion);
  if (reader.Count(1) != crosses_.size()) reader.Fail("the number of crosses is another one");
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  State state = NewState();
  for (Pair& pair : state.pairs) {
    pair.count = ReadCount(reader);
    for (double* value : {&pair.mean_x, &pair.mean_y, &pair.square_x, &pair.square_y, &pair.product})
      *value = reader.Double();
  }
  for (uint8_t& has_values : state.has_values) has_values = reader.Byte() != 0 ? 1 : 0;
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest CrossFeatures::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("CrossFeatures").Add(int64_t{kStateVersion});
  for (const Column& column : columns_) builder.Add(column.name).Add(int64_t{column.place});
  for (const Cross& cross : crosses_)
    builder.Add(static_cast<int64_t>(cross.x)).Add(static_cast<int64_t>(cross.y));
  return builder.Finish();
}

static_assert(combine::Combiner<CrossFeatures>);

}  // namespace penstock::statistics
