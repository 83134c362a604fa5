#!/usr/bin/env bash
# Unpacks schemathesis and nbclient, pinned, under .deps/service_clients, for the tests that
# explore the server's API and execute the notebook; without them those tests are skipped.
exec "$(dirname "$0")/unpack_client.sh" service_clients
