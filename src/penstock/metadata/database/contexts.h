#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::database {

/// The ids of an execution's contexts: pipeline, run, node.
using ContextIds = std::array<int64_t, 3>;

/// A node's context: "taxi.Trainer".
std::string NodeContextName(std::string_view pipeline_name, std::string_view node_id);

/// Finds or makes the three; the run's and the node's parent is the pipeline. Within a write transaction.
Result<ContextIds> EnsureContexts(Connection& connection, std::string_view pipeline_name,
                                  std::string_view run_id, std::string_view node_id, Timestamp now);

/// Empty where there is none of this type and name.
Result<std::optional<int64_t>> FindContext(Connection& connection, std::string_view type,
                                           std::string_view name);

}  // namespace penstock::metadata::database
