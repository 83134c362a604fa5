#include "penstock/transform/value_type.h"

#include <array>
#include <utility>

namespace penstock::transform {
namespace {

constexpr std::array<std::pair<ValueType, std::string_view>, 6> kNames = {{{ValueType::kInteger, "integer"},
                                                                           {ValueType::kNumber, "number"},
                                                                           {ValueType::kText, "text"},
                                                                           {ValueType::kBoolean, "boolean"},
                                                                           {ValueType::kVector, "vector"},
                                                                           {ValueType::kAny, "any"}}};

}  // namespace

std::string_view NameOf(ValueType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return name;
  }
  return "unknown";
}

std::optional<ValueType> ValueTypeOf(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

}  // namespace penstock::transform
