#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// A feature of a new transform and the feature of the same name of an older one.
struct FeatureMatch {
  std::string name;
  bool is_matched = false;       ///< There is one of that name and kind.
  std::vector<int32_t> columns;  ///< For each column of the new one in the matrix: the old column, or -1.
  std::vector<int32_t> ids;      ///< For each id of a categorical one: the old id, or -1. Empty for others.
  bool is_same = false;          ///< Every column and id means what it meant.
};

/// For each feature of `now`, in order: which columns and ids of `before` mean the same. Ids and the columns
/// of one-hot vectors are matched by the tokens of their vocabularies.
std::vector<FeatureMatch> MatchFeatures(const transform::TransformGraph& before,
                                        const transform::TransformGraph& now);

/// kInvalidArgument that names the classes which are new or gone, or says that their order is another.
Status CheckSameClasses(const transform::TransformGraph& before, const transform::TransformGraph& now);

}  // namespace penstock::learning
