#include <cstdlib>
#include <random>
#include <string>

#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include "penstock/transform/analyze_transform.h"

namespace penstock::transform {
namespace {

/// The features of the taxi example.
constexpr std::string_view kYaml = R"(
label: tips > fare * 0.2
features:
  miles: scale_to_z_score(impute(trip_miles, 0))
  fare: scale_to_z_score(fare)
  seconds: scale_to_z_score(impute(trip_seconds, 0))
  latitude: bucketize(impute(latitude, 0), num_buckets=10)
  longitude: bucketize(impute(longitude, 0), num_buckets=10)
  payment: compute_and_apply_vocabulary(payment_type, top_k=1000, num_oov_buckets=10)
  company: compute_and_apply_vocabulary(impute(company, ''), top_k=1000, num_oov_buckets=10)
  hour: impute(hour, 0)
  when: hash_strings(cross(hour, day), hash_buckets=1000)
)";

data::Batch TaxiLike(int64_t num_rows) {
  std::mt19937_64 random(7);
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const char* name, auto builder, auto&& value) {
    for (int64_t i = 0; i < num_rows; ++i) {
      const uint64_t bits = random();
      const bool is_added =
          bits % 50 == 0 ? builder.AppendNull().ok() : builder.Append(value(bits >> 8)).ok();
      if (!is_added) std::abort();
    }
    arrays.push_back(*builder.Finish());
    fields.push_back(arrow::field(name, arrays.back()->type()));
  };
  for (const char* name : {"trip_miles", "fare", "tips", "latitude", "longitude"}) {
    add(name, arrow::DoubleBuilder(), [](uint64_t bits) { return static_cast<double>(bits % 5000) / 100; });
  }
  for (const char* name : {"trip_seconds", "hour", "day"}) {
    add(name, arrow::Int64Builder(), [](uint64_t bits) { return static_cast<int64_t>(bits % 24); });
  }
  add("payment_type", arrow::StringBuilder(),
      [](uint64_t bits) { return "payment " + std::to_string(bits % 5); });
  add("company", arrow::StringBuilder(),
      [](uint64_t bits) { return "company number " + std::to_string(bits % 120); });
  return arrow::RecordBatch::Make(arrow::schema(fields), num_rows, arrays);
}

std::unique_ptr<data::Dataset> Repeated(const data::Batch& batch, int num_batches) {
  return data::MakeInMemoryDataset(batch->schema(),
                                   std::vector<data::Batch>(static_cast<size_t>(num_batches), batch));
}

void BM_Analyze(benchmark::State& state) {
  const data::Batch batch = TaxiLike(65536);
  const auto dataset = Repeated(batch, 16);
  const TransformSpec spec = *ParseTransformSpec(kYaml, "f.yaml");
  const ExecutionOptions options{.num_threads = static_cast<int>(state.range(0))};
  for (auto _ : state)
    benchmark::DoNotOptimize(AnalyzeTransform(spec, *dataset, options)->Serialize().size());
  state.SetItemsProcessed(state.iterations() * 16 * 65536);
}
BENCHMARK(BM_Analyze)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Apply(benchmark::State& state) {
  const data::Batch all = TaxiLike(65536);
  const TransformGraph graph = *AnalyzeTransform(*ParseTransformSpec(kYaml, "f.yaml"), *Repeated(all, 1),
                                                 ExecutionOptions{.num_threads = 1});
  const data::Batch batch = all->Slice(0, state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize((*graph.ApplyFeatures(batch))->num_rows());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Apply)->Arg(1)->Arg(100)->Arg(65536)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace penstock::transform
