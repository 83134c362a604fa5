#!/usr/bin/env bash
# Installs what Penstock is built from: Debian packages, and pinned wheels unpacked
# under .deps/. Idempotent: a second run checks and does nothing.
#   tools/setup.sh          what `make`, `make demo` and `make test` need
#   tools/setup.sh --dev    also clang, for `make format`, `make lint` and `make fuzz`
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  echo "setup: installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

packages() { grep -v '^#' "$1"; }

# shellcheck disable=SC2046
install_packages $(packages tools/apt_packages.txt)
# shellcheck disable=SC2046
if [ "${1:-}" = --dev ]; then install_packages $(packages tools/apt_packages_dev.txt); fi

stamp=.deps/wheels.stamp
if ! cmp -s tools/wheels.txt "$stamp" || [ ! -f .deps/descriptors.binpb ]; then
  echo "setup: downloading and unpacking pinned wheels"
  mkdir -p .deps/download
  # Debian's python3 may stand behind another one on the PATH that lacks pip.
  pip=(python3 -m pip)
  "${pip[@]}" --version >/dev/null 2>&1 || pip=(/usr/bin/python3 -m pip)
  "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --platform manylinux_2_39_x86_64 --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --platform any \
    --python-version 3.11 --dest .deps/download --requirement tools/wheels.txt
  # A wheel that is there stays as it is: new times of its headers would have everything compiled again.
  while read -r requirement hash; do
    case "$requirement" in ''|'#'*) continue ;; esac
    name=${requirement%%==*}
    folder=.deps/wheels/$name
    [ "$(cat "$folder/.unpacked" 2>/dev/null)" = "$requirement $hash" ] && continue
    file=$(ls .deps/download/"${name//-/_}"-"${requirement##*==}"-*.whl)
    rm -rf .deps/wheel.new
    mkdir -p .deps/wheel.new .deps/wheels
    python3 -m zipfile -e "$file" .deps/wheel.new
    echo "$requirement $hash" > .deps/wheel.new/.unpacked
    rm -rf "$folder"
    mv .deps/wheel.new "$folder"
  done < tools/wheels.txt
  python3 tools/extract_descriptors.py .deps/wheels .deps/descriptors.binpb
  cp tools/wheels.txt "$stamp"
fi
tools/setup_web.sh "${1:-}"
tools/setup_sql_drivers.sh
python3 tools/get_data.py --quiet taxi
