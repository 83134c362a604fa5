// A million taxi rows: run from the repository root, after benchmarks/make_taxi.py.
//   penstock_data_benchmark --benchmark_min_time=1
#include <unistd.h>

#include <benchmark/benchmark.h>

#include "penstock/base/filesystem.h"
#include "penstock/data/splits.h"

namespace penstock::data {
namespace {

const std::string kTaxi = ".deps/data/taxi/taxi_1000000.csv";

ExecutionOptions Threads(const benchmark::State& state) {
  return {.num_threads = static_cast<int>(state.range(0))};
}

Status ReadAll(const Dataset& dataset, const ExecutionOptions& execution) {
  return ParallelFor(dataset.num_shards(), execution, [&](int64_t shard) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset.ReadShard(shard));
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (!batch) return OkStatus();
    }
  });
}

void InferTypesOfCsv(benchmark::State& state) {
  for (auto _ : state)
    if (auto dataset = OpenDataset({&kTaxi, 1}, {}, Threads(state)); !dataset.ok())
      return state.SkipWithError(dataset.status().ToString().c_str());
}

void ReadCsv(benchmark::State& state) {
  const auto dataset = OpenDataset({&kTaxi, 1}, {}, Threads(state));
  if (!dataset.ok()) return state.SkipWithError(dataset.status().ToString().c_str());
  for (auto _ : state)
    if (const Status status = ReadAll(**dataset, Threads(state)); !status.ok())
      return state.SkipWithError(status.ToString().c_str());
}

void SplitCsvIntoParquet(benchmark::State& state) {
  const std::string output = fs::Join("/tmp", fmt::format("penstock_ingestion_{}", ::getpid()));
  const std::vector<Split> splits = {{"train", 2}, {"eval", 1}};
  for (auto _ : state) {
    const auto dataset = OpenDataset({&kTaxi, 1}, {}, Threads(state));
    if (!dataset.ok()) return state.SkipWithError(dataset.status().ToString().c_str());
    const auto summary = WriteSplits(**dataset, splits, output, PayloadFormat::kParquet, Threads(state));
    if (!summary.ok()) return state.SkipWithError(summary.status().ToString().c_str());
  }
  fs::RemoveAll(output).IgnoreError();
}

BENCHMARK(InferTypesOfCsv)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(ReadCsv)->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
BENCHMARK(SplitCsvIntoParquet)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::data
