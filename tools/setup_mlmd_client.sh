#!/usr/bin/env bash
# Unpacks the pinned ml-metadata client under .deps/mlmd_client, for the parity tests of the
# metadata store and service; without it those tests are skipped.
exec "$(dirname "$0")/unpack_client.sh" mlmd_client
