#!/usr/bin/env bash
# Measures `penstock metadata serve` with a client of its own: benchmarks/metadata_service.sh [FOLDER of the store] [SECONDS a figure]
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --build build/release --target penstock penstock_grpc_host penstock_metadata_load >/dev/null
folder=$(mktemp -d "${1:-/tmp}/penstock-metadata.XXXXXX")
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
build/release/bin/penstock metadata serve --port 0 --db "sqlite:///$folder/metadata.sqlite" > "$folder/ready" &
server=$!
until [ -s "$folder/ready" ]; do
  kill -0 "$server" 2>/dev/null || { echo "the server did not start" >&2; exit 1; }
  sleep 0.05
done
build/release/bin/penstock_metadata_load "$(sed -E 's/.*"grpc":"([^"]*)".*/\1/' "$folder/ready")" "${2:-3}"
