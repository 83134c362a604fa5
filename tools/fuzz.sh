#!/usr/bin/env bash
# fuzz.sh BUILD_DIR SECONDS: runs every fuzz target, each from its own corpus under build/.
set -euo pipefail
for target in "$1"/bin/*_fuzz; do
  name=$(basename "$target")
  mkdir -p "$1/corpus/$name"
  echo "fuzz: $name for $2 s"
  "$target" -max_total_time="$2" -max_len=65536 -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$1/$name-" -print_final_stats=0 -verbosity=0 \
    "$1/corpus/$name"
done
echo "fuzz: every target clean"
