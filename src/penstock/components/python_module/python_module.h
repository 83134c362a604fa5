#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"

namespace penstock::components {

/// A user's Python file and what runs it.
struct PythonModule {
  std::string file;           ///< Parameter `module_file`.
  std::string python;         ///< Parameter `python`: the interpreter.
  std::string_view function;  ///< "run_fn": for messages.
};

/// Runs `script` (module_scripts.h; ModuleLoaderScript goes before it) with `settings` in the folder `work`,
/// which it writes into. The process ends with this one, sees no secrets of the environment and prints into
/// the node's log. kInvalidArgument says in a sentence what the module or its Python lacks; kCancelled.
Status RunPythonModule(const PythonModule& module, std::string_view script, nlohmann::json settings,
                       const std::string& work, const ExecutionContext& context);

}  // namespace penstock::components
