#include "penstock/evaluation/metric_key.h"

#include <fmt/format.h>

namespace penstock::evaluation {

std::string MetricKey::SubKeyText() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ",") + part; };
  if (sub_key.class_id != SubKey::kNone) add(fmt::format("class_id:{}", sub_key.class_id));
  if (sub_key.k != SubKey::kNone) add(fmt::format("k:{}", sub_key.k));
  if (sub_key.top_k != SubKey::kNone) add(fmt::format("top_k:{}", sub_key.top_k));
  if (aggregation == Aggregation::kMicro) add("micro_average");
  if (aggregation == Aggregation::kMacro) add("macro_average");
  if (aggregation == Aggregation::kWeightedMacro) add("weighted_macro_average");
  return text;
}

}  // namespace penstock::evaluation
