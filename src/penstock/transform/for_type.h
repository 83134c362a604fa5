#pragma once

#include <cstdint>
#include <string_view>

#include "penstock/transform/value_type.h"

namespace penstock::transform {

/// Calls `function` with a value of the C++ type that holds `type`.
template <class Function>
auto ForType(ValueType type, Function&& function) {
  switch (type) {
    case ValueType::kInteger:
      return function(int64_t{});
    case ValueType::kText:
      return function(std::string_view{});
    case ValueType::kBoolean:
      return function(uint8_t{});
    default:
      return function(double{});
  }
}

}  // namespace penstock::transform
