#include "penstock/validation/anomaly_evidence.h"

#include <algorithm>

namespace penstock::validation {

namespace tfmd = ::tensorflow::metadata::v0;

std::vector<std::string> ReadEvidence(const tfmd::AnomalyInfo& info) {
  for (const tfmd::DiffRegion& region : info.diff_regions()) {
    if (!region.has_unchanged()) continue;
    // Another program's unchanged lines are no sentences about the reasons.
    if (region.unchanged().contents_size() != info.reason_size()) return {};
    return {region.unchanged().contents().begin(), region.unchanged().contents().end()};
  }
  return {};
}

void WriteEvidence(const std::vector<std::string>& sentences, tfmd::AnomalyInfo& info) {
  const auto is_empty = [](const std::string& sentence) { return sentence.empty(); };
  if (std::all_of(sentences.begin(), sentences.end(), is_empty)) return;
  auto& contents = *info.add_diff_regions()->mutable_unchanged()->mutable_contents();
  for (const std::string& sentence : sentences) *contents.Add() = sentence;
}

}  // namespace penstock::validation
