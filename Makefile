# Penstock: everything a developer or a user does goes through here. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)
RELEASE := build/release
PENSTOCK := $(RELEASE)/bin/penstock
export PENSTOCK_TEST_DATA ?= $(abspath ../shared)

.PHONY: help setup setup-dev build demo demo-flights test test-all bench format lint asan tsan fuzz clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install Debian packages and unpack pinned wheels under .deps/ (idempotent)
	@tools/setup.sh

setup-dev:
	@tools/setup.sh --dev

# Configures only when there is no build yet; ninja itself notices changed CMake files.
$(RELEASE)/build.ninja build/dev/build.ninja build/asan-ubsan/build.ninja build/tsan/build.ninja build/fuzz/build.ninja: | setup
	@cmake --preset $(notdir $(@D)) >$(notdir $(@D)).configure.log 2>&1 || { cat $(notdir $(@D)).configure.log; rm -f $(notdir $(@D)).configure.log; exit 1; }
	@rm -f $(notdir $(@D)).configure.log

build: setup $(RELEASE)/build.ninja ## build build/release/bin/penstock
	@tools/build.sh $(RELEASE) $(JOBS) penstock penstock_plugins

demo: build ## run examples/taxi from raw CSV to a pushed model that answers
	@tools/demo.sh taxi

demo-flights: build ## the same for 336,776 flights
	@python3 tools/get_data.py --quiet flights
	@tools/demo.sh flights

test: setup lint-fast $(RELEASE)/build.ninja ## build and pass the tests (unit, laws, scenarios, parity, faults)
	@tools/setup_mlmd_client.sh || echo "make test: without ML Metadata's client its parity tests are skipped"
	@tools/setup_onnx_runtime.sh || echo "make test: without ONNX Runtime the tests of exported models are skipped"
	@tools/setup_tflite.sh || echo "make test: without TensorFlow Lite the tests of .tflite models made elsewhere are skipped"
	@tools/setup_containers.sh || echo "make test: without podman or docker the tests of containers are skipped"
	@tools/setup_databases.sh || echo "make test: without PostgreSQL and MariaDB their tests are skipped"
	@tools/setup_s3_server.sh || echo "make test: without the S3 server the tests of object storage are skipped"
	@tools/setup_sql_drivers.sh postgresql || echo "make test: without PostgreSQL's driver its tests are skipped"
	@tools/setup_tensorflow.sh || echo "make test: without TensorFlow the tests of SavedModels, TFLite files and Keras modules are skipped"
	@tools/setup_kfp_client.sh || echo "make test: without the kfp client its tests are skipped"
	@tools/setup_service_clients.sh || echo "make test: without schemathesis and nbclient their tests are skipped"
	@tools/build.sh $(RELEASE) $(JOBS) all
	@ctest --test-dir $(RELEASE) --output-on-failure -j$(JOBS) -LE slow

test-all: test asan tsan fuzz ## also the slow tests, the sanitizers and a minute of each fuzz target
	@ctest --test-dir $(RELEASE) --output-on-failure -j$(JOBS) -L slow

bench: build ## measure everything of benchmarks/README.md on this machine
	@benchmarks/run.sh

format: setup-dev ## format the sources
	@git ls-files '*.h' '*.cc' | xargs clang-format-14 -i

.PHONY: lint-fast
lint-fast:
	@python3 tools/check_layers.py

lint: setup-dev lint-fast ## layer rules, file sizes, header ownership, formatting
	@git ls-files '*.h' '*.cc' | xargs clang-format-14 --dry-run -Werror
	@tools/check_web.sh

asan: setup build/asan-ubsan/build.ninja ## all tests under AddressSanitizer and UBSan
	@tools/build.sh build/asan-ubsan $(JOBS) all
	@ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/tools/lsan.supp UBSAN_OPTIONS=print_stacktrace=1 ctest --test-dir build/asan-ubsan --output-on-failure -j$(JOBS) -LE slow

TSAN_TESTS := penstock_base_test penstock_combine_test penstock_metadata_test penstock_conformance_metadata_sqlite_test \
	penstock_runtime_test penstock_backends_test penstock_server_test
tsan: setup build/tsan/build.ninja ## the engines, metadata and runtime under ThreadSanitizer
	@tools/build.sh build/tsan $(JOBS) $(TSAN_TESTS)
	@for test in $(TSAN_TESTS); do \
	  TSAN_OPTIONS="suppressions=$(CURDIR)/tools/tsan.supp ignore_noninstrumented_modules=1 halt_on_error=1" build/tsan/bin/$$test --gtest_brief=1 || exit 1; done

fuzz: setup-dev build/fuzz/build.ninja ## every libFuzzer target for FUZZ_SECONDS (60)
	@tools/build.sh build/fuzz $(JOBS) all
	@tools/fuzz.sh build/fuzz $${FUZZ_SECONDS:-60}

clean: ## remove the builds (not .deps/)
	@rm -rf build
