#pragma once

#include <string>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

namespace penstock::validation {

/// A table for people: a line per feature (name, type, presence, valency, domain), fields of a struct below
/// it and indented, then the string domains with their values (the first ones, and how many more).
std::string FormatSchema(const tensorflow::metadata::v0::Schema& schema);

}  // namespace penstock::validation
