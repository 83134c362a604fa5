#pragma once

#include <optional>
#include <string>
#include <vector>

#include "penstock/validation/comparators_internal.h"
#include "penstock/validation/finding_internal.h"
#include "penstock/validation/schema_index_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// What surrounds a feature while it is brought in line with its statistics.
struct ConformContext {
  const SchemaIndex& index;
  std::optional<std::string> environment;
  ControlDatasets controls;
  int string_domain_limit = 0;  ///< 0: none.
  bool raise_documented_types = false;
};

/// What was wrong with a feature, and what in its shared string domain would mend it.
struct Conformance {
  Findings findings;
  std::vector<std::string> domain_values_to_add;
  bool drop_domain = false;
  std::vector<tfmd::DriftSkewInfo::Measurement> drift;
  std::vector<tfmd::DriftSkewInfo::Measurement> skew;
};

/// Holds `feature` of the schema, or a copy of it, against its statistics and changes it as little as is
/// needed for them to fit. The rest of the schema is read only: validation works on copies, an update in
/// place.
Conformance ConformFeature(const FeatureView& view, const ConformContext& context, tfmd::Feature& feature);

/// How the name of a feature in the data is taken by the schema.
enum class FeatureKind {
  kNew,  ///< Not in the schema.
  kPlain,
  kSparse,
  kWeighted,
  kSparseCollision,    ///< A sparse and a plain feature of one name.
  kWeightedCollision,  ///< A weighted feature and another of one name.
};
FeatureKind KindOf(const SchemaIndex& index, const std::string& key);

Findings CollisionFindings(FeatureKind kind);

}  // namespace penstock::validation
