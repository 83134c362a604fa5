#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::pipeline {

/// Nodes 0..n-1 and edges "from before to", with reachability kept up to date. For drafts of
/// up to some thousand nodes: memory n^2/8 bytes, an edge costs n^2/64. Not for concurrent use.
class TaskGraph {
 public:
  explicit TaskGraph(size_t num_nodes);

  void AddEdge(size_t from, size_t to);
  /// True if a way of one or more edges leads `from` -> `to`.
  bool IsUpstream(size_t from, size_t to) const {
    return (reachable_[from * num_words_ + to / 64] >> (to % 64) & 1) != 0;
  }

 private:
  size_t num_nodes_;
  size_t num_words_;
  std::vector<uint64_t> reachable_;  ///< Row per node: what it reaches.
};

/// Successors per node, for orders and cycles of graphs of any size. No recursion.
using Adjacency = std::vector<std::vector<size_t>>;

/// The nodes in an order that respects every edge; among those ready, the lowest number first.
/// Shorter than `successors` if and only if there is a cycle.
std::vector<size_t> TopologicalOrder(const Adjacency& successors);
/// The nodes of one cycle in the direction of its edges, beginning with its lowest number; empty: there is
/// none.
std::vector<size_t> FindCycle(const Adjacency& successors);
/// "A -> B -> A".
std::string SpellCycle(const std::vector<size_t>& cycle, const std::vector<std::string>& names);

}  // namespace penstock::pipeline
