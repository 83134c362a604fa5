# C++ from protos: our own from proto/penstock/*.proto, the foreign ones from the
# descriptors that tools/extract_descriptors.py took out of their owners' pinned wheels.

# penstock_proto_library(NAME FOREIGN a.proto ... | OWN a.proto ...)
function(penstock_proto_library name)
  cmake_parse_arguments(arg "" "" "FOREIGN;OWN;DEPENDS" ${ARGN})
  set(_descriptors "${CMAKE_SOURCE_DIR}/.deps/descriptors.binpb")
  set(_out "${CMAKE_BINARY_DIR}/gen")
  file(MAKE_DIRECTORY "${_out}")
  set(_sources)
  foreach(_proto IN LISTS arg_FOREIGN arg_OWN)
    string(REGEX REPLACE "\\.proto$" "" _stem "${_proto}")
    if(_proto IN_LIST arg_FOREIGN)
      set(_inputs "${_descriptors}")
      set(_flags "--descriptor_set_in=${_descriptors}")
    else()
      set(_inputs "${CMAKE_SOURCE_DIR}/proto/${_proto}")
      # What is not below proto/ is imported from the owners' descriptors.
      set(_flags "--descriptor_set_in=${_descriptors}" "--proto_path=${CMAKE_SOURCE_DIR}/proto")
    endif()
    add_custom_command(
      OUTPUT "${_out}/${_stem}.pb.cc" "${_out}/${_stem}.pb.h"
      COMMAND ${PENSTOCK_PROTOC} ${_flags} --cpp_out=${_out} ${_proto}
      DEPENDS ${_inputs} VERBATIM)
    list(APPEND _sources "${_out}/${_stem}.pb.cc")
  endforeach()
  if(NOT _sources)
    add_library(${name} INTERFACE)
    return()
  endif()
  add_library(${name} STATIC ${_sources})
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM PUBLIC "${_out}")
  target_link_libraries(${name} PUBLIC PkgConfig::protobuf ${arg_DEPENDS})
endfunction()
