#include "penstock/evaluation/metric_class.h"

#include <algorithm>

#include "penstock/base/near_miss.h"

namespace penstock::evaluation {

using nlohmann::json;

Result<MetricArguments> MetricArguments::Parse(const std::string& metric, const std::string& config) {
  MetricArguments arguments;
  arguments.metric_ = metric;
  if (config.size() > (size_t{1} << 24)) return InvalidArgument("Metric {}: its config is too large", metric);
  const auto begin = config.find_first_not_of(" \t\r\n");
  const std::string text = begin == std::string::npos ? "{}"
                           : config[begin] == '{'     ? config
                                                      : "{" + config + "}";
  arguments.values_ = json::parse(text, nullptr, false);
  if (!arguments.values_.is_object())
    return InvalidArgument("Metric {}: its config is not JSON: {}", metric, config.substr(0, 100));
  return arguments;
}

bool MetricArguments::Has(const std::string& key) const {
  const auto found = values_.find(key);
  return found != values_.end() && !found->is_null();
}

bool MetricArguments::IsList(const std::string& key) const { return Has(key) && values_.at(key).is_array(); }

Result<std::string> MetricArguments::Text(const std::string& key, const std::string& absent) const {
  if (!Has(key)) return absent;
  if (!values_.at(key).is_string()) return InvalidArgument("Metric {}: '{}' must be a text", metric_, key);
  return values_.at(key).get<std::string>();
}

Result<double> MetricArguments::Number(const std::string& key, double absent) const {
  if (!Has(key)) return absent;
  if (!values_.at(key).is_number()) return InvalidArgument("Metric {}: '{}' must be a number", metric_, key);
  return values_.at(key).get<double>();
}

Result<int64_t> MetricArguments::Integer(const std::string& key, int64_t absent) const {
  if (!Has(key)) return absent;
  if (!values_.at(key).is_number_integer())
    return InvalidArgument("Metric {}: '{}' must be a whole number", metric_, key);
  return values_.at(key).get<int64_t>();
}

Result<bool> MetricArguments::Flag(const std::string& key, bool absent) const {
  if (!Has(key)) return absent;
  if (!values_.at(key).is_boolean())
    return InvalidArgument("Metric {}: '{}' must be true or false", metric_, key);
  return values_.at(key).get<bool>();
}

Result<std::vector<double>> MetricArguments::Numbers(const std::string& key) const {
  std::vector<double> numbers;
  if (!Has(key)) return numbers;
  const json& value = values_.at(key);
  for (const json& each : value.is_array() ? value : json::array({value})) {
    if (!each.is_number()) return InvalidArgument("Metric {}: '{}' must hold numbers", metric_, key);
    numbers.push_back(each.get<double>());
  }
  return numbers;
}

Result<std::vector<std::string>> MetricArguments::Texts(const std::string& key) const {
  std::vector<std::string> texts;
  if (!Has(key)) return texts;
  const json& value = values_.at(key);
  for (const json& each : value.is_array() ? value : json::array({value})) {
    if (!each.is_string()) return InvalidArgument("Metric {}: '{}' must hold texts", metric_, key);
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

MetricArguments MetricArguments::With(const std::string& key, json value) const {
  MetricArguments other = *this;
  other.values_[key] = std::move(value);
  return other;
}

MetricArguments MetricArguments::Without(const std::string& key) const {
  MetricArguments other = *this;
  other.values_.erase(key);
  return other;
}

Status MetricArguments::CheckKnown(std::span<const std::string_view> known) const {
  std::vector<std::string> names(known.begin(), known.end());
  names.emplace_back("name");
  for (const auto& [key, value] : values_.items()) {
    // Keras writes its number type into every configuration.
    if (std::find(names.begin(), names.end(), key) != names.end() || key == "dtype") continue;
    return InvalidArgument("Metric {} has no argument '{}'{} (arguments: {})", metric_, key,
                           DidYouMean(key, names), fmt::join(names, ", "));
  }
  return OkStatus();
}

MetricKey MetricTarget::Key(std::string name, bool has_aggregation) const {
  MetricKey key;
  key.name = std::move(name);
  key.model = model;
  key.output = output;
  key.sub_key = sub_key;
  if (has_aggregation) key.aggregation = aggregation;
  key.is_weighted = is_weighted;
  return key;
}

PairSpec MetricTarget::Pairs() const {
  PairSpec pairs;
  pairs.target = columns;
  pairs.sub_key = sub_key;
  pairs.is_aggregated = aggregation != Aggregation::kNone;
  pairs.class_weights = class_weights;
  pairs.is_weighted = is_weighted;
  pairs.maker = maker;
  return pairs;
}

size_t MetricSink::Add(Computation computation) {
  const auto [at, added] = places_.try_emplace(computation.name, computations_.size());
  if (added) computations_.push_back(std::move(computation));
  return at->second;
}

void MetricSink::Add(PlannedMetric metric) {
  bool is_new = false;
  for (const MetricKey& key : metric.keys) is_new = known_.emplace(key, metric.is_plot).second || is_new;
  if (is_new) metrics_.push_back(std::move(metric));
}

void MetricSink::Add(MetricKey key, Computation computation,
                     std::function<double(std::span<const double>)> value) {
  PlannedMetric metric;
  metric.keys = {std::move(key)};
  metric.computations = {Add(std::move(computation))};
  metric.measure = [value = std::move(value)](const MeasuredCells& cells) {
    return std::vector<MetricValue>{value(cells.of[0])};
  };
  Add(std::move(metric));
}

std::map<std::string, MetricClass> AllMetricClasses() {
  std::map<std::string, MetricClass> classes;
  AddKerasClasses(classes);
  AddConfusionClasses(classes);
  AddMeanClasses(classes);
  AddMultiClassClasses(classes);
  AddRankingClasses(classes);
  AddComparisonClasses(classes);
  AddTextClasses(classes);
  AddAttributionClasses(classes);
  AddSetClasses(classes);
  AddDetectionClasses(classes);
  AddSegmentationClasses(classes);
  return classes;
}

std::string FingerprintOf(const PairSpec& pairs) {
  std::string weights;
  for (const auto& [class_id, weight] : pairs.class_weights)
    weights += fmt::format("{}={},", class_id, weight);
  return fmt::format("{}|{}|{}|{},{},{}|{:d}{:d}{:d}{:d}|{}|{}", pairs.target.label, pairs.target.prediction,
                     pairs.target.weight, pairs.sub_key.class_id, pairs.sub_key.k, pairs.sub_key.top_k,
                     pairs.is_aggregated, pairs.is_weighted, pairs.has_fractional_labels, pairs.keeps_missing,
                     weights, pairs.maker.name);
}

}  // namespace penstock::evaluation
