#include "penstock/components/python_module/module_scripts.h"

namespace penstock::components {

std::string_view ModuleLoaderScript() {
  static constexpr std::string_view kScript =
      R"PY(import importlib.util
import json
import os
import sys
import traceback

with open(sys.argv[1], encoding="utf-8") as file:
    settings = json.load(file)


def fail(sentence):
    with open(settings["failure"], "w", encoding="utf-8") as file:
        file.write(sentence)
    if sys.exc_info()[0] is not None:
        traceback.print_exc()
    sys.exit(2)


def fail_for_package(who, error):
    fail(f"{who} needs the Python package '{error.name}', which {sys.executable} has not: "
         f"install it there, or give another Python by `python:`")


def load_function(function_name, arguments):
    """The function of that name of the module file."""
    module_file = settings["module_file"]
    if sys.version_info < (3, 8):
        fail(f"Python {sys.version.split()[0]} is too old to run {module_file}: 3.8 or later is needed")
    sys.path.insert(0, os.path.dirname(os.path.abspath(module_file)))
    name = os.path.splitext(os.path.basename(module_file))[0]
    spec = importlib.util.spec_from_file_location(name, module_file)
    if spec is None:
        fail(f"The module file {module_file} is no Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        fail_for_package(f"The module file {module_file}", error)
    except Exception as error:
        fail(f"The module file {module_file} cannot be imported: {type(error).__name__}: {error}")
    function = getattr(module, function_name, None)
    if not callable(function):
        functions = sorted(name for name, value in vars(module).items()
                           if callable(value) and getattr(value, "__module__", None) == module.__name__)
        fail(f"The module file {module_file} has no function {function_name}({arguments}) "
             f"(functions: {', '.join(functions) or 'none'})")
    return function


def call(function_name, function, *arguments):
    """Calls a function of the module file; what goes wrong is told in a sentence."""
    who = f"{function_name} of {settings['module_file']}"
    try:
        return function(*arguments)
    except ModuleNotFoundError as error:
        fail_for_package(who, error)
    except Exception as error:
        fail(f"{who} failed: {type(error).__name__}: {error}")
)PY";
  return kScript;
}

}  // namespace penstock::components
