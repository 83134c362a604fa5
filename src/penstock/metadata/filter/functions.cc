#include "penstock/metadata/filter/functions.h"

#include <algorithm>

#include <absl/strings/match.h>

namespace penstock::metadata::filter {
namespace {

using Types = std::span<const ValueType>;
using Type = std::optional<ValueType>;

bool IsNumber(ValueType type) { return type == ValueType::kInt64 || type == ValueType::kDouble; }
bool IsText(ValueType type) { return type == ValueType::kString; }

bool AreTexts(Types types, size_t count) {
  return types.size() == count && std::all_of(types.begin(), types.end(), IsText);
}

/// The type that all of these share; numbers become doubles, NULLs take any.
Type Shared(Types types) {
  if (types.empty()) return std::nullopt;
  ValueType shared = ValueType::kNull;
  for (const ValueType type : types) {
    if (type == ValueType::kNeighbour) return std::nullopt;
    if (type == ValueType::kNull || type == shared) continue;
    if (shared == ValueType::kNull) {
      shared = type;
    } else if (IsNumber(shared) && IsNumber(type)) {
      shared = ValueType::kDouble;
    } else {
      return std::nullopt;
    }
  }
  return shared;
}

Type TextToInt(Types types) { return AreTexts(types, 1) ? Type(ValueType::kInt64) : std::nullopt; }
Type TextToText(Types types) { return AreTexts(types, 1) ? Type(ValueType::kString) : std::nullopt; }
Type TwoTextsToBool(Types types) { return AreTexts(types, 2) ? Type(ValueType::kBool) : std::nullopt; }
Type TextsToText(Types types) {
  return AreTexts(types, types.size()) && !types.empty() ? Type(ValueType::kString) : std::nullopt;
}
Type NumberToNumber(Types types) {
  return types.size() == 1 && IsNumber(types[0]) ? Type(types[0]) : std::nullopt;
}
Type Modulo(Types types) {
  const bool is_fitting = types.size() == 2 && types[0] == ValueType::kInt64 && types[1] == ValueType::kInt64;
  return is_fitting ? Type(ValueType::kInt64) : std::nullopt;
}
Type If(Types types) {
  return types.size() == 3 && types[0] == ValueType::kBool ? Shared(types.subspan(1)) : std::nullopt;
}
Type AnyOfAll(Types types) { return Shared(types); }
Type AnyOfTwo(Types types) { return types.size() == 2 ? Shared(types) : std::nullopt; }

constexpr Function kFunctions[] = {
    {"LENGTH", TextToInt, "Supported signatures: LENGTH(STRING); LENGTH(BYTES)", "length(", ", ", ")"},
    {"LOWER", TextToText, "Supported signatures: LOWER(STRING); LOWER(BYTES)", "lower(", ", ", ")"},
    {"UPPER", TextToText, "Supported signatures: UPPER(STRING); UPPER(BYTES)", "upper(", ", ", ")"},
    {"CONCAT", TextsToText,
     "Supported signatures: CONCAT(STRING, [STRING, ...]); CONCAT(BYTES, [BYTES, ...])", "(", " || ", ")"},
    {"STARTS_WITH", TwoTextsToBool,
     "Supported signatures: STARTS_WITH(STRING, STRING); STARTS_WITH(BYTES, BYTES)", "(instr(", ", ",
     ") = 1)"},
    {"ABS", NumberToNumber,
     "Supported signatures: ABS(INT32); ABS(INT64); ABS(UINT32); ABS(UINT64); ABS(FLOAT); ABS(DOUBLE)",
     "abs(", ", ", ")"},
    {"MOD", Modulo, "Supported signatures: MOD(INT64, INT64); MOD(UINT64, UINT64)", "(", " % ", ")"},
    {"IF", If, "Supported signature: IF(BOOL, ANY, ANY)", "", "", ""},
    {"IFNULL", AnyOfTwo, "Supported signature: IFNULL(ANY, ANY)", "coalesce(", ", ", ")"},
    {"NULLIF", AnyOfTwo, "Supported signature: NULLIF(ANY, ANY)", "nullif(", ", ", ")"},
    // SQLite's coalesce wants two.
    {"COALESCE", AnyOfAll, "Supported signature: COALESCE([ANY, ...])", "coalesce(NULL, NULL, ", ", ", ")"},
};

}  // namespace

const Function* FindFunction(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (absl::EqualsIgnoreCase({function.name.data(), function.name.size()}, {name.data(), name.size()})) {
      return &function;
    }
  }
  return nullptr;
}

}  // namespace penstock::metadata::filter
