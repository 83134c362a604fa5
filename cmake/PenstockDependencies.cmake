# Every library outside this tree, each behind an imported target.
# What each is for and why it was chosen: docs/dependencies.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PNG REQUIRED)
# libarrow_compute brings an RE2 of its own and shows its symbols, to which calls would go wherever it stands
# before: all of ours is linked in, and hidden from others.
find_library(PENSTOCK_RE2 libre2.a REQUIRED)
add_library(penstock_re2 INTERFACE IMPORTED)
target_link_options(penstock_re2 INTERFACE
  LINKER:--exclude-libs,libre2.a LINKER:--whole-archive,${PENSTOCK_RE2},--no-whole-archive)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(protobuf REQUIRED IMPORTED_TARGET protobuf)
pkg_check_modules(grpc REQUIRED IMPORTED_TARGET grpc++)
find_program(PENSTOCK_PROTOC protoc REQUIRED)
find_package(PenstockArrow REQUIRED)
# ADBC's header, out of the driver manager's wheel; drivers themselves are loaded when a query needs one.
set(PENSTOCK_ADBC_INCLUDE "${CMAKE_SOURCE_DIR}/.deps/wheels/adbc-driver-manager/adbc_driver_manager")
