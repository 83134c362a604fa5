#include <random>

#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include "penstock/statistics/dataset_statistics.h"

namespace penstock::statistics {
namespace {

constexpr int64_t kNumRows = 65536;

void AddColumn(benchmark::State& bench, const std::shared_ptr<arrow::Array>& column) {
  const auto schema = arrow::schema({arrow::field("x", column->type())});
  const auto batch = arrow::RecordBatch::Make(schema, column->length(), {column});
  const auto combiner = DatasetStatistics::Make(*schema, {}).value();
  auto state = combiner.NewState();
  for (auto _ : bench) {
    if (!combiner.Add(batch, state).ok()) bench.SkipWithError("Add failed");
  }
  bench.SetItemsProcessed(bench.iterations() * column->length());
}

void BM_Reals(benchmark::State& bench) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> values;
  arrow::DoubleBuilder builder;
  for (int64_t i = 0; i < kNumRows; ++i) (void)builder.Append(values(random));
  AddColumn(bench, builder.Finish().ValueOrDie());
}
BENCHMARK(BM_Reals);

void BM_IntegersWithNulls(benchmark::State& bench) {
  std::mt19937_64 random(1);
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < kNumRows; ++i) {
    (void)(random() % 3 == 0 ? builder.AppendNull() : builder.Append(static_cast<int64_t>(random() % 24)));
  }
  AddColumn(bench, builder.Finish().ValueOrDie());
}
BENCHMARK(BM_IntegersWithNulls);

/// Argument: how many different strings there are.
void BM_Strings(benchmark::State& bench) {
  std::mt19937_64 random(1);
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < kNumRows; ++i) {
    (void)builder.Append("Taxi Affiliation " +
                         std::to_string(random() % static_cast<uint64_t>(bench.range(0))));
  }
  AddColumn(bench, builder.Finish().ValueOrDie());
}
BENCHMARK(BM_Strings)->Arg(50)->Arg(10'000)->Arg(1'000'000);

}  // namespace
}  // namespace penstock::statistics
