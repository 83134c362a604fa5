// How long inference and validation of a wide dataset take.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_validation.h"

namespace penstock::validation {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;

void FillCommon(tfmd::CommonStatistics& common) {
  common.set_num_non_missing(1000);
  common.set_tot_num_values(1000);
  common.set_min_num_values(1);
  common.set_max_num_values(1);
}

/// A third each of floats, integers and strings with 20 values.
tfmd::DatasetFeatureStatistics WideStatistics(int num_features) {
  tfmd::DatasetFeatureStatistics statistics;
  statistics.set_num_examples(1000);
  for (int i = 0; i < num_features; ++i) {
    auto& feature = *statistics.add_features();
    feature.mutable_path()->add_step(fmt::format("feature_{}", i));
    if (i % 3 == 2) {
      feature.set_type(tfmd::FeatureNameStatistics::STRING);
      FillCommon(*feature.mutable_string_stats()->mutable_common_stats());
      for (int value = 0; value < 20; ++value) {
        auto& bucket = *feature.mutable_string_stats()->mutable_rank_histogram()->add_buckets();
        bucket.set_label(fmt::format("value_{}", value * 7919 % 20));
        bucket.set_sample_count(50);
      }
    } else {
      feature.set_type(i % 3 == 0 ? tfmd::FeatureNameStatistics::INT : tfmd::FeatureNameStatistics::FLOAT);
      FillCommon(*feature.mutable_num_stats()->mutable_common_stats());
      feature.mutable_num_stats()->set_max(100);
    }
  }
  return statistics;
}

void BM_InferSchema(benchmark::State& state) {
  const auto statistics = WideStatistics(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(InferSchema(statistics));
}
BENCHMARK(BM_InferSchema)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

void BM_ValidateWithoutAnomalies(benchmark::State& state) {
  const auto statistics = WideStatistics(static_cast<int>(state.range(0)));
  const auto schema = InferSchema(statistics);
  for (auto _ : state) benchmark::DoNotOptimize(ValidateStatistics(statistics, *schema));
}
BENCHMARK(BM_ValidateWithoutAnomalies)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

void BM_ValidateWithAnAnomalyInEveryFeature(benchmark::State& state) {
  const auto statistics = WideStatistics(static_cast<int>(state.range(0)));
  auto schema = InferSchema(statistics);
  for (auto& feature : *schema->mutable_feature()) feature.mutable_presence()->set_min_count(2000);
  for (auto& domain : *schema->mutable_string_domain()) domain.mutable_value()->RemoveLast();
  for (auto _ : state) benchmark::DoNotOptimize(ValidateStatistics(statistics, *schema));
}
BENCHMARK(BM_ValidateWithAnAnomalyInEveryFeature)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::validation
