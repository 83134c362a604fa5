#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

namespace penstock::pipeline {

/// A piece of a text with references to pipeline parameters: "rounds-${rounds}" is the text
/// "rounds-" and the reference "rounds". "$${" stands for a literal "${".
struct ReferencePart {
  bool is_reference = false;
  std::string text;
};

/// kInvalidArgument for "${" without "}" and for "${}".
Result<std::vector<ReferencePart>> ParseReferences(std::string_view text);

/// Adds the names that `value`, or any text inside it, refers to.
Status CollectReferences(const nlohmann::json& value, std::set<std::string>& names);

/// The name if `value` is a text that is one reference and nothing else, or "".
std::string WholeReference(const nlohmann::json& value);

/// `value` with every reference as the IR writes it: {{$.inputs.parameters['pipelinechannel--NAME']}}.
/// Only for values that CollectReferences accepts.
nlohmann::json WriteReferences(const nlohmann::json& value);

/// The task parameter through which the IR hands the pipeline parameter `name` to such texts, as kfp's
/// compiler names it.
std::string HelperParameterOf(std::string_view name);

}  // namespace penstock::pipeline
