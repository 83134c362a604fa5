#!/usr/bin/env bash
# build.sh DIR JOBS TARGET...: one quiet ninja run; its whole output only when it fails.
set -euo pipefail
directory=$1 jobs=$2
shift 2
if [ -t 1 ]; then exec ninja -C "$directory" -j "$jobs" "$@"; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! ninja -C "$directory" -j "$jobs" "$@" >"$log" 2>&1; then
  grep -vE '^\[[0-9]+/[0-9]+\]' "$log" >&2 || cat "$log" >&2
  exit 1
fi
echo "build: $(tail -n 1 "$log" | cut -c1-120)"
