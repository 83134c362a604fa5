#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/schema_index_internal.h"

namespace penstock::validation {

/// Checks that a feature of a schema is consistent in itself, whatever the data, and mends it (deprecates it
/// where no mending is possible).
Findings ConformSpecification(const SchemaIndex& index, tfmd::Feature& feature);

/// The types of data that a domain can describe.
bool DomainFitsType(tfmd::Feature::DomainInfoCase domain, tfmd::FeatureType type);

/// "int_domain", or "UNSET".
std::string DomainName(const tfmd::Feature& feature);

}  // namespace penstock::validation
