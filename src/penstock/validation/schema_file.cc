#include "penstock/validation/schema_file.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/schema_index_internal.h"
#include "penstock/validation/specification_internal.h"

namespace penstock::validation {
namespace {

constexpr int64_t kMaxBytes = int64_t{64} << 20;

/// What the checks of one feature need to know of the schema and to say where they are.
struct Place {
  const std::string& file;
  const std::string& feature;
  const std::vector<std::string>& domains;  ///< Sorted.
  const std::vector<std::string>& environments;

  template <class... Args>
  Status Fault(fmt::format_string<Args...> text, Args&&... args) const {
    return InvalidArgument("{}: feature '{}': {}", file, feature,
                           fmt::format(text, std::forward<Args>(args)...));
  }
};

template <class Domain>
Status CheckBounds(const Place& place, const Domain& domain) {
  if (std::isnan(static_cast<double>(domain.min())) || std::isnan(static_cast<double>(domain.max())))
    return place.Fault("a bound of the domain is NaN");
  if (domain.has_min() && domain.has_max() && domain.min() > domain.max())
    return place.Fault("the domain's min {} is above its max {}", domain.min(), domain.max());
  return OkStatus();
}

Status CheckValues(const Place& place, const tfmd::StringDomain& domain) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& value : domain.value())
    if (!seen.insert(value).second) return place.Fault("the string_domain holds '{}' twice", value);
  return OkStatus();
}

Status CheckDomain(const Place& place, const tfmd::Feature& feature) {
  if (!DomainFitsType(feature.domain_info_case(), feature.type()))
    return place.Fault("{} does not fit the type {}", DomainName(feature),
                       tfmd::FeatureType_Name(feature.type()));
  switch (feature.domain_info_case()) {
    case tfmd::Feature::kDomain:
      if (!std::binary_search(place.domains.begin(), place.domains.end(), feature.domain()))
        return place.Fault("the schema has no string_domain named '{}'{}", feature.domain(),
                           DidYouMean(feature.domain(), place.domains));
      return OkStatus();
    case tfmd::Feature::kIntDomain:
      return CheckBounds(place, feature.int_domain());
    case tfmd::Feature::kFloatDomain:
      return CheckBounds(place, feature.float_domain());
    case tfmd::Feature::kStringDomain:
      return CheckValues(place, feature.string_domain());
    case tfmd::Feature::kBoolDomain: {
      const tfmd::BoolDomain& domain = feature.bool_domain();
      if (domain.has_true_value() && domain.has_false_value() && domain.true_value() == domain.false_value())
        return place.Fault("the bool_domain says '{}' for both true and false", domain.true_value());
      return OkStatus();
    }
    default:
      return OkStatus();
  }
}

Status CheckPresence(const Place& place, const tfmd::FeaturePresence& presence) {
  if (!(presence.min_fraction() >= 0 && presence.min_fraction() <= 1))
    return place.Fault("presence.min_fraction is {} but must lie between 0 and 1", presence.min_fraction());
  if (presence.min_count() < 0)
    return place.Fault("presence.min_count is {} but cannot be negative", presence.min_count());
  return OkStatus();
}

Status CheckValueCount(const Place& place, const tfmd::ValueCount& count) {
  if (count.min() < 0) return place.Fault("value_count.min is {} but cannot be negative", count.min());
  if (count.has_max() && count.max() < count.min())
    return place.Fault("value_count.max {} is below its min {}", count.max(), count.min());
  return OkStatus();
}

Status CheckValency(const Place& place, const tfmd::Feature& feature) {
  for (const auto& dim : feature.shape().dim())
    if (dim.size() < 1)
      return place.Fault("shape has a dim of size {} but each must be at least 1", dim.size());
  PENSTOCK_RETURN_IF_ERROR(CheckValueCount(place, feature.value_count()));
  for (const auto& level : feature.value_counts().value_count())
    PENSTOCK_RETURN_IF_ERROR(CheckValueCount(place, level));
  return OkStatus();
}

