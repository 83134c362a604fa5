#include "penstock/validation/sliced_validation.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "penstock/validation/anomaly_evidence.h"
#include "penstock/validation/anomaly_report.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {

namespace {

namespace tfmd = ::tensorflow::metadata::v0;

const tfmd::DatasetFeatureStatistics* Named(const tfmd::DatasetFeatureStatisticsList* list,
                                            const std::string& name) {
  if (list == nullptr) return nullptr;
  for (const auto& dataset : list->datasets())
    if (dataset.name() == name) return &dataset;
  return nullptr;
}

/// Of the whole, whatever it is called in either.
Result<const tfmd::DatasetFeatureStatistics*> Whole(const tfmd::DatasetFeatureStatisticsList* list) {
  if (list == nullptr) return static_cast<const tfmd::DatasetFeatureStatistics*>(nullptr);
  PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, WholeDataset(*list));
  return whole;
}

void AddSlice(const tfmd::DatasetFeatureStatistics& dataset, tfmd::Anomalies anomalies,
              proto::SlicedAnomalies& sliced) {
  auto& slice = *sliced.add_slices();
  slice.set_name(dataset.name());
  slice.set_num_examples(dataset.num_examples());
  *slice.mutable_anomalies() = std::move(anomalies);
}

/// Adds a slice's reasons, each with the slice's name.
void AddReasons(const tfmd::AnomalyInfo& from, const std::string& slice, tfmd::AnomalyInfo& into) {
  std::vector<std::string> sentences = ReadEvidence(into), added = ReadEvidence(from);
  sentences.resize(static_cast<size_t>(into.reason_size()));
  added.resize(static_cast<size_t>(from.reason_size()));
  sentences.insert(sentences.end(), added.begin(), added.end());
  for (const auto& reason : from.reason()) {
    auto& copy = *into.add_reason();
    copy = reason;
    copy.set_short_description(slice + ": " + reason.short_description());
  }
  into.set_severity(std::max(into.severity(), from.severity()));
  for (int i = into.diff_regions_size() - 1; i >= 0; --i)
    if (into.diff_regions(i).has_unchanged()) into.mutable_diff_regions()->DeleteSubrange(i, 1);
  WriteEvidence(sentences, into);
}

bool HasAny(const tfmd::Anomalies& anomalies) {
  return anomalies.data_missing() || anomalies.anomaly_info_size() > 0 ||
         anomalies.has_dataset_anomaly_info();
}

}  // namespace

Result<proto::SlicedAnomalies> ValidateSlices(const tfmd::DatasetFeatureStatisticsList& statistics,
                                              const tfmd::Schema& schema, const SlicedControls& controls,
                                              ValidateOptions options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, WholeDataset(statistics));
  PENSTOCK_ASSIGN_OR_RETURN(options.previous_span, Whole(controls.previous_span));
  PENSTOCK_ASSIGN_OR_RETURN(options.serving, Whole(controls.serving));
  PENSTOCK_ASSIGN_OR_RETURN(options.previous_version, Whole(controls.previous_version));
  proto::SlicedAnomalies sliced;
  PENSTOCK_ASSIGN_OR_RETURN(tfmd::Anomalies of_whole, ValidateStatistics(*whole, schema, options));
  AddSlice(*whole, std::move(of_whole), sliced);
  tfmd::Schema of_slice = schema;
  of_slice.clear_dataset_constraints();
  for (const auto& dataset : statistics.datasets()) {
    if (&dataset == whole) continue;
    options.previous_span = Named(controls.previous_span, dataset.name());
    options.serving = Named(controls.serving, dataset.name());
    options.previous_version = Named(controls.previous_version, dataset.name());
    auto anomalies = ValidateStatistics(dataset, of_slice, options);
    if (!anomalies.ok()) return Annotate(anomalies.status(), fmt::format("Slice '{}'", dataset.name()));
    anomalies->clear_baseline();  // The same for all of them: the first has it.
    AddSlice(dataset, *std::move(anomalies), sliced);
  }
  return sliced;
}

tfmd::Anomalies Flatten(const proto::SlicedAnomalies& sliced) {
  tfmd::Anomalies all;
  if (sliced.slices().empty()) return all;
  all = sliced.slices(0).anomalies();
  for (int i = 1; i < sliced.slices_size(); ++i) {
    const auto& slice = sliced.slices(i);
    std::set<std::string> keys;
    for (const auto& [key, info] : slice.anomalies().anomaly_info()) keys.insert(key);
    for (const std::string& key : keys) {
      const tfmd::AnomalyInfo& from = slice.anomalies().anomaly_info().at(key);
      tfmd::AnomalyInfo& into = (*all.mutable_anomaly_info())[key];
      *into.mutable_path() = from.path();
      AddReasons(from, slice.name(), into);
    }
  }
  return all;
}

bool HasErrors(const proto::SlicedAnomalies& sliced) {
  return std::any_of(sliced.slices().begin(), sliced.slices().end(),
                     [](const auto& slice) { return HasErrors(slice.anomalies()); });
}

std::string FormatSlicedAnomalies(const proto::SlicedAnomalies& sliced, bool colour) {
  std::string text;
  int num_clean = 0;
  for (const auto& slice : sliced.slices()) {
    const bool is_whole = &slice == &sliced.slices(0);
    if (!is_whole && !HasAny(slice.anomalies())) {
      ++num_clean;
      continue;
    }
    if (!is_whole) text += fmt::format("\n{} ({} examples):\n", OneLine(slice.name()), slice.num_examples());
    text += FormatAnomalies(slice.anomalies(), {.colour = colour});
  }
  if (num_clean > 0) text += fmt::format("\nNo anomalies in {} other slices.\n", num_clean);
  return text;
}

}  // namespace penstock::validation
