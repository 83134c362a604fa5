#pragma once

#include <memory>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/analysis_combiner.h"
#include "penstock/transform/transform_graph.h"
#include "penstock/transform/transform_plan.h"

namespace penstock::transform {

/// A plan whose analyses are answered pass by pass: those of a pass ask about what the answers of the passes
/// before it give. Not for concurrent use.
class AnalysisPasses {
 public:
  explicit AnalysisPasses(const TransformPlan& plan);

  bool IsDone() const { return pass_ > num_passes_; }
  /// All analyses of the next pass as one combiner.
  AnalysisCombiner NextCombiner() const { return AnalysisCombiner(program_, AnalysesOfPass()); }
  /// Takes its answers.
  void Resolve(AnalysisCombiner::Output answers);
  /// The graph, once all are answered.
  Result<TransformGraph> Finish() const;

 private:
  std::vector<int32_t> AnalysesOfPass() const;

  std::shared_ptr<const Program> program_;
  const std::vector<int> stages_;
  const int num_passes_;
  int pass_ = 1;
};

}  // namespace penstock::transform
