#!/usr/bin/env bash
# Unpacks the pinned ml-metadata client under .deps/mlmd_client, for the parity test of the
# metadata store; without it that test is skipped. Needs a Python 3.11 with pip. Idempotent.
set -euo pipefail
cd "$(dirname "$0")/.."

client=.deps/mlmd_client
if cmp -s tools/mlmd_client.txt "$client/stamp"; then exit 0; fi

python=
for candidate in python3.11 python3 /usr/bin/python3; do
  if "$candidate" -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "setup_mlmd_client: no Python 3.11 with pip here; the pinned ml-metadata wheel needs one" >&2
  exit 1
fi

rm -rf "$client.new"
"$python" -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps \
  --only-binary=:all: --require-hashes --target "$client.new" --requirement tools/mlmd_client.txt
"$python" -c 'import sys; print(sys.executable)' > "$client.new/interpreter"
cp tools/mlmd_client.txt "$client.new/stamp"
rm -rf "$client"
mv "$client.new" "$client"
