#include <algorithm>
#include <cmath>

#include <arrow/buffer.h>

#include "penstock/base/arrow_status.h"
#include "penstock/transform/kernels.h"
#include "penstock/transform/tukey.h"

namespace penstock::transform {
namespace {

double StatisticOf(const MomentsResult& moments, Statistic statistic) {
  switch (statistic) {
    case Statistic::kMean:
      return moments.mean;
    case Statistic::kVariance:
      return moments.variance;
    case Statistic::kMinimum:
      return moments.minimum;
    case Statistic::kMaximum:
      return moments.maximum;
    case Statistic::kSum:
      return moments.sum;
    case Statistic::kCount:
      return static_cast<double>(moments.num_present);
    case Statistic::kTukeyLocation:
      return moments.tukey_location;
    case Statistic::kTukeyScale:
      return moments.tukey_scale;
    case Statistic::kTukeyLeft:
      return moments.tukey_left;
    case Statistic::kTukeyRight:
      return moments.tukey_right;
  }
  return 0;
}

/// (x - location) / scale on the bell curve: by L-moments where there are long tails, else the z-score.
double GaussianOf(const MomentsResult& moments, double x, bool is_tft) {
  const bool is_long_tailed = moments.tukey_left > 0 || moments.tukey_right > 0;
  const double scale = is_long_tailed ? moments.tukey_scale : std::sqrt(moments.variance);
  const double centred = x - moments.tukey_location;
  if (!(scale > 0) && !is_tft) return x != x ? centred : 0;
  return InverseTukey(scale > 0 ? centred / scale : centred, moments.tukey_left, moments.tukey_right);
}

/// Keys "0", "1" ... for as long as they are there: what kPosition made of lists of one length.
std::vector<double> ByPosition(const KeyedMomentsResult& keyed, Statistic statistic) {
  std::vector<double> values;
  for (size_t i = 0; i < keyed.keys.size(); ++i) {
    const int64_t place = keyed.Find(std::to_string(i));
    if (place >= 0) values.push_back(StatisticOf(keyed.values[static_cast<size_t>(place)], statistic));
  }
  return values;
}

/// What `function` makes of x and the moments of its key; those of no value for a key never seen.
template <class Function>
Result<Column> MapByKey(const KeyedMomentsResult& keyed, Inputs inputs, Function&& function) {
  const Column& x = *inputs[0];
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.size()));
  const MomentsResult unseen;
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t place = inputs[1]->IsPresent(i) ? keyed.Find(inputs[1]->texts()[i]) : -1;
    const MomentsResult& moments = place < 0 ? unseen : keyed.values[static_cast<size_t>(place)];
    column.MutableValues<double>()[i] = function(moments, x.numbers()[i]);
  }
  PENSTOCK_RETURN_IF_ERROR(column.MissingWhereAny(inputs));
  return column;
}

Result<Column> ComputeIntegerStatistic(const IntegersResult& integers, Statistic statistic, int64_t num_rows,
                                       bool is_tft) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, num_rows));
  const int64_t value = statistic == Statistic::kMinimum   ? integers.minimum
                        : statistic == Statistic::kMaximum ? integers.maximum
                        : statistic == Statistic::kSum     ? integers.sum
                                                           : integers.num_values;
  std::fill_n(column.MutableValues<int64_t>(), num_rows, value);
  const bool is_extreme = statistic == Statistic::kMinimum || statistic == Statistic::kMaximum;
  if (is_extreme && integers.num_values == 0 && !is_tft)
    PENSTOCK_RETURN_IF_ERROR(column.AllocatePresence(0).status());
  return column;
}

/// Node::integer boundaries from the least value to the largest, and the buckets between them. TFT moves
/// them all by a ten-thousandth and lets what lies on one go left.
Result<Column> ComputeRange(const Node& node, const MomentsResult& moments, const Column& x, bool is_tft) {
  std::vector<double> boundaries;
  const double step = (moments.maximum - moments.minimum) / static_cast<double>(node.integer - 1);
  for (int64_t i = 0; i < node.integer; ++i) {
    const double boundary =
        i + 1 == node.integer ? moments.maximum : moments.minimum + step * static_cast<double>(i);
    boundaries.push_back(is_tft ? static_cast<double>(static_cast<float>(boundary) - 0.0001F) : boundary);
  }
  if (node.op == Operator::kRangeBoundaries) return RepeatList(boundaries, x.num_rows());
  Node buckets{.op = Operator::kApplyBuckets};
  buckets.integer = is_tft ? 1 : 0;
  buckets.numbers.assign(boundaries.begin() + 1, boundaries.end() - 1);
  const Column* const input = &x;
  return ComputeBoundaries(buckets, {&input, 1});
}

}  // namespace

