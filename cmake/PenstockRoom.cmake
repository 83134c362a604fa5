# A room is a folder of src/penstock: one static library of its sources, one test
# program of its *_test.cc, one benchmark program of its *_benchmark.cc.
# tools/check_layers.py reads these calls and holds includes against DEPENDS.
#
#   penstock_room(NAME TOWER data|control|bridge DEPENDS room... LIBRARIES target... TEST_LIBRARIES target...)

# One precompiled header per tower, compiled once and shared by its rooms.
function(penstock_pch name)
  cmake_parse_arguments(arg "" "" "HEADERS;LIBRARIES" ${ARGN})
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  if(name MATCHES "_test$")
    target_compile_options(${name} PRIVATE ${_test_options})
  endif()
endfunction()

# Compiling the tests is the largest part of CI: what they call is optimised, they themselves are not.
set(_test_options $<$<CONFIG:Release>:-O0>)
set(_std <algorithm> <array> <cmath> <cstdint> <cstring> <functional> <map> <memory> <mutex> <optional>
    <span> <sstream> <string> <string_view> <unordered_map> <unordered_set> <utility> <variant> <vector>
    <absl/status/status.h> <absl/status/statusor.h> <fmt/format.h>)
set(_arrow <arrow/api.h>)
set(_json <nlohmann/json.hpp>)
set(_test <gtest/gtest.h> <gmock/gmock.h>)
penstock_pch(penstock_pch_data HEADERS ${_std} ${_arrow}
             LIBRARIES absl::statusor fmt::fmt Arrow::arrow_shared)
penstock_pch(penstock_pch_data_test HEADERS ${_std} ${_arrow} ${_test}
             LIBRARIES absl::statusor fmt::fmt Arrow::arrow_shared GTest::gmock)
penstock_pch(penstock_pch_control HEADERS ${_std} ${_json}
             LIBRARIES absl::statusor fmt::fmt nlohmann_json::nlohmann_json)
penstock_pch(penstock_pch_control_test HEADERS ${_std} ${_json} ${_test}
             LIBRARIES absl::statusor fmt::fmt nlohmann_json::nlohmann_json GTest::gmock)

penstock_pch(penstock_pch_bridge HEADERS ${_std} ${_arrow} ${_json}
             LIBRARIES absl::statusor fmt::fmt Arrow::arrow_shared nlohmann_json::nlohmann_json)
penstock_pch(penstock_pch_bridge_test HEADERS ${_std} ${_arrow} ${_json} ${_test}
             LIBRARIES absl::statusor fmt::fmt Arrow::arrow_shared nlohmann_json::nlohmann_json GTest::gmock)

function(penstock_test name)
  cmake_parse_arguments(arg "" "TOWER;LABEL" "SOURCES;LIBRARIES" ${ARGN})
  if(PENSTOCK_FUZZ)
    return()
  endif()
  include(GoogleTest)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} penstock_test_support GTest::gmock_main)
  target_compile_options(${name} PRIVATE ${_test_options})
  target_precompile_headers(${name} REUSE_FROM penstock_pch_${arg_TOWER}_test)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABEL}" TIMEOUT 300)
endfunction()

function(penstock_room room)
  cmake_parse_arguments(arg "" "TOWER" "DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(_tower ${arg_TOWER})
  set(_dir "${CMAKE_SOURCE_DIR}/src/penstock/${room}")
  file(GLOB_RECURSE _sources CONFIGURE_DEPENDS "${_dir}/*.cc")
  set(_tests ${_sources})
  set(_benchmarks ${_sources})
  list(FILTER _sources EXCLUDE REGEX "(_test|_benchmark|_plugin|_testing)\\.cc$")
  list(FILTER _tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER _benchmarks INCLUDE REGEX "_benchmark\\.cc$")
  set(_rooms)
  foreach(_dependency IN LISTS arg_DEPENDS)
    list(APPEND _rooms penstock_${_dependency})
  endforeach()
  if(_sources)
    add_library(penstock_${room} STATIC ${_sources})
    target_include_directories(penstock_${room} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(penstock_${room} PUBLIC ${_rooms} ${arg_LIBRARIES})
    target_precompile_headers(penstock_${room} REUSE_FROM penstock_pch_${_tower})
    set(_self penstock_${room})
  else()
    add_library(penstock_${room} INTERFACE)
    target_include_directories(penstock_${room} INTERFACE "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(penstock_${room} INTERFACE ${_rooms} ${arg_LIBRARIES})
    set(_self penstock_${room})
  endif()
  if(_tests)
    penstock_test(penstock_${room}_test TOWER ${_tower} LABEL fast SOURCES ${_tests}
                  LIBRARIES ${_self} ${arg_TEST_LIBRARIES})
  endif()
  if(_benchmarks AND NOT PENSTOCK_FUZZ)
    add_executable(penstock_${room}_benchmark EXCLUDE_FROM_ALL ${_benchmarks})
    target_link_libraries(penstock_${room}_benchmark PRIVATE ${_self} benchmark::benchmark_main)
  endif()
endfunction()

# penstock_fuzz(NAME source.cc LIBRARIES target...): a libFuzzer target of the fuzz preset.
function(penstock_fuzz name source)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  if(PENSTOCK_FUZZ)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()
