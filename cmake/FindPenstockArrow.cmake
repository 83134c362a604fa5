# Arrow C++ under Arrow's own target names. An installed ArrowConfig.cmake wins;
# otherwise the headers and libraries inside the pinned pyarrow wheel that
# `make setup` unpacked under .deps/wheels/ (they carry no CMake files).
find_package(Arrow CONFIG QUIET)
if(Arrow_FOUND)
  find_package(Parquet CONFIG REQUIRED)
  find_package(ArrowCompute CONFIG QUIET)
else()
  set(_root "${CMAKE_SOURCE_DIR}/.deps/wheels/pyarrow/pyarrow")
  if(NOT EXISTS "${_root}/include/arrow/util/config.h")
    message(FATAL_ERROR "Arrow is neither installed nor under .deps/: run `make setup` first.")
  endif()
  file(STRINGS "${_root}/include/arrow/util/config.h" _line REGEX "define ARROW_SO_VERSION")
  string(REGEX MATCH "[0-9]+" _so "${_line}")
  function(_penstock_arrow_library target file)
    if(EXISTS "${_root}/${file}.so.${_so}")
      add_library(${target} SHARED IMPORTED GLOBAL)
      set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION "${_root}/${file}.so.${_so}"
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${_root}/include"
        INTERFACE_INCLUDE_DIRECTORIES "${_root}/include")
    endif()
  endfunction()
  _penstock_arrow_library(Arrow::arrow_shared libarrow)
  _penstock_arrow_library(ArrowCompute::arrow_compute_shared libarrow_compute)
  _penstock_arrow_library(Parquet::parquet_shared libparquet)
  set_property(TARGET Parquet::parquet_shared APPEND PROPERTY INTERFACE_LINK_LIBRARIES Arrow::arrow_shared)
  set_property(TARGET ArrowCompute::arrow_compute_shared APPEND PROPERTY INTERFACE_LINK_LIBRARIES Arrow::arrow_shared)
endif()
set(PenstockArrow_FOUND TRUE)
