#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"

namespace penstock::pages {

/// What the two datasets of a comparison are called on the page, and by what their examples were joined.
struct DiffNames {
  std::string base, test;
  std::vector<std::string> identifiers;
};

/// How much of a large comparison a page holds; what is left out is said in it.
struct DiffLimits {
  int64_t max_features = 20'000;
  int64_t max_pairs = 1'000;
  int64_t max_columns_of_a_pair = 200;
  int64_t max_confusions = 40'000;
};

/// The data of the page of a comparison in the form of docs/formats/pages.md: features that differ most come
/// first. `diff` is the text that `penstock data diff --json` prints and ExampleDiff writes
/// (example_diff.json). kDataLoss where it is not that. Pure.
Result<nlohmann::json> DiffPageData(std::string_view diff, const DiffNames& names,
                                    const DiffLimits& limits = {});

}  // namespace penstock::pages
