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

Result<Column> FillMissing(const Column& x, std::optional<double> filler) {
  if (!x.has_missing() || !filler.has_value()) return x;
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kNumber, x.size()));
  double* const to = column.MutableValues<double>();
  for (int64_t i = 0; i < x.size(); ++i) to[i] = x.presence()[i] != 0 ? x.numbers()[i] : *filler;
  return column;
}

Result<Column> ComputeZScore(const MomentsResult& moments, const Column& x, bool is_tft) {
  const double deviation = std::sqrt(moments.variance);
  const double mean = moments.mean;
  // Not a multiplication by 1 / deviation: the quotient is the rounded true one.
  if (deviation > 0)
    return MapNumbers<double>(ValueType::kNumber, x, [=](double v) { return (v - mean) / deviation; });
  return MapNumbers<double>(ValueType::kNumber, x, [&](double v) { return ZScoreOf(moments, v, is_tft); });
}

Result<Column> ComputeMinMax(const Node& node, const MomentsResult& moments, const Column& x, bool is_tft) {
  const double least = moments.minimum;
  const double range = moments.maximum - least;
  const double low = node.number;
  const double span = node.output_max - low;
  if (is_tft && node.is_narrow) {
    return MapNumbers<double>(ValueType::kNumber, x, [&, low](double v) {
      return NarrowMinMaxOf(moments, v, low, node.output_max);
    });
  }
  if (range > 0 && std::isfinite(range)) {
    return MapNumbers<double>(ValueType::kNumber, x,
                              [=](double v) { return (v - least) / range * span + low; });
  }
  return MapNumbers<double>(ValueType::kNumber, x, [&, low](double v) {
    return MinMaxOf(moments, v, low, node.output_max, is_tft);
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

Result<Column> ComputeAnalyzed(const Node& node, const Analysis& analysis, Inputs inputs, bool is_tft) {
  const Column& x = *inputs[0];
  switch (node.op) {
    case Operator::kImputeMean: {
      const auto& moments = std::get<MomentsResult>(analysis.result);
      return FillMissing(x, moments.num_values > 0 ? std::optional<double>(moments.mean) : std::nullopt);
    }
    case Operator::kImputeMedian:
      return FillMissing(x, std::get<MedianResult>(analysis.result).median);
    case Operator::kZScore:
      return ComputeZScore(std::get<MomentsResult>(analysis.result), x, is_tft);
    case Operator::kMinMax:
      return ComputeMinMax(node, std::get<MomentsResult>(analysis.result), x, is_tft);
    case Operator::kBucketize:
      return ComputeBuckets(std::get<QuantilesResult>(analysis.result).boundaries, x);
    case Operator::kVocabulary:
      return ComputeVocabulary(node, *std::get<VocabularyResult>(analysis.result), x);
    default:
      break;
  }
  switch (analysis.kind) {
    case AnalysisKind::kQuantiles:
    case AnalysisKind::kKeyedQuantiles:
      return ComputeFromQuantiles(node, analysis, inputs, is_tft);
    case AnalysisKind::kCounts:
    case AnalysisKind::kDocuments:
    case AnalysisKind::kVocabulary:
      return ComputeFromCounts(node, analysis, inputs);
    case AnalysisKind::kCovariance:
      return ComputeFromCovariance(node, analysis, inputs);
    default:
      return ComputeFromMoments(node, analysis, inputs, is_tft);
  }
}

}  // namespace penstock::transform
