# SQL stands in .sql files; the build turns the statements of a backend into one header.
#
#   penstock_sql(TARGET HEADER path/in/gen.h NAMESPACE a::b FILES x.sql ...)
#
# A statement begins with a line `-- name: select_type` and becomes `kSelectType`.
function(penstock_sql target)
  cmake_parse_arguments(arg "" "HEADER;NAMESPACE" "FILES" ${ARGN})
  set(_out "${CMAKE_BINARY_DIR}/gen/${arg_HEADER}")
  set(_tool "${CMAKE_SOURCE_DIR}/tools/embed_sql.py")
  find_program(PENSTOCK_PYTHON python3 REQUIRED)
  add_custom_command(
    OUTPUT "${_out}"
    COMMAND ${PENSTOCK_PYTHON} ${_tool} --namespace ${arg_NAMESPACE} --output ${_out} ${arg_FILES}
    DEPENDS ${_tool} ${arg_FILES} VERBATIM)
  target_sources(${target} PRIVATE "${_out}")
  target_include_directories(${target} PRIVATE "${CMAKE_BINARY_DIR}/gen")
endfunction()
