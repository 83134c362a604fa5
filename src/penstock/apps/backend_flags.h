#pragma once

#include <CLI/CLI.hpp>

#include "penstock/backends/backend_choice.h"

namespace penstock::apps {

/// --backend, --container-engine, --container-option, into `options`, which must outlive the parsing.
void AddBackendFlags(CLI::App& command, backends::BackendOptions& options);

}  // namespace penstock::apps
