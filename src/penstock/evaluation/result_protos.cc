#include "penstock/evaluation/result_protos.h"

#include <charconv>
#include <cmath>

namespace penstock::evaluation {
namespace {

void SetSubKey(const SubKey& sub_key, tfma::SubKey& into) {
  if (sub_key.class_id != SubKey::kNone) into.mutable_class_id()->set_value(sub_key.class_id);
  if (sub_key.k != SubKey::kNone) into.mutable_k()->set_value(sub_key.k);
  if (sub_key.top_k != SubKey::kNone) into.mutable_top_k()->set_value(sub_key.top_k);
}

SubKey SubKeyOf(const tfma::SubKey& from) {
  SubKey sub_key;
  if (from.has_class_id()) sub_key.class_id = from.class_id().value();
  if (from.has_k()) sub_key.k = from.k().value();
  if (from.has_top_k()) sub_key.top_k = from.top_k().value();
  return sub_key;
}

// TFMA rounds thresholds to 6 digits in what it stores.
double Rounded(double threshold) {
  if (!std::isfinite(threshold)) return threshold;
  return std::nearbyint(threshold * 1e6) / 1e6;
}

void SetMatrices(const ConfusionMatrices& matrices, tfma::ConfusionMatrixAtThresholds& into) {
  for (size_t i = 0; i < matrices.thresholds.size(); ++i) {
    auto& matrix = *into.add_matrices();
    const MatrixRates rates = RatesOf(matrices, i);
    matrix.set_threshold(Rounded(matrices.thresholds[i]));
    matrix.set_true_positives(matrices.tp[i]);
    matrix.set_true_negatives(matrices.tn[i]);
    matrix.set_false_positives(matrices.fp[i]);
    matrix.set_false_negatives(matrices.fn[i]);
    matrix.set_precision(rates.precision);
    matrix.set_recall(rates.recall);
    matrix.set_false_positive_rate(rates.false_positive_rate);
    matrix.set_f1(rates.f1);
    matrix.set_accuracy(rates.accuracy);
    matrix.set_false_omission_rate(rates.false_omission_rate);
  }
}

// What is above a threshold, whatever its label: rates stay those of the matrix it was made from.
void SetScoreDistribution(const ConfusionMatrices& matrices, tfma::ConfusionMatrixAtThresholds& into) {
  SetMatrices(matrices, into);
  for (auto& matrix : *into.mutable_matrices()) {
    matrix.set_true_negatives(matrix.true_negatives() + matrix.false_negatives());
    matrix.set_true_positives(matrix.true_positives() + matrix.false_positives());
    matrix.set_false_negatives(0);
    matrix.set_false_positives(0);
    matrix.set_precision(0);
    matrix.set_recall(0);
  }
}

void SetClasses(const ClassMatrices& matrices, tfma::MultiClassConfusionMatrixAtThresholds& into) {
  for (const auto& [threshold, entries] : matrices.by_threshold) {
    auto& matrix = *into.add_matrices();
    matrix.set_threshold(threshold);
    for (const auto& [classes, weight] : entries) {
      auto& entry = *matrix.add_entries();
      entry.set_actual_class_id(classes.first);
      entry.set_predicted_class_id(classes.second);
      entry.set_num_weighted_examples(weight);
    }
  }
}

void SetLabels(const MultiLabelMatrices& matrices, tfma::MultiLabelConfusionMatrixAtThresholds& into) {
  for (const auto& [threshold, entries] : matrices.by_threshold) {
    auto& matrix = *into.add_matrices();
    matrix.set_threshold(threshold);
    for (const auto& [classes, cells] : entries) {
      auto& entry = *matrix.add_entries();
      entry.set_actual_class_id(classes.first);
      entry.set_predicted_class_id(classes.second);
      entry.set_false_negatives(cells[0]);
      entry.set_true_negatives(cells[1]);
      entry.set_false_positives(cells[2]);
      entry.set_true_positives(cells[3]);
    }
  }
}

void SetBuckets(const CalibrationBuckets& buckets, tfma::CalibrationHistogramBuckets& into) {
  for (const auto& from : buckets.buckets) {
    auto& bucket = *into.add_buckets();
    bucket.set_lower_threshold_inclusive(from.lower);
    bucket.set_upper_threshold_exclusive(from.upper);
    bucket.mutable_num_weighted_examples()->set_value(from.weight);
    bucket.mutable_total_weighted_label()->set_value(from.label);
    bucket.mutable_total_weighted_refined_prediction()->set_value(from.prediction);
  }
}

void SetNumbers(const std::vector<double>& numbers, tfma::MetricValue& into) {
  if (numbers.size() == 1) {
    into.mutable_double_value()->set_value(numbers[0]);
    return;
  }
  auto& array = *into.mutable_array_value();
  array.set_data_type(tfma::ArrayValue::FLOAT64);
  array.add_shape(static_cast<int32_t>(numbers.size()));
  for (const double number : numbers) array.add_float64_values(number);
}

void SetSample(const FeatureSample& sample, tfma::MetricValue& into) {
  auto& array = *into.mutable_array_value();
  if (sample.kind == FeatureSample::Kind::kText) {
    array.set_data_type(tfma::ArrayValue::BYTES);
    for (const std::string& text : sample.texts) array.add_bytes_values(text);
    array.add_shape(array.bytes_values_size());
  } else if (sample.kind == FeatureSample::Kind::kInt64) {
    array.set_data_type(tfma::ArrayValue::INT64);
    for (const double number : sample.numbers) array.add_int64_values(static_cast<int64_t>(number));
    array.add_shape(array.int64_values_size());
  } else {
    array.set_data_type(tfma::ArrayValue::FLOAT64);
    for (const double number : sample.numbers) array.add_float64_values(number);
    array.add_shape(array.float64_values_size());
  }
}

struct ValueSetter {
  tfma::MetricValue& into;
  void operator()(double value) const { into.mutable_double_value()->set_value(value); }
  void operator()(const std::vector<double>& values) const {
    if (values.size() == 1) {
      auto& array = *into.mutable_array_value();
      array.set_data_type(tfma::ArrayValue::FLOAT64);
      array.add_shape(1);
      array.add_float64_values(values[0]);
      return;
    }
    SetNumbers(values, into);
  }
  void operator()(const ConfusionMatrices& m) const {
    if (m.thresholds.empty()) return;  // Nothing is set at all, as by TFMA.
    SetMatrices(m, *into.mutable_confusion_matrix_at_thresholds());
  }
  void operator()(const ClassMatrices& m) const {
    SetClasses(m, *into.mutable_multi_class_confusion_matrix_at_thresholds());
  }
  void operator()(const FeatureSample& sample) const { SetSample(sample, into); }
  void operator()(const std::string& text) const { into.set_bytes_value(text); }
  void operator()(const MultiLabelMatrices&) const {}
  void operator()(const CalibrationBuckets&) const {}
  void operator()(const Attributions&) const {}
};

tfma::PlotData PlotProto(const MetricKey& key, const MetricValue& value) {
  tfma::PlotData plot;
  if (const auto* matrices = ValueAs<ConfusionMatrices>(value)) {
    const bool is_distribution = key.name.find("score_distribution") != std::string::npos;
    (is_distribution ? SetScoreDistribution : SetMatrices)(*matrices,
                                                           *plot.mutable_confusion_matrix_at_thresholds());
  } else if (const auto* classes = ValueAs<ClassMatrices>(value)) {
    SetClasses(*classes, *plot.mutable_multi_class_confusion_matrix_at_thresholds());
  } else if (const auto* labels = ValueAs<MultiLabelMatrices>(value)) {
    SetLabels(*labels, *plot.mutable_multi_label_confusion_matrix_at_thresholds());
  } else if (const auto* buckets = std::get_if<CalibrationBuckets>(&value)) {
    SetBuckets(*buckets, *plot.mutable_calibration_histogram_buckets());
  }
  return plot;
}

tfma::ConfidenceInterval IntervalProto(const Interval& interval) {
  tfma::ConfidenceInterval proto;
  SetNumbers(interval.lower, *proto.mutable_lower_bound());
  SetNumbers(interval.upper, *proto.mutable_upper_bound());
  SetNumbers(interval.standard_error, *proto.mutable_standard_error());
  proto.mutable_degrees_of_freedom()->set_value(Interval::kDegreesOfFreedom);
  return proto;
}

}  // namespace

tfma::MetricKey KeyProto(const MetricKey& key) {
  tfma::MetricKey proto;
  proto.set_name(key.name);
  proto.set_model_name(key.model);
  proto.set_output_name(key.output);
  if (!key.sub_key.IsEmpty()) SetSubKey(key.sub_key, *proto.mutable_sub_key());
  if (key.aggregation == Aggregation::kMicro) proto.mutable_aggregation_type()->set_micro_average(true);
  if (key.aggregation == Aggregation::kMacro) proto.mutable_aggregation_type()->set_macro_average(true);
  if (key.aggregation == Aggregation::kWeightedMacro)
    proto.mutable_aggregation_type()->set_weighted_macro_average(true);
  if (key.has_weighting) proto.mutable_example_weighted()->set_value(key.is_weighted);
  proto.set_is_diff(key.is_diff);
  return proto;
}

tfma::SliceKey SliceKeyProto(const SliceFeatures& slice) {
  tfma::SliceKey proto;
  for (const SliceFeature& feature : slice) {
    auto& single = *proto.add_single_slice_keys();
    single.set_column(feature.name);
    if (feature.kind == SliceFeature::Kind::kInt64) {
      int64_t value = 0;
      std::from_chars(feature.value.data(), feature.value.data() + feature.value.size(), value);
      single.set_int64_value(value);
    } else if (feature.kind == SliceFeature::Kind::kDouble) {
      double value = 0;
      std::from_chars(feature.value.data(), feature.value.data() + feature.value.size(), value);
      single.set_float_value(static_cast<float>(value));
    } else {
      single.set_bytes_value(feature.value);
    }
  }
  return proto;
}

tfma::CrossSliceKey CrossSliceKeyProto(const SliceResult& slice) {
  tfma::CrossSliceKey proto;
  *proto.mutable_baseline_slice_key() = SliceKeyProto(slice.baseline_slice);
  *proto.mutable_comparison_slice_key() = SliceKeyProto(slice.slice);
  return proto;
}

tfma::MetricValue ValueProto(const MetricValue& value) {
  tfma::MetricValue proto;
  std::visit(ValueSetter{proto}, value);
  return proto;
}

namespace {

// TFMA tells too small slices in a field it calls deprecated.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void SetTooSmall(const std::string& error, tfma::MetricsForSlice& into) {
  (*into.mutable_metrics())["__ERROR__"].set_debug_message(error);
}
const tfma::MetricValue* FindTooSmall(const tfma::MetricsForSlice& from) {
  const auto found = from.metrics().find("__ERROR__");
  return found == from.metrics().end() ? nullptr : &found->second;
}
#pragma GCC diagnostic pop

}  // namespace

