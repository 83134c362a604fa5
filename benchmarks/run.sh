#!/usr/bin/env bash
# Measures everything of benchmarks/README.md on this machine, beside polars and DuckDB.
set -euo pipefail
cd "$(dirname "$0")/.."
large=.deps/data/taxi/taxi_1000000.csv
[ -f "$large" ] || python3 benchmarks/make_taxi.py --rows 1000000
if [ ! -d .deps/peers/polars ]; then
  python3 -m pip install --quiet --disable-pip-version-check --target .deps/peers --only-binary=:all: polars==2.1.0 duckdb==2.0.0 ||
    echo "bench: the peers cannot be installed; measuring without them" >&2
fi
peers=()
[ -d .deps/peers/polars ] && peers=(--peers)
exec python3 benchmarks/measure.py "${peers[@]}" "$@"
