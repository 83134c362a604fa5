#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"

namespace penstock::apps {

/// The message as JSON to standard output, with the proto's field names.
void PrintJson(const google::protobuf::Message& message);

/// The statistics of all examples that a file holds. Errors name the file.
Result<tensorflow::metadata::v0::DatasetFeatureStatistics> ReadWholeDataset(const std::string& file);

}  // namespace penstock::apps
