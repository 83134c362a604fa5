#pragma once

#include <string>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/status.h"

namespace penstock::validation {

/// A schema from `path` (text, JSON or binary by its ending), checked by CheckSchema. Text errors come with
/// line and column, errors of content with the file and the feature. At most 64 MiB.
Result<tensorflow::metadata::v0::Schema> ReadSchema(const std::string& path);

/// kInvalidArgument, naming the feature, where a hand-written schema cannot be meant: a feature without name
/// or type, a name given twice, a domain that is not there (with the near-miss name), a domain that does not
/// fit the type, impossible bounds (minimum above maximum, NaN, a fraction outside 0 to 1, a dimension below
/// 1), an environment that is not declared, a repeated value in a string domain, an equal true and false
/// value. `name` stands for the file.
Status CheckSchema(const tensorflow::metadata::v0::Schema& schema, const std::string& name);

}  // namespace penstock::validation
