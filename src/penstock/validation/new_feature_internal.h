#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// A schema that holds one feature, that of `statistics.feature(index)` with its fields as they would be
/// added to a schema that lacks it, and the string domains they use. The feature stands at the top whatever
/// its path. Nothing where the feature has no common statistics.
tfmd::Schema InferNewFeature(const DatasetView& statistics, int index,
                             const InferSchemaOptions& options = {});

}  // namespace penstock::validation
