#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// What is wrong with a YAML text that a parser refused, as "NAME:LINE:COLUMN: what it said", where the
/// reader has to look. `line` and `column` are where the parser stopped, from 0; negative: it did not say. A
/// parser notices a missing closing quote at the end of the text, or at the next quote far below: the place
/// of the opening one is named too, or instead. A guess by indentation and quotes alone, which knows block
/// texts (| and >) and comments.
std::string DescribeYamlFault(std::string_view name, std::string_view yaml, int line, int column,
                              std::string_view said);

}  // namespace penstock
