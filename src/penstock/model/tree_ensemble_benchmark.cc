#include "penstock/model/tree_ensemble.h"

#include <random>

#include <benchmark/benchmark.h>

namespace penstock::model {
namespace {

/// A full tree whose nodes are listed breadth first.
Tree FullTree(std::mt19937& random, int depth, int32_t num_columns) {
  std::uniform_real_distribution<float> number(0, 1);
  const int32_t num_inner = (1 << depth) - 1;
  Tree tree(2 * num_inner + 1);
  for (int32_t i = 0; i < static_cast<int32_t>(tree.size()); ++i) {
    tree[i].value = number(random);
    if (i >= num_inner) continue;
    tree[i].left = 2 * i + 1;
    tree[i].right = 2 * i + 2;
    tree[i].column = static_cast<int32_t>(random() % num_columns);
  }
  return tree;
}

void BM_SumForest(benchmark::State& state) {
  const auto num_rows = state.range(0);
  const auto num_trees = state.range(1);
  const auto depth = static_cast<int>(state.range(2));
  constexpr int32_t kNumColumns = 24;
  std::mt19937 random(1);
  std::vector<Tree> trees;
  for (int64_t i = 0; i < num_trees; ++i) trees.push_back(FullTree(random, depth, kNumColumns));
  const TreeEnsemble forest = *TreeEnsemble::Make(trees, 0, kNumColumns);
  std::uniform_real_distribution<float> number(0, 1);
  std::vector<float> rows(num_rows * kNumColumns);
  for (float& value : rows) value = number(random);
  std::vector<float> margins(num_rows);
  for (auto _ : state) {
    forest.Sum(rows, margins);
    benchmark::DoNotOptimize(margins.data());
  }
  state.SetItemsProcessed(state.iterations() * num_rows);
  state.counters["steps"] = benchmark::Counter(
      static_cast<double>(state.iterations() * num_rows * num_trees * depth), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_SumForest)
    ->Args({1, 100, 6})
    ->Args({10000, 100, 4})
    ->Args({10000, 100, 6})
    ->Args({10000, 100, 10});

}  // namespace
}  // namespace penstock::model
