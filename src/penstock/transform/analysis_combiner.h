#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "penstock/combine/combiner.h"
#include "penstock/transform/covariance_state.h"
#include "penstock/transform/evaluation.h"
#include "penstock/transform/moments_state.h"
#include "penstock/transform/program.h"
#include "penstock/transform/quantiles_state.h"
#include "penstock/transform/token_states.h"

namespace penstock::transform {

/// All analyses of one pass over the data, as one combiner: what they ask about is evaluated
/// together, so that shared subexpressions cost once. How exact each is, its state's header says.
class AnalysisCombiner {
 public:
  using Accumulator =
      std::variant<MomentsState, KeyedMomentsState, IntegersState, QuantilesState, KeyedQuantilesState,
                   TokensState, LabelledTokensState, CountsState, CovarianceState, DocumentsState>;
  using State = std::vector<Accumulator>;
  /// The answers, in the order of `analyses`.
  using Output = std::vector<AnalysisResult>;

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
  AnalysisTask Task(size_t i) const {
    return {&program_->analyses[static_cast<size_t>(analyses_[i])], program_->is_tft_compatible};
  }

  std::shared_ptr<const Program> program_;
  std::vector<int32_t> analyses_;
  EvaluationOrder inputs_;  // Every analysis' Inputs(), one after the other.
};

}  // namespace penstock::transform
