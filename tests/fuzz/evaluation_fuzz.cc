// fuzz-libraries: penstock_evaluation
// Reads any bytes as an EvalConfig (YAML, JSON, text format), as a slicing query, as a metric's arguments and
// as the state of metrics; what is read is planned and measured.
#include <cstddef>
#include <cstdint>
#include <string>

#include "penstock/combine/row_filter.h"
#include "penstock/evaluation/evaluation_plan.h"
#include "penstock/evaluation/metric_combiner.h"

using namespace penstock::evaluation;  // NOLINT: one file, one room.

namespace {

void Plan(const std::string& text, const char* name) {
  const auto config = ParseEvalConfig(text, name);
  if (!config.ok()) return;
  const auto completed = CompleteEvalConfig(*config, false, true);
  if (completed.ok()) (void)PlanEvaluation(*completed, TargetOfSpec, Compatibility::kTfma);
}

void Measure(const std::string& bytes) {
  static const auto* const kPlan = [] {
    const auto config = ParseEvalConfig("{label: l, prediction: p}", "plan.yaml");
    return new EvaluationPlan(
        *PlanEvaluation(*CompleteEvalConfig(*config, false, true), TargetOfSpec, Compatibility::kTfma));
  }();
  const MetricCombiner metrics(*kPlan, 0);
  auto state = metrics.Decode(bytes);
  if (!state.ok()) return;
  auto total = metrics.NewState();
  if (!metrics.Merge(*state, total).ok() || !metrics.Merge(*state, total).ok()) return;
  (void)metrics.Finish(total);
  (void)metrics.Decode(metrics.Encode(total));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      Plan(text, "fuzz.yaml");
      break;
    case 1:
      Plan(text, "fuzz.json");
      break;
    case 2:
      Plan(text, "fuzz.pbtxt");
      break;
    case 3:
      (void)penstock::combine::ParseSliceQuery(text);
      break;
    default:
      Measure(text);
  }
  return 0;
}
