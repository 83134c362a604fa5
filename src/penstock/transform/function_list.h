#pragma once

#include <string_view>
#include <vector>

namespace penstock::transform {

/// One function of feature expressions, as help shows it.
struct FunctionDescription {
  std::string_view name;
  std::string_view signature;  ///< "bucketize(x, num_buckets)".
  std::string_view tft_name;   ///< What it is called in TensorFlow (Transform), or "".
};

/// All functions, in families.
std::vector<FunctionDescription> ListFunctions();

}  // namespace penstock::transform
