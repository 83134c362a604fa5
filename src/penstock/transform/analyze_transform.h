#pragma once

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/transform/transform_graph.h"
#include "penstock/transform/transform_plan.h"
#include "penstock/transform/transform_spec.h"

namespace penstock::transform {

/// Resolves every analyzer of `spec` (means, quantiles, vocabularies) over `dataset`
/// and returns the graph that applies them.
///
/// All analyzers share one pass over the data; one whose input holds another's
/// result (scale_to_z_score(bucketize(..))) waits for the next, so there are as many
/// passes as analyzers are nested. Without any analyzer nothing is read. Shards are
/// folded on options.num_threads threads and merged in shard order: bit-equal for any number of threads.
Result<TransformGraph> AnalyzeTransform(const TransformSpec& spec, const data::Dataset& dataset,
                                        const ExecutionOptions& options);
/// The same for a plan made against `dataset`'s schema.
Result<TransformGraph> AnalyzeTransform(const TransformPlan& plan, const data::Dataset& dataset,
                                        const ExecutionOptions& options);

}  // namespace penstock::transform
