#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

namespace penstock::pipeline {

/// A trigger condition of the IR, parsed: the part of CEL that kfp's and TFX's compilers write
/// (https://github.com/google/cel-spec), and what people write by hand.
///
///   inputs.parameter_values['flip-coin-Output'] == 'heads' && int(inputs.parameter_values['n']) > 5
///   !(inputs.artifacts['blessing'].artifacts[0].metadata['blessed'] == 1)
///
/// Operators: ?: || && == != < <= > >= in + - * / % ! - [] . ; literals: text (either quote, raw,
/// escapes), integers, doubles, true, false, null, lists, maps; functions int, double, string,
/// bool, size, parseJson, and the methods startsWith, endsWith, contains, size. Numbers compare by value
/// whatever their kind; an integer overflow, a division by zero, a missing key or operands that do not
/// fit are errors, which || and && forgive where the other side decides, as CEL has it.
/// Immutable; copies share.
class Condition {
 public:
  struct Node;

  /// At most 64 KiB of text and 100 levels. kInvalidArgument names the column (1-based) and what was
  /// expected.
  static Result<Condition> Parse(std::string_view text);

  /// `scope` holds what the identifiers stand for: {"inputs": {"parameter_values": {...}, "artifacts":
  /// {...}}}. kInvalidArgument: an error in the evaluation, or a result that is not a boolean.
  Result<bool> Evaluate(const nlohmann::json& scope) const;
  /// The value of any expression.
  Result<nlohmann::json> EvaluateValue(const nlohmann::json& scope) const;

  /// The keys of inputs.parameter_values and of inputs.artifacts that are named literally, sorted.
  const std::vector<std::string>& parameters() const { return parameters_; }
  const std::vector<std::string>& artifacts() const { return artifacts_; }

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;
  std::vector<std::string> parameters_;
  std::vector<std::string> artifacts_;
};

}  // namespace penstock::pipeline
