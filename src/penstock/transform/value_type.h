#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::transform {

/// The type of an expression. Every value of every type but kVector may be missing.
///
/// Numbers are doubles inside a transform whatever width the data has (0.1 stored in 32 bits
/// is read as 0.1); learners round to float once, at their own border.
enum class ValueType : uint8_t {
  kInteger,  ///< int64.
  kNumber,   ///< double; NaN and infinities are values, not missing ones.
  kText,     ///< bytes, UTF-8 by convention.
  kBoolean,
  kVector,  ///< A fixed number of floats an example: one_hot. Never missing.
  kAny,     ///< A column without any value, whose type is whatever is asked of it. Only while planning.
};

/// "integer", "number", "text", "boolean", "vector", "any".
std::string_view NameOf(ValueType type);
std::optional<ValueType> ValueTypeOf(std::string_view name);

}  // namespace penstock::transform
