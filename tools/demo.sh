#!/usr/bin/env bash
# demo.sh taxi|flights: runs an example end to end and asks the pushed model about five rows.
set -euo pipefail
cd "$(dirname "$0")/.."
penstock=build/release/bin/penstock
case "$1" in
  taxi) data=.deps/data/taxi/data.csv reading=() ;;
  flights) data=.deps/data/flights/flights.csv reading=(--null-values NA) ;;
  *) echo "demo.sh: there is no example $1 (taxi, flights)" >&2; exit 2 ;;
esac
"$penstock" run "examples/$1/pipeline.yaml"
echo
echo "Five predictions of the pushed model, for the first rows of $data:"
"$penstock" predict --model "examples/$1/serving" --input "$data" "${reading[@]}" --limit 5
