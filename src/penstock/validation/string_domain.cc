#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include "penstock/validation/string_domain_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;

/// The listed values that the domain lacks, in order.
std::vector<ListedValue> Missing(const std::vector<ListedValue>& listed, const tfmd::StringDomain& domain) {
  const auto& values = domain.value();
  std::vector<ListedValue> missing;
  // Inferred domains are sorted: both lists are walked once and nothing is built.
  if (std::is_sorted(values.begin(), values.end())) {
    auto known = values.begin();
    for (const ListedValue& value : listed) {
      while (known != values.end() && *known < value.text) ++known;
      if (known == values.end() || *known != value.text) missing.push_back(value);
    }
    return missing;
  }
  const std::unordered_set<std::string_view> known(values.begin(), values.end());
  for (const ListedValue& value : listed)
    if (!known.contains(value.text)) missing.push_back(value);
  return missing;
}

/// "~12%" (rounded down), "<1%", or "?" of nothing.
std::string Percentage(double count, double total) {
  if (total == 0) return "?";
  const double percent = 100 * count / total;
  return percent < 1 ? "<1%" : absl::StrCat("~", static_cast<int64_t>(std::floor(percent)), "%");
}

std::string Describe(const std::vector<ListedValue>& missing, double total) {
  std::string text = "Examples contain values missing from the schema: ";
  for (const ListedValue& value : missing) {
    if (&value != &missing.front()) text += ", ";
    absl::StrAppend(&text, absl::Utf8SafeCEscape(absl::string_view(value.text.data(), value.text.size())),
                    " (", Percentage(std::trunc(value.count), total), ")");
  }
  return text + ". ";
}

}  // namespace

bool CanBeStringDomain(const FeatureView& view, int max_size) {
  if (view.HasInvalidUtf8()) return false;
  const size_t size = view.ListedValues().size();
  return size > 0 && size <= static_cast<size_t>(std::max(max_size, 0));
}

StringDomainCheck CheckStringDomain(const FeatureView& view, double max_off_domain, int size_limit,
                                    const tfmd::StringDomain& domain) {
  StringDomainCheck check;
  if (view.HasInvalidUtf8()) {
    check.findings.push_back({AnomalyInfo::ENUM_TYPE_INVALID_UTF8, "Invalid UTF8 strings",
                              "Found strings that were not valid UTF8 strings."});
    check.drop = true;
    return check;
  }
  const std::vector<ListedValue> missing = Missing(view.ListedValues(), domain);
  double num_missing = 0;
  for (const ListedValue& value : missing) num_missing += value.count;
  const double total = view.TotalNumValues();
  if (num_missing / total > max_off_domain || (max_off_domain == 0 && !missing.empty())) {
    check.findings.push_back({AnomalyInfo::ENUM_TYPE_UNEXPECTED_STRING_VALUES, "Unexpected string values",
                              Describe(missing, total)});
    for (const ListedValue& value : missing) check.values_to_add.emplace_back(value.text);
  }
  const int64_t size = domain.value_size() + static_cast<int64_t>(check.values_to_add.size());
  if (size_limit > 0 && size >= size_limit) {
    check.findings.push_back({AnomalyInfo::INVALID_DOMAIN_SPECIFICATION, "String domain has too many values",
                              absl::StrCat("String domain has too many values (", size, ").")});
    check.drop = true;
  }
  return check;
}

void RemoveRepeatedValues(tfmd::StringDomain& domain) {
  auto& values = *domain.mutable_value();
  std::unordered_set<std::string> seen;
  int num_kept = 0;
  for (int i = 0; i < values.size(); ++i)
    if (seen.insert(values[i]).second) values.SwapElements(num_kept++, i);
  values.DeleteSubrange(num_kept, values.size() - num_kept);
}

}  // namespace penstock::validation
