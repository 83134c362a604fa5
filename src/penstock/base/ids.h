#pragma once

#include <string>

namespace penstock {

/// A new random UUID (version 4), from the system's random source: for the names of
/// runs and staging folders, never for anything a result depends on.
std::string NewUuid();

}  // namespace penstock
