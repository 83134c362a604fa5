#include "penstock/metadata/database/lineage.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/metadata/database/artifacts.h"
#include "penstock/metadata/database/events.h"
#include "penstock/metadata/database/executions.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata::database {
namespace {

constexpr int kMaxHops = 1000;

/// Walks breadth first in one direction at a time.
class LineageWalk {
 public:
  explicit LineageWalk(Connection& connection) : connection_(connection) {}

  /// From artifacts by `executions_of` (artifact -> executions) and `artifacts_of` (execution -> artifacts).
  Status Follow(int64_t start, int max_hops, std::string_view executions_of, std::string_view artifacts_of) {
    std::set<int64_t> seen = {start};
    std::vector<int64_t> frontier = {start};
    artifacts_.insert(start);
    for (int hop = 0; hop < max_hops && !frontier.empty(); ++hop) {
      std::vector<int64_t> next;
      for (const int64_t artifact : frontier) {
        PENSTOCK_ASSIGN_OR_RETURN(const std::vector<int64_t> executions,
                                  connection_.FindInts(executions_of, artifact));
        for (const int64_t execution : executions) {
          executions_.insert(execution);
          PENSTOCK_ASSIGN_OR_RETURN(const std::vector<int64_t> found,
                                    connection_.FindInts(artifacts_of, execution));
          for (const int64_t other : found) {
            if (seen.insert(other).second) next.push_back(other);
          }
        }
      }
      artifacts_.insert(next.begin(), next.end());
      frontier = std::move(next);
    }
    return OkStatus();
  }

  Result<LineageGraph> Graph() {
    LineageGraph graph;
    for (const int64_t id : artifacts_) {
      PENSTOCK_ASSIGN_OR_RETURN(pipeline::Artifact artifact, ReadArtifact(connection_, id));
      graph.artifacts.push_back(std::move(artifact));
    }
    for (const int64_t id : executions_) {
      PENSTOCK_ASSIGN_OR_RETURN(Execution execution, ReadExecution(connection_, id));
      graph.executions.push_back(std::move(execution));
      PENSTOCK_RETURN_IF_ERROR(AddEdges(id, EventType::kInput, graph.edges));
      PENSTOCK_RETURN_IF_ERROR(AddEdges(id, EventType::kOutput, graph.edges));
    }
    return graph;
  }

 private:
  Status AddEdges(int64_t execution_id, EventType type, std::vector<LineageEdge>& edges) {
    const bool is_output = type == EventType::kOutput;
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<EventPath> paths, ReadEvents(connection_, execution_id, type));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<int64_t> products,
                              connection_.FindInts(sql::kSelectProducts, execution_id));
    std::sort(paths.begin(), paths.end(), [](const EventPath& a, const EventPath& b) {
      return std::tie(a.name, a.index, a.artifact_id) < std::tie(b.name, b.index, b.artifact_id);
    });
    for (EventPath& path : paths) {
      if (!artifacts_.contains(path.artifact_id)) continue;
      // A resolver hands on what another execution made.
      if (is_output && !std::binary_search(products.begin(), products.end(), path.artifact_id)) continue;
      edges.push_back({execution_id, path.artifact_id, is_output, std::move(path.name), path.index});
    }
    return OkStatus();
  }

  Connection& connection_;
  std::set<int64_t> artifacts_;
  std::set<int64_t> executions_;
};

}  // namespace

Result<LineageGraph> TraceLineage(Connection& connection, int64_t artifact_id, int max_hops,
                                  LineageDirection direction) {
  if (max_hops < 0 || max_hops > kMaxHops) {
    return InvalidArgument("Lineage can be traced over 0 to {} hops, not {}", kMaxHops, max_hops);
  }
  PENSTOCK_RETURN_IF_ERROR(ReadArtifact(connection, artifact_id).status());
  LineageWalk walk(connection);
  if (direction != LineageDirection::kDownstream) {
    PENSTOCK_RETURN_IF_ERROR(walk.Follow(artifact_id, max_hops, sql::kSelectProducer, sql::kSelectInputs));
  }
  if (direction != LineageDirection::kUpstream) {
    PENSTOCK_RETURN_IF_ERROR(walk.Follow(artifact_id, max_hops, sql::kSelectConsumers, sql::kSelectProducts));
  }
  return walk.Graph();
}

}  // namespace penstock::metadata::database
