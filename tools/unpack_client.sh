#!/usr/bin/env bash
# Unpacks pinned wheels for tests, and which Python they are for: tools/unpack_client.sh NAME
# unpacks what tools/NAME.txt lists under .deps/NAME. Needs a Python 3.11 with pip. Idempotent.
set -euo pipefail
cd "$(dirname "$0")/.."

list=tools/$1.txt
client=.deps/$1
if cmp -s "$list" "$client/stamp"; then exit 0; fi

python=$(tools/find_python.sh pip) || { echo "unpack_client: no Python 3.11 with pip here; the wheels of $list need one" >&2; exit 1; }

rm -rf "$client.new"
"$python" -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps \
  --only-binary=:all: --require-hashes --target "$client.new" --requirement "$list"
"$python" -c 'import sys; print(sys.executable)' > "$client.new/interpreter"
cp "$list" "$client.new/stamp"
rm -rf "$client"
mv "$client.new" "$client"
