#!/usr/bin/env python3
"""Time to the same eval loss with and without a warm start, after 5 % more data.

A model is trained on the first 95 % of the examples (not timed). Then two trainings see all of them: one from nothing, and one
that starts from that model. Each is timed up to the first iteration whose eval loss is as low as the best of the cold training
(within 0.1 %); reading the data counts for both. CPU seconds are given beside wall: other work on the machine disturbs only the latter.

  benchmarks/warm_start.py build/release/bin/penstock .deps/data/taxi/taxi_100000.csv examples/taxi/features.yaml
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time


def train(program, arguments, output):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run([program, "train", *arguments, "-o", output], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with open(os.path.join(output, "training.json"), encoding="utf-8") as file:
        return wall, cpu, json.load(file)


def iterations_to(record, loss):
    """The first iteration at or below `loss`; None: it was never reached."""
    for entry in record["iterations"]:
        if entry["eval_loss"] <= loss:
            return entry["iteration"]
    return None


def main():
    program, data, features = sys.argv[1:4]
    with open(data, encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    folder = tempfile.mkdtemp(prefix="warm_start")
    held_back = rows[::5]
    seen = [row for i, row in enumerate(rows) if i % 5 != 0]
    for name, part in (("old", seen[: int(len(seen) * 0.95)]), ("all", seen), ("eval", held_back)):
        with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8") as file:
            file.write("\n".join([header, *part]) + "\n")
    # The same transform for all: what is compared is the training.
    graph = os.path.join(folder, "transform")
    old, everything, held = (os.path.join(folder, name + ".csv") for name in ("old", "all", "eval"))
    subprocess.run([program, "transform", "apply", features, "--data", old, "-o", graph], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for learner, parameters, warm_parameters in (
        ("wide_and_deep", [], ["num_epochs=3"]),
        ("linear", [], ["num_epochs=3"]),
        ("boosted_trees", [], ["num_rounds=50"]),
    ):
        common = ["--eval-data", held, "--transform", graph, "--learner", learner]
        base = os.path.join(folder, learner + "_old")
        flags = [flag for parameter in parameters for flag in ("--param", parameter)]
        warm_flags = flags + [flag for parameter in warm_parameters for flag in ("--param", parameter)]
        train(program, ["--data", old, *common, *flags], base)
        wall, cpu, cold = train(program, ["--data", everything, *common, *flags], base + "_cold")
        goal = cold["best_eval_loss"] * 1.001
        cold_share = iterations_to(cold, goal) / len(cold["iterations"])
        # Timed again without what follows the iteration that reached it.
        wall, cpu, _ = train(program, ["--data", everything, *common, *flags, "--param", limit(learner, iterations_to(cold, goal))], base + "_to_goal")
        warm_wall, warm_cpu, warm = train(program, ["--data", everything, *common, *warm_flags, "--warm-start", base], base + "_warm")
        reached = iterations_to(warm, goal)
        # The epochs of a network share one schedule of the learning rate: the whole run counts.
        if learner == "boosted_trees" and reached is not None and reached < len(warm["iterations"]):
            warm_wall, warm_cpu, _ = train(
                program, ["--data", everything, *common, *warm_flags, "--param", limit(learner, reached), "--warm-start", base], base + "_warm_to_goal")
        print(f"{learner}: eval loss {goal:.5f}; cold {wall:.2f} s, {cpu:.2f} CPU s, iteration {iterations_to(cold, goal)}; "
              f"warm {warm_wall:.2f} s, {warm_cpu:.2f} CPU s, iteration {reached} ({100 * warm_cpu / cpu:.0f} % of the CPU time); share {cold_share:.2f}")
    shutil.rmtree(folder)


def limit(learner, iterations):
    return f"{'num_rounds' if learner == 'boosted_trees' else 'num_epochs'}={iterations}"


if __name__ == "__main__":
    main()
