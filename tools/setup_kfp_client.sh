#!/usr/bin/env bash
# Makes a virtual environment with the pinned kfp SDK and client under .deps/kfp_client, for the
# tests that drive Penstock with it and run Python components; without it those tests are
# skipped. Needs a Python 3.11 with pip. Idempotent. Its interpreter: .deps/kfp_client/bin/python.
set -euo pipefail
cd "$(dirname "$0")/.."

client=$(readlink -m .deps)/kfp_client
if cmp -s tools/kfp_client.txt "$client/stamp"; then exit 0; fi

# Debian's python3 comes without venv.
tools/find_python.sh venv ensurepip >/dev/null ||
  $([ "$(id -u)" = 0 ] || echo sudo) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null || true
python=$(tools/find_python.sh venv ensurepip) || { echo "setup_kfp_client: no Python 3.11 with venv here; the pinned wheels of kfp need one" >&2; exit 1; }

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
