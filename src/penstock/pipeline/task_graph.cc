#include "penstock/pipeline/task_graph.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace penstock::pipeline {

TaskGraph::TaskGraph(size_t num_nodes)
    : num_nodes_(num_nodes), num_words_((num_nodes + 63) / 64), reachable_(num_nodes * num_words_, 0) {}

void TaskGraph::AddEdge(size_t from, size_t to) {
  if (IsUpstream(from, to)) return;
  for (size_t node = 0; node < num_nodes_; ++node) {
    if (node != from && !IsUpstream(node, from)) continue;
    uint64_t* row = &reachable_[node * num_words_];
    const uint64_t* target = &reachable_[to * num_words_];
    for (size_t word = 0; word < num_words_; ++word) row[word] |= target[word];
    row[to / 64] |= uint64_t{1} << (to % 64);
  }
}

std::vector<size_t> TopologicalOrder(const Adjacency& successors) {
  std::vector<size_t> num_open(successors.size(), 0);
  for (const auto& targets : successors) {
    for (size_t target : targets) ++num_open[target];
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t node = 0; node < successors.size(); ++node) {
    if (num_open[node] == 0) ready.push(node);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t node = ready.top();
    ready.pop();
    order.push_back(node);
    for (size_t target : successors[node]) {
      if (--num_open[target] == 0) ready.push(target);
    }
  }
  return order;
}

std::vector<size_t> FindCycle(const Adjacency& successors) {
  enum class Mark { kNew, kOnPath, kDone };
  std::vector<Mark> marks(successors.size(), Mark::kNew);
  std::vector<size_t> next(successors.size(), 0);
  for (size_t start = 0; start < successors.size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    std::vector<size_t> path = {start};
    marks[start] = Mark::kOnPath;
    while (!path.empty()) {
      const size_t node = path.back();
      if (next[node] == successors[node].size()) {
        marks[node] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const size_t target = successors[node][next[node]++];
      if (marks[target] == Mark::kOnPath) {
        path.erase(path.begin(), std::find(path.begin(), path.end(), target));
        std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
        return path;
      }
      if (marks[target] == Mark::kNew) {
        marks[target] = Mark::kOnPath;
        path.push_back(target);
      }
    }
  }
  return {};
}

std::string SpellCycle(const std::vector<size_t>& cycle, const std::vector<std::string>& names) {
  std::string text;
  for (size_t node : cycle) text += names[node] + " -> ";
  return cycle.empty() ? text : text + names[cycle.front()];
}

}  // namespace penstock::pipeline
