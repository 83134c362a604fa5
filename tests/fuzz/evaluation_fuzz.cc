// fuzz-libraries: penstock_evaluation
// Reads any bytes as the state of evaluation metrics and as an evaluation's configuration.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/evaluation/evaluation_config.h"
#include "penstock/evaluation/prediction_metrics.h"

using namespace penstock::evaluation;  // NOLINT: one file, one room.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    const auto json = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
    if (!json.is_discarded()) (void)ParseEvaluationConfig(json);
    return 0;
  }
  const PredictionMetrics metrics(Task::kBinaryClassification, DefaultMetrics(Task::kBinaryClassification),
                                  {std::string(kPrediction)}, /*max_exact_scores=*/4);
  auto state = metrics.Decode(bytes);
  if (!state.ok()) return 0;
  auto total = metrics.NewState();
  if (!metrics.Merge(*state, total).ok() || !metrics.Merge(*state, total).ok()) return 0;
  (void)metrics.Finish(total);
  (void)metrics.Decode(metrics.Encode(total));
  return 0;
}
