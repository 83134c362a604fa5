#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/comparators_internal.h"
#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// The types of anomalies that the proto names and TFDV never raises, with the conditions that their names
/// and the fields of schema and statistics allow. Each description says which number fired and its limit.
///
/// By the feature's domain, its type in the schema and that of the data:
///
///   domain            schema type  data                   anomaly
///   bool_domain       INT          BYTES, STRING, FLOAT   BOOL_TYPE_{BYTES,STRING,FLOAT}_NOT_INT
///   bool_domain       BYTES        BYTES, FLOAT, INT      BOOL_TYPE_{BYTES,FLOAT,INT}_NOT_STRING
///   domain, string_domain  BYTES   BYTES, FLOAT, INT      ENUM_TYPE_{BYTES,FLOAT,INT}_NOT_STRING
///   float_domain      FLOAT        INT, STRING, BYTES     FLOAT_TYPE_NOT_FLOAT
///   float_domain      BYTES        INT, FLOAT, BYTES      FLOAT_TYPE_NON_STRING
///   int_domain        INT          FLOAT, STRING, BYTES   INT_TYPE_INT_EXPECTED
///   int_domain        BYTES        INT                    INT_TYPE_STRING_EXPECTED
///   int_domain        BYTES        FLOAT, BYTES           INT_TYPE_NOT_STRING
///   float_/int_domain any          STRUCT, or unknown     {FLOAT,INT}_TYPE_UNKNOWN_TYPE_NUMBER
///   none of these     BYTES        INT, FLOAT             STRING_TYPE_NOW_{INT,FLOAT}
///
/// FEATURE_TYPE_NO_VALUES: in some examples, but without a value in any of them.
/// FEATURE_TYPE_UNEXPECTED_REPEATED: a shape of one value, or value_count.max 1, and an example with more.
/// EMBEDDING_SHAPE_INVALID: a float_domain with is_embedding and embedding_dim, and an example with another
/// number of values. NLP_WRONG_LOCATION: a natural_language_domain, and location_misses above 0 in
/// nl_statistics. SCHEMA_TRAINING_SERVING_SKEW: without environments of its own, and of another type in the
/// serving data, or without a value there.
///
/// Checks `feature` as the schema has it, which is present in some examples; changes of it only
/// embedding_dim, because what TFDV raises beside the others changes the rest.
Findings ConformToDocumentedTypes(const FeatureView& view, const ControlDatasets& controls,
                                  tfmd::Feature& feature);

/// COMPARATOR_TREATMENT_DATA_MISSING: a comparator with a threshold and a control dataset with the feature
/// named `key`, which the current data lacks. Removes the thresholds.
Findings ConformMissingTreatment(const std::string& key, const ControlDatasets& controls,
                                 tfmd::Feature& feature);

/// NO_DATA_IN_SPAN. `previous` may be null.
Finding NoDataInSpan(const tfmd::DatasetFeatureStatistics* previous);

}  // namespace penstock::validation
