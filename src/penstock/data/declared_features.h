#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>

#include "penstock/base/status.h"

namespace tensorflow::metadata::v0 {
class Schema;
}

namespace penstock::data {

enum class FeatureKind { kInteger, kFloat, kBytes };

struct DeclaredFeature {
  FeatureKind kind = FeatureKind::kBytes;
  /// False: a shape of one value, or at most one value; true: another shape or count; none: nothing is said.
  std::optional<bool> is_list;
};

/// What a tfmd Schema says about types, by feature name. Features without a type or of struct type are
/// not declared. A null schema declares nothing.
std::map<std::string, DeclaredFeature, std::less<>> DeclaredFeatures(
    const tensorflow::metadata::v0::Schema* schema);

/// The places of `wanted` among `available` (all places in order when `wanted` is empty). kNotFound names
/// `source` and the nearest name; kInvalidArgument for one asked for twice.
Result<std::vector<int>> SelectColumns(const std::vector<std::string>& available,
                                       const std::vector<std::string>& wanted, std::string_view source);

/// `names[i]` as it stands, in "a, b, c" form cut after some, for messages.
std::string ReadableList(const std::vector<std::string>& names);

}  // namespace penstock::data
