#pragma once

#include <string_view>
#include <vector>

#include "penstock/transform/expression_planner.h"

// What expression_planner.h calls functions; for the sources that hold them, one for each family.

namespace penstock::transform {

struct ExpressionPlanner::Parameter {
  std::string_view name;
  bool is_required = true;
  /// TFT's own name for it, where that differs.
  std::string_view alias = "";
  /// So many numbers in a row would not be understood: give it by name.
  bool is_by_name_only = false;
};

struct ExpressionPlanner::Function {
  std::string_view name;
  std::string_view signature;
  std::vector<Parameter> parameters;  ///< Of a variadic function: those it must have at least.
  Method plan;
  bool is_variadic = false;
  std::string_view tft_name = "";  ///< "tft.bucketize", "tf.math.log"; "" where it has none.
};

/// An optional argument that is given by its name.
inline ExpressionPlanner::Parameter Option(std::string_view name, std::string_view alias = "") {
  return {name, false, alias, true};
}

}  // namespace penstock::transform
