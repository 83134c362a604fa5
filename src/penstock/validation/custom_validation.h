#pragma once

#include <optional>
#include <string>

#include <tensorflow_data_validation/anomalies/proto/custom_validation_config.pb.h>
#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"

namespace penstock::validation {

/// Evaluates the SQL expressions of `config` over the statistics of features, as TFDV's
/// custom_validate_statistics, and adds a CUSTOM_VALIDATION reason for each that is not true to `anomalies`
/// (below those of the same feature; the higher severity counts). The names are `feature`, or `feature_test`
/// and `feature_base` of a pair: messages FeatureNameStatistics. What is understood: base/sql_expression.h
/// and sql_evaluation_internal.h; an expression that is NULL is not true. The evidence of a reason
/// (anomaly_evidence.h) has the values of the names in the expression.
///
/// kInvalidArgument where an expression cannot be evaluated (with its text), a dataset or feature is not in
/// the statistics (with the near-miss name), or a pair is to be compared without `base`. Pure; any thread.
///
/// Differs from TFDV 1.21, which reports an anomaly for every pair, whatever its expression says.
Status AddCustomAnomalies(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
                          const tensorflow::metadata::v0::DatasetFeatureStatisticsList* base,
                          const tensorflow::data_validation::CustomValidationConfig& config,
                          const std::optional<std::string>& environment, bool explain,
                          tensorflow::metadata::v0::Anomalies& anomalies);

/// A configuration as JSON, TFDV's field names; kInvalidArgument, starting with `name`, where it is none or
/// an expression cannot be parsed.
Result<tensorflow::data_validation::CustomValidationConfig> ParseCustomValidations(const std::string& json,
                                                                                   const std::string& name);

}  // namespace penstock::validation
