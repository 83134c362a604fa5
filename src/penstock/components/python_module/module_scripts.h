#pragma once

#include <string_view>

namespace penstock::components {

/// Python: reads the settings that argv[1] names, and defines `fail(sentence)`,
/// `load_function(function_name, arguments)` (the latter as text, for the sentence where there is none) and
/// `call(function_name, function, *arguments)`, with the sentences that users get. Comes before the others.
std::string_view ModuleLoaderScript();
/// Python: Trainer's call of run_fn(fn_args), with TFX's FnArgs of settings["fn_args"].
std::string_view RunFnScript();
/// Python: Transform's call of preprocessing_fn(inputs) by TensorFlow Transform, over settings["splits"].
std::string_view PreprocessingFnScript();

}  // namespace penstock::components
