// What one value costs in each accumulator.
#include <cmath>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/frequencies.h"
#include "penstock/combine/moments.h"
#include "penstock/combine/quantile_sketch.h"

namespace penstock::combine {
namespace {

constexpr size_t kNumValues = 1 << 20;

std::vector<double> Numbers(bool few) {
  TestRandom random(1);
  std::vector<double> numbers(kNumValues);
  for (double& number : numbers)
    number = few ? std::floor(random.Uniform() * 24) : std::exp(random.Uniform() * 5);
  return numbers;
}
std::vector<std::string> Words(int64_t distinct) {
  TestRandom random(2);
  std::vector<std::string> words(kNumValues);
  for (std::string& word : words) word = "a taxi company " + std::to_string(random.Below(distinct));
  return words;
}

void BM_MomentsAdd(benchmark::State& state) {
  const std::vector<double> numbers = Numbers(false);
  for (auto _ : state) {
    Moments moments;
    for (double number : numbers) moments.Add(number);
    benchmark::DoNotOptimize(moments);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kNumValues));
}
BENCHMARK(BM_MomentsAdd);

void BM_MomentsAddSpan(benchmark::State& state) {
  const std::vector<double> numbers = Numbers(false);
  for (auto _ : state) {
    Moments moments;
    moments.AddSpan(std::span<const double>(numbers));
    benchmark::DoNotOptimize(moments);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kNumValues));
}
BENCHMARK(BM_MomentsAddSpan);

void BM_QuantileSketch(benchmark::State& state) {
  const std::vector<double> numbers = Numbers(state.range(0) != 0);
  for (auto _ : state) {
    QuantileSketch sketch;
    sketch.AddSpan(std::span<const double>(numbers));
    benchmark::DoNotOptimize(sketch.Summarize());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kNumValues));
}
BENCHMARK(BM_QuantileSketch)->ArgName("few")->Arg(0)->Arg(1);

void BM_Frequencies(benchmark::State& state) {
  const std::vector<std::string> words = Words(state.range(0));
  for (auto _ : state) {
    Frequencies frequencies({.max_distinct = 100'000});
    for (const std::string& word : words) frequencies.Add(word);
    benchmark::DoNotOptimize(frequencies.num_distinct());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kNumValues));
}
BENCHMARK(BM_Frequencies)->ArgName("distinct")->Arg(30)->Arg(50'000)->Arg(1'000'000);

}  // namespace
}  // namespace penstock::combine
