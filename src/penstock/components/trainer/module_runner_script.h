#pragma once

#include <string_view>

namespace penstock::components {

/// The Python program that calls a module's run_fn: `python - SETTINGS`, where SETTINGS is a JSON file of
/// what fn_args holds. What goes wrong is one sentence in the file that SETTINGS names "failure".
std::string_view ModuleRunnerScript();

}  // namespace penstock::components
