#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/pipeline/condition.h"

namespace penstock::pipeline {

/// One operation of a condition, with its operands.
struct Condition::Node {
  enum class Kind { kLiteral, kIdentifier, kMember, kIndex, kCall, kUnary, kBinary, kChoice, kList, kMap };
  Kind kind = Kind::kLiteral;
  std::string name;        ///< Of an identifier, member, function or operator.
  nlohmann::json literal;  ///< Of a literal.
  std::vector<std::shared_ptr<const Node>> operands;
};

/// kInvalidArgument names the column.
Result<std::shared_ptr<const Condition::Node>> ParseCondition(std::string_view text);

}  // namespace penstock::pipeline
