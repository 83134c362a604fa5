#!/bin/sh
# Installs podman and the static busybox of which tests make their image (optional; the tests skip, and say so,
# where there is no engine that runs one). A docker that is there already serves as well.
set -e
command -v busybox >/dev/null && { command -v podman || command -v docker; } >/dev/null && exit 0
run=""
[ "$(id -u)" = 0 ] || run="sudo"
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends podman crun busybox-static >/dev/null
