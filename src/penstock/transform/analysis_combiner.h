#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "penstock/combine/combiner.h"
#include "penstock/combine/frequencies.h"
#include "penstock/combine/moments.h"
#include "penstock/combine/quantile_sketch.h"
#include "penstock/transform/evaluation.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// All analyses of one pass over the data, as one combiner: their inputs are evaluated
/// together, so that shared subexpressions cost once.
///
/// Means and extremes: of finite values, compensated (combine/moments.h). Quantiles: exact
/// up to the sketch's capacity, else ranks within kRankError, or a tenth of a bucket where that is less.
/// Vocabularies: exact up to 2^22 distinct tokens (combine/frequencies.h tells the error beyond).
class AnalysisCombiner {
 public:
  static constexpr double kRankError = 0.001;
  static constexpr combine::FrequencyLimits kFrequencyLimits{int64_t{1} << 22, int64_t{512} << 20};

  using Accumulator = std::variant<combine::Moments, combine::QuantileSketch, combine::Frequencies>;
  using State = std::vector<Accumulator>;
  /// The answers, in the order of `analyses`.
  using Output = std::vector<decltype(Analysis::result)>;

  /// Answers program->analyses[i] for each i of `analyses`; those that their inputs need
  /// must be resolved.
  AnalysisCombiner(std::shared_ptr<const Program> program, std::vector<int32_t> analyses);

  State NewState() const;
  Status Add(const data::Batch& batch, State& into) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& from) const;
  combine::Bytes Encode(const State& from) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  const Analysis& analysis(size_t i) const { return program_->analyses[static_cast<size_t>(analyses_[i])]; }

  std::shared_ptr<const Program> program_;
  std::vector<int32_t> analyses_;
  EvaluationOrder inputs_;
};

}  // namespace penstock::transform
