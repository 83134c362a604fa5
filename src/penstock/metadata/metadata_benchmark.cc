#include <benchmark/benchmark.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/database_store.h"

namespace penstock::metadata {
namespace {

/// A store in a fresh folder, removed at the end.
class TemporaryStore {
 public:
  explicit TemporaryStore(const std::string& parent = "/tmp")
      : folder_(fs::Join(parent, "metadata-benchmark-" + NewUuid())) {
    fs::CreateDirectories(folder_).IgnoreError();
    store_ = OpenStore(folder_ + "/metadata.sqlite", clock_).value();
  }
  ~TemporaryStore() {
    store_.reset();
    fs::RemoveAll(folder_).IgnoreError();
  }
  MetadataStore& store() { return *store_; }
  std::string path() const { return folder_ + "/metadata.sqlite"; }
  const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  std::string folder_;
  std::unique_ptr<MetadataStore> store_;
};

ExecutionPlan Plan(const std::string& run_id, int node) {
  ExecutionPlan plan;
  plan.run_id = run_id;
  plan.pipeline_name = "taxi";
  plan.node_id = "node" + std::to_string(node);
  plan.component_type = "Trainer";
  plan.cache_key = DigestOf(plan.node_id);
  plan.parameters = {{"num_rounds", 100}, {"learning_rate", 0.1}};
  return plan;
}

/// What the store costs of a run whose ten nodes are all answered from the cache, from
/// opening the file to closing it: bounded by one sync per transition.
void BM_CachedRunOfTenNodes(benchmark::State& state) {
  TemporaryStore temporary;
  for (int node = 0; node < 10; ++node) {
    const int64_t id = temporary.store().BeginExecution(Plan("first", node)).value();
    ExecutionOutcome outcome;
    outcome.outputs = {{"model", {pipeline::Artifact{.type = "Model", .uri = "/m"}}}};
    temporary.store().FinishExecution(id, outcome).value();
  }
  for (auto _ : state) {
    auto store = OpenStore(temporary.path(), temporary.clock()).value();
    const std::string run_id = NewUuid();
    store->CreateRun({.run_id = run_id, .pipeline_name = "taxi", .spec = "{}"}).IgnoreError();
    for (int node = 0; node < 10; ++node) {
      const ExecutionPlan plan = Plan(run_id, node);
      const auto cached = store->FindCached(plan.cache_key).value();
      const std::vector<std::string> events = {"{\"cached\":true}"};
      store->PublishCached(plan, cached->execution_id, {node, events}).value();
    }
    store->SetRunState(run_id, RunState::kSucceeded).IgnoreError();
  }
}
BENCHMARK(BM_CachedRunOfTenNodes)->Unit(benchmark::kMillisecond);

void BM_NewestOfManyRuns(benchmark::State& state) {
  TemporaryStore temporary("/dev/shm");  // In memory: to fill it must not take 10,000 syncs of a disk.
  for (int i = 0; i < state.range(0); ++i) {
    temporary.store()
        .CreateRun({.run_id = "run-" + std::to_string(i), .pipeline_name = "taxi"})
        .IgnoreError();
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(temporary.store().FindRuns({.pipeline_name = "taxi", .limit = 20}));
}
BENCHMARK(BM_NewestOfManyRuns)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void BM_OpenAndClose(benchmark::State& state) {
  TemporaryStore temporary;
  for (auto _ : state) benchmark::DoNotOptimize(OpenStore(temporary.path(), temporary.clock()));
}
BENCHMARK(BM_OpenAndClose)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace penstock::metadata
