#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// How an operator treats lists.
enum class ListRule : uint8_t {
  kElementwise,  ///< Lists in, lists out; single values are repeated for each of a list's.
  kMakesList,    ///< Single values in, a list out.
  kListToList,
  kListToOne,  ///< A list, or one value as a list of one, becomes one value.
  kIgnores,    ///< Takes either and gives one value: only an analysis of the input counts.
  kIgnoresAndMakesList,
};

/// What the operators after kVocabulary take and give, one line each. Those before have rules of their
/// own in program.cc.
struct OperatorTraits {
  Operator op;
  std::string_view name;  ///< In the stored form; never changes.
  std::vector<ValueType> inputs;
  ValueType result;
  ListRule lists = ListRule::kElementwise;
  std::optional<AnalysisKind> analysis = std::nullopt;  ///< Whose answer it applies.
  bool is_variadic = false;  ///< The last input any number of times, at least once.
};

/// kInvalidArgument where a parameter of `node` is out of range.
Status CheckParameters(const Node& node);

/// The line of `op`, or null for one of program.cc.
const OperatorTraits* TraitsOf(Operator op);

}  // namespace penstock::transform
