#!/usr/bin/env python3
"""Measures `penstock evaluate`: wall clock and peak memory of whole processes, each result checked.

usage: benchmarks/evaluation.py [--penstock FILE] [--only taxi|bootstrap|worst] [--scale 1.0]

  taxi       100,000 taxi examples through a model, two sliced columns, the usual metrics (needs a pushed taxi model and its data)
  bootstrap  10,000,000 predictions, 20 metrics, 100 slices, 20 bootstrap resamples
  worst      search of the worst slices, 1,000,000 examples of 18 columns, one pair of values made worse
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy
import pyarrow
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parent.parent
METRICS = ["auc", "auc_precision_recall", "accuracy", "precision", "recall", "specificity", "f1_score", "fall_out", "miss_rate",
           "negative_predictive_value", "false_discovery_rate", "predicted_positive_rate", "balanced_accuracy",
           "matthews_correlation_coefficient", "binary_crossentropy", "mean_squared_error", "mean_absolute_error", "mean_label",
           "mean_prediction", "calibration"]


def run(command):
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall = time.monotonic() - start
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return wall, peak, json.loads(done.stdout)


def write(path, columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=131072)


def bootstrap(penstock, folder, scale):
    n = int(10_000_000 * scale)
    random = numpy.random.default_rng(1)
    score = random.random(n)
    write(folder / "scores.parquet", {"score": score, "label": (random.random(n) < score).astype("int64"),
                                      "group": random.integers(0, 99, n)})
    (folder / "bootstrap.yaml").write_text(json.dumps(
        {"label": "label", "prediction": "score", "metrics": METRICS, "slices": [["group"]], "confidence_intervals": "bootstrap"}))
    wall, peak, result = run([penstock, "evaluate", "--data", str(folder / "scores.parquet"), "--config",
                              str(folder / "bootstrap.yaml"), "--json"])
    slices = result["metrics"]["slices"]
    overall = slices[0]["metrics"][""][""][""]
    assert len(slices) == 100 and len(overall) == 20, (len(slices), len(overall))
    assert abs(overall["mean_prediction"]["value"] - 0.5) < 0.01 and "confidence_interval" in overall["auc"]
    print(f"bootstrap: {n:,} predictions, 20 metrics, 100 slices, 20 resamples: {wall:.1f} s, {peak:.0f} MB")


def worst(penstock, folder, scale):
    n = int(1_000_000 * scale)
    random = numpy.random.default_rng(2)
    columns = {f"c{i}": random.integers(0, 5 + 3 * i, n) for i in range(12)}
    columns |= {f"x{i}": random.normal(size=n) for i in range(6)}
    score = random.random(n)
    is_bad = (columns["c3"] == 2) & (columns["c5"] == 7)
    label = (random.random(n) < numpy.where(is_bad, 1 - score, score)).astype("int64")
    write(folder / "worst.parquet", columns | {"score": score, "label": label})
    (folder / "worst.yaml").write_text("{label: label, prediction: score, metrics: [auc]}")
    wall, peak, result = run([penstock, "evaluate", "--data", str(folder / "worst.parquet"), "--config",
                              str(folder / "worst.yaml"), "--worst-slices", "3", "--json"])
    assert result["worst_slices"]["found"][0]["slice"] == {"c3": "2", "c5": "7"}, result["worst_slices"]
    print(f"worst slices: {n:,} x 18: {wall:.1f} s, {peak:.0f} MB, {result['worst_slices']['slices_looked_at']} slices looked at")


def taxi(penstock, folder, scale):
    rows = int(100_000 * scale)
    subprocess.run([sys.executable, str(ROOT / "benchmarks/make_taxi.py"), "--rows", str(rows)], check=True)
    data = ROOT / f".deps/data/taxi/taxi_{rows}.csv"
    (folder / "taxi.yaml").write_text("slices: [[trip_start_hour], [payment_type]]")
    wall, peak, result = run([penstock, "evaluate", "--data", str(data), "--model", str(ROOT / "examples/taxi/serving"), "--config",
                              str(folder / "taxi.yaml"), "--json"])
    slices = result["metrics"]["slices"]
    assert len(slices) > 20, len(slices)
    print(f"taxi: {rows:,} examples through the model, {len(slices)} slices: {wall:.2f} s, {peak:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--penstock", default=str(ROOT / "build/release/bin/penstock"))
    parser.add_argument("--only", choices=["taxi", "bootstrap", "worst"])
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for case in (taxi, bootstrap, worst):
            if options.only in (None, case.__name__):
                case(options.penstock, pathlib.Path(folder), options.scale)


if __name__ == "__main__":
    main()
