#include "penstock/runtime/struct_properties.h"

#include <string>
#include <string_view>

namespace penstock::runtime {
namespace {

using nlohmann::json;

constexpr std::string_view kMark = "json::";

}  // namespace

json PackProperties(const json& properties) {
  json packed = json::object();
  for (const auto& [name, value] : properties.items()) {
    if (value.is_null()) continue;
    packed[name] = value.is_structured()
                       ? json(std::string(kMark) + value.dump(-1, ' ', false, json::error_handler_t::replace))
                       : value;
  }
  return packed;
}

json UnpackProperties(const json& properties) {
  json unpacked = properties;
  for (json& value : unpacked) {
    if (!value.is_string() || !value.get_ref<const std::string&>().starts_with(kMark)) continue;
    json structure = json::parse(value.get_ref<const std::string&>().substr(kMark.size()), nullptr, false);
    if (structure.is_structured()) value = std::move(structure);
  }
  return unpacked;
}

void UnpackAll(metadata::ArtifactsByName& artifacts) {
  for (auto& [name, list] : artifacts)
    for (auto& artifact : list) artifact.properties = UnpackProperties(artifact.properties);
}

}  // namespace penstock::runtime
