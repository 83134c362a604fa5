#include "penstock/validation/schema_fix.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "penstock/base/near_miss.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/schema_fix_internal.h"
#include "penstock/validation/schema_index_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;
using Lines = google::protobuf::RepeatedPtrField<std::string>;

bool AreEqual(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return SerializeDeterministically(a) == SerializeDeterministically(b);
}

void SetLines(const tfmd::Schema& schema, Lines& lines) {
  std::string text = PrintTextProto(schema);
  if (!text.empty()) text.pop_back();
  for (auto line : absl::StrSplit(text, '\n')) lines.Add(std::string(line));
}

Status ParseLines(const std::string& key, const Lines& lines, tfmd::Schema& schema) {
  PENSTOCK_RETURN_IF_ERROR(
      ParseTextProto(absl::StrJoin(lines, "\n"), fmt::format("The change of anomaly '{}'", key), schema));
  if (schema.feature_size() <= 1 && schema.sparse_feature_size() <= 1 && schema.weighted_feature_size() <= 1)
    return OkStatus();
  return InvalidArgument("The change of anomaly '{}' names more than one feature", key);
}

/// The elements of two fragments' repeated field, of which each holds at most one; null: none.
template <class Message>
const Message* Only(const google::protobuf::RepeatedPtrField<Message>& field) {
  return field.empty() ? nullptr : &field[0];
}

void RenameDomain(const std::string& from, const std::string& to, tfmd::Feature& feature) {
  if (feature.has_domain() && feature.domain() == from) feature.set_domain(to);
  if (!feature.has_struct_domain()) return;
  for (tfmd::Feature& field : *feature.mutable_struct_domain()->mutable_feature())
    RenameDomain(from, to, field);
}

/// Carries out fixes on a schema: first Check for each, then Apply for each, then Finish.
class FixApplication {
 public:
  explicit FixApplication(tfmd::Schema& schema) : schema_(schema), index_(schema) {}

  /// Whether the schema is still as the fix found it, or as it leaves it.
  Status Check(const std::string& key, const SchemaFix& fix) const {
    const tfmd::Feature* feature = index_.FindFeature(key);
    const bool is_new = fix.before.feature().empty();
    tfmd::Feature there;
    if (feature != nullptr) there = is_new ? *feature : WithoutFields(*feature);
    PENSTOCK_RETURN_IF_ERROR(CheckPart(key, feature == nullptr ? nullptr : &there, Only(fix.before.feature()),
                                       Only(fix.after.feature())));
    PENSTOCK_RETURN_IF_ERROR(CheckPart(key, index_.FindSparse(key), Only(fix.before.sparse_feature()),
                                       Only(fix.after.sparse_feature())));
    PENSTOCK_RETURN_IF_ERROR(CheckPart(key, index_.FindWeighted(key), Only(fix.before.weighted_feature()),
                                       Only(fix.after.weighted_feature())));
    return CheckPart(key, schema_.has_dataset_constraints() ? &schema_.dataset_constraints() : nullptr,
                     fix.before.has_dataset_constraints() ? &fix.before.dataset_constraints() : nullptr,
                     fix.after.has_dataset_constraints() ? &fix.after.dataset_constraints() : nullptr);
  }

  Status Apply(const std::string& key, const FeaturePath& path, SchemaFix fix) {
    const bool was_made = fix.before.feature().empty() && index_.FindFeature(key) != nullptr;
    if (!was_made) PENSTOCK_RETURN_IF_ERROR(ApplyDomains(key, fix));
    if (!fix.after.feature().empty()) {
      tfmd::Feature* feature = index_.FindFeature(key);
      if (feature == nullptr) {
        feature = path.empty() ? nullptr : index_.AddFeature(path);
        if (feature == nullptr)
          return InvalidArgument("The schema has no struct for the new feature '{}' to be a field of", key);
        *feature = fix.after.feature(0);
        feature->set_name(path.steps().back());
      } else if (!was_made) {
        Replace(*fix.after.mutable_feature(0), *feature);
      }
    }
    if (!fix.after.sparse_feature().empty()) *index_.FindSparse(key) = fix.after.sparse_feature(0);
    if (!fix.after.weighted_feature().empty()) *index_.FindWeighted(key) = fix.after.weighted_feature(0);
    if (fix.after.has_dataset_constraints())
      *schema_.mutable_dataset_constraints() = fix.after.dataset_constraints();
    return OkStatus();
  }

  /// Domains go last: two features may agree that one has to.
  void Finish() {
    for (const std::string& name : domains_to_remove_) index_.RemoveDomain(name);
  }

 private:
  template <class Message>
  static Status CheckPart(const std::string& key, const Message* there, const Message* before,
                          const Message* after) {
    if (before == nullptr && after == nullptr) return OkStatus();
    if (there == nullptr && before == nullptr) return OkStatus();
    if (there != nullptr && before != nullptr && AreEqual(*there, *before)) return OkStatus();
    if (there != nullptr && after != nullptr && AreEqual(*there, *after)) return OkStatus();
    return InvalidArgument(
        "The schema has changed at '{}' since the anomalies were found; validate against it again and accept "
        "those",
        key);
  }

