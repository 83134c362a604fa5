#pragma once

#include "penstock/base/status.h"
#include "penstock/transform.pb.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

// A part of graph_codec.h.

void EncodeAnalysis(const Analysis& analysis, v1::Analysis& message);
/// kDataLoss for a kind that is not known. Whether the parts fit, CheckProgram says.
Status DecodeAnalysis(const v1::Analysis& message, Analysis& analysis);

}  // namespace penstock::transform
