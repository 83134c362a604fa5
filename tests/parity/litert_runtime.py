"""Runs exported TFLite files in LiteRT.

usage: litert_runtime.py FOLDER: each folder in it holds model.tflite and rows.json: a map of input name -> list of
numbers (null: missing). Prints a JSON map: folder -> output -> list of numbers.
"""
import json
import os
import sys

import numpy
from ai_edge_litert.interpreter import Interpreter


def ask(folder):
    interpreter = Interpreter(model_path=os.path.join(folder, "model.tflite"))
    with open(os.path.join(folder, "rows.json"), encoding="utf-8") as file:
        rows = json.load(file)
    signature = interpreter.get_signature_list()["serving_default"]
    num_rows = len(next(iter(rows.values())))
    places = {detail["name"]: detail["index"] for detail in interpreter.get_input_details()}
    for name in signature["inputs"]:
        interpreter.resize_tensor_input(places[name], [num_rows, 1])
    interpreter.allocate_tensors()
    for name in signature["inputs"]:
        values = [float("nan") if value is None else value for value in rows[name]]
        interpreter.set_tensor(places[name], numpy.array(values, numpy.float32).reshape(-1, 1))
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    return {name: interpreter.get_tensor(outputs[place]["index"])[:, 0].tolist()
            for place, name in enumerate(signature["outputs"])}


cases = sorted(entry.path for entry in os.scandir(sys.argv[1]))
json.dump({os.path.basename(folder): ask(folder) for folder in cases}, sys.stdout)
