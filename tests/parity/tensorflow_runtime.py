"""Runs exported SavedModels in TensorFlow.

usage: tensorflow_runtime.py FOLDER: each folder in it holds `model` and rows.json: a map of input name -> list of
values (null: missing) as "rows", and the type of each as "types" ("text", "number" or "integer"). Prints a JSON
map: folder -> signature -> output -> values.
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import tensorflow as tf


def example(rows, types, index):
    features = {}
    for name, values in rows.items():
        value = values[index]
        if value is None:
            # Absent and empty mean the same.
            if index % 2 == 0:
                features[name] = tf.train.Feature()
        elif types[name] == "text":
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        elif types[name] == "integer":
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def plain(tensor):
    """null for a number that is none: JSON has no NaN."""
    def value_of(value):
        if isinstance(value, list):
            return [value_of(part) for part in value]
        if isinstance(value, bytes):
            return value.decode()
        return None if value != value else value
    return value_of(tensor.numpy().tolist())


def ask(folder):
    model = tf.saved_model.load(os.path.join(folder, "model"))
    with open(os.path.join(folder, "rows.json"), encoding="utf-8") as file:
        asked = json.load(file)
    rows, types = asked["rows"], asked["types"]
    num_rows = len(next(iter(rows.values())))
    serialized = tf.constant([example(rows, types, index) for index in range(num_rows)])
    answers = {}
    for name, signature in model.signatures.items():
        wanted = signature.structured_input_signature[1]
        if len(wanted) == 1 and next(iter(wanted)) in ("examples", "inputs"):
            outputs = signature(**{next(iter(wanted)): serialized})
        elif all(key in types for key in wanted):
            inputs = {}
            for key in wanted:
                if types[key] == "text":
                    values = tf.constant(["" if value is None else value for value in rows[key]])
                else:
                    values = tf.constant([float("nan") if value is None else value for value in rows[key]], tf.float64)
                inputs[key] = tf.reshape(values, [-1, 1])
            outputs = signature(**inputs)
        else:
            kinds = {"text": tf.string, "number": tf.float32, "integer": tf.int64}
            inputs = {}
            for key in rows:
                there = [index for index, value in enumerate(rows[key]) if value is not None]
                inputs[key + "_indices"] = tf.constant([[index, 0] for index in there], tf.int64)
                inputs[key + "_values"] = tf.constant([rows[key][index] for index in there], kinds[types[key]])
                inputs[key + "_dense_shape"] = tf.constant([num_rows, 1], tf.int64)
            outputs = signature(**inputs)
        answers[name] = {key: plain(value) for key, value in outputs.items()}
    return answers


cases = sorted(entry.path for entry in os.scandir(sys.argv[1]))
json.dump({os.path.basename(folder): ask(folder) for folder in cases}, sys.stdout)
