#include "penstock/transform/analyze_transform.h"

#include <algorithm>

#include "penstock/combine/fold.h"
#include "penstock/transform/analysis_combiner.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

Result<TransformGraph> AnalyzeTransform(const TransformSpec& spec, const data::Dataset& dataset,
                                        const ExecutionOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const TransformPlan plan, PlanTransform(spec, *dataset.schema()));
  return AnalyzeTransform(plan, dataset, options);
}

Result<TransformGraph> AnalyzeTransform(const TransformPlan& plan, const data::Dataset& dataset,
                                        const ExecutionOptions& options) {
  auto program = std::make_shared<const Program>(plan.program());
  const std::vector<int> stages = StagesOf(*program);
  const int num_passes = plan.num_passes();
  for (int pass = 1; pass <= num_passes; ++pass) {
    std::vector<int32_t> analyses;
    for (size_t i = 0; i < stages.size(); ++i) {
      if (stages[i] == pass) analyses.push_back(static_cast<int32_t>(i));
    }
    const AnalysisCombiner combiner(program, analyses);
    PENSTOCK_ASSIGN_OR_RETURN(AnalysisCombiner::Output answers, combine::Compute(combiner, dataset, options));
    auto resolved = std::make_shared<Program>(*program);
    for (size_t i = 0; i < analyses.size(); ++i) {
      resolved->analyses[static_cast<size_t>(analyses[i])].result = std::move(answers[i]);
    }
    program = std::move(resolved);
  }
  PENSTOCK_RETURN_IF_ERROR(CheckProgram(*program, true));
  return TransformGraph(std::move(program));
}

}  // namespace penstock::transform
