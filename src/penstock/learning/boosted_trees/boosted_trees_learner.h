#pragma once

#include "penstock/learning/learner.h"

namespace penstock::learning {

/// Adds the learner "boosted_trees": gradient-boosted decision trees, grown by XGBoost.
///
/// XGBoost lies in the plug-in libpenstock_boosted_trees.so, which is loaded when Train is first
/// called; without it Train answers kFailedPrecondition and says which package to install.
Status RegisterBoostedTreesLearner(LearnerCatalog& catalog);

}  // namespace penstock::learning
