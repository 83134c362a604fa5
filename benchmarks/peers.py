#!/usr/bin/env python3
"""What polars and DuckDB do on the same file, for comparison: peers.py polars-describe|duckdb-summarize FILE"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / ".deps" / "peers"))


def main():
    what, path = sys.argv[1:]
    if what == "polars-describe":
        import polars
        print(polars.read_csv(path).describe())
    elif what == "duckdb-summarize":
        import duckdb
        print(duckdb.sql(f"SUMMARIZE SELECT * FROM '{path}'").fetchall())
    else:
        sys.exit(f"peers.py: unknown work {what}")


if __name__ == "__main__":
    main()
