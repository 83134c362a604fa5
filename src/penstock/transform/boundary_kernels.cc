#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "penstock/transform/kernels.h"
#include "penstock/transform/list_builder.h"

namespace penstock::transform {
namespace {

template <class To, class Function>
Result<Column> MapNumbers(ValueType type, const Column& x, Function&& function) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(type, x.size()));
  const double* const from = x.numbers();
  To* const to = column.MutableValues<To>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = function(from[i]);
  column.SetPresence(x.presence_buffer());
  return column;
}

/// Where x lies among rising boundaries: 0 at or below the first, 1 at or above the last, between two of
/// them by its share. NaN is in the middle, but 1 where there is one boundary alone: TFT's rule.
double Interpolate(const std::vector<double>& boundaries, double x) {
  if (boundaries.empty()) return std::nan("");
  if (boundaries.size() == 1) return x < boundaries[0] ? 0 : 1;
  if (x != x) return 0.5;
  if (x < boundaries.front()) return 0;
  if (x >= boundaries.back()) return 1;
  const auto above = std::upper_bound(boundaries.begin(), boundaries.end(), x);
  const double low = *(above - 1);
  const auto bucket = static_cast<double>(above - boundaries.begin() - 1);
  return (bucket + (x - low) / (*above - low)) / static_cast<double>(boundaries.size() - 1);
}

std::vector<double> FiniteOf(const std::vector<double>& boundaries) {
  std::vector<double> finite;
  std::copy_if(boundaries.begin(), boundaries.end(), std::back_inserter(finite),
               [](double boundary) { return std::isfinite(boundary); });
  return finite;
}

/// TFT's bucketize_per_key lays the boundaries of all keys on one line, those of key number j stretched to
/// [j, j + 1], so that one search does for all. What comes of it for key j, in the float32 that it has:
class JoinedBoundaries {
 public:
  JoinedBoundaries(const KeyedQuantilesResult& quantiles, int64_t num_buckets)
      : quantiles_(quantiles), last_bucket_(num_buckets - 1), rows_(quantiles.keys.size()) {}

  int64_t BucketOf(size_t key, double x) {
    const Row& row = RowOf(key);
    const float moved = static_cast<float>(x) * row.scale + row.shift;
    if (moved != moved) return last_bucket_;
    // With one boundary alone there are none on the line but its begin.
    const bool has_own = last_bucket_ > 1;
    float first = 0;
    if (key > 0 && has_own && !RowOf(key - 1).boundaries.empty()) first = RowOf(key - 1).boundaries.back();
    int64_t bucket = first <= moved ? 1 : 0;
    for (const float boundary : row.boundaries) bucket += boundary <= moved ? 1 : 0;
    return std::min(bucket, last_bucket_);
  }

 private:
  struct Row {
    float scale = 1;
    float shift = 0;
    std::vector<float> boundaries;  // But the first.
  };

  const Row& RowOf(size_t key) {
    std::optional<Row>& row = rows_[key];
    if (row.has_value()) return *row;
    row.emplace();
    const std::vector<float> rising = Rising(quantiles_.values[key].boundaries);
    const float difference = rising.back() - rising.front();
    if (difference != 0) row->scale = 1.0F / difference;
    row->shift = static_cast<float>(key) - rising.front() * row->scale;
    for (size_t i = 1; i < rising.size(); ++i) row->boundaries.push_back(rising[i] * row->scale + row->shift);
    return *row;
  }

  /// Equal boundaries are moved apart by a millionth of their range.
  static std::vector<float> Rising(const std::vector<double>& boundaries) {
    std::vector<float> rising;
    for (const double boundary : boundaries) rising.push_back(static_cast<float>(boundary));
    if (rising.empty()) rising.push_back(0);
    float least = 1e-6F * (rising.back() - rising.front());
    if (!(least > 0)) least = 1e-6F;
    float sum = 0;
    const std::vector<float> before = rising;
    for (size_t i = 1; i < rising.size(); ++i) {
      sum += std::max(before[i] - before[i - 1], least);
      rising[i] = sum + before[0];
    }
    return rising;
  }

  const KeyedQuantilesResult& quantiles_;
  const int64_t last_bucket_;
  std::vector<std::optional<Row>> rows_;
};