tfma::MetricsForSlice MetricsProto(const SliceResult& slice) {
  tfma::MetricsForSlice proto;
  if (slice.is_cross) {
    *proto.mutable_cross_slice_key() = CrossSliceKeyProto(slice);
  } else {
    *proto.mutable_slice_key() = SliceKeyProto(slice.slice);
  }
  if (slice.is_too_small) {
    SetTooSmall(slice.error, proto);
    return proto;
  }
  for (const auto& [key, value] : slice.metrics) {
    if (ValueAs<Attributions>(value) != nullptr) continue;  // They have a file of their own.
    auto& entry = *proto.add_metric_keys_and_values();
    *entry.mutable_key() = KeyProto(key);
    *entry.mutable_value() = ValueProto(value);
    const auto interval = slice.intervals.find(key);
    if (interval != slice.intervals.end())
      *entry.mutable_confidence_interval() = IntervalProto(interval->second);
  }
  if (!slice.error.empty()) {
    auto& entry = *proto.add_metric_keys_and_values();
    entry.mutable_key()->set_name("__ERROR__");
    entry.mutable_key()->mutable_example_weighted()->set_value(false);
    entry.mutable_value()->set_bytes_value(slice.error);
  }
  return proto;
}

tfma::PlotsForSlice PlotsProto(const SliceResult& slice) {
  tfma::PlotsForSlice proto;
  if (slice.is_cross) {
    *proto.mutable_cross_slice_key() = CrossSliceKeyProto(slice);
  } else {
    *proto.mutable_slice_key() = SliceKeyProto(slice.slice);
  }
  for (const auto& [key, value] : slice.plots) {
    auto& entry = *proto.add_plot_keys_and_values();
    entry.mutable_key()->set_name(key.name);
    entry.mutable_key()->set_model_name(key.model);
    entry.mutable_key()->set_output_name(key.output);
    if (!key.sub_key.IsEmpty()) SetSubKey(key.sub_key, *entry.mutable_key()->mutable_sub_key());
    entry.mutable_key()->mutable_example_weighted()->set_value(key.is_weighted);
    *entry.mutable_value() = PlotProto(key, value);
  }
  return proto;
}

