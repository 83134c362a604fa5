"""A taxi module in TFX's way, small: TensorFlow Transform for features and label, Keras for the model."""
import types

import tensorflow as tf
import tensorflow_transform as tft

NUMBERS = ["fare", "trip_miles", "trip_seconds"]
WORDS = ["payment_type", "company"]


def filled(x, default):
    if isinstance(x, tf.SparseTensor):
        x = tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]), default)
    return tf.reshape(x, [-1])


def preprocessing_fn(inputs):
    outputs = {name: tft.scale_to_z_score(tf.cast(filled(inputs[name], 0), tf.float32)) for name in NUMBERS}
    for name in WORDS:
        outputs[name] = tft.compute_and_apply_vocabulary(filled(inputs[name], ""), top_k=50, num_oov_buckets=1)
    tips, fare = (tf.cast(filled(inputs[name], 0), tf.float32) for name in ("tips", "fare"))
    outputs["is_big_tip"] = tf.cast(tips > fare * 0.2, tf.int64)
    return outputs


class Served(tf.Module):
    """Logistic regression over numbers and one weight for each word: no Keras, whose versions differ."""

    def __init__(self, output):
        super().__init__()
        self.output = output
        self.transform = output.transform_features_layer()
        self.weights = tf.Variable(tf.zeros([len(NUMBERS)]))
        self.tables = [tf.Variable(tf.zeros([52])) for _ in WORDS]
        self.bias = tf.Variable(0.0)

    def score(self, features):
        numbers = tf.stack([tf.reshape(features[name], [-1]) for name in NUMBERS], axis=1)
        score = tf.linalg.matvec(numbers, self.weights) + self.bias
        for name, table in zip(WORDS, self.tables):
            score += tf.gather(table, tf.reshape(features[name], [-1]))
        return score

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        spec = self.output.raw_feature_spec()
        spec.pop("tips")
        return {"probability": tf.sigmoid(self.score(self.transform(tf.io.parse_example(examples, spec))))}


def run_fn(fn_args):
    tf.random.set_seed(1)
    output = tft.TFTransformOutput(fn_args.transform_output)
    options = types.SimpleNamespace(batch_size=256, num_epochs=None, shuffle=True, shuffle_seed=1, label_key="is_big_tip")
    model = Served(output)
    variables = [model.weights, model.bias] + model.tables
    for features, label in fn_args.data_accessor.tf_dataset_factory(fn_args.train_files, options).take(fn_args.train_steps):
        with tf.GradientTape() as tape:
            label = tf.cast(tf.reshape(label, [-1]), tf.float32)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(label, model.score(features)))
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(0.5 * tf.convert_to_tensor(gradient))
    tf.saved_model.save(model, fn_args.serving_model_dir, signatures={"serving_default": model.serve})
