#include "penstock/components/python_module/module_scripts.h"

namespace penstock::components {

std::string_view PreprocessingFnScript() {
  static constexpr std::string_view kScript =
      R"PY(

import inspect

try:
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
    from tfx_bsl.coders import example_coder
    from tfx_bsl.tfxio import tf_example_record
except ModuleNotFoundError as error:
    fail(f"Transform(module_file=..) needs TensorFlow Transform, and {sys.executable} has no package "
         f"'{error.name}': pip install tensorflow-transform there, or give another Python by `python:`; "
         f"`features:` instead of `module_file:` needs no Python")

preprocessing_fn = load_function("preprocessing_fn", "inputs")
if "custom_config" in inspect.signature(preprocessing_fn).parameters:
    without_config = preprocessing_fn
    preprocessing_fn = lambda inputs: without_config(inputs, custom_config=settings["custom_config"])

with open(settings["schema"], encoding="utf-8") as file:
    schema = text_format.Parse(file.read(), schema_pb2.Schema())
output = settings["transform_graph"]
work = os.path.join(os.path.dirname(settings["failure"]), "beam")


def source_of(split):
    return tf_example_record.TFExampleRecord(file_pattern=split["input"], schema=schema,
                                             telemetry_descriptors=["penstock"])


def analyze():
    with beam.Pipeline() as pipeline, tft_beam.Context(temp_dir=work):
        analyzed = next(split for split in settings["splits"] if split["name"] == settings["analyze_split"])
        source = source_of(analyzed)
        examples = pipeline | "Read" >> source.BeamSource()
        transform_fn = (examples, source.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(preprocessing_fn)
        transform_fn | tft_beam.WriteTransformFn(output)
        (dataset_metadata.DatasetMetadata(schema)
         | "WriteMetadata" >> tft_beam.WriteMetadata(os.path.join(output, "metadata"), pipeline))


def encode(element, encoder):
    # Where TFT is asked to keep columns as they are, they come beside the batch.
    batch = element[0] if isinstance(element, tuple) else element
    return encoder.encode(batch)


def apply_to(split):
    written = tft.TFTransformOutput(output)
    with beam.Pipeline() as pipeline, tft_beam.Context(temp_dir=work):
        source = source_of(split)
        transform_fn = pipeline | "Fn" >> tft_beam.ReadTransformFn(output)
        examples = pipeline | "Read" >> source.BeamSource()
        transformed, _ = (((examples, source.TensorAdapterConfig()), transform_fn)
                          | tft_beam.TransformDataset(output_record_batches=True))
        encoder = example_coder.RecordBatchToExamplesEncoder(written.transformed_metadata.schema)
        (transformed | "Encode" >> beam.FlatMap(encode, encoder)
         | "Write" >> beam.io.WriteToTFRecord(split["output"], file_name_suffix=".tfrecord.gz", num_shards=1))


call("preprocessing_fn", analyze)
for each in settings["splits"]:
    call("preprocessing_fn", apply_to, each)
)PY";
  return kScript;
}

}  // namespace penstock::components