tfma::AttributionsForSlice AttributionsProto(const SliceResult& slice) {
  tfma::AttributionsForSlice proto;
  if (slice.is_cross) {
    *proto.mutable_cross_slice_key() = CrossSliceKeyProto(slice);
  } else {
    *proto.mutable_slice_key() = SliceKeyProto(slice.slice);
  }
  for (const auto& [key, value] : slice.metrics) {
    const auto* attributions = ValueAs<Attributions>(value);
    if (attributions == nullptr) continue;
    auto& entry = *proto.add_attributions_keys_and_values();
    entry.mutable_key()->set_name(key.name);
    entry.mutable_key()->set_model_name(key.model);
    entry.mutable_key()->set_output_name(key.output);
    if (!key.sub_key.IsEmpty()) SetSubKey(key.sub_key, *entry.mutable_key()->mutable_sub_key());
    entry.mutable_key()->mutable_example_weighted()->set_value(key.is_weighted);
    entry.mutable_key()->set_is_diff(key.is_diff);
    for (const auto& [feature, values] : attributions->by_feature)
      SetNumbers(values, (*entry.mutable_values())[feature]);
  }
  return proto;
}

SliceFeatures FeaturesOf(const tfma::SliceKey& key) {
  SliceFeatures features;
  for (const auto& single : key.single_slice_keys()) {
    SliceFeature feature{single.column(), single.bytes_value(), SliceFeature::Kind::kText};
    if (single.kind_case() == tfma::SingleSliceKey::kInt64Value) {
      feature = {single.column(), fmt::format("{}", single.int64_value()), SliceFeature::Kind::kInt64};
    } else if (single.kind_case() == tfma::SingleSliceKey::kFloatValue) {
      feature = {single.column(), fmt::format("{}", double{single.float_value()}),
                 SliceFeature::Kind::kDouble};
    }
    features.push_back(std::move(feature));
  }
  return features;
}

