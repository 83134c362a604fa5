#pragma once

#include "penstock/learning/learner.h"

namespace penstock::learning {

/// Registers linear, dense, wide_and_deep, lstm and autoencoder: networks, trained here without any
/// framework (docs/decisions/0021-own-networks.md).
Status RegisterNetworkLearners(LearnerCatalog& catalog);

}  // namespace penstock::learning
