#include "penstock/model/lowering/analysis_lowering.h"

#include <algorithm>
#include <cmath>

#include "penstock/model/lowering/value_lowering.h"
#include "penstock/transform/vocabulary.h"

namespace penstock::model {
namespace {

using transform::MomentsResult;
using transform::Operator;
using transform::Statistic;
using transform::ValueType;

class AnalysisWriter {
 public:
  AnalysisWriter(const transform::Node& node, const transform::Analysis& analysis,
                 const std::vector<OptionalTensor>& inputs, const std::vector<ValueType>& types, bool is_tft,
                 TensorBuilder& builder)
      : node_(node),
        analysis_(analysis),
        inputs_(inputs),
        types_(types),
        is_tft_(is_tft),
        builder_(builder),
        logic_(builder) {}

  Result<OptionalTensor> Write() {
    OptionalTensor into = inputs_[0];
    const auto& result = analysis_.result;
    switch (node_.op) {
      case Operator::kImputeMean: {
        const auto& moments = std::get<MomentsResult>(result);
        return moments.num_values > 0 ? Filled(moments.mean) : into;
      }
      case Operator::kImputeMedian: {
        const auto& median = std::get<transform::MedianResult>(result).median;
        return median ? Filled(*median) : into;
      }
      case Operator::kZScore:
        into.value = ZScore(std::get<MomentsResult>(result));
        return into;
      case Operator::kMinMax:
        into.value = MinMax(std::get<MomentsResult>(result));
        return into;
      case Operator::kStatistic:
        return StatisticOf(std::get<MomentsResult>(result));
      case Operator::kBucketize:
        into.value = Buckets(std::get<transform::QuantilesResult>(result).boundaries);
        return into;
      case Operator::kInterpolateQuantiles:
        into.value = Interpolated(std::get<transform::QuantilesResult>(result).boundaries);
        return into;
      case Operator::kVocabulary:
        return Vocabulary(*std::get<transform::VocabularyResult>(result));
      case Operator::kVocabularySize: {
        const auto size = std::get<transform::VocabularyResult>(result)->size();
        return OptionalTensor{builder_.Number(static_cast<double>(size)), {}};
      }
      case Operator::kZScorePerKey:
      case Operator::kMinMaxPerKey:
        return ByKey(std::get<transform::KeyedMomentsResult>(result));
      default:
        return Unimplemented("its analysis has no {} form", builder_.format());
    }
  }

 private:
  const Tensor& X() const { return inputs_[0].value; }
  Tensor Apply(TensorOp op, const Tensor& x, const Tensor& y) { return builder_.Apply(op, x, y); }

  OptionalTensor Filled(double filler) {
    if (!inputs_[0].presence.exists()) return inputs_[0];
    return {builder_.Where(inputs_[0].presence, X(), builder_.Number(filler)), {}};
  }

  Tensor ZScore(const MomentsResult& moments) {
    const double deviation = std::sqrt(moments.variance);
    const Tensor centred = Apply(TensorOp::kSubtract, X(), builder_.Number(moments.mean));
    if (deviation > 0) return Apply(TensorOp::kDivide, centred, builder_.Number(deviation));
    // A constant column tells nothing; TFT gives the distance all the same.
    return is_tft_ ? centred : builder_.Where(logic_.IsNan(X()), X(), builder_.Number(0));
  }

  Tensor MinMax(const MomentsResult& moments) {
    const double range = moments.maximum - moments.minimum;
    const Tensor low = builder_.Number(node_.number), span = builder_.Number(node_.output_max - node_.number);
    if (!(range > 0)) {
      if (!is_tft_) return builder_.Where(logic_.IsNan(X()), X(), low);
      return Apply(TensorOp::kAdd, Apply(TensorOp::kMultiply, builder_.Apply(TensorOp::kSigmoid, X()), span),
                   low);
    }
    const Tensor share =
        Apply(TensorOp::kDivide, Apply(TensorOp::kSubtract, X(), builder_.Number(moments.minimum)),
              builder_.Number(range));
    return Apply(TensorOp::kAdd, Apply(TensorOp::kMultiply, share, span), low);
  }

  Result<OptionalTensor> StatisticOf(const MomentsResult& moments) {
    const auto value = [&](Statistic statistic) -> Result<double> {
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
        default:
          return Unimplemented("this statistic has no {} form", builder_.format());
      }
    };
    PENSTOCK_ASSIGN_OR_RETURN(const double number, value(static_cast<Statistic>(node_.integer)));
    if (moments.num_values == 0) return Unimplemented("it is a statistic of no values");
    return OptionalTensor{builder_.Number(number), {}};
  }

  /// How many boundaries are at or below x; the last bucket for NaN.
  Tensor Buckets(const std::vector<double>& boundaries) {
    const auto count = static_cast<double>(boundaries.size());
    Tensor bucket = builder_.Number(0);
    if (count > 0) {
      const Tensor above = Apply(TensorOp::kGreaterOrEqual, X(), builder_.Numbers(boundaries));
      bucket = builder_.Sum(builder_.Cast(above, Element::kNumber));
    }
    return builder_.Where(logic_.IsNan(X()), builder_.Number(count), bucket);
  }

