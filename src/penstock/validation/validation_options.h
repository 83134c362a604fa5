#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::validation {

/// Sets what a JSON object of options says, in TFDV's names:
///   {"severity_overrides": {"SCHEMA_NEW_COLUMN": "WARNING"},      or [{"type": ..., "severity": ...}]
///    "new_features_are_warnings": true,                           SCHEMA_NEW_COLUMN, unless overridden
///    "features_needed": ["fare", ["box", "width"]],               names, or paths step by step
///    "string_domain_limit": 1000,
///    "raise_documented_types": true}
/// A severity is "ERROR", "WARNING" or "UNKNOWN" (silent). kInvalidArgument, starting with `name`, for
/// another key, type or severity (with the near-miss name) or a value of the wrong kind.
Status SetValidateOptions(const nlohmann::json& json, const std::string& name, ValidateOptions& options);

/// The same of a file. Not a JSON object: kInvalidArgument.
Status ReadValidateOptions(const std::string& path, ValidateOptions& options);

/// Only "severity_overrides", in either form.
Status SetSeverityOverrides(const nlohmann::json& json, const std::string& name, ValidateOptions& options);

}  // namespace penstock::validation
