#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

#include "penstock/validation/comparators_internal.h"
#include "penstock/validation/finding_internal.h"
#include "penstock/validation/schema_index_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// What a feature's findings were found from: its statistics, and what the schema asked for. Not owned.
struct EvidenceSource {
  const FeatureView* view = nullptr;       ///< Null: the data have no such column.
  const tfmd::Feature* feature = nullptr;  ///< As the schema has it; null: it has none.
  const tfmd::StringDomain* domain = nullptr;
  const tfmd::DatasetConstraints* constraints = nullptr;  ///< Of the dataset's own findings.
  double num_examples = 0;
  ControlDatasets controls;
  std::vector<tfmd::DriftSkewInfo::Measurement> drift, skew;
};

/// For each finding which number fired and what the limit was, as a sentence of its own ("present in
/// 0.999997 of examples, 3 of 1,000,012 missing; the schema asks for 1.0"). Empty where TFDV's description
/// already has both numbers (or there is none, as where the schema contradicts itself).
std::vector<std::string> EvidenceOf(const Findings& findings, const EvidenceSource& source);

}  // namespace penstock::validation