  /// Where x lies among the boundaries, as transform/boundary_kernels.cc has it: each step between two of
  /// them adds its share.
  Tensor Interpolated(const std::vector<double>& all) {
    std::vector<double> boundaries;
    for (const double boundary : all) {
      if (std::isfinite(boundary)) boundaries.push_back(boundary);
    }
    if (boundaries.empty()) return builder_.Number(std::nan(""));
    const Tensor zero = builder_.Number(0), one = builder_.Number(1);
    if (boundaries.size() == 1) {
      return builder_.Where(Apply(TensorOp::kLess, X(), builder_.Number(boundaries[0])), zero, one);
    }
    std::vector<double> lows, widths;
    for (size_t i = 0; i + 1 < boundaries.size(); ++i) {
      lows.push_back(boundaries[i]);
      // Equal boundaries are a step: what is at them is past it.
      widths.push_back(std::max(boundaries[i + 1] - boundaries[i], std::numeric_limits<double>::min()));
    }
    Tensor share = Apply(TensorOp::kDivide, Apply(TensorOp::kSubtract, X(), builder_.Numbers(lows)),
                         builder_.Numbers(widths));
    share = builder_.Where(Apply(TensorOp::kLess, share, zero), zero, share);
    share = builder_.Where(Apply(TensorOp::kGreater, share, one), one, share);
    std::vector<double> highs(boundaries.begin() + 1, boundaries.end());
    share = builder_.Where(Apply(TensorOp::kGreaterOrEqual, X(), builder_.Numbers(highs)), one, share);
    const Tensor place =
        Apply(TensorOp::kDivide, builder_.Sum(share), builder_.Number(static_cast<double>(lows.size())));
    return builder_.Where(logic_.IsNan(X()), builder_.Number(0.5), place);
  }

  Result<OptionalTensor> Vocabulary(const transform::Vocabulary& vocabulary) {
    if (types_[0] != ValueType::kText) return Unimplemented("only vocabularies of text have a form there");
    OptionalTensor into = inputs_[0];
    const int64_t size = vocabulary.size();
    Tensor unknown = builder_.Number(static_cast<double>(node_.num_oov_buckets == 1 ? size : node_.integer));
    if (node_.num_oov_buckets > 1) {
      const transform::Node hash{.op = Operator::kHash, .integer = node_.num_oov_buckets};
      const auto hashed = builder_.TextFunction(hash, {&X(), 1});
      if (!hashed.ok()) {
        return Unimplemented("several out-of-vocabulary buckets need a hash that {} has not; use one",
                             builder_.format());
      }
      unknown = Apply(TensorOp::kAdd, hashed->value, builder_.Number(static_cast<double>(size)));
    }
    if (size == 0) {
      into.value = unknown;
      return into;
    }
    PENSTOCK_ASSIGN_OR_RETURN(into.value, builder_.Lookup(X(), vocabulary, unknown));
    return into;
  }

  /// x * factor + shift, both picked by the key; the last pair is that of keys never seen.
  Result<OptionalTensor> ByKey(const transform::KeyedMomentsResult& keyed) {
    std::vector<double> factors, shifts;
    const auto add = [&](const MomentsResult& moments) {
      const bool is_score = node_.op == Operator::kZScorePerKey;
      const double spread = is_score ? std::sqrt(moments.variance) : moments.maximum - moments.minimum;
      const double span = node_.output_max - node_.number;
      if (spread > 0) {
        factors.push_back(is_score ? 1 / spread : span / spread);
        shifts.push_back(is_score ? -moments.mean / spread : node_.number - moments.minimum * span / spread);
      } else {
        factors.push_back(is_score && is_tft_ ? 1 : 0);
        shifts.push_back(is_score ? (is_tft_ ? -moments.mean : 0) : node_.number);
      }
      return spread > 0 || is_score || !is_tft_;
    };
    bool fits = true;
    for (const MomentsResult& moments : keyed.values) fits &= add(moments);
    fits &= add(MomentsResult{});
    if (!fits) return Unimplemented("a key has one value only, for which `compat: tft` has a curve");
    const transform::Vocabulary keys(keyed.keys);
    Tensor place = builder_.Number(static_cast<double>(keys.size()));
    if (keys.size() > 0) {
      PENSTOCK_ASSIGN_OR_RETURN(place, builder_.Lookup(inputs_[1].value, keys, place));
    }
    place = builder_.Cast(place, Element::kInteger);
    const Tensor scaled =
        Apply(TensorOp::kMultiply, X(), builder_.Elements(builder_.Numbers(factors), place));
    return OptionalTensor{Apply(TensorOp::kAdd, scaled, builder_.Elements(builder_.Numbers(shifts), place)),
                          logic_.AllThere(inputs_)};
  }

  const transform::Node& node_;
  const transform::Analysis& analysis_;
  const std::vector<OptionalTensor>& inputs_;
  const std::vector<ValueType>& types_;
  const bool is_tft_;
  TensorBuilder& builder_;
  Logic logic_;
};

}  // namespace

Result<OptionalTensor> LowerAnalyzed(const transform::Node& node, const transform::Analysis& analysis,
                                     const std::vector<OptionalTensor>& inputs,
                                     const std::vector<ValueType>& types, bool is_tft,
                                     TensorBuilder& builder) {
  return AnalysisWriter(node, analysis, inputs, types, is_tft, builder).Write();
}

}  // namespace penstock::model
