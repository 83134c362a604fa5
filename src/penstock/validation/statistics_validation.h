#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/validation/feature_path.h"

namespace penstock::validation {

struct ValidateOptions {
  /// Only features of this environment are required; must be one of the schema's default_environment.
  std::optional<std::string> environment;

  /// What drift, skew and version comparators of the schema compare with. Not owned; null: not compared.
  const tensorflow::metadata::v0::DatasetFeatureStatistics* previous_span = nullptr;
  const tensorflow::metadata::v0::DatasetFeatureStatistics* serving = nullptr;
  const tensorflow::metadata::v0::DatasetFeatureStatistics* previous_version = nullptr;

  /// Every anomaly is an ERROR but for the types named here. UNKNOWN silences a type.
  std::map<tensorflow::metadata::v0::AnomalyInfo::Type, tensorflow::metadata::v0::AnomalyInfo::Severity>
      severity_overrides;

  /// Where given, a column that is not in the schema is an anomaly only if it is one of these.
  std::optional<std::set<FeaturePath>> features_needed;

  /// A string domain that would reach this many values is an anomaly; 0: no limit.
  int string_domain_limit = 0;

  /// Each anomaly carries, in diff_regions, the change of the schema that makes it go away, for
  /// AcceptAnomalies (schema_fix.h). Off, as in TFDV, which leaves diff_regions empty.
  bool propose_fixes = false;

  /// Each anomaly also carries there which number fired and what the limit was: anomaly_evidence.h reads it.
  bool explain = false;

  /// Also raises the 25 types that the proto documents and TFDV never raises: that a feature's type turned
  /// into another, by its domain (BOOL_TYPE_FLOAT_NOT_INT, STRING_TYPE_NOW_INT, ...), FEATURE_TYPE_NO_VALUES,
  /// FEATURE_TYPE_UNEXPECTED_REPEATED, COMPARATOR_TREATMENT_DATA_MISSING, SCHEMA_TRAINING_SERVING_SKEW,
  /// NO_DATA_IN_SPAN, NLP_WRONG_LOCATION, EMBEDDING_SHAPE_INVALID: documented_types_internal.h has the
  /// condition of each. They come in addition to what TFDV raises, after it.
  bool raise_documented_types = false;
};

/// What in `statistics` breaks `schema`, as TFDV reports it: one AnomalyInfo per feature under its serialized
/// path, with a reason per broken rule, dataset_anomaly_info for the dataset's own rules, drift_skew_info for
/// every comparison made, and the schema as baseline. Weighted statistics are used where all features have
/// them. No examples: data_missing and nothing else.
///
/// kInvalidArgument: an unknown environment (with the near-miss name), statistics that name a feature twice,
/// not at all, or some by name and some by path. Linear in features and listed values. Pure; any thread.
///
/// Differs from TFDV 1.21 where that one ends the process or stays silent by mistake: max_examples_count is
/// checked also without min_examples_count; statistics without common statistics count as no data.
Result<tensorflow::metadata::v0::Anomalies> ValidateStatistics(
    const tensorflow::metadata::v0::DatasetFeatureStatistics& statistics,
    const tensorflow::metadata::v0::Schema& schema, const ValidateOptions& options = {});

/// Whether any anomaly, of a feature or of the dataset, is an ERROR, or the data is missing altogether: what
/// a gate asks.
bool HasErrors(const tensorflow::metadata::v0::Anomalies& anomalies);

}  // namespace penstock::validation
