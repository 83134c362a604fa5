"""A Keras model of a taxi trip's tip, for Trainer's module_file. Needs tensorflow alone."""
import types

import keras
import tensorflow as tf

LABEL = "__label__"
NUMBERS = ["fare", "trip_miles", "trip_seconds"]
VECTORS = {"trip_start_hour": 24, "payment_type": 8}
NUM_COMPANIES = 102  # 100, one for the others, one for none.


def network(hidden_units):
    inputs = {name: keras.Input((1,), name=name) for name in NUMBERS}
    inputs.update({name: keras.Input((width,), name=name) for name, width in VECTORS.items()})
    inputs["company"] = keras.Input((1,), name="company", dtype="int64")
    # A missing company is -1: the last row of the table.
    company = keras.ops.where(inputs["company"] < 0, NUM_COMPANIES - 1, inputs["company"])
    company = keras.layers.Flatten()(keras.layers.Embedding(NUM_COMPANIES, 4)(company))
    x = keras.layers.Concatenate()([inputs[name] for name in NUMBERS + list(VECTORS)] + [company])
    x = keras.layers.Dense(hidden_units, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))


def columns(features):
    """[n] as [n, 1]: what Keras' inputs are."""
    return {name: value if name in VECTORS else tf.expand_dims(value, -1) for name, value in features.items()}


def run_fn(fn_args):
    keras.utils.set_random_seed(1)
    batch_size = fn_args.custom_config["batch_size"]

    def dataset(files, num_epochs, shuffle):
        options = types.SimpleNamespace(batch_size=batch_size, num_epochs=num_epochs, shuffle=shuffle, shuffle_seed=1,
                                        label_key=LABEL)
        return fn_args.data_accessor.tf_dataset_factory(files, options).map(
            lambda features, label: (columns(features), label))

    model = network(fn_args.hyperparameters["hidden_units"])
    model.compile(keras.optimizers.Adam(fn_args.hyperparameters["learning_rate"]), "binary_crossentropy",
                  metrics=[keras.metrics.AUC(name="auc")])
    model.fit(dataset(fn_args.train_files, None, True), steps_per_epoch=fn_args.train_steps, epochs=1, verbose=2,
              validation_data=dataset(fn_args.eval_files, 1, False), validation_steps=fn_args.eval_steps)

    # What is served takes raw examples: the transform is part of it.
    loaded = tf.saved_model.load(fn_args.transform_output + "/transform_fn")
    transform = loaded.signatures["transform_examples"]

    def serve(examples):
        return {"probability": model(columns(transform(examples=examples)))}

    # Keras' own archive: what tf.saved_model.save writes of a Keras 3 model is loaded by Python alone.
    archive = keras.export.ExportArchive()
    archive.track(model)
    # track() takes layers and tables only; what fills the transform's vocabularies has to go along too.
    archive._tf_trackable.transform = loaded
    archive.add_endpoint("serving_default", serve, [tf.TensorSpec([None], tf.string, name="examples")])
    archive.write_out(fn_args.serving_model_dir)
