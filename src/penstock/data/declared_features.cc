#include "penstock/data/declared_features.h"

#include <algorithm>
#include <set>

#include "penstock/base/near_miss.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace penstock::data {

namespace tfmd = tensorflow::metadata::v0;

std::map<std::string, DeclaredFeature, std::less<>> DeclaredFeatures(const tfmd::Schema* schema) {
  std::map<std::string, DeclaredFeature, std::less<>> declared;
  if (schema == nullptr) return declared;
  for (const tfmd::Feature& feature : schema->feature()) {
    DeclaredFeature entry;
    switch (feature.type()) {
      case tfmd::INT:
        entry.kind = FeatureKind::kInteger;
        break;
      case tfmd::FLOAT:
        entry.kind = FeatureKind::kFloat;
        break;
      case tfmd::BYTES:
        entry.kind = FeatureKind::kBytes;
        break;
      default:
        continue;
    }
    if (feature.has_shape()) {
      entry.is_list = std::any_of(feature.shape().dim().begin(), feature.shape().dim().end(),
                                  [](const auto& dimension) { return dimension.size() != 1; });
    } else if (feature.has_value_count()) {
      entry.is_list = feature.value_count().max() != 1;
    }
    declared.emplace(feature.name(), entry);
  }
  return declared;
}

Result<std::vector<int>> SelectColumns(const std::vector<std::string>& available,
                                       const std::vector<std::string>& wanted, std::string_view source) {
  std::vector<int> places;
  if (wanted.empty()) {
    for (size_t i = 0; i < available.size(); ++i) places.push_back(static_cast<int>(i));
    return places;
  }
  std::set<int> taken;
  for (const std::string& name : wanted) {
    const auto found = std::find(available.begin(), available.end(), name);
    if (found == available.end())
      return NotFound("There is no column '{}' in {}{} (columns: {})", name, source,
                      DidYouMean(name, available), ReadableList(available));
    const int place = static_cast<int>(found - available.begin());
    if (!taken.insert(place).second) return InvalidArgument("Column '{}' is asked for twice", name);
    places.push_back(place);
  }
  return places;
}

std::string ReadableList(const std::vector<std::string>& names) {
  constexpr size_t kMaxNames = 20;
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxNames) return fmt::format("{}, … {} more", list, names.size() - kMaxNames);
    list += (i == 0 ? "" : ", ") + names[i];
  }
  return list;
}

}  // namespace penstock::data
