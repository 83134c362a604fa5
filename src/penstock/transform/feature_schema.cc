#include "penstock/transform/feature_schema.h"

#include <array>

#include <fmt/format.h>

namespace penstock::transform {

std::string_view NameOf(FeatureKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"numeric", "categorical", "vector"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<std::string> FeatureSchema::DenseNames() const {
  if (kind != FeatureKind::kVector) return {name};
  std::vector<std::string> names;
  for (int64_t i = 0; i < width; ++i) names.push_back(fmt::format("{}[{}]", name, i));
  return names;
}

int64_t DenseWidth(const std::vector<FeatureSchema>& features) {
  int64_t width = 0;
  for (const FeatureSchema& feature : features) width += feature.width;
  return width;
}

}  // namespace penstock::transform
