#pragma once

#include "penstock/base/status.h"
#include "penstock/components/infra_validator/infra_validator.h"
#include "penstock/learning/learner.h"
#include "penstock/pipeline/component.h"

namespace penstock::components {

/// Registers ExampleGen ... Pusher. `learners` must outlive the catalog.
Status RegisterStandardComponents(pipeline::ComponentCatalog& catalog,
                                  const learning::LearnerCatalog& learners, const PredictionProcess& process);

}  // namespace penstock::components
