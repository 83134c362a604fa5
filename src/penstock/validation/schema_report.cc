#include "penstock/validation/schema_report.h"

#include <vector>

#include <fmt/format.h>

#include "penstock/validation/schema_index_internal.h"
#include "penstock/validation/specification_internal.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {
namespace {

constexpr int kMaxValuesShown = 20;
constexpr size_t kMaxTextBytes = 120;

std::string PresenceText(const tfmd::Feature& feature) {
  const tfmd::FeaturePresence& presence = feature.presence();
  if (presence.min_fraction() >= 1) return "required";
  if (presence.min_fraction() > 0) return fmt::format(">= {:g}%", presence.min_fraction() * 100);
  return presence.min_count() > 1 ? fmt::format(">= {} examples", presence.min_count()) : "optional";
}

std::string RangeText(const tfmd::ValueCount& count) {
  if (count.has_min() && count.has_max() && count.min() == count.max()) return fmt::format("{}", count.min());
  return fmt::format("{}..{}", count.min(), count.has_max() ? fmt::format("{}", count.max()) : "*");
}

std::string ValencyText(const tfmd::Feature& feature) {
  if (feature.has_shape()) {
    std::string text;
    for (const auto& dim : feature.shape().dim())
      text += fmt::format("{}{}", text.empty() ? "" : "x", dim.size());
    return text.empty() ? "scalar" : "shape " + text;
  }
  if (feature.has_value_count()) return RangeText(feature.value_count());
  std::string text;
  for (const auto& level : feature.value_counts().value_count())
    text += (text.empty() ? "" : " of ") + RangeText(level);
  return text.empty() ? "any" : text;
}

template <class Domain>
std::string BoundsText(const Domain& domain) {
  if (!domain.has_min() && !domain.has_max()) return "";
  return fmt::format(" {}..{}", domain.has_min() ? fmt::format("{}", domain.min()) : "*",
                     domain.has_max() ? fmt::format("{}", domain.max()) : "*");
}

std::string DomainText(const tfmd::Feature& feature) {
  switch (feature.domain_info_case()) {
    case tfmd::Feature::DOMAIN_INFO_NOT_SET:
      return "";
    case tfmd::Feature::kDomain:
      return feature.domain();
    case tfmd::Feature::kIntDomain:
      return "int" + BoundsText(feature.int_domain());
    case tfmd::Feature::kFloatDomain:
      return "float" + BoundsText(feature.float_domain());
    case tfmd::Feature::kStringDomain:
      return fmt::format("{} values", feature.string_domain().value_size());
    case tfmd::Feature::kBoolDomain: {
      const tfmd::BoolDomain& domain = feature.bool_domain();
      return domain.has_true_value() || domain.has_false_value()
                 ? fmt::format("bool '{}'/'{}'", domain.true_value(), domain.false_value())
                 : "bool";
    }
    default:
      return DomainName(feature);
  }
}

std::string NoteText(const tfmd::Feature& feature) {
  std::string text;
  if (feature.lifecycle_stage() != tfmd::UNKNOWN_STAGE)
    text = tfmd::LifecycleStage_Name(feature.lifecycle_stage());
  for (const std::string& name : feature.in_environment()) text += (text.empty() ? "in " : ", in ") + name;
  for (const std::string& name : feature.not_in_environment())
    text += (text.empty() ? "not in " : ", not in ") + name;
  return text;
}

std::string DomainsText(const tfmd::Schema& schema) {
  TextTable table({"domain", "values", ""});
  for (const tfmd::StringDomain& domain : schema.string_domain()) {
    std::string values;
    const int num_shown = std::min(domain.value_size(), kMaxValuesShown);
    for (int i = 0; i < num_shown; ++i)
      values += fmt::format("{}'{}'", i == 0 ? "" : ", ", OneLine(domain.value(i), kMaxTextBytes));
    if (num_shown < domain.value_size())
      values += fmt::format(" and {} more", domain.value_size() - num_shown);
    table.Add({OneLine(domain.name(), kMaxTextBytes), fmt::format("{}", domain.value_size()), values});
  }
  return table.empty() ? "" : "\n" + table.Print();
}

}  // namespace

std::string FormatSchema(const tfmd::Schema& schema) {
  TextTable table({"feature", "type", "presence", "values", "domain", "notes"});
  SchemaIndex::ForEachFeature(
      FeaturePath(), schema.feature(), [&table](const FeaturePath& path, const tfmd::Feature& feature) {
        const std::string indent(2 * (path.size() - 1), ' ');
        table.Add({indent + OneLine(feature.name(), kMaxTextBytes), tfmd::FeatureType_Name(feature.type()),
                   PresenceText(feature), ValencyText(feature), OneLine(DomainText(feature), kMaxTextBytes),
                   OneLine(NoteText(feature), kMaxTextBytes)});
        return true;
      });
  return table.empty() ? "The schema has no features.\n" : table.Print() + DomainsText(schema);
}

}  // namespace penstock::validation
