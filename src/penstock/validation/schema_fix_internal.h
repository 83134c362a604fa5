#pragma once

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/status.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// The change of a schema that makes one anomaly go away: what is there and what should be, each as a schema
/// that holds nothing but the parts in question:
///  - `feature`, at most one, at the anomaly's path whatever its depth. Without its fields where it is in the
///    schema already (they have anomalies of their own); with them where it is new.
///  - `sparse_feature` and `weighted_feature`, likewise.
///  - `string_domain`: in both, `after` lists values to add; in `before` only, the domain goes, as does
///    every mention of it; in `after` only, it is new.
///  - `dataset_constraints`.
struct SchemaFix {
  tfmd::Schema before;
  tfmd::Schema after;

  bool empty() const { return before.ByteSizeLong() == 0 && after.ByteSizeLong() == 0; }
};

/// The feature without its fields.
tfmd::Feature WithoutFields(const tfmd::Feature& feature);

/// Puts the fix into `info.diff_regions`, as one region in text format: `added` where nothing was there,
/// else `changed`. Nothing is written where the fix is empty or changes nothing.
void WriteFix(const SchemaFix& fix, tfmd::AnomalyInfo& info);

/// The fix of an anomaly named `key`; empty where it carries none. kInvalidArgument where its diff_regions
/// are not what WriteFix writes (TFDV's own, say).
Result<SchemaFix> ReadFix(const std::string& key, const tfmd::AnomalyInfo& info);

}  // namespace penstock::validation
