#!/usr/bin/env bash
# Makes a virtual environment with the pinned kfp SDK and client under .deps/kfp_client, for the
# tests that drive Penstock with it and run Python components; without it those tests are
# skipped. Needs a Python 3.11 with pip. Idempotent. Its interpreter: .deps/kfp_client/bin/python.
set -euo pipefail
cd "$(dirname "$0")/.."

client=$(readlink -m .deps)/kfp_client
if cmp -s tools/kfp_client.txt "$client/stamp"; then exit 0; fi

python=
for candidate in python3.11 python3 /usr/bin/python3; do
  if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "setup_kfp_client: no Python 3.11 with venv here; the pinned wheels of kfp need one" >&2
  exit 1
fi

# Two at once would spoil each other: tests of several folders share .deps.
exec 9>"$client.lock"
flock 9
if cmp -s tools/kfp_client.txt "$client/stamp"; then exit 0; fi
# kfp and its server API come as sources alone.
# A virtual environment knows its own place, so it is made where it stays; the stamp comes last.
rm -rf "$client"
"$python" -m venv "$client"
"$client/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  --require-hashes --requirement tools/kfp_client.txt
cp tools/kfp_client.txt "$client/stamp"
