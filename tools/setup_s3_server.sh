#!/usr/bin/env bash
# Unpacks the pinned S3 server under .deps/s3_server, for the tests of object storage;
# without it they are skipped.
exec "$(dirname "$0")/unpack_client.sh" s3_server
