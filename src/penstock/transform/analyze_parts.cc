#include "penstock/transform/analyze_parts.h"

#include "penstock/base/filesystem.h"
#include "penstock/combine/fold.h"
#include "penstock/transform/analysis_passes.h"

namespace penstock::transform {
namespace {

Digest KeyOf(const AnalysisCombiner& combiner, const AnalyzedPart& part) {
  DigestBuilder digest;
  return digest.Add(combiner.Fingerprint()).Add(part.content).Finish();
}

Result<std::optional<AnalysisCombiner::State>> FindState(const AnalysisCombiner& combiner,
                                                         const AnalyzedPart& part,
                                                         const AnalysisCache& cache) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, cache.Find(KeyOf(combiner, part)));
  if (!bytes.has_value()) return std::optional<AnalysisCombiner::State>();
  Result<AnalysisCombiner::State> state = combiner.Decode(*bytes);
  if (!state.ok()) return std::optional<AnalysisCombiner::State>();
  return std::optional<AnalysisCombiner::State>(*std::move(state));
}

}  // namespace

std::string AnalysisCache::PathOf(const Digest& key) const {
  return fs::Join(folder_, key.ToHex() + ".state");
}

Result<std::optional<std::string>> AnalysisCache::Find(const Digest& key) const {
  Result<std::string> state = fs::ReadFile(PathOf(key));
  if (state.status().code() == StatusCode::kNotFound) return std::optional<std::string>();
  if (!state.ok()) return state.status();
  return std::optional<std::string>(*std::move(state));
}

Status AnalysisCache::Keep(const Digest& key, std::string_view state) const {
  return fs::WriteFileAtomically(PathOf(key), state);
}

Result<TransformGraph> AnalyzeParts(const TransformPlan& plan, std::span<const AnalyzedPart> parts,
                                    const AnalysisCache& cache, const ExecutionOptions& options,
                                    std::vector<AnalysisUse>* uses) {
  AnalysisPasses passes(plan);
  for (int pass = 1; !passes.IsDone(); ++pass) {
    const AnalysisCombiner combiner = passes.NextCombiner();
    AnalysisCombiner::State total = combiner.NewState();
    for (const AnalyzedPart& part : parts) {
      PENSTOCK_ASSIGN_OR_RETURN(auto state, FindState(combiner, part, cache));
      if (uses != nullptr) uses->push_back({pass, part.name, state.has_value()});
      if (!state.has_value()) {
        PENSTOCK_ASSIGN_OR_RETURN(state, combine::FoldDataset(combiner, *part.examples, options));
        PENSTOCK_RETURN_IF_ERROR(cache.Keep(KeyOf(combiner, part), combiner.Encode(*state)));
      }
      PENSTOCK_RETURN_IF_ERROR(combiner.Merge(*state, total));
    }
    PENSTOCK_ASSIGN_OR_RETURN(AnalysisCombiner::Output answers, combiner.Finish(total));
    passes.Resolve(std::move(answers));
  }
  return passes.Finish();
}

Result<std::vector<AnalysisUse>> FindCachedParts(const TransformPlan& plan,
                                                 std::span<const AnalyzedPart> parts,
                                                 const AnalysisCache& cache) {
  std::vector<AnalysisUse> uses;
  AnalysisPasses passes(plan);
  for (int pass = 1; !passes.IsDone(); ++pass) {
    const AnalysisCombiner combiner = passes.NextCombiner();
    AnalysisCombiner::State total = combiner.NewState();
    bool are_all_cached = true;
    for (const AnalyzedPart& part : parts) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto state, FindState(combiner, part, cache));
      uses.push_back({pass, part.name, state.has_value()});
      are_all_cached = are_all_cached && state.has_value();
      if (are_all_cached) PENSTOCK_RETURN_IF_ERROR(combiner.Merge(*state, total));
    }
    if (!are_all_cached) break;
    PENSTOCK_ASSIGN_OR_RETURN(AnalysisCombiner::Output answers, combiner.Finish(total));
    passes.Resolve(std::move(answers));
  }
  return uses;
}

}  // namespace penstock::transform
