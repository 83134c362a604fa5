#include "penstock/evaluation/result_json.h"

#include <cmath>

#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include "penstock/evaluation/result_protos.h"

namespace penstock::evaluation {
namespace {

using nlohmann::json;

json ToJson(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

json ArrayJson(const std::vector<double>& numbers, const char* type) {
  json values = json::array();
  for (const double number : numbers)
    values.push_back(std::string_view(type) == "INT64" ? json(static_cast<int64_t>(number)) : ToJson(number));
  return {{"array", {{"dtype", type}, {"shape", {numbers.size()}}, {"values", values}}}};
}

json ToJson(const tfma::ConfusionMatrixAtThresholds& matrices) {
  json list = json::array();
  for (const auto& m : matrices.matrices()) {
    list.push_back({{"threshold", ToJson(m.threshold())},
                    {"false_negatives", ToJson(m.false_negatives())},
                    {"true_negatives", ToJson(m.true_negatives())},
                    {"false_positives", ToJson(m.false_positives())},
                    {"true_positives", ToJson(m.true_positives())},
                    {"precision", ToJson(m.precision())},
                    {"recall", ToJson(m.recall())},
                    {"false_positive_rate", ToJson(m.false_positive_rate())},
                    {"f1", ToJson(m.f1())},
                    {"accuracy", ToJson(m.accuracy())},
                    {"false_omission_rate", ToJson(m.false_omission_rate())}});
  }
  return {{"matrices", list}};
}

json ToJson(const tfma::MultiClassConfusionMatrixAtThresholds::MultiClassConfusionMatrixEntry& entry) {
  return {{"actual_class_id", entry.actual_class_id()},
          {"predicted_class_id", entry.predicted_class_id()},
          {"num_weighted_examples", ToJson(entry.num_weighted_examples())}};
}

json ToJson(const tfma::MultiLabelConfusionMatrixAtThresholds::MultiLabelConfusionMatrixEntry& entry) {
  return {{"actual_class_id", entry.actual_class_id()},
          {"predicted_class_id", entry.predicted_class_id()},
          {"false_negatives", ToJson(entry.false_negatives())},
          {"true_negatives", ToJson(entry.true_negatives())},
          {"false_positives", ToJson(entry.false_positives())},
          {"true_positives", ToJson(entry.true_positives())}};
}

// Matrices by threshold whose cells are entries.
template <class Matrices>
json EntriesJson(const Matrices& matrices) {
  json list = json::array();
  for (const auto& m : matrices.matrices()) {
    json entries = json::array();
    for (const auto& entry : m.entries()) entries.push_back(ToJson(entry));
    list.push_back({{"threshold", ToJson(m.threshold())}, {"entries", std::move(entries)}});
  }
  return {{"matrices", std::move(list)}};
}

json ToJson(const tfma::CalibrationHistogramBuckets& buckets) {
  json list = json::array();
  for (const auto& bucket : buckets.buckets())
    list.push_back(
        {{"lower_threshold_inclusive", ToJson(bucket.lower_threshold_inclusive())},
         {"upper_threshold_exclusive", ToJson(bucket.upper_threshold_exclusive())},
         {"num_weighted_examples", ToJson(bucket.num_weighted_examples().value())},
         {"total_weighted_label", ToJson(bucket.total_weighted_label().value())},
         {"total_weighted_refined_prediction", ToJson(bucket.total_weighted_refined_prediction().value())}});
  return {{"buckets", list}};
}

json ValueJson(const MetricValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return ToJson(*number);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) return ArrayJson(*numbers, "FLOAT64");
  if (const auto* text = std::get_if<std::string>(&value)) return {{"bytes", *text}};
  if (const auto* sample = ValueAs<FeatureSample>(value)) {
    if (sample->kind != FeatureSample::Kind::kText)
      return ArrayJson(sample->numbers, sample->kind == FeatureSample::Kind::kInt64 ? "INT64" : "FLOAT64");
    return {{"array", {{"dtype", "BYTES"}, {"shape", {sample->texts.size()}}, {"values", sample->texts}}}};
  }
  const tfma::MetricValue proto = ValueProto(value);
  if (proto.has_confusion_matrix_at_thresholds())
    return {{"confusion_matrix_at_thresholds", ToJson(proto.confusion_matrix_at_thresholds())}};
  if (proto.type_case() == tfma::MetricValue::TYPE_NOT_SET) return nullptr;
  return {{"multi_class_confusion_matrix_at_thresholds",
           EntriesJson(proto.multi_class_confusion_matrix_at_thresholds())}};
}

json IntervalJson(const Interval& interval) {
  const auto part = [](const std::vector<double>& numbers) {
    return numbers.size() == 1 ? ToJson(numbers[0]) : ArrayJson(numbers, "FLOAT64");
  };
  return {{"lower_bound", part(interval.lower)},
          {"upper_bound", part(interval.upper)},
          {"standard_error", part(interval.standard_error)},
          {"degrees_of_freedom", Interval::kDegreesOfFreedom}};
}

// A name with what tells it from another of the same place.
std::string ShownName(const MetricKey& key, const MetricValues& all) {
  std::string name = key.is_diff ? key.name + "|diff" : key.name;
  MetricKey twin = key;
  twin.is_weighted = !key.is_weighted;
  if (all.count(twin) > 0) name += key.is_weighted ? "|weighted" : "|unweighted";
  return name;
}

json MetricsJson(const SliceResult& slice) {
  json metrics = json::object();
  if (slice.is_too_small) return metrics;
  for (const auto& [key, value] : slice.metrics) {
    if (ValueAs<Attributions>(value) != nullptr) continue;
    json entry = {{"value", ValueJson(value)}, {"example_weighted", key.is_weighted}};
    const auto interval = slice.intervals.find(key);
    if (interval != slice.intervals.end()) entry["confidence_interval"] = IntervalJson(interval->second);
    metrics[key.model][key.output][key.SubKeyText()][ShownName(key, slice.metrics)] = std::move(entry);
  }
  if (!slice.error.empty())
    metrics[""][""][""]["__ERROR__"] = {{"value", {{"bytes", slice.error}}}, {"example_weighted", false}};
  return metrics;
}

json AttributionsJson(const SliceResult& slice) {
  json all = json::object();
  for (const auto& [key, value] : slice.metrics) {
    const auto* attributions = ValueAs<Attributions>(value);
    if (attributions == nullptr) continue;
    json values = json::object();
    for (const auto& [feature, numbers] : attributions->by_feature)
      values[feature] = numbers.size() == 1 ? ToJson(numbers[0]) : ArrayJson(numbers, "FLOAT64");
    all[key.model][key.output][key.SubKeyText()][ShownName(key, slice.metrics)] = {
        {"values", std::move(values)}, {"example_weighted", key.is_weighted}};
  }
  return all;
}

json PlotsJson(const SliceResult& slice) {
  json plots = json::object();
  if (slice.is_too_small) return plots;
  const tfma::PlotsForSlice proto = PlotsProto(slice);
  auto entry = proto.plot_keys_and_values().begin();
  for (const auto& [key, value] : slice.plots) {
    json& place = plots[key.model][key.output][key.SubKeyText()];
    const tfma::PlotData& data = entry->value();
    ++entry;
    const auto put = [&place, &key = key](const char* kind, json shown) {
      json plot = {{"value", std::move(shown)}, {"example_weighted", key.is_weighted}};
      const bool is_usual = key.name == "calibration_plot" || key.name == "confusion_matrix_plot";
      place[is_usual ? std::string(kind) : fmt::format("{}#{}", kind, key.name)] = std::move(plot);
    };
    if (data.has_calibration_histogram_buckets())
      put("calibration_histogram_buckets", ToJson(data.calibration_histogram_buckets()));
    if (data.has_confusion_matrix_at_thresholds())
      put("confusion_matrix_at_thresholds", ToJson(data.confusion_matrix_at_thresholds()));
    if (data.has_multi_class_confusion_matrix_at_thresholds())
      put("multi_class_confusion_matrix_at_thresholds",
          EntriesJson(data.multi_class_confusion_matrix_at_thresholds()));
    if (data.has_multi_label_confusion_matrix_at_thresholds())
      put("multi_label_confusion_matrix_at_thresholds",
          EntriesJson(data.multi_label_confusion_matrix_at_thresholds()));
  }
  return plots;
}

json SliceKeyJson(const SliceFeatures& slice) {
  json key = json::array();
  const tfma::SliceKey proto = SliceKeyProto(slice);
  for (const auto& single : proto.single_slice_keys()) {
    if (single.kind_case() == tfma::SingleSliceKey::kInt64Value) {
      key.push_back({single.column(), single.int64_value()});
    } else if (single.kind_case() == tfma::SingleSliceKey::kFloatValue) {
      key.push_back({single.column(), double{single.float_value()}});
    } else {
      key.push_back({single.column(), single.bytes_value()});
    }
  }
  return key;
}

// As Python writes the value of a slice: a float is what 32 bits hold of it.
std::string ShownSlice(const SliceFeatures& slice) {
  SliceFeatures shown = FeaturesOf(SliceKeyProto(slice));
  for (SliceFeature& feature : shown)
    if (feature.kind == SliceFeature::Kind::kDouble &&
        feature.value.find_first_of(".en") == std::string::npos)
      feature.value += ".0";
  return SliceText(shown);
}

}  // namespace

json ResultToJson(const SliceResult& slice) {
  json entry = json::object();
  if (slice.is_cross) {
    entry["slice"] = fmt::format("CROSS baseline=[{}] comparison=[{}]", ShownSlice(slice.baseline_slice),
                                 ShownSlice(slice.slice));
    entry["cross_slice_key"] = {{"baseline", SliceKeyJson(slice.baseline_slice)},
                                {"comparison", SliceKeyJson(slice.slice)}};
  } else {
    entry["slice"] = ShownSlice(slice.slice);
    entry["slice_key"] = SliceKeyJson(slice.slice);
  }
  entry["metrics"] = MetricsJson(slice);
  entry["plots"] = PlotsJson(slice);
  if (json attributions = AttributionsJson(slice); !attributions.empty())
    entry["attributions"] = std::move(attributions);
  if (slice.is_too_small) entry["legacy_metrics"] = {{"__ERROR__", slice.error}};
  return entry;
}

json ResultsToJson(const std::vector<SliceResult>& slices) {
  json list = json::array();
  for (const SliceResult& slice : slices) list.push_back(ResultToJson(slice));
  return {{"slices", std::move(list)}};
}

void PrintResults(const std::vector<SliceResult>& slices, std::FILE* out) {
  fmt::print(out, "{{\"slices\":[");
  for (size_t i = 0; i < slices.size(); ++i)
    fmt::print(out, "{}{}", i == 0 ? "" : ",", JsonText(ResultToJson(slices[i])));
  fmt::print(out, "]}}");
}

namespace {

std::string FromBase64(const std::string& text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    num_bits += 6;
    if (num_bits < 8) continue;
    num_bits -= 8;
    bytes.push_back(static_cast<char>(bits >> num_bits & 0xFF));
  }
  return bytes;
}

bool IsBound(const std::string& key) {
  return key == "lower_bound" || key == "upper_bound" || key == "absolute" || key == "relative" ||
         key == "double_value" || key == "float_value";
}

// Slice values as they are, where protobuf's JSON has bytes in base64 and 64-bit integers as texts; bounds as
// 1.0, where it writes 1.
void ShowSliceValues(json& value) {
  for (auto& [key, member] : value.items()) {
    if (member.is_number_integer() && IsBound(key)) member = member.get<double>();
    if (key == "bytes_value" && member.is_string()) {
      member = FromBase64(member.get<std::string>());
    } else if (key == "int64_value" && member.is_string()) {
      member = json::parse(member.get<std::string>(), nullptr, false);
    } else if (member.is_structured()) {
      ShowSliceValues(member);
    }
  }
}

}  // namespace

namespace {

// Numbers of wrappers as plain numbers, names as in the .proto.
json ProtoJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return json::object();
  return json::parse(text, nullptr, false);
}

}  // namespace

json ValidationToJson(const tfma::ValidationResult& validation) {
  json shown = ProtoJson(validation);
  ShowSliceValues(shown);
  shown["validation_ok"] = validation.validation_ok();
  return shown;
}

json ChecksToJson(const std::vector<ThresholdCheck>& checks) {
  json list = json::array();
  for (const ThresholdCheck& check : checks) {
    json entry = {{"metric", check.key.name},     {"model", check.key.model},
                  {"output", check.key.output},   {"sub_key", check.key.SubKeyText()},
                  {"is_diff", check.key.is_diff}, {"slice", check.slice},
                  {"value", ToJson(check.value)}, {"threshold", ProtoJson(check.threshold)},
                  {"ok", check.verdict.keeps},    {"within_noise", check.verdict.is_within_noise}};
    if (check.range) entry["lower"] = ToJson(check.range->lower), entry["upper"] = ToJson(check.range->upper);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string JsonText(const json& shown) { return shown.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace penstock::evaluation
