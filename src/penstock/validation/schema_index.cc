#include <absl/strings/str_cat.h>

#include "penstock/validation/schema_index_internal.h"

namespace penstock::validation {
namespace {

template <class Map>
typename Map::mapped_type Lookup(const Map& map, const std::string& key) {
  const auto entry = map.find(key);
  return entry == map.end() ? nullptr : entry->second;
}

void ForgetDomain(const std::string& name, google::protobuf::RepeatedPtrField<tfmd::Feature>& features) {
  for (tfmd::Feature& feature : features) {
    if (feature.has_domain() && feature.domain() == name) feature.clear_domain_info();
    if (feature.has_struct_domain()) ForgetDomain(name, *feature.mutable_struct_domain()->mutable_feature());
  }
}

}  // namespace

SchemaIndex::SchemaIndex(tfmd::Schema& schema) : schema_(&schema) {
  features_.reserve(schema.feature_size());
  IndexFeatures(FeaturePath(), *schema.mutable_feature());
  for (tfmd::SparseFeature& feature : *schema.mutable_sparse_feature())
    sparse_features_.emplace(FeaturePath({feature.name()}).Serialize(), &feature);
  for (tfmd::WeightedFeature& feature : *schema.mutable_weighted_feature())
    weighted_features_.emplace(FeaturePath({feature.name()}).Serialize(), &feature);
  for (tfmd::StringDomain& domain : *schema.mutable_string_domain()) domains_.emplace(domain.name(), &domain);
}

void SchemaIndex::IndexFeatures(const FeaturePath& prefix,
                                google::protobuf::RepeatedPtrField<tfmd::Feature>& features) {
  for (tfmd::Feature& feature : features) {
    const FeaturePath path = prefix.Child(feature.name());
    features_.emplace(path.Serialize(), &feature);
    if (!feature.has_struct_domain()) continue;
    for (tfmd::SparseFeature& sparse : *feature.mutable_struct_domain()->mutable_sparse_feature())
      sparse_features_.emplace(path.Child(sparse.name()).Serialize(), &sparse);
    IndexFeatures(path, *feature.mutable_struct_domain()->mutable_feature());
  }
}

tfmd::Feature* SchemaIndex::FindFeature(const std::string& key) const { return Lookup(features_, key); }
tfmd::SparseFeature* SchemaIndex::FindSparse(const std::string& key) const {
  return Lookup(sparse_features_, key);
}
tfmd::WeightedFeature* SchemaIndex::FindWeighted(const std::string& key) const {
  return Lookup(weighted_features_, key);
}
tfmd::StringDomain* SchemaIndex::FindDomain(const std::string& name) const { return Lookup(domains_, name); }

tfmd::Feature* SchemaIndex::AddFeature(const FeaturePath& path) {
  tfmd::Feature* feature = nullptr;
  if (path.size() == 1) {
    feature = schema_->add_feature();
  } else {
    tfmd::Feature* parent = FindFeature(path.Parent().Serialize());
    if (parent == nullptr) return nullptr;
    feature = parent->mutable_struct_domain()->add_feature();
  }
  feature->set_name(path.steps().back());
  features_.emplace(path.Serialize(), feature);
  return feature;
}

tfmd::StringDomain* SchemaIndex::AddDomain(const std::string& candidate) {
  std::string name = candidate;
  for (int number = 2; domains_.contains(name); ++number) name = absl::StrCat(candidate, number);
  tfmd::StringDomain* domain = schema_->add_string_domain();
  domain->set_name(name);
  domains_.emplace(name, domain);
  return domain;
}

void SchemaIndex::RemoveDomain(const std::string& name) {
  ForgetDomain(name, *schema_->mutable_feature());
  auto& domains = *schema_->mutable_string_domain();
  int num_kept = 0;
  // Swapping moves pointers, not domains: those the index holds stay good.
  for (int i = 0; i < domains.size(); ++i)
    if (domains[i].name() != name) domains.SwapElements(num_kept++, i);
  domains.DeleteSubrange(num_kept, domains.size() - num_kept);
  domains_.erase(name);
}

}  // namespace penstock::validation
