#!/usr/bin/env python3
"""Measures a ParallelFor of `true`: benchmarks/loop_pipeline.py [NUM_ITERATIONS] [--penstock PATH]"""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

PIPELINE = """pipelineInfo: {{name: loop}}
schemaVersion: 2.1.0
deploymentSpec:
  executors:
    exec-t: {{container: {{image: x, command: ['true']}}}}
components:
  comp-t: {{executorLabel: exec-t}}
  comp-loop:
    dag: {{tasks: {{t: {{componentRef: {{name: comp-t}}}}}}}}
    inputDefinitions: {{parameters: {{item: {{parameterType: NUMBER_INTEGER}}}}}}
root:
  dag:
    tasks:
      loop: {{componentRef: {{name: comp-loop}}, parameterIterator: {{itemInput: item, items: {{raw: '{items}'}}}}}}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    repository = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("iterations", nargs="?", type=int, default=10_000)
    parser.add_argument("--penstock", default=os.path.join(repository, "build/release/bin/penstock"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pipeline = os.path.join(folder, "loop.yaml")
        with open(pipeline, "w") as file:
            file.write(PIPELINE.format(items=json.dumps(list(range(options.iterations)))))
        start = time.time()
        ended = subprocess.run([options.penstock, "run", pipeline, "--root", os.path.join(folder, "root"), "--json"],
                               capture_output=True, text=True, check=True)
        seconds = time.time() - start
        report = json.loads(ended.stdout)
        done = sum(node["state"] == "succeeded" for node in report["nodes"] if node["kind"] == "container")
        assert done == options.iterations, f"{done} of {options.iterations} have succeeded"
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{options.iterations} iterations: {seconds:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} CPU s, "
              f"{seconds / options.iterations * 1000:.1f} ms an iteration, peak {usage.ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
