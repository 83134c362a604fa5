#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

namespace penstock::validation {

/// Which number fired and what the limit was, for each reason of `info` (in their order; empty where the
/// reason's description says it). None where the anomaly carries no evidence (written by TFDV, or with
/// ValidateOptions::explain off).
std::vector<std::string> ReadEvidence(const tensorflow::metadata::v0::AnomalyInfo& info);

/// Puts a sentence for each reason into the anomaly: a region `unchanged` of its diff_regions, the field that
/// TFDV leaves empty. Nothing is written where all are empty.
void WriteEvidence(const std::vector<std::string>& sentences, tensorflow::metadata::v0::AnomalyInfo& info);

}  // namespace penstock::validation
