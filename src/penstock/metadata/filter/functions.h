#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "penstock/metadata/filter/columns.h"

namespace penstock::metadata::filter {

/// A GoogleSQL function that a filter may call.
struct Function {
  std::string_view name;  ///< In capitals.
  /// The type it yields for these arguments; empty where they do not fit.
  std::optional<ValueType> (*TypeFor)(std::span<const ValueType> arguments);
  /// "Supported signatures: ...", for messages.
  std::string_view supported;
  // In SQLite's words: the arguments, each once and in order, stand between these.
  std::string_view open, separator, close;
};

/// By name in any case; null where there is none.
const Function* FindFunction(std::string_view name);

}  // namespace penstock::metadata::filter
