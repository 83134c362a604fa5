#pragma once

#include <span>

#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"

namespace penstock::validation {

/// The defaults are those of tfdv.infer_schema and of TFX's SchemaGen.
struct InferSchemaOptions {
  /// A feature that is never missing and has equally many values everywhere gets that shape; otherwise, and
  /// for all features where this is false, the valency goes to value_count.
  bool infer_feature_shape = true;
  /// A string feature with at most so many distinct values gets them as its domain.
  int max_string_domain_size = 100;
};

/// The dataset of `list` that stands for all examples: the only one, or the one named "All Examples".
/// kInvalidArgument where neither exists. The pointer lives as long as `list`.
Result<const tensorflow::metadata::v0::DatasetFeatureStatistics*> WholeDataset(
    const tensorflow::metadata::v0::DatasetFeatureStatisticsList& list);

/// The schema that `statistics` satisfy, equal as a proto to TFDV's: features in the order of the statistics,
/// type, presence, shape or value_count, and a domain where the values call for one (bool, int in strings, or
/// the sorted values as a string domain named after the feature). Features without common statistics
/// (composite ones) are left out. kInvalidArgument where the statistics name a feature twice or not at all.
/// Linear in the features and their listed values. Pure; any thread.
Result<tensorflow::metadata::v0::Schema> InferSchema(
    const tensorflow::metadata::v0::DatasetFeatureStatistics& statistics,
    const InferSchemaOptions& options = {});

/// As TFX's SchemaGen over splits: infers from the first, then updates with each other one in order.
Result<tensorflow::metadata::v0::Schema> InferSchema(
    std::span<const tensorflow::metadata::v0::DatasetFeatureStatistics> splits,
    const InferSchemaOptions& options = {});

/// `schema`, loosened as little as is needed for `statistics` to have no anomalies (tfdv.update_schema): new
/// columns are added (with value_count, never a shape), new values join their domain, violated bounds move to
/// what was seen, what cannot be mended is dropped or deprecated. Sparse and weighted features, whose
/// statistics are custom ones only, stay as they are. Idempotent for the same statistics, up to deprecation.
Result<tensorflow::metadata::v0::Schema> UpdateSchema(
    tensorflow::metadata::v0::Schema schema,
    const tensorflow::metadata::v0::DatasetFeatureStatistics& statistics,
    const InferSchemaOptions& options = {});

}  // namespace penstock::validation
