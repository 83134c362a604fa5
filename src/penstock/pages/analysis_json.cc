#include "penstock/pages/analysis_json_internal.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "penstock/pages/bounded_json.h"

namespace penstock::pages {

using nlohmann::json;

namespace {

constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr size_t kMaxTextBytes = 200;
constexpr size_t kMaxColumns = 100, kMaxFeatures = 500, kMaxPoints = 1000, kMaxExamples = 200;

const json* Member(const json& of, const char* key) {
  if (!of.is_object()) return nullptr;
  const auto found = of.find(key);
  return found == of.end() ? nullptr : &*found;
}

json Number(const json& of, const char* key) {
  const json* member = Member(of, key);
  return NumberJson(member != nullptr && member->is_number() ? member->get<double>()
                                                             : std::numeric_limits<double>::quiet_NaN());
}

json Text(const json& of, const char* key) {
  const json* member = Member(of, key);
  return CutText(member != nullptr && member->is_string() ? member->get_ref<const std::string&>() : "",
                 kMaxTextBytes);
}

// The first `most` elements of a list, each as `make` has it.
template <class Make>
json List(const json& of, const char* key, size_t most, const Make& make) {
  json list = json::array();
  const json* member = Member(of, key);
  if (member == nullptr || !member->is_array()) return list;
  for (const json& element : *member) {
    if (list.size() >= most) break;
    list.push_back(make(element));
  }
  return list;
}

json NumberOrText(const json& value) {
  if (value.is_string()) return CutText(value.get_ref<const std::string&>(), kMaxTextBytes);
  return NumberJson(value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN());
}

json Numbers(const json& list, size_t most) {
  json numbers = json::array();
  if (!list.is_array()) return numbers;
  for (const json& value : list) {
    if (numbers.size() >= most) break;
    numbers.push_back(
        NumberJson(value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN()));
  }
  return numbers;
}

json Importance(const json& from) {
  return {{"metric", Text(from, "metric")},
          {"value", Number(from, "value")},
          {"columns", List(from, "columns", kMaxColumns, [](const json& column) {
             return json{{"column", Text(column, "column")},
                         {"change", Number(column, "change")},
                         {"deviation", Number(column, "deviation")}};
           })}};
}

json Dependence(const json& from) {
  return {{"column", Text(from, "column")},
          {"values", List(from, "values", kMaxPoints, NumberOrText)},
          {"means", Numbers(from.value("means", json::array()), kMaxPoints)},
          {"deviations", Numbers(from.value("deviations", json::array()), kMaxPoints)},
          {"examples", List(from, "examples", kMaxExamples,
                            [](const json& curve) { return Numbers(curve, kMaxPoints); })}};
}

json Contributions(const json& from) {
  return {{"unit", Text(from, "unit")},
          {"expected", Number(from, "expected")},
          {"features", List(from, "features", kMaxFeatures,
                            [](const json& feature) {
                              return json{{"feature", Text(feature, "feature")},
                                          {"mean", Number(feature, "mean")},
                                          {"mean_absolute", Number(feature, "mean_absolute")}};
                            })},
          {"examples", List(from, "examples", kMaxExamples,
                            [](const json& example) { return Numbers(example, kMaxFeatures); })}};
}

}  // namespace

Result<json> AnalysisJson(std::string_view text) {
  const json from = text.size() > kMaxBytes ? json() : json::parse(text, nullptr, false);
  if (!from.is_object()) return DataLoss("analysis.json is no JSON object of at most 64 MiB");
  json shown = {
      {"num_examples", Number(from, "examples")}, {"importance", nullptr}, {"contributions", nullptr}};
  if (const json* importance = Member(from, "permutation_importance"))
    shown["importance"] = Importance(*importance);
  shown["dependences"] = List(from, "partial_dependence", kMaxColumns, [](const json& dependence) {
    return dependence.is_object() ? Dependence(dependence) : Dependence(json::object());
  });
  if (const json* contributions = Member(from, "contributions"))
    shown["contributions"] = Contributions(*contributions);
  return shown;
}

}  // namespace penstock::pages
