#pragma once

#include <string>

#include "penstock/transform/transform_plan.h"

namespace penstock::transform {

/// What a plan will do, in words: the columns it reads, what each pass over the data answers, and the
/// features that come of it. Ends with a line end.
std::string ExplainPlan(const TransformPlan& plan);
/// The same as JSON: {"columns": [..], "passes": [[..]], "features": [..], "summaries": [..]}.
std::string ExplainPlanAsJson(const TransformPlan& plan);

}  // namespace penstock::transform
