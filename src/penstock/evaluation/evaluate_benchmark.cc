// What an example costs to evaluate: all default metrics, overall and in 31 + 155 slices.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "penstock/combine/batches_testing.h"
#include "penstock/evaluation/evaluate.h"

namespace penstock::evaluation {
namespace {

constexpr int64_t kNumExamples = 1'000'000;

std::unique_ptr<data::Dataset> Predictions() {
  combine::TestRandom random(1);
  std::vector<data::Batch> batches;
  for (int64_t done = 0; done < kNumExamples; done += 62'500) {
    std::vector<std::optional<double>> prediction;
    std::vector<std::optional<int64_t>> label, hour;
    std::vector<std::optional<std::string>> payment;
    for (int64_t row = 0; row < 62'500; ++row) {
      prediction.push_back(random.Uniform());
      label.push_back(random.Uniform() < *prediction.back());
      hour.push_back(random.Below(31));
      payment.push_back("payment type " + std::to_string(random.Below(5)));
    }
    combine::BatchMaker maker;
    maker.Doubles("prediction", prediction).Ints("label", label).Ints("hour", hour).Texts("payment", payment);
    batches.push_back(maker.Make());
  }
  auto schema = batches.front()->schema();
  return data::MakeInMemoryDataset(std::move(schema), std::move(batches));
}

void BM_EvaluatePredictions(benchmark::State& state, const char* config_text) {
  const auto dataset = Predictions();
  const auto config = ParseEvaluationConfig(nlohmann::json::parse(config_text));
  for (auto _ : state) {
    const auto result = EvaluatePredictions(*dataset, {}, *config, {});
    if (!result.ok()) state.SkipWithError(result.status().ToString().c_str());
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * kNumExamples);
}
BENCHMARK_CAPTURE(BM_EvaluatePredictions, overall, "{}")
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(BM_EvaluatePredictions, slices, R"({"slices": [["hour"], ["payment", "hour"]]})")
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace penstock::evaluation
