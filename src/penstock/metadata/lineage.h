#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/metadata/execution_record.h"
#include "penstock/pipeline/artifact.h"

namespace penstock::metadata {

enum class LineageDirection { kUpstream, kDownstream, kBoth };

/// An execution read (input) or wrote (output) an artifact under a name.
struct LineageEdge {
  int64_t execution_id = 0;
  int64_t artifact_id = 0;
  bool is_output = false;
  std::string name;   ///< The input's or output's: "examples".
  int64_t index = 0;  ///< Within the name.

  auto operator<=>(const LineageEdge&) const = default;
};

/// What an artifact came from and what came of it. Artifacts and executions by rising id.
struct LineageGraph {
  std::vector<pipeline::Artifact> artifacts;
  std::vector<Execution> executions;
  std::vector<LineageEdge> edges;  ///< By execution, direction, name, index; both ends are in the graph.
};

}  // namespace penstock::metadata
