#include "penstock/components/python_module/module_scripts.h"

namespace penstock::components {

std::string_view RunFnScript() {
  static constexpr std::string_view kScript =
      R"PY(

class DataAccessor:
    """Reads the transformed examples; the schema of the transform is known already."""

    def feature_spec(self):
        import tensorflow as tf
        if settings["features"] is None:
            # A module made the transform, so TensorFlow Transform is there.
            import tensorflow_transform as tft
            return tft.TFTransformOutput(settings["fn_args"]["transform_output"]).transformed_feature_spec()
        kinds = {"float": tf.float32, "int": tf.int64, "text": tf.string}
        return {feature["name"]: tf.io.FixedLenFeature(feature["shape"], kinds[feature["kind"]])
                for feature in settings["features"]}

    def tf_dataset_factory(self, file_pattern, options, schema=None):
        import tensorflow as tf
        spec = self.feature_spec()
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


call("run_fn", load_function("run_fn", "fn_args"), FnArgs(settings["fn_args"]))
)PY";
  return kScript;
}

}  // namespace penstock::components
