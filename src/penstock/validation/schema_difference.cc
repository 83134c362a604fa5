#include "penstock/validation/schema_difference.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include "penstock/validation/schema_fix_internal.h"
#include "penstock/validation/schema_index_internal.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Kind = SchemaChange::Kind;

/// Whether a field of Schema is compared part by part.
bool HasParts(const std::string& field) {
  return field == "feature" || field == "sparse_feature" || field == "weighted_feature" ||
         field == "string_domain";
}

/// A field's value on one line; "" where it is not set.
std::string FieldText(const Message& message, const FieldDescriptor& field) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  const auto print = [&](int index) {
    std::string text;
    printer.PrintFieldValueToString(message, &field, index, &text);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  };
  const auto* reflection = message.GetReflection();
  if (!field.is_repeated()) {
    if (!reflection->HasField(message, &field)) return "";
    const std::string text = print(-1);
    return text.empty() ? "{}" : text;
  }
  std::vector<std::string> elements;
  for (int i = 0; i < reflection->FieldSize(message, &field); ++i) elements.push_back(print(i));
  if (field.is_map()) std::sort(elements.begin(), elements.end());
  return elements.empty() ? "" : fmt::format("[{}]", fmt::join(elements, ", "));
}

void CompareFields(const std::string& part, const std::string& name, const Message& before,
                   const Message& after, std::vector<SchemaChange>& changes) {
  const auto* descriptor = before.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (part == "schema" && HasParts(field.name())) continue;
    std::string text_before = FieldText(before, field);
    std::string text_after = FieldText(after, field);
    if (text_before == text_after) continue;
    changes.push_back(
        {Kind::kChanged, part, name, field.name(), std::move(text_before), std::move(text_after)});
  }
}

std::string OneLineText(const Message& message) { return message.ShortDebugString(); }

/// By serialized path or name, sorted.
template <class AnyMessage>
using Named = std::map<std::string, AnyMessage>;

template <class AnyMessage>
void ComparePart(const std::string& part, const Named<AnyMessage>& before, const Named<AnyMessage>& after,
                 std::vector<SchemaChange>& changes) {
  for (const auto& [name, message] : before) {
    const auto other = after.find(name);
    if (other == after.end()) {
      changes.push_back({Kind::kRemoved, part, name, "", OneLineText(message), ""});
    } else {
      CompareFields(part, name, message, other->second, changes);
    }
  }
  for (const auto& [name, message] : after)
    if (!before.contains(name)) changes.push_back({Kind::kAdded, part, name, "", "", OneLineText(message)});
}

Named<tfmd::Feature> FeaturesOf(const tfmd::Schema& schema) {
  Named<tfmd::Feature> features;
  SchemaIndex::ForEachFeature(FeaturePath(), schema.feature(),
                              [&features](const FeaturePath& path, const tfmd::Feature& feature) {
                                features.emplace(path.Serialize(), WithoutFields(feature));
                                return true;
                              });
  return features;
}

template <class AnyMessage>
Named<AnyMessage> ByName(const google::protobuf::RepeatedPtrField<AnyMessage>& messages) {
  Named<AnyMessage> named;
  for (const AnyMessage& message : messages) named.emplace(message.name(), message);
  return named;
}

/// The values that only `a` has, as one text.
std::string OnlyIn(const tfmd::StringDomain& a, const tfmd::StringDomain& b) {
  const std::set<std::string_view> others(b.value().begin(), b.value().end());
  std::set<std::string> only;
  for (const std::string& value : a.value())
    if (!others.contains(value)) only.insert("'" + value + "'");
  return fmt::format("{}", fmt::join(only, ", "));
}

void CompareDomains(const Named<tfmd::StringDomain>& before, const Named<tfmd::StringDomain>& after,
                    std::vector<SchemaChange>& changes) {
  const tfmd::StringDomain none;
  for (const auto& [name, domain] : before) {
    const auto other = after.find(name);
    if (other == after.end()) {
      changes.push_back({Kind::kRemoved, "string_domain", name, "", OnlyIn(domain, none), ""});
      continue;
    }
    std::string gone = OnlyIn(domain, other->second);
    std::string come = OnlyIn(other->second, domain);
    if (!gone.empty() || !come.empty())
      changes.push_back({Kind::kChanged, "string_domain", name, "value", std::move(gone), std::move(come)});
  }
  for (const auto& [name, domain] : after)
    if (!before.contains(name))
      changes.push_back({Kind::kAdded, "string_domain", name, "", "", OnlyIn(domain, none)});
}

}  // namespace

std::string SchemaChangeKindName(Kind kind) {
  switch (kind) {
    case Kind::kAdded:
      return "added";
    case Kind::kRemoved:
      return "removed";
    case Kind::kChanged:
      break;
  }
  return "changed";
}

std::vector<SchemaChange> CompareSchemas(const tfmd::Schema& before, const tfmd::Schema& after) {
  std::vector<SchemaChange> changes;
  ComparePart("feature", FeaturesOf(before), FeaturesOf(after), changes);
  ComparePart("sparse_feature", ByName(before.sparse_feature()), ByName(after.sparse_feature()), changes);
  ComparePart("weighted_feature", ByName(before.weighted_feature()), ByName(after.weighted_feature()),
              changes);
  CompareDomains(ByName(before.string_domain()), ByName(after.string_domain()), changes);
  CompareFields("schema", "", before, after, changes);
  return changes;
}

std::string FormatSchemaChanges(const std::vector<SchemaChange>& changes, int max_text_bytes) {
  if (changes.empty()) return "The schemas are equal.\n";
  const size_t max_bytes = static_cast<size_t>(std::max(max_text_bytes, 0));
  const auto shown = [max_bytes](const std::string& text) {
    return text.empty() ? std::string("nothing") : OneLine(text, max_bytes);
  };
  std::string result;
  for (const SchemaChange& change : changes) {
    const std::string what = change.name.empty()
                                 ? change.part
                                 : fmt::format("{} '{}'", change.part, OneLine(change.name, max_bytes));
    switch (change.kind) {
      case Kind::kAdded:
        result += fmt::format("+ {}: {}\n", what, shown(change.after));
        break;
      case Kind::kRemoved:
        result += fmt::format("- {}: {}\n", what, shown(change.before));
        break;
      case Kind::kChanged:
        result += fmt::format("~ {}: {}: {} -> {}\n", what, change.field, shown(change.before),
                              shown(change.after));
    }
  }
  return result;
}

}  // namespace penstock::validation
