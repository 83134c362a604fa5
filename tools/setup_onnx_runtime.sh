#!/usr/bin/env bash
# Unpacks the pinned ONNX Runtime under .deps/onnx_runtime, for the parity test of
# exported models; without it that test is skipped. Needs a Python 3.11 with pip. Idempotent.
set -euo pipefail
cd "$(dirname "$0")/.."

client=.deps/onnx_runtime
if cmp -s tools/onnx_runtime.txt "$client/stamp"; then exit 0; fi

python=
for candidate in python3.11 python3 /usr/bin/python3; do
  if "$candidate" -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "setup_onnx_runtime: no Python 3.11 with pip here; the pinned wheels need one" >&2
  exit 1
fi

rm -rf "$client.new"
"$python" -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps \
  --only-binary=:all: --require-hashes --target "$client.new" --requirement tools/onnx_runtime.txt
"$python" -c 'import sys; print(sys.executable)' > "$client.new/interpreter"
cp tools/onnx_runtime.txt "$client.new/stamp"
rm -rf "$client"
mv "$client.new" "$client"
