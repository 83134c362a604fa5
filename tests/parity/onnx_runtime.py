"""Asks ONNX Runtime for the predictions of an exported model.

usage: onnx_runtime.py MODEL ROWS: ROWS holds a JSON map of input name -> list of values (null: missing);
prints a JSON list of predictions.
"""
import json
import sys

import numpy
import onnxruntime

onnxruntime.set_default_logger_severity(3)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
with open(sys.argv[2], encoding="utf-8") as file:
    rows = json.load(file)
inputs = {}
for wanted in session.get_inputs():
    values = rows[wanted.name]
    if wanted.type == "tensor(string)":
        column = numpy.array(["" if value is None else value for value in values], dtype=object)
    else:
        column = numpy.array([float("nan") if value is None else value for value in values], dtype=numpy.float64)
    inputs[wanted.name] = column.reshape(-1, 1)
predictions = session.run(None, inputs)[0]
json.dump([float(value) for value in predictions.ravel()], sys.stdout)