Result<Column> BucketizePerKey(const Node& node, const Analysis& analysis, Inputs inputs) {
  const auto& quantiles = std::get<KeyedQuantilesResult>(analysis.result);
  const Column& x = *inputs[0];
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  JoinedBoundaries joined(quantiles, analysis.num_buckets);
  const bool is_joined = node.integer != 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t key = inputs[1]->IsPresent(i) ? quantiles.Find(inputs[1]->texts()[i]) : -1;
    int64_t& to = column.MutableValues<int64_t>()[i];
    to = -1;
    if (key < 0) continue;
    const std::vector<double>& boundaries = quantiles.values[static_cast<size_t>(key)].boundaries;
    const double value = x.numbers()[i];
    if (is_joined) {
      to = joined.BucketOf(static_cast<size_t>(key), value);
    } else if (value != value) {
      to = analysis.num_buckets - 1;
    } else {
      to = std::upper_bound(boundaries.begin(), boundaries.end(), value) - boundaries.begin();
    }
  }
  PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
  return column;
}

/// Of keys "0", "1" ...: what kPosition made of lists of one length.
std::vector<double> ByPosition(const KeyedQuantilesResult& quantiles) {
  std::vector<double> values;
  for (size_t i = 0; i < quantiles.keys.size(); ++i) {
    const int64_t place = quantiles.Find(std::to_string(i));
    if (place < 0) continue;
    const std::vector<double>& boundaries = quantiles.values[static_cast<size_t>(place)].boundaries;
    values.insert(values.end(), boundaries.begin(), boundaries.end());
  }
  return values;
}

}  // namespace

Result<Column> ComputeBuckets(const std::vector<double>& boundaries, const Column& x) {
  const auto last = static_cast<int64_t>(boundaries.size());
  constexpr size_t kMostToCount = 16;
  if (boundaries.size() <= kMostToCount) {
    // Counting is a loop without branches; a NaN is above nothing, so it is put last.
    return MapNumbers<int64_t>(ValueType::kInteger, x, [&](double v) {
      int64_t bucket = 0;
      for (const double boundary : boundaries) bucket += boundary <= v ? 1 : 0;
      return v != v ? last : bucket;
    });
  }
  return MapNumbers<int64_t>(ValueType::kInteger, x, [&](double v) {
    if (v != v) return last;
    return static_cast<int64_t>(std::upper_bound(boundaries.begin(), boundaries.end(), v) -
                                boundaries.begin());
  });
}

Result<Column> ComputeBoundaries(const Node& node, Inputs inputs) {
  const Column& x = *inputs[0];
  if (node.op == Operator::kInterpolate) {
    const std::vector<double> finite = FiniteOf(node.numbers);
    return MapNumbers<double>(ValueType::kNumber, x, [&](double v) { return Interpolate(finite, v); });
  }
  if (node.integer == 0) return ComputeBuckets(node.numbers, x);
  // What lies on a boundary goes left, and NaN first, as in TFT's histogram.
  return MapNumbers<int64_t>(ValueType::kInteger, x, [&](double v) {
    return static_cast<int64_t>(std::lower_bound(node.numbers.begin(), node.numbers.end(), v) -
                                node.numbers.begin());
  });
}

Result<Column> ComputeFromQuantiles(const Node& node, const Analysis& analysis, Inputs inputs, bool) {
  switch (node.op) {
    case Operator::kBoundaries:
      return RepeatList(std::get<QuantilesResult>(analysis.result).boundaries, inputs[0]->num_rows());
    case Operator::kBoundariesByPosition:
      return RepeatList(ByPosition(std::get<KeyedQuantilesResult>(analysis.result)), inputs[0]->num_rows());
    case Operator::kInterpolateQuantiles: {
      const std::vector<double> finite = FiniteOf(std::get<QuantilesResult>(analysis.result).boundaries);
      return MapNumbers<double>(ValueType::kNumber, *inputs[0],
                                [&](double v) { return Interpolate(finite, v); });
    }
    case Operator::kBucketizePerKey:
      return BucketizePerKey(node, analysis, inputs);
    default:
      return Internal("{} applies no quantiles", NameOf(node.op));
  }
}

}  // namespace penstock::transform
