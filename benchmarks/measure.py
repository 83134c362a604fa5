#!/usr/bin/env python3
"""Measures what benchmarks/README.md lists, as whole processes on this machine.

  measure.py [--runs N] [--only NAME] [--peers] [--json FILE]

Each case is a command with a check of its result; the figure is the median of N runs after one warm-up,
with the spread. Memory is the peak of the largest single process. With --peers the same work is done by
polars and DuckDB (installed under .deps/peers by benchmarks/run.sh) in turn with ours.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PENSTOCK = ROOT / "build/release/bin/penstock"
DATA = ROOT / ".deps/data/taxi"
CSV = DATA / "taxi_1000000.csv"


class Case:
    def __init__(self, name, command, goal_seconds=None, goal_megabytes=None, before=None, check=None, peer=False):
        self.name, self.command, self.before, self.check, self.peer = name, command, before, check, peer
        self.goal_seconds, self.goal_megabytes = goal_seconds, goal_megabytes


def run_once(command):
    """Wall seconds, CPU seconds and peak megabytes of the largest process; the output."""
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    if process.returncode != 0:
        sys.exit(f"measure: exit code {process.returncode} of {' '.join(map(str, command))}\n{text}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def measure(case, runs):
    figures = []
    for i in range(runs + 1):
        if case.before:
            case.before()
        seconds, cpu, megabytes, text = run_once(case.command)
        if case.check:
            megabytes = case.check(text, megabytes) or megabytes
        if i > 0:  # The first warms the page cache.
            figures.append((seconds, cpu, megabytes))
    walls = [f[0] for f in figures]
    return {"name": case.name, "seconds": statistics.median(walls), "min": min(walls), "max": max(walls),
            "cpu": statistics.median(f[1] for f in figures), "megabytes": max(f[2] for f in figures),
            "goal_seconds": case.goal_seconds, "goal_megabytes": case.goal_megabytes}


def cases(folder, with_peers):
    root = folder / "root"
    taxi = ROOT / "examples/taxi/pipeline.yaml"
    stats, parquet = folder / "stats.pb", folder / "parquet"
    ingest = folder / "ingest.yaml"
    ingest.write_text(f"pipeline: ingest\nnodes:\n  ExampleGen: {{input: '{CSV}', splits: {{train: 2, eval: 1}}}}\n")
    whole = folder / "whole.yaml"
    whole.write_text(f"pipeline: whole\nnodes:\n  ExampleGen: {{input: '{CSV}', splits: {{all: 1}}}}\n")
    report = json.loads(run_once([PENSTOCK, "run", whole, "--root", folder / "whole", "--json"])[3])
    shutil.copytree(pathlib.Path(report["nodes"][0]["outputs"][0]["uri"]) / "Split-all", parquet)

    def check_run(text, megabytes):
        result = json.loads(text)
        assert result["exit_code"] == 0, result
        return max([megabytes] + [n.get("peak_memory_bytes", 0) / 2**20 for n in result["nodes"] if not n["cached"]])

    def check_cached(text, megabytes):
        result = json.loads(text)
        assert all(n["cached"] for n in result["nodes"] if n["cacheable"]), result
        return check_run(text, megabytes)

    def check_ingest(text, megabytes):
        result = json.loads(text)
        assert result["nodes"][0]["outputs"][0]["properties"]["num_examples"] == 1000000, result
        return check_run(text, megabytes)

    def check_stats(_, megabytes):
        assert stats.stat().st_size > 10000
        stats.unlink()
        return megabytes

    transformed = folder / "transformed"

    def check_transform(_, megabytes):
        found = json.loads((transformed / "analysis.json").read_text())
        assert found["named"]["num_examples"]["value"] == 1_000_000, found["named"]
        return megabytes

    def forget():
        shutil.rmtree(root, ignore_errors=True)

    taxi_run = [PENSTOCK, "run", taxi, "--root", root, "--json"]
    yield Case("taxi pipeline, cold", taxi_run, 3, 400, forget, check_run)
    yield Case("taxi pipeline, all cached", taxi_run, 0.3, None, None, check_cached)
    yield Case("penstock --help", [PENSTOCK, "--help"], 0.020)
    yield Case("1M taxi rows: CSV -> splits in Parquet", [PENSTOCK, "run", ingest, "--root", root, "--json"], 1.5, None,
               forget, check_ingest)
    yield Case("1M taxi rows: statistics from CSV", [PENSTOCK, "stats", "generate", CSV, "-o", stats], 1.5, 300, None, check_stats)
    yield Case("1M taxi rows: analyze and transform",
               [PENSTOCK, "transform", "apply", ROOT / "benchmarks/transform_taxi.yaml", "--data", CSV, "-o", transformed], 1.2,
               None, None, check_transform)
    yield Case("1M taxi rows: statistics from Parquet", [PENSTOCK, "stats", "generate", parquet, "-o", stats], 0.8, None, None,
               check_stats)
    for threads in (1, 2):
        yield Case(f"1M taxi rows: statistics from CSV, {threads} thread{'s' if threads > 1 else ''}",
                   [PENSTOCK, "stats", "generate", CSV, "-o", stats, "--threads", threads], None, None, None, check_stats)
    if with_peers:
        peers = [sys.executable, ROOT / "benchmarks/peers.py"]
        yield Case("  peer: polars read + describe, CSV", peers + ["polars-describe", CSV], peer=True)
        yield Case("  peer: DuckDB SUMMARIZE, CSV", peers + ["duckdb-summarize", CSV], peer=True)
        yield Case("  peer: DuckDB SUMMARIZE, Parquet", peers + ["duckdb-summarize", f"{parquet}/*.parquet"], peer=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--json", default="")
    args = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        print(f"{'what':<50} {'median s':>9} {'min':>7} {'max':>7} {'CPU s':>7} {'MB':>6}  goal")
        for case in cases(pathlib.Path(folder), args.peers):
            if args.only not in case.name:
                continue
            r = measure(case, args.runs)
            results.append(r)
            goals = [f"{g:g} {unit}" for g, unit in ((case.goal_seconds, "s"), (case.goal_megabytes, "MB")) if g]
            met = ((not case.goal_seconds or r["seconds"] <= case.goal_seconds)
                   and (not case.goal_megabytes or r["megabytes"] <= case.goal_megabytes))
            print(f"{case.name:<50} {r['seconds']:>9.3f} {r['min']:>7.3f} {r['max']:>7.3f} {r['cpu']:>7.2f} {r['megabytes']:>6.0f}  "
                  + (f"{', '.join(goals)}: {'met' if met else 'MISSED'}" if goals else ""), flush=True)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
