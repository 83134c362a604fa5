#!/usr/bin/env bash
# Unpacks the pinned ONNX Runtime under .deps/onnx_runtime, for the parity test of
# exported models; without it that test is skipped.
exec "$(dirname "$0")/unpack_client.sh" onnx_runtime
