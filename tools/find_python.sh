#!/usr/bin/env bash
# Prints the first Python 3.11 here that has the given modules: tools/find_python.sh MODULE [MODULE ...]. Exit code 1 without one.
set -euo pipefail
modules=$(IFS=,; echo "$*")
for candidate in python3.11 python3 /usr/bin/python3; do
  if "$candidate" -c "import sys, $modules; sys.exit(sys.version_info[:2] != (3, 11))" 2>/dev/null; then
    echo "$candidate"
    exit 0
  fi
done
exit 1
