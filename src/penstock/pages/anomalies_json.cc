#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/pages/anomalies_json_internal.h"
#include "penstock/pages/bounded_json.h"

namespace penstock::pages {

namespace tfmd = ::tensorflow::metadata::v0;
using nlohmann::json;

namespace {

constexpr size_t kMaxTextBytes = 4'000;
constexpr size_t kMaxFixBytes = 8'000;

template <class Lines>
std::string Join(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return CutText(text, kMaxFixBytes);
}

/// What the schema has and should have, so that the anomaly goes away.
json FixJson(const tfmd::AnomalyInfo& info) {
  json fixes = json::array();
  for (const auto& diff : info.diff_regions()) {
    if (diff.has_added()) fixes.push_back({{"after", Join(diff.added().contents())}});
    if (diff.has_removed()) fixes.push_back({{"before", Join(diff.removed().contents())}});
    if (diff.has_changed()) {
      fixes.push_back({{"before", Join(diff.changed().left_contents())},
                       {"after", Join(diff.changed().right_contents())}});
    }
  }
  return fixes;
}

/// Which number fired and what the limit was, after the description: the region that holds a sentence for
/// each reason (docs/formats/anomalies.md).
std::string Explanation(const tfmd::AnomalyInfo& info, int reason) {
  std::string text = info.reason(reason).description();
  for (const auto& diff : info.diff_regions()) {
    if (!diff.has_unchanged() || diff.unchanged().contents_size() != info.reason_size()) continue;
    const std::string& evidence = diff.unchanged().contents(reason);
    if (!evidence.empty()) text += (text.empty() ? "" : " | ") + evidence;
  }
  return text;
}

json AnomalyJson(const tfmd::AnomalyInfo& info) {
  json reasons = json::array();
  for (int i = 0; i < info.reason_size(); ++i) {
    const auto& reason = info.reason(i);
    reasons.push_back({{"type", tfmd::AnomalyInfo::Type_Name(reason.type())},
                       {"what", CutText(reason.short_description(), kMaxTextBytes)},
                       {"explanation", CutText(Explanation(info, i), kMaxTextBytes)}});
  }
  if (reasons.empty()) {
    reasons.push_back({{"type", ""},
                       {"what", CutText(info.short_description(), kMaxTextBytes)},
                       {"explanation", CutText(info.description(), kMaxTextBytes)}});
  }
  return {{"severity", tfmd::AnomalyInfo::Severity_Name(info.severity())},
          {"reasons", std::move(reasons)},
          {"fixes", FixJson(info)}};
}

void AddMeasurements(const google::protobuf::RepeatedPtrField<tfmd::DriftSkewInfo::Measurement>& measurements,
                     int feature, const char* against, json& out) {
  for (const auto& measurement : measurements) {
    out.push_back({{"feature", feature},
                   {"against", against},
                   {"distance", tfmd::DriftSkewInfo::Measurement::Type_Name(measurement.type())},
                   {"value", NumberJson(measurement.value())},
                   {"threshold", NumberJson(measurement.threshold())}});
  }
}

}  // namespace

json AnomaliesJson(const tfmd::Anomalies& anomalies, const FeatureIndex& index_of) {
  std::vector<std::pair<std::string, const tfmd::AnomalyInfo*>> sorted;
  for (const auto& [key, info] : anomalies.anomaly_info()) sorted.emplace_back(key, &info);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    const bool a_is_error = a.second->severity() == tfmd::AnomalyInfo::ERROR;
    const bool b_is_error = b.second->severity() == tfmd::AnomalyInfo::ERROR;
    return a_is_error != b_is_error ? a_is_error : a.first < b.first;
  });
  json listed = json::array();
  for (const auto& [key, info] : sorted) {
    tfmd::Path path = info->path();
    if (path.step_size() == 0) path.add_step(key);
    json anomaly = AnomalyJson(*info);
    anomaly["feature"] = index_of(path);
    listed.push_back(std::move(anomaly));
  }
  if (anomalies.has_dataset_anomaly_info()) {
    json anomaly = AnomalyJson(anomalies.dataset_anomaly_info());
    anomaly["feature"] = nullptr;
    listed.push_back(std::move(anomaly));
  }
  json measurements = json::array();
  for (const auto& info : anomalies.drift_skew_info()) {
    const int feature = index_of(info.path());
    AddMeasurements(info.drift_measurements(), feature, "previous", measurements);
    AddMeasurements(info.skew_measurements(), feature, "serving", measurements);
  }
  return {{"listed", std::move(listed)},
          {"measurements", std::move(measurements)},
          {"data_missing", anomalies.data_missing()}};
}

}  // namespace penstock::pages
