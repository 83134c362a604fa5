#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

namespace penstock::scenarios {

/// The values of `document` that `selection` names, in order; none where a member is not there.
/// "a.b" is a member, "a[2]" an element, "a[*]" every element, "a[k=v]" those whose member k is v
/// (as text). kInvalidArgument when it cannot be read.
Result<std::vector<nlohmann::json>> Select(const nlohmann::json& document, std::string_view selection);

}  // namespace penstock::scenarios