double ZScoreOf(const MomentsResult& moments, double x, bool is_tft) {
  const double deviation = std::sqrt(moments.variance);
  if (deviation > 0) return (x - moments.mean) / deviation;
  // A constant or empty column tells nothing about x: TFT gives its distance all the same.
  return is_tft || x != x ? x - moments.mean : 0;
}

double NarrowMinMaxOf(const MomentsResult& moments, double x, double low, double high) {
  if (!(moments.minimum < moments.maximum)) return MinMaxOf(moments, x, low, high, true);
  const auto least = static_cast<float>(moments.minimum), most = static_cast<float>(moments.maximum);
  const float share = (static_cast<float>(x) - least) / (most - least);
  const float spread = share * (static_cast<float>(high) - static_cast<float>(low));
  return spread + static_cast<float>(low);
}

double MinMaxOf(const MomentsResult& moments, double x, double low, double high, bool is_tft) {
  const double span = high - low;
  if (moments.minimum < moments.maximum)
    return (x - moments.minimum) / (moments.maximum - moments.minimum) * span + low;
  if (is_tft) return 1 / (1 + std::exp(-x)) * span + low;
  return x != x ? x : low;
}

Result<Column> ComputeFromMoments(const Node& node, const Analysis& analysis, Inputs inputs, bool is_tft) {
  const Column& x = *inputs[0];
  const auto statistic = static_cast<Statistic>(node.integer);
  switch (node.op) {
    case Operator::kStatistic: {
      const auto& moments = std::get<MomentsResult>(analysis.result);
      PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.num_rows()));
      std::fill_n(column.MutableValues<double>(), x.num_rows(), StatisticOf(moments, statistic));
      // There is no mean of nothing; TFT says 0.
      const bool is_of_none = moments.num_values == 0 && statistic != Statistic::kSum &&
                              statistic != Statistic::kCount && statistic < Statistic::kTukeyLocation;
      if (is_of_none && !is_tft) PENSTOCK_RETURN_IF_ERROR(column.AllocatePresence(0).status());
      return column;
    }
    case Operator::kStatisticByPosition:
      return RepeatList(ByPosition(std::get<KeyedMomentsResult>(analysis.result), statistic), x.num_rows());
    case Operator::kIntegerStatistic:
      return ComputeIntegerStatistic(std::get<IntegersResult>(analysis.result), statistic, x.num_rows(),
                                     is_tft);
    case Operator::kRangeBucket:
    case Operator::kRangeBoundaries:
      return ComputeRange(node, std::get<MomentsResult>(analysis.result), x, is_tft);
    case Operator::kGaussian: {
      const auto& moments = std::get<MomentsResult>(analysis.result);
      PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.size()));
      for (int64_t i = 0; i < x.size(); ++i)
        column.MutableValues<double>()[i] = GaussianOf(moments, x.numbers()[i], is_tft);
      column.SetPresence(x.presence_buffer());
      return column;
    }
    case Operator::kZScorePerKey:
      return MapByKey(std::get<KeyedMomentsResult>(analysis.result), inputs,
                      [&](const MomentsResult& moments, double v) { return ZScoreOf(moments, v, is_tft); });
    case Operator::kMinMaxPerKey:
      return MapByKey(std::get<KeyedMomentsResult>(analysis.result), inputs,
                      [&](const MomentsResult& moments, double v) {
                        return MinMaxOf(moments, v, node.number, node.output_max, is_tft);
                      });
    case Operator::kGaussianPerKey:
      return MapByKey(std::get<KeyedMomentsResult>(analysis.result), inputs,
                      [&](const MomentsResult& moments, double v) { return GaussianOf(moments, v, is_tft); });
    default:
      return Internal("{} applies no analysis", NameOf(node.op));
  }
}

}  // namespace penstock::transform
