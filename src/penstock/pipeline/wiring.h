#pragma once

#include "penstock/base/status.h"
#include "penstock/pipeline/pipeline_draft.h"

namespace penstock::pipeline {

/// Connects the inputs that the author left open, each to the nearest upstream output of its
/// artifact type. The order of the nodes never matters.
///
/// For an open input of node C:
///   1. Candidates are the outputs of that type of all other nodes. If some have the input's own
///      name, only those count; for ports wired by name only, those are the only ones ever.
///   2. Out go candidates whose node is downstream of C (no cycle is ever inferred knowingly).
///   3. Out go candidates with another candidate's node downstream of theirs: the nearest stays.
///   4. One left: wired. Two: an error that names both. None: an error where the input is required.
///
/// "Downstream" is by the named inputs, `after` and what is wired so far: each round decides every
/// input that has one candidate left, all by the same graph, and rounds repeat until nothing changes;
/// optional inputs wait until the required ones are settled, so that a wish never closes a way a need takes.
/// If decisions of one round form a cycle after all, CompilePipeline spells it out.
/// Names listed in a node's `unwired` stay open. kInvalidArgument with place, node, input and what to write.
///
/// `components` serves the message for a missing producer (which component types would make it).
Status WireInputs(PipelineDraft& draft, const ComponentCatalog& components);

}  // namespace penstock::pipeline
