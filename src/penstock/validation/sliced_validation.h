#pragma once

#include <string>

#include <penstock/validation/sliced_anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::validation {

/// The statistics that each slice's are compared with: those of the same name, where there are some. Not
/// owned; null: none.
struct SlicedControls {
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* previous_span = nullptr;
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* serving = nullptr;
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* previous_version = nullptr;
};

/// ValidateStatistics of every dataset of the list: all examples and each slice (TFDV looks at all examples
/// only). Of a slice the schema's dataset_constraints, which are about all examples, are not checked. The
/// controls of `options` are not used, but `controls`. Errors name the slice.
Result<proto::SlicedAnomalies> ValidateSlices(
    const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
    const tensorflow::metadata::v0::Schema& schema, const SlicedControls& controls, ValidateOptions options);

/// One message that says the slices' anomalies too, for who shows one: reasons of a slice have its name
/// before the short description.
tensorflow::metadata::v0::Anomalies Flatten(const proto::SlicedAnomalies& sliced);

bool HasErrors(const proto::SlicedAnomalies& sliced);

/// FormatAnomalies of all examples, and of each slice that has anomalies under its name.
std::string FormatSlicedAnomalies(const proto::SlicedAnomalies& sliced, bool colour);

}  // namespace penstock::validation
