#include "penstock/validation/anomaly_report.h"

#include <algorithm>
#include <vector>

#include "penstock/validation/anomaly_evidence.h"
#include "penstock/validation/feature_path.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;
using tfmd::AnomalyInfo;

struct Entry {
  std::string feature;
  const AnomalyInfo* info;
};

/// Errors first, then by name; the dataset's own comes last.
std::vector<Entry> SortedEntries(const tfmd::Anomalies& anomalies) {
  std::vector<Entry> entries;
  for (const auto& [key, info] : anomalies.anomaly_info()) entries.push_back({key, &info});
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    if (a.info->severity() != b.info->severity()) return a.info->severity() > b.info->severity();
    return a.feature < b.feature;
  });
  if (anomalies.has_dataset_anomaly_info())
    entries.push_back({"(dataset)", &anomalies.dataset_anomaly_info()});
  return entries;
}

std::string SeverityText(AnomalyInfo::Severity severity, bool colour) {
  std::string text = AnomalyInfo::Severity_Name(severity);
  if (!colour || severity == AnomalyInfo::UNKNOWN) return text;
  return (severity == AnomalyInfo::ERROR ? "\x1b[31m" : "\x1b[33m") + text + "\x1b[0m";
}

std::string ReasonTable(const std::vector<Entry>& entries, const AnomalyReportOptions& options) {
  const size_t max_bytes = static_cast<size_t>(std::max(options.max_text_bytes, 0));
  TextTable table({"severity", "feature", "what", "details"});
  for (const Entry& entry : entries) {
    const std::vector<std::string> evidence = ReadEvidence(*entry.info);
    for (int i = 0; i < entry.info->reason_size(); ++i) {
      const AnomalyInfo::Reason& reason = entry.info->reason(i);
      table.Add({SeverityText(entry.info->severity(), options.colour),
                 i == 0 ? OneLine(entry.feature, max_bytes) : "",
                 OneLine(reason.short_description(), max_bytes), OneLine(reason.description(), max_bytes)});
      const auto place = static_cast<size_t>(i);
      if (place < evidence.size() && !evidence[place].empty())
        table.Add({"", "", "", OneLine(evidence[place], max_bytes)});
    }
  }
  return table.Print();
}

void AddMeasurements(const tfmd::DriftSkewInfo& info, const char* kind,
                     const google::protobuf::RepeatedPtrField<tfmd::DriftSkewInfo::Measurement>& measurements,
                     TextTable& table) {
  const std::string feature = OneLine(FeaturePath(info.path()).Serialize());
  for (const auto& measurement : measurements) {
    const bool is_over = measurement.value() > measurement.threshold();
    table.Add({feature, kind, tfmd::DriftSkewInfo::Measurement::Type_Name(measurement.type()),
               fmt::format("{:.6g}", measurement.value()), fmt::format("{:.6g}", measurement.threshold()),
               is_over ? "over" : "within"});
  }
}

std::string MeasurementTable(const tfmd::Anomalies& anomalies) {
  TextTable table({"feature", "compared", "measure", "value", "threshold", "verdict"});
  for (const tfmd::DriftSkewInfo& info : anomalies.drift_skew_info()) {
    AddMeasurements(info, "drift", info.drift_measurements(), table);
    AddMeasurements(info, "skew", info.skew_measurements(), table);
  }
  return table.empty() ? "" : "\n" + table.Print();
}

}  // namespace

std::string FormatAnomalies(const tfmd::Anomalies& anomalies, const AnomalyReportOptions& options) {
  if (anomalies.data_missing()) return "No data: the statistics count no examples.\n";
  const std::vector<Entry> entries = SortedEntries(anomalies);
  const std::string reasons = entries.empty() ? "No anomalies found.\n" : ReasonTable(entries, options);
  return reasons + MeasurementTable(anomalies);
}

}  // namespace penstock::validation
