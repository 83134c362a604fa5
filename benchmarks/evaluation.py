#!/usr/bin/env python3
"""Measures `penstock evaluate`: wall clock and peak memory of whole processes, each result checked.

usage: benchmarks/evaluation.py [--penstock FILE] [--only taxi|bootstrap|worst|slices|explain] [--scale 1.0]

  taxi       100,000 taxi examples through a model, two sliced columns, the usual metrics (needs a pushed taxi model and its data)
  bootstrap  10,000,000 predictions, 20 metrics, 100 slices, 20 bootstrap resamples
  worst      search of the worst slices, 1,000,000 examples of 18 columns, one pair of values made worse
  slices     2,000,000 predictions of 1,000,000 users, each a slice: count, accuracy and area under the curve
  explain    permutation importance of all columns, SHAP values and two partial dependences of the taxi model on 10,000 examples
"""
import argparse
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
METRICS = ["auc", "auc_precision_recall", "accuracy", "precision", "recall", "specificity", "f1_score", "fall_out", "miss_rate",
           "negative_predictive_value", "false_discovery_rate", "predicted_positive_rate", "balanced_accuracy",
           "matthews_correlation_coefficient", "binary_crossentropy", "mean_squared_error", "mean_absolute_error", "mean_label",
           "mean_prediction", "calibration"]


def run(command):
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = used.ru_utime + used.ru_stime
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall = time.monotonic() - start
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, used.ru_utime + used.ru_stime - before, used.ru_maxrss / 1024, json.loads(done.stdout) if "--json" in command else done.stdout


def write(penstock, path, header, lines):
    """As Parquet, by way of CSV."""
    text = path.with_suffix(".csv")
    with open(text, "w") as out:
        out.write(header + "\n")
        out.writelines(lines)
    subprocess.run([penstock, "data", "convert", str(text), str(path)], check=True, capture_output=True)
    text.unlink()


def bootstrap(penstock, folder, scale):
    n = int(10_000_000 * scale)
    draw = random.Random(1).random

    def lines():
        for _ in range(n):
            score = draw()
            yield "%.6f,%d,%d\n" % (score, draw() < score, draw() * 99)

    write(penstock, folder / "scores.parquet", "score,label,group", lines())
    (folder / "bootstrap.yaml").write_text(json.dumps(
        {"label": "label", "prediction": "score", "metrics": METRICS, "slices": [["group"]], "confidence_intervals": "bootstrap"}))
    wall, cpu, peak, result = run([penstock, "evaluate", "--data", str(folder / "scores.parquet"), "--config",
                              str(folder / "bootstrap.yaml"), "--json"])
    slices = result["metrics"]["slices"]
    overall = slices[0]["metrics"][""][""][""]
    assert len(slices) == 100 and len(overall) == 20, (len(slices), len(overall))
    assert abs(overall["mean_prediction"]["value"] - 0.5) < 0.01 and "confidence_interval" in overall["auc"]
    print(f"bootstrap: {n:,} predictions, 20 metrics, 100 slices, 20 resamples: {wall:.1f} s, {cpu:.1f} CPU s, {peak:.0f} MB")


def worst(penstock, folder, scale):
    n = int(1_000_000 * scale)
    draw = random.Random(2).random

    def lines():
        for _ in range(n):
            cells = [int(draw() * (5 + 3 * i)) for i in range(12)]
            score = draw()
            is_bad = cells[3] == 2 and cells[5] == 7
            label = draw() < (1 - score if is_bad else score)
            yield ",".join(map(str, cells)) + ",%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.6f,%d\n" % (
                draw(), draw(), draw(), draw(), draw(), draw(), score, label)

    names = [f"c{i}" for i in range(12)] + [f"x{i}" for i in range(6)] + ["score", "label"]
    write(penstock, folder / "worst.parquet", ",".join(names), lines())
    (folder / "worst.yaml").write_text("{label: label, prediction: score, metrics: [auc]}")
    wall, cpu, peak, result = run([penstock, "evaluate", "--data", str(folder / "worst.parquet"), "--config",
                              str(folder / "worst.yaml"), "--worst-slices", "3", "--json"])
    assert result["worst_slices"]["found"][0]["slice"] == {"c3": "2", "c5": "7"}, result["worst_slices"]
    print(f"worst slices: {n:,} x 18: {wall:.1f} s, {cpu:.1f} CPU s, {peak:.0f} MB, {result['worst_slices']['slices_looked_at']} slices looked at")


def slices(penstock, folder, scale):
    n = int(1_000_000 * scale)
    draw = random.Random(3).random
    write(penstock, folder / "users.parquet", "user,score,label",
          ("%d,%.4f,%d\n" % (i % n, score, draw() < score) for i in range(2 * n) for score in [draw()]))
    (folder / "users.yaml").write_text("{label: label, prediction: score, metrics: [example_count, accuracy, auc], slices: [[user]]}")
    wall, cpu, peak, result = run([penstock, "evaluate", "--data", str(folder / "users.parquet"), "--config", str(folder / "users.yaml"),
                                   "--max-slices", "10000000"])
    assert f"of {n + 1:,}" in result or f"of {n:,}" in result or str(n) in result.replace(",", ""), result
    print(f"slices: {2 * n:,} predictions, {n:,} slices: {wall:.1f} s, {cpu:.1f} CPU s, {peak:.0f} MB")


def explain(penstock, folder, scale):
    (folder / "explain.yaml").write_text("metrics: [auc]")
    wall, cpu, peak, result = run([penstock, "eval", "explain", "--data", str(ROOT / ".deps/data/taxi/data.csv"), "--model",
                                   str(ROOT / "examples/taxi/serving"), "--config", str(folder / "explain.yaml"), "--importance", "auc",
                                   "--dependence", "trip_miles,payment_type", "--contributions", "--examples", str(int(10_000 * scale)), "--json"])
    assert result["permutation_importance"]["columns"][0]["change"] < -0.1, result["permutation_importance"]
    print(f"explain: {result['examples']:,} examples, {len(result['permutation_importance']['columns'])} columns: {wall:.2f} s, {cpu:.2f} CPU s, {peak:.0f} MB")


def taxi(penstock, folder, scale):
    rows = int(100_000 * scale)
    subprocess.run([sys.executable, str(ROOT / "benchmarks/make_taxi.py"), "--rows", str(rows)], check=True)
    data = ROOT / f".deps/data/taxi/taxi_{rows}.csv"
    (folder / "taxi.yaml").write_text("slices: [[trip_start_hour], [payment_type]]")
    wall, cpu, peak, result = run([penstock, "evaluate", "--data", str(data), "--model", str(ROOT / "examples/taxi/serving"), "--config",
                              str(folder / "taxi.yaml"), "--json"])
    slices = result["metrics"]["slices"]
    assert len(slices) > 20, len(slices)
    print(f"taxi: {rows:,} examples through the model, {len(slices)} slices: {wall:.2f} s, {cpu:.2f} CPU s, {peak:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--penstock", default=str(ROOT / "build/release/bin/penstock"))
    parser.add_argument("--only", choices=["taxi", "bootstrap", "worst", "slices", "explain"])
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for case in (taxi, bootstrap, worst, slices, explain):
            if options.only in (None, case.__name__):
                case(options.penstock, pathlib.Path(folder), options.scale)


if __name__ == "__main__":
    main()
