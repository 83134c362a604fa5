#!/usr/bin/env bash
# Puts pinned SQL drivers (ADBC) under .deps/sql_drivers/, where penstock finds them. Idempotent.
#   tools/setup_sql_drivers.sh                      SQLite and DuckDB (26 MB), as `make setup` does
#   tools/setup_sql_drivers.sh postgresql bigquery  others: postgresql, flightsql, bigquery, snowflake
# Drivers without which Penstock still builds: where PyPI or npm cannot be reached it says so and ends well, but
# fails where drivers were asked for by name.
set -euo pipefail
cd "$(dirname "$0")/.."

duckdb_package=@duckdb/node-bindings-linux-x64@1.5.6-r.1
duckdb_sha512=21772b64913a904a8cd19e30c1d5671811d7fdface4b7dd53cd0300d743f43e16cf386f4e7c41ef78721ac208870d2651bc6375072145387817824315b998dd5

drivers=.deps/sql_drivers
asked=("$@")
if [ $# = 0 ]; then asked=(sqlite duckdb); fi

missing() {
  echo "setup: WITHOUT THE SQL DRIVER $1: $2. Run 'tools/setup_sql_drivers.sh $1' again later." >&2
  if [ ${#names[@]} -gt 0 ]; then exit 1; fi
}
names=("$@")

# Where the library of $1 would be, and what it was made of.
install_library() {  # NAME LIBRARY STAMP
  mkdir -p "$drivers"
  mv -f "$2" "$drivers/"
  echo "$3" > "$drivers/$1.stamp"
}

install_wheel() {  # NAME
  local line folder
  line=$(grep "^adbc-driver-$1==" tools/sql_drivers.txt) || { missing "$1" "it is not in tools/sql_drivers.txt"; return; }
  if [ "$(cat "$drivers/$1.stamp" 2>/dev/null)" = "$line" ]; then return; fi
  echo "setup: downloading the SQL driver $1"
  folder=$(mktemp -d .deps/sql_driver.XXXXXX)
  local pip=(python3 -m pip)
  "${pip[@]}" --version >/dev/null 2>&1 || pip=(/usr/bin/python3 -m pip)
  echo "$line" > "$folder/requirement"
  if "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --platform any --python-version 3.11 \
    --dest "$folder" --requirement "$folder/requirement"; then
    python3 -m zipfile -e "$folder"/*.whl "$folder/unpacked"
    install_library "$1" "$folder/unpacked/adbc_driver_$1/libadbc_driver_$1.so" "$line"
  else
    missing "$1" "its wheel could not be downloaded from PyPI"
  fi
  rm -rf "$folder"
}

install_duckdb() {
  if [ "$(cat "$drivers/duckdb.stamp" 2>/dev/null)" = "$duckdb_package" ]; then return; fi
  local npm folder
  npm=$PWD/.deps/node/lib/node_modules/npm/bin/npm-cli.js
  if [ ! -f "$npm" ]; then missing duckdb "there is no npm under .deps/node (run tools/setup_web.sh)"; return; fi
  echo "setup: downloading the SQL driver duckdb"
  folder=$PWD/$(mktemp -d .deps/sql_driver.XXXXXX)
  if (cd "$folder" && PATH="$(dirname "$(readlink -f "$npm")")/../../../../bin:$PATH" node "$npm" pack --silent "$duckdb_package" >/dev/null); then
    echo "$duckdb_sha512  $(ls "$folder"/*.tgz)" | sha512sum --check --quiet
    tar -xzf "$folder"/*.tgz -C "$folder" package/libduckdb.so
    install_library duckdb "$folder/package/libduckdb.so" "$duckdb_package"
  else
    missing duckdb "its package could not be downloaded from npm"
  fi
  rm -rf "$folder"
}

exec 9>.deps/sql_drivers.lock
flock 9
for name in "${asked[@]}"; do
  if [ "$name" = duckdb ]; then install_duckdb; else install_wheel "$name"; fi
done
