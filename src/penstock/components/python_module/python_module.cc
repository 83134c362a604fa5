#include "penstock/components/python_module/python_module.h"

#include "penstock/base/child_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/components/python_module/module_scripts.h"

namespace penstock::components {

Status RunPythonModule(const PythonModule& module, std::string_view script, nlohmann::json settings,
                       const std::string& work, const ExecutionContext& context) {
  const std::string script_path = fs::Join(work, "run_module.py"),
                    settings_path = fs::Join(work, "settings.json"), failure = fs::Join(work, "failure.txt");
  settings["module_file"] = fs::Absolute(module.file);
  settings["failure"] = failure;
  PENSTOCK_RETURN_IF_ERROR(
      fs::WriteFileAtomically(script_path, std::string(ModuleLoaderScript()) + std::string(script)));
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(settings_path, settings.dump(2)));
  ChildOptions options;
  options.arguments = {module.python, script_path, settings_path};
  options.withholds_secrets = true;
  options.environment["PYTHONUNBUFFERED"] = "1";
  const Status ended = RunChild(options, 0, context.options.cancellation);
  if (ended.ok() || ended.code() == StatusCode::kCancelled) return ended;
  if (ended.code() == StatusCode::kNotFound) {
    return InvalidArgument("The Python '{}' cannot be started; install it, or name another by `python:`",
                           module.python);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_explained, fs::Exists(failure));
  if (!is_explained) return Annotate(ended, fmt::format("{}'s Python", module.function));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string sentence, fs::ReadFile(failure));
  return InvalidArgument("{}", sentence);
}

}  // namespace penstock::components
