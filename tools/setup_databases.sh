#!/bin/sh
# Installs the database servers that tests start for themselves (optional; the tests skip, and say so, where
# they are not).
set -e
if [ -x /usr/lib/postgresql/15/bin/postgres ] && command -v mariadbd >/dev/null; then exit 0; fi
run=""
[ "$(id -u)" = 0 ] || run="sudo"
# The servers themselves: no cluster of the system's own is made or started.
$run mkdir -p /etc/postgresql-common
grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf ||
  echo "create_main_cluster = false" | $run tee /etc/postgresql-common/createcluster.conf >/dev/null
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends \
  postgresql mariadb-server-core mariadb-client-core >/dev/null