Status CheckConstraints(const Place& place, const tfmd::Feature& feature) {
  if (feature.unique_constraints().has_max() && feature.unique_constraints().has_min() &&
      feature.unique_constraints().min() > feature.unique_constraints().max())
    return place.Fault("unique_constraints.min {} is above its max {}", feature.unique_constraints().min(),
                       feature.unique_constraints().max());
  if (!feature.has_distribution_constraints()) return OkStatus();
  const double mass = feature.distribution_constraints().min_domain_mass();
  if (!(mass >= 0 && mass <= 1))
    return place.Fault("distribution_constraints.min_domain_mass is {} but must lie between 0 and 1", mass);
  if (!feature.has_domain() && !feature.has_string_domain())
    return place.Fault("distribution_constraints need a domain or a string_domain");
  return OkStatus();
}

Status CheckEnvironments(const Place& place, const tfmd::Feature& feature) {
  for (const auto* names : {&feature.in_environment(), &feature.not_in_environment()})
    for (const std::string& name : *names)
      if (std::find(place.environments.begin(), place.environments.end(), name) == place.environments.end())
        return place.Fault("the environment '{}' is not declared: add default_environment: '{}'{}", name,
                           name, DidYouMean(name, place.environments));
  return OkStatus();
}

Status CheckFeature(const Place& place, const tfmd::Feature& feature) {
  if (!feature.has_type() || feature.type() == tfmd::TYPE_UNKNOWN)
    return place.Fault("it has no type; one of BYTES, INT, FLOAT, STRUCT is needed");
  PENSTOCK_RETURN_IF_ERROR(CheckPresence(place, feature.presence()));
  PENSTOCK_RETURN_IF_ERROR(CheckValency(place, feature));
  PENSTOCK_RETURN_IF_ERROR(CheckDomain(place, feature));
  PENSTOCK_RETURN_IF_ERROR(CheckConstraints(place, feature));
  return CheckEnvironments(place, feature);
}

Status CheckSharedDomains(const tfmd::Schema& schema, const std::string& file,
                          std::vector<std::string>& names) {
  std::unordered_set<std::string_view> seen;
  for (const tfmd::StringDomain& domain : schema.string_domain()) {
    if (!seen.insert(domain.name()).second)
      return InvalidArgument("{}: two string_domains are named '{}'", file, domain.name());
    std::unordered_set<std::string_view> values;
    for (const std::string& value : domain.value())
      if (!values.insert(value).second)
        return InvalidArgument("{}: string_domain '{}' holds '{}' twice", file, domain.name(), value);
    names.push_back(domain.name());
  }
  std::sort(names.begin(), names.end());
  return OkStatus();
}

}  // namespace

Status CheckSchema(const tfmd::Schema& schema, const std::string& name) {
  std::vector<std::string> domains;
  PENSTOCK_RETURN_IF_ERROR(CheckSharedDomains(schema, name, domains));
  const std::vector<std::string> environments(schema.default_environment().begin(),
                                              schema.default_environment().end());
  std::unordered_set<std::string> seen;
  int64_t number = 0;
  Status status = OkStatus();
  SchemaIndex::ForEachFeature(FeaturePath(), schema.feature(),
                              [&](const FeaturePath& path, const tfmd::Feature& feature) {
                                ++number;
                                if (!status.ok()) return false;
                                const std::string key = path.Serialize();
                                if (feature.name().empty()) {
                                  status = InvalidArgument("{}: feature number {} has no name", name, number);
                                } else if (!seen.insert(key).second) {
                                  status = InvalidArgument("{}: two features are named '{}'", name, key);
                                } else {
                                  status = CheckFeature(Place{name, key, domains, environments}, feature);
                                }
                                return status.ok();
                              });
  return status;
}

Result<tfmd::Schema> ReadSchema(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const fs::FileEntry file, fs::Stat(path));
  if (file.size > kMaxBytes)
    return InvalidArgument("{}: {} bytes are more than a schema may have ({})", path, file.size, kMaxBytes);
  tfmd::Schema schema;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(path, schema));
  PENSTOCK_RETURN_IF_ERROR(CheckSchema(schema, path));
  return schema;
}

}  // namespace penstock::validation