namespace {

MetricValue ValueOf(const tfma::MetricValue& from) {
  if (from.has_double_value()) return from.double_value().value();
  if (from.has_array_value() && from.array_value().data_type() == tfma::ArrayValue::FLOAT64) {
    return std::vector<double>(from.array_value().float64_values().begin(),
                               from.array_value().float64_values().end());
  }
  if (from.has_confusion_matrix_at_thresholds()) {
    ConfusionMatrices matrices;
    for (const auto& matrix : from.confusion_matrix_at_thresholds().matrices()) {
      matrices.thresholds.push_back(matrix.threshold());
      matrices.tp.push_back(matrix.true_positives());
      matrices.tn.push_back(matrix.true_negatives());
      matrices.fp.push_back(matrix.false_positives());
      matrices.fn.push_back(matrix.false_negatives());
    }
    return matrices;
  }
  if (from.type_case() == tfma::MetricValue::kBytesValue) return from.bytes_value();
  return from.ShortDebugString();
}

std::vector<double> NumbersIn(const tfma::MetricValue& from) { return NumbersOf(ValueOf(from)); }

}  // namespace

Result<SliceResult> FromProtos(const tfma::MetricsForSlice& metrics) {
  SliceResult slice;
  slice.is_cross = metrics.has_cross_slice_key();
  if (slice.is_cross) {
    slice.slice = FeaturesOf(metrics.cross_slice_key().comparison_slice_key());
    slice.baseline_slice = FeaturesOf(metrics.cross_slice_key().baseline_slice_key());
  } else {
    slice.slice = FeaturesOf(metrics.slice_key());
  }
  if (const tfma::MetricValue* error = FindTooSmall(metrics)) {
    slice.is_too_small = true;
    slice.error = error->debug_message();
  }
  std::map<MetricKey, MetricValue> values;
  for (const auto& entry : metrics.metric_keys_and_values()) {
    if (entry.key().name() == "__ERROR__") {
      slice.error = entry.value().bytes_value();
      continue;
    }
    MetricKey key;
    key.name = entry.key().name();
    key.model = entry.key().model_name();
    key.output = entry.key().output_name();
    key.sub_key = SubKeyOf(entry.key().sub_key());
    key.aggregation = entry.key().aggregation_type().micro_average()            ? Aggregation::kMicro
                      : entry.key().aggregation_type().macro_average()          ? Aggregation::kMacro
                      : entry.key().aggregation_type().weighted_macro_average() ? Aggregation::kWeightedMacro
                                                                                : Aggregation::kNone;
    key.is_weighted = entry.key().example_weighted().value();
    key.is_diff = entry.key().is_diff();
    MetricValue value = ValueOf(entry.value());
    if (key.name == "example_count" && !key.is_diff)
      if (const auto* count = std::get_if<double>(&value)) slice.num_examples = static_cast<int64_t>(*count);
    if (entry.has_confidence_interval()) {
      const auto& interval = entry.confidence_interval();
      slice.intervals[key] = {NumbersIn(interval.lower_bound()), NumbersIn(interval.upper_bound()),
                              NumbersIn(interval.standard_error())};
    }
    values.emplace(std::move(key), std::move(value));
  }
  slice.metrics = MetricValues(std::move(values));
  return slice;
}

void AddFromProto(const tfma::AttributionsForSlice& attributions, SliceResult& slice) {
  for (const auto& entry : attributions.attributions_keys_and_values()) {
    MetricKey key;
    key.name = entry.key().name();
    key.model = entry.key().model_name();
    key.output = entry.key().output_name();
    key.sub_key = SubKeyOf(entry.key().sub_key());
    key.is_weighted = entry.key().example_weighted().value();
    key.is_diff = entry.key().is_diff();
    Attributions values;
    for (const auto& [feature, value] : entry.values()) values.by_feature[feature] = NumbersIn(value);
    slice.metrics.Set(std::move(key), std::move(values));
  }
}

std::string TextOf(const tfma::SliceKey& key) { return SliceText(FeaturesOf(key)); }

std::string TextOf(const tfma::SlicingSpec& spec) {
  std::string text;
  for (const std::string& key : spec.feature_keys())
    text += fmt::format("{}{}", text.empty() ? "" : ",", key);
  for (const auto& [name, value] : spec.feature_values())
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name, value);
  return text.empty() ? "Overall" : text;
}

}  // namespace penstock::evaluation
