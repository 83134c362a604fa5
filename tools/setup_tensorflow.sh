#!/usr/bin/env bash
# Unpacks the pinned TensorFlow, Keras and LiteRT under .deps/tensorflow (300 MB down, 1.5 GB on disk, half a
# minute), for the tests that run exported models there; without it they are skipped, and
# PENSTOCK_WITHOUT_TENSORFLOW=1 keeps it away.
if [ -n "${PENSTOCK_WITHOUT_TENSORFLOW:-}" ]; then
  echo "setup_tensorflow: PENSTOCK_WITHOUT_TENSORFLOW is set" >&2
  exit 1
fi
exec "$(dirname "$0")/unpack_client.sh" tensorflow
