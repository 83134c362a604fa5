#!/usr/bin/env python3
"""Measures of statistics and drift beyond the table of measure.py, as whole processes.

  measure_statistics.py WORK [FOLDER]      in an environment with numpy and pyarrow; FOLDER: for the data (/tmp/penstock-statistics)

WORK: parquet (10M x 18 against a plain read), spans (30 days cold, then one new), wide (5,000 columns),
tall (100M rows), drift (3M x 1,000 numbers against a reference; --rows N for fewer), threads (1 and 2).
Each prints wall, CPU seconds and the peak of resident memory; parquet, wide, tall and drift write and
read gigabytes and take minutes.
"""
import pathlib
import shutil
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from measure import PENSTOCK, run_once  # noqa: E402

READ = "import sys, pyarrow.parquet as q\nfor b in q.ParquetFile(sys.argv[1]).iter_batches(65536): b.num_rows"


def shown(what, command):
    seconds, cpu, megabytes, text = run_once(command)
    print(f"{what}: {seconds:.2f} s wall, {cpu:.2f} CPU s, {megabytes:.0f} MB", flush=True)
    return text


def generate(*arguments):
    return [PENSTOCK, "stats", "generate", *arguments]


def write(path, num_rows, make_batch, group=131_072):
    """The file, unless it is there; make_batch(random, n) gives a dict of columns."""
    if path.exists():
        return path
    random, writer = np.random.default_rng(7), None
    part = path.with_suffix(".part")
    for begin in range(0, num_rows, group):
        table = pa.table(make_batch(random, min(group, num_rows - begin)))
        writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table)
    writer.close()
    part.rename(path)
    return path


def taxi(random, n):
    """18 columns like the taxi data: numbers, some missing, and categories."""
    columns = {f"number_{i}": np.round(random.gamma(2, 5, n), 2).astype("f4") for i in range(9)}
    columns |= {f"count_{i}": random.integers(0, 20 + 300 * i, n) for i in range(5)}
    columns |= {f"kind_{i}": pa.array(np.array([f"value {k}" for k in range(10 ** i)]))
                .take(pa.array(random.integers(0, 10 ** i, n))) for i in range(1, 5)}
    return columns


def parquet(folder):
    path = write(folder / "taxi_10m.parquet", 10_000_000, taxi)
    shown("plain read by pyarrow", [sys.executable, "-c", READ, path])
    shown("statistics", generate(path, "-o", folder / "out.pb"))
    shown("plain read by pyarrow", [sys.executable, "-c", READ, path])


def threads(folder):
    path = write(folder / "taxi_3m.parquet", 3_000_000, taxi)
    for count in (1, 2, 1, 2):
        shown(f"{count} threads", generate(path, "-o", folder / "out.pb", "--threads", str(count)))


def spans(folder):
    days = folder / "days"
    days.mkdir(exist_ok=True)
    for day in range(1, 32):
        path = days / f"day-{day}.parquet"
        if not path.exists():
            random = np.random.default_rng(day)
            pq.write_table(pa.table(taxi(random, 100_000)), path)
    shutil.rmtree(folder / "states", ignore_errors=True)
    command = generate(f"{days}/day-{{SPAN}}.parquet", "--cache", folder / "states", "--explain")
    shown("30 spans, cold", command + ["--spans", "1-30", "-o", folder / "cold.pb"])
    text = shown("30 spans, one of them new", command + ["--spans", "2-31", "-o", folder / "warm.pb"])
    print("  ", text.strip().splitlines()[-1])
    shown("the same 30 without the cache", generate(f"{days}/day-{{SPAN}}.parquet", "--spans", "2-31", "-o",
                                                    folder / "plain.pb"))
    same = (folder / "warm.pb").read_bytes() == (folder / "plain.pb").read_bytes()
    print("   equal to the last bit" if same else "   NOT EQUAL")


def wide(folder):
    def batch(random, n):
        columns = {f"n{i}": random.normal(i, 1, n).astype("f4") for i in range(4_000)}
        words = pa.array(np.array([f"w{k}" for k in range(1_000)]))
        return columns | {f"c{i}": words.take(pa.array(random.integers(0, 1_000, n))) for i in range(1_000)}
    path = write(folder / "wide.parquet", 200_000, batch, group=4_096)
    shown("200,000 x 5,000", generate(path, "-o", folder / "out.pb"))


def tall(folder):
    size = 1_048_576
    random = np.random.default_rng(3)
    once = {"number": np.round(random.gamma(2, 5, size), 2).astype("f4"), "count": random.integers(0, 1_000, size),
            "kind": pa.array(np.array([f"value {k}" for k in range(1_000)])).take(
                pa.array(random.integers(0, 1_000, size)))}

    def batch(random, n):  # Only the ids are drawn anew: what is measured reads and counts all of them all the same.
        return {name: column[:n] for name, column in once.items()} | {
            "id": pa.array(random.integers(0, 2 ** 40, n)).cast(pa.string())}
    path = write(folder / "tall.parquet", 100_000_000, batch, group=size)
    shown("100M x 4, one of them with 100M distinct texts", generate(path, "-o", folder / "out.pb"))


def drift(folder, num_rows):
    def batch(shift):
        def columns(random, n):  # Out of one pool, a place further each: drawing 3e9 numbers would take minutes.
            pool = np.round(random.normal(shift, 1, n + 1_000), 3)
            return {f"n{i}": (pool[i:i + n] + i).astype("f4") for i in range(1_000)}
        return columns
    today = write(folder / f"today_{num_rows}.parquet", num_rows, batch(0.1), group=16_384)
    reference = write(folder / "reference.parquet", 100_000, batch(0), group=16_384)
    options = folder / "sketch.json"
    options.write_text('{"numeric_sketch_size": 1000}')
    shown("reference, 100,000 x 1,000", generate(reference, "-o", folder / "reference.pb", "--options", options))
    shown(f"{num_rows:,} x 1,000 with its drift", generate(today, "-o", folder / "today.pb", "--drift-from",
                                                          folder / "reference.pb"))
    shown("plain read by pyarrow", [sys.executable, "-c", READ, today])


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    rows = [int(b) for a, b in zip(sys.argv, sys.argv[1:]) if a == "--rows"]
    if rows:
        arguments.remove(str(rows[0]))
    folder = pathlib.Path(arguments[1] if len(arguments) > 1 else "/tmp/penstock-statistics")
    folder.mkdir(parents=True, exist_ok=True)
    work = {"parquet": parquet, "spans": spans, "wide": wide, "tall": tall, "threads": threads,
            "drift": lambda f: drift(f, rows[0] if rows else 3_000_000)}
    if not arguments or arguments[0] not in work:
        sys.exit(__doc__)
    work[arguments[0]](folder)


if __name__ == "__main__":
    main()
