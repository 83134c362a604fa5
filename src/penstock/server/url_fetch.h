#pragma once

#include <string>

#include "penstock/base/status.h"

namespace penstock::server {

/// The content behind an http:// or https:// URL. kInvalidArgument: another kind of URL, an address of this
/// machine's own link (169.254…, fe80…: a cloud's secrets are there), an answer other than 200, or more than
/// 32 MiB. kUnavailable: nobody answers within ten seconds.
Result<std::string> FetchUrl(const std::string& url);

}  // namespace penstock::server