  Status ApplyDomains(const std::string& key, SchemaFix& fix) {
    std::map<std::string, const tfmd::StringDomain*> known;
    for (const auto& domain : fix.before.string_domain()) known[domain.name()] = &domain;
    for (const tfmd::StringDomain& domain : fix.after.string_domain()) {
      if (known.erase(domain.name()) == 0) {
        AddDomain(domain, *fix.after.mutable_feature());
        continue;
      }
      tfmd::StringDomain* there = index_.FindDomain(domain.name());
      if (there == nullptr)
        return InvalidArgument(
            "The schema has no string_domain '{}' any more, to which '{}' needs values added", domain.name(),
            key);
      std::unordered_set<std::string> values(there->value().begin(), there->value().end());
      for (const std::string& value : domain.value())
        if (values.insert(value).second) there->add_value(value);
    }
    for (const auto& [name, domain] : known) domains_to_remove_.insert(name);
    return OkStatus();
  }

  void AddDomain(const tfmd::StringDomain& domain,
                 google::protobuf::RepeatedPtrField<tfmd::Feature>& features) {
    tfmd::StringDomain& added = *index_.AddDomain(domain.name());
    const std::string name = added.name();
    added = domain;
    added.set_name(name);
    for (tfmd::Feature& feature : features) RenameDomain(domain.name(), name, feature);
  }

  /// The fields stay where they are: the index points at them.
  static void Replace(tfmd::Feature& with, tfmd::Feature& feature) {
    if (feature.has_struct_domain()) {
      tfmd::StructDomain& domain = *with.mutable_struct_domain();
      domain.mutable_feature()->Swap(feature.mutable_struct_domain()->mutable_feature());
      domain.mutable_sparse_feature()->Swap(feature.mutable_struct_domain()->mutable_sparse_feature());
    }
    feature.Swap(&with);
  }

  tfmd::Schema& schema_;
  SchemaIndex index_;
  std::set<std::string> domains_to_remove_;
};

Result<std::map<std::string, const AnomalyInfo*>> Select(const tfmd::Anomalies& anomalies,
                                                         const std::set<std::string>& only) {
  std::map<std::string, const AnomalyInfo*> all;
  for (const auto& [key, info] : anomalies.anomaly_info()) all[key] = &info;
  if (anomalies.has_dataset_anomaly_info()) all[kDatasetAnomaly] = &anomalies.dataset_anomaly_info();
  if (only.empty()) return all;
  std::vector<std::string> names;
  for (const auto& [key, info] : all) names.push_back(key);
  std::map<std::string, const AnomalyInfo*> selected;
  for (const std::string& key : only) {
    const auto entry = all.find(key);
    if (entry == all.end())
      return InvalidArgument("There is no anomaly of feature '{}'{}", key, DidYouMean(key, names));
    selected.insert(*entry);
  }
  return selected;
}

}  // namespace

tfmd::Feature WithoutFields(const tfmd::Feature& feature) {
  tfmd::Feature shallow = feature;
  if (shallow.has_struct_domain()) {
    shallow.mutable_struct_domain()->clear_feature();
    shallow.mutable_struct_domain()->clear_sparse_feature();
  }
  return shallow;
}

void WriteFix(const SchemaFix& fix, AnomalyInfo& info) {
  if (fix.empty() || AreEqual(fix.before, fix.after)) return;
  tfmd::DiffRegion& region = *info.add_diff_regions();
  if (fix.before.ByteSizeLong() == 0) {
    SetLines(fix.after, *region.mutable_added()->mutable_contents());
    return;
  }
  SetLines(fix.before, *region.mutable_changed()->mutable_left_contents());
  SetLines(fix.after, *region.mutable_changed()->mutable_right_contents());
}

Result<SchemaFix> ReadFix(const std::string& key, const AnomalyInfo& info) {
  SchemaFix fix;
  // A region `unchanged` is evidence (anomaly_evidence.h), no change.
  int num_changes = 0;
  for (const tfmd::DiffRegion& region : info.diff_regions()) num_changes += region.has_unchanged() ? 0 : 1;
  if (num_changes == 0) return fix;
  const tfmd::DiffRegion& region = info.diff_regions(0);
  if (num_changes > 1 || (!region.has_added() && !region.has_changed()))
    return InvalidArgument("The diff_regions of anomaly '{}' are not those that 'penstock validate' writes",
                           key);
  if (region.has_added()) {
    PENSTOCK_RETURN_IF_ERROR(ParseLines(key, region.added().contents(), fix.after));
    return fix;
  }
  PENSTOCK_RETURN_IF_ERROR(ParseLines(key, region.changed().left_contents(), fix.before));
  PENSTOCK_RETURN_IF_ERROR(ParseLines(key, region.changed().right_contents(), fix.after));
  return fix;
}

Result<AcceptedSchema> AcceptAnomalies(const tfmd::Anomalies& anomalies, tfmd::Schema schema,
                                       const std::set<std::string>& only) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto selected, Select(anomalies, only));
  AcceptedSchema result;
  result.schema = std::move(schema);
  FixApplication application(result.schema);
  std::map<std::string, SchemaFix> fixes;
  for (const auto& [key, info] : selected) {
    PENSTOCK_ASSIGN_OR_RETURN(SchemaFix fix, ReadFix(key, *info));
    PENSTOCK_RETURN_IF_ERROR(application.Check(key, fix));
    (fix.empty() ? result.without_fix : result.accepted).push_back(key);
    if (!fix.empty()) fixes.emplace(key, std::move(fix));
  }
  if (fixes.empty() && !selected.empty())
    return InvalidArgument(
        "None of the {} anomalies carries a change of the schema (were they written by 'penstock validate' "
        "without --no-fixes?)",
        selected.size());
  for (auto& [key, fix] : fixes)
    PENSTOCK_RETURN_IF_ERROR(application.Apply(key, FeaturePath(selected.at(key)->path()), std::move(fix)));
  application.Finish();
  return result;
}

}  // namespace penstock::validation
