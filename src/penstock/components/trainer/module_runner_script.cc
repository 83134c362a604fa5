#include "penstock/components/trainer/module_runner_script.h"

namespace penstock::components {

std::string_view ModuleRunnerScript() {
  static constexpr std::string_view kScript =
      R"PY("""Calls run_fn(fn_args) of a module, as TFX's Trainer does."""
import importlib.util
import json
import os
import sys
import traceback

with open(sys.argv[1], encoding="utf-8") as file:
    settings = json.load(file)


def fail(sentence):
    with open(settings["failure"], "w", encoding="utf-8") as file:
        file.write(sentence)
    traceback.print_exc()
    sys.exit(2)


class DataAccessor:
    """Reads the transformed examples; the schema of the transform is known already."""

    def tf_dataset_factory(self, file_pattern, options, schema=None):
        import tensorflow as tf
        kinds = {"float": tf.float32, "int": tf.int64, "text": tf.string}
        spec = {feature["name"]: tf.io.FixedLenFeature(feature["shape"], kinds[feature["kind"]])
                for feature in settings["features"]}
        patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
        files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
        dataset = tf.data.TFRecordDataset(files, compression_type="GZIP")
        if getattr(options, "shuffle", True):
            dataset = dataset.shuffle(getattr(options, "shuffle_buffer_size", None) or 10000,
                                      seed=getattr(options, "shuffle_seed", None))
        dataset = dataset.repeat(getattr(options, "num_epochs", None))
        dataset = dataset.batch(options.batch_size, drop_remainder=bool(getattr(options, "drop_final_batch", False)))
        label = getattr(options, "label_key", None)

        def parse(serialized):
            features = tf.io.parse_example(serialized, spec)
            return (features, features.pop(label)) if label else features
        return dataset.map(parse, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    record_batch_factory = None
    data_view_decode_fn = None


class FnArgs:
    def __init__(self, fields):
        self.__dict__.update(fields)
        self.data_accessor = DataAccessor()

    def __repr__(self):
        return "FnArgs(" + ", ".join(f"{name}={value!r}" for name, value in sorted(self.__dict__.items())) + ")"


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
    fail(f"The module file {module_file} needs the Python package '{error.name}', which {sys.executable} has not: "
         f"install it there, or give another Python by `python:`")
except Exception as error:
    fail(f"The module file {module_file} cannot be imported: {type(error).__name__}: {error}")
if not callable(getattr(module, "run_fn", None)):
    functions = sorted(name for name, value in vars(module).items()
                       if callable(value) and getattr(value, "__module__", None) == module.__name__)
    fail(f"The module file {module_file} has no function run_fn(fn_args) (functions: {', '.join(functions) or 'none'})")
try:
    module.run_fn(FnArgs(settings["fn_args"]))
except ModuleNotFoundError as error:
    fail(f"run_fn of {module_file} needs the Python package '{error.name}', which {sys.executable} has not: "
         f"install it there, or give another Python by `python:`")
except Exception as error:
    fail(f"run_fn of {module_file} failed: {type(error).__name__}: {error}")
)PY";
  return kScript;
}

}  // namespace penstock::components
