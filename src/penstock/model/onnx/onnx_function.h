#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/model/network/network.h"
#include "penstock/model/onnx/onnx_builder.h"
#include "penstock/model/tree_ensemble.h"

namespace penstock::model::onnx {

/// Adds nodes that compute, of a feature matrix, the margins [N, 1] as floats.
std::string BuildForest(const TreeEnsemble& forest, const std::string& matrix, Builder& builder);
/// kUnimplemented where a table is larger than float32 counts to.
Result<std::string> BuildNetwork(const Network& network, const std::string& matrix, Builder& builder);

}  // namespace penstock::model::onnx
