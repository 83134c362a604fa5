#include <algorithm>
#include <cmath>

#include "penstock/transform/fingerprint64.h"
#include "penstock/transform/kernels.h"

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

/// 0 where `scale` has no meaning (a constant or empty column), but NaN stays NaN.
double ZeroUnlessNan(double x) { return x != x ? x : 0.0; }

Result<Column> FillMissing(const Column& x, std::optional<double> filler) {
  if (!x.has_missing() || !filler.has_value()) return x;
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.size()));
  double* const to = column.MutableValues<double>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = x.presence()[i] != 0 ? x.numbers()[i] : *filler;
  return column;
}

Result<Column> ComputeZScore(const MomentsResult& moments, const Column& x) {
  const double deviation = std::sqrt(moments.variance);
  const double mean = moments.mean;
  // Not a multiplication by 1 / deviation: the quotient is the rounded true one.
  if (deviation > 0)
    return MapNumbers<double>(ValueType::kNumber, x, [=](double v) { return (v - mean) / deviation; });
  return MapNumbers<double>(ValueType::kNumber, x, ZeroUnlessNan);
}

Result<Column> ComputeMinMax(const Node& node, const MomentsResult& moments, const Column& x) {
  const double least = moments.minimum;
  const double range = moments.maximum - least;
  const double low = node.number;
  const double span = node.output_max - low;
  if (range > 0) {
    return MapNumbers<double>(ValueType::kNumber, x,
                              [=](double v) { return (v - least) / range * span + low; });
  }
  return MapNumbers<double>(ValueType::kNumber, x, [=](double v) { return ZeroUnlessNan(v) + low; });
}

Result<Column> ComputeBuckets(const QuantilesResult& quantiles, const Column& x) {
  const std::vector<double>& boundaries = quantiles.boundaries;
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

Result<Column> ComputeVocabulary(const Node& node, const Vocabulary& vocabulary, const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  const std::string_view* const texts = x.texts();
  auto* const to = column.MutableValues<int64_t>();
  const auto num_oov_buckets = static_cast<uint64_t>(node.num_oov_buckets);
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t id = vocabulary.Find(texts[i]);
    if (id >= 0) {
      to[i] = id;
    } else if (num_oov_buckets > 0) {
      to[i] = vocabulary.size() + static_cast<int64_t>(Fingerprint64(texts[i]) % num_oov_buckets);
    } else {
      to[i] = node.integer;
    }
  }
  column.SetPresence(x.presence_buffer());
  return column;
}

}  // namespace

Result<Column> ComputeAnalyzed(const Node& node, const Analysis& analysis, Inputs inputs) {
  const Column& x = *inputs[0];
  switch (node.op) {
    case Operator::kImputeMean: {
      const auto& moments = std::get<MomentsResult>(analysis.result);
      return FillMissing(x, moments.num_values > 0 ? std::optional<double>(moments.mean) : std::nullopt);
    }
    case Operator::kImputeMedian:
      return FillMissing(x, std::get<MedianResult>(analysis.result).median);
    case Operator::kZScore:
      return ComputeZScore(std::get<MomentsResult>(analysis.result), x);
    case Operator::kMinMax:
      return ComputeMinMax(node, std::get<MomentsResult>(analysis.result), x);
    case Operator::kBucketize:
      return ComputeBuckets(std::get<QuantilesResult>(analysis.result), x);
    case Operator::kVocabulary:
      return ComputeVocabulary(node, *std::get<VocabularyResult>(analysis.result), x);
    default:
      return Internal("{} applies no analysis", NameOf(node.op));
  }
}

}  // namespace penstock::transform
