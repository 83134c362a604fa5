#pragma once

#include <set>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/status.h"

namespace penstock::validation {

/// What --only and the lists below call the dataset's own anomaly.
inline constexpr char kDatasetAnomaly[] = "(dataset)";

struct AcceptedSchema {
  tensorflow::metadata::v0::Schema schema;
  std::vector<std::string> accepted;     ///< Whose changes were made, sorted.
  std::vector<std::string> without_fix;  ///< Anomalies that no change of the schema makes go away, sorted.
};

/// `schema` with the changes that the anomalies carry (ValidateOptions::propose_fixes): of all of them, or of
/// those whose keys (serialized paths, kDatasetAnomaly) are in `only`. All or nothing. The result satisfies
/// the data that the anomalies were found in, up to anomalies that were not accepted.
///
/// The schema may have changed since the validation, but not at the same features: kInvalidArgument names the
/// feature that did, an entry of `only` that is no anomaly (with the near-miss name), and anomalies that
/// carry no changes at all. A change that was made already is accepted again. Linear. Pure; any thread.
Result<AcceptedSchema> AcceptAnomalies(const tensorflow::metadata::v0::Anomalies& anomalies,
                                       tensorflow::metadata::v0::Schema schema,
                                       const std::set<std::string>& only = {});

}  // namespace penstock::validation
