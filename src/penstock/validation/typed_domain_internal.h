#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// Domains of numbers and truth values, whether the data holds them as such or as text.

/// Strings that all read as integers (CSV columns that were quoted, say).
bool CanBeIntDomain(const FeatureView& view);
/// Integers from 0 to 1 with a 1 among them, or strings of which one means true and one false.
bool CanBeBoolDomain(const FeatureView& view);
/// The words for true and false among the listed values. CanBeBoolDomain must hold.
tfmd::BoolDomain InferBoolDomain(const FeatureView& view);

/// Each checks the domain it is named after, which `feature` must have, and widens it to what was seen, drops
/// it, or (bool) turns it into the domain of numbers that fits.
Findings ConformIntDomain(const FeatureView& view, tfmd::Feature& feature);
Findings ConformFloatDomain(const FeatureView& view, tfmd::Feature& feature);
Findings ConformBoolDomain(const FeatureView& view, tfmd::Feature& feature);

}  // namespace penstock::validation
