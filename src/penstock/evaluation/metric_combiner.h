#pragma once

#include <string>
#include <vector>

#include "penstock/combine/combiner.h"
#include "penstock/evaluation/evaluation_plan.h"

namespace penstock::evaluation {

/// The metrics of one group of a plan as a Combiner over batches of examples, for whoever folds, windows or
/// distributes combiners: what AccumulateSlices does for one slice, without resampling. Query keys need all
/// documents of a query in one batch. Different chunking changes results by rounding only; samples keep the
/// rows that come first.
class MetricCombiner {
 public:
  using State = std::vector<ComputationState>;
  using Output = MetricSet;

  /// `plan` must outlive it.
  MetricCombiner(const EvaluationPlan& plan, size_t group) : plan_(&plan), group_(group) {}

  State NewState() const { return State(Group().computations.size()); }
  Status Add(const data::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  const PlanGroup& Group() const { return plan_->groups[group_]; }

  const EvaluationPlan* plan_;
  size_t group_;
};

/// The metrics that follow from cells, those of private names too; `include_plots`: plots as well.
Result<MetricSet> MeasureGroup(const PlanGroup& group, const std::vector<std::vector<double>>& cells,
                               const std::vector<ComputationState>& states, bool include_plots);

/// Cells of a computation that has seen nothing yet have their number too.
void FillCells(const Computation& computation, std::vector<double>& cells);

}  // namespace penstock::evaluation
