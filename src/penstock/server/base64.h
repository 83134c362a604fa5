#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::server {

/// RFC 4648, with padding.
std::string EncodeBase64(std::string_view bytes);
/// Of either alphabet, padded or not. kInvalidArgument.
Result<std::string> DecodeBase64(std::string_view text);

}  // namespace penstock::server
