#include "penstock/transform/analyze_transform.h"

#include "penstock/combine/fold.h"
#include "penstock/transform/analysis_passes.h"

namespace penstock::transform {

Result<TransformGraph> AnalyzeTransform(const TransformSpec& spec, const data::Dataset& dataset,
                                        const ExecutionOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const TransformPlan plan, PlanTransform(spec, *dataset.schema()));
  return AnalyzeTransform(plan, dataset, options);
}

Result<TransformGraph> AnalyzeTransform(const TransformPlan& plan, const data::Dataset& dataset,
                                        const ExecutionOptions& options) {
  AnalysisPasses passes(plan);
  while (!passes.IsDone()) {
    const AnalysisCombiner combiner = passes.NextCombiner();
    PENSTOCK_ASSIGN_OR_RETURN(AnalysisCombiner::Output answers, combine::Compute(combiner, dataset, options));
    passes.Resolve(std::move(answers));
  }
  return passes.Finish();
}

}  // namespace penstock::transform
