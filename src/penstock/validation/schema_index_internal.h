#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/feature_path.h"

namespace penstock::validation {

namespace tfmd = ::tensorflow::metadata::v0;

/// Finds the features and domains of a schema by name, and adds and removes them without losing track. Refers
/// to the schema, which must outlive it and change only through it. Of features or domains with one name, the
/// first is meant.
class SchemaIndex {
 public:
  explicit SchemaIndex(tfmd::Schema& schema);

  const tfmd::Schema& schema() const { return *schema_; }

  /// By serialized path; null where there is none. What they point to may be changed, but for names and
  /// children.
  tfmd::Feature* FindFeature(const std::string& key) const;
  tfmd::SparseFeature* FindSparse(const std::string& key) const;
  tfmd::WeightedFeature* FindWeighted(const std::string& key) const;
  tfmd::StringDomain* FindDomain(const std::string& name) const;

  /// A new feature, whose struct must exist where the path has more than one step; else null.
  tfmd::Feature* AddFeature(const FeaturePath& path);
  /// A new domain named `candidate`, or that with the first free number from 2 behind it.
  tfmd::StringDomain* AddDomain(const std::string& candidate);
  /// Removes the domain, and its mention from all features.
  void RemoveDomain(const std::string& name);

  /// Depth first: every feature below `prefix` and its path, parents first.
  template <class Visit>
  static void ForEachFeature(const FeaturePath& prefix,
                             const google::protobuf::RepeatedPtrField<tfmd::Feature>& features,
                             const Visit& visit) {
    for (const tfmd::Feature& feature : features) {
      const FeaturePath path = prefix.Child(feature.name());
      if (visit(path, feature)) ForEachFeature(path, feature.struct_domain().feature(), visit);
    }
  }

 private:
  void IndexFeatures(const FeaturePath& prefix, google::protobuf::RepeatedPtrField<tfmd::Feature>& features);

  tfmd::Schema* schema_;
  std::unordered_map<std::string, tfmd::Feature*> features_;
  std::unordered_map<std::string, tfmd::SparseFeature*> sparse_features_;
  std::unordered_map<std::string, tfmd::WeightedFeature*> weighted_features_;
  std::unordered_map<std::string, tfmd::StringDomain*> domains_;
};

}  // namespace penstock::validation
