#include <tensorflow_model_analysis/proto/validation_result.pb.h>
#include <nlohmann/json.hpp>

#include "penstock/pages/bounded_json.h"
#include "penstock/pages/evaluation_keys_internal.h"

namespace penstock::pages {

using nlohmann::json;

namespace {

constexpr size_t kMaxTextBytes = 300;

std::string ValueText(const tfma::SingleSliceKey& key) {
  switch (key.kind_case()) {
    case tfma::SingleSliceKey::kBytesValue:
      return CutText(key.bytes_value(), kMaxTextBytes);
    case tfma::SingleSliceKey::kFloatValue:
      return fmt::format("{}", key.float_value());
    case tfma::SingleSliceKey::kInt64Value:
      return fmt::format("{}", key.int64_value());
    default:
      return "";
  }
}

std::string AggregationText(const tfma::AggregationType& type) {
  if (type.micro_average()) return "micro average";
  if (type.macro_average()) return "macro average";
  if (type.weighted_macro_average()) return "weighted macro average";
  return "";
}

}  // namespace

int JsonList::IndexOf(const json& thing) {
  const auto text = thing.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto [entry, is_new] = index_.try_emplace(text, static_cast<int>(things_.size()));
  if (is_new) things_.push_back(thing);
  return entry->second;
}

int JsonList::Find(const json& thing) const {
  const auto entry = index_.find(thing.dump(-1, ' ', false, json::error_handler_t::replace));
  return entry == index_.end() ? -1 : entry->second;
}

json SliceKeyJson(const tfma::SliceKey& key) {
  json pairs = json::array();
  for (const auto& single : key.single_slice_keys())
    pairs.push_back({CutText(single.column(), kMaxTextBytes), ValueText(single)});
  return pairs;
}

template <class Message>
json SliceJson(const Message& message) {
  if (!message.has_cross_slice_key()) return SliceKeyJson(message.slice_key());
  return {{"baseline", SliceKeyJson(message.cross_slice_key().baseline_slice_key())},
          {"comparison", SliceKeyJson(message.cross_slice_key().comparison_slice_key())}};
}
template json SliceJson(const tfma::MetricsForSlice&);
template json SliceJson(const tfma::PlotsForSlice&);
template json SliceJson(const tfma::AttributionsForSlice&);
template json SliceJson(const tfma::MetricsValidationForSlice&);

std::string SubKeyText(const tfma::SubKey& key) {
  if (key.has_class_id()) return fmt::format("class {}", key.class_id().value());
  if (key.has_top_k()) return fmt::format("top {}", key.top_k().value());
  if (key.has_k()) return fmt::format("rank {}", key.k().value());
  return "";
}

json MetricJson(const tfma::MetricKey& key) {
  return {{"name", CutText(key.name(), kMaxTextBytes)},
          {"of", SubKeyText(key.sub_key())},
          {"aggregation", AggregationText(key.aggregation_type())},
          {"weighted", key.has_example_weighted() ? json(key.example_weighted().value()) : json(nullptr)},
          {"is_change", key.is_diff()}};
}

json SeriesJson(int evaluation, const std::string& model, const std::string& output) {
  return {{"evaluation", evaluation},
          {"model", CutText(model, kMaxTextBytes)},
          {"output", CutText(output, kMaxTextBytes)}};
}

}  // namespace penstock::pages
