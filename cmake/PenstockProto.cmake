# C++ from protos: our own from proto/penstock/*.proto, the foreign ones from the
# descriptors that tools/extract_descriptors.py took out of their owners' pinned wheels.

# penstock_proto_library(NAME FOREIGN a.proto ... | OWN a.proto ... [WHEEL_FOLDERS wheel=folder ...])
# WHEEL_FOLDERS: where the foreign ones' descriptors are, for those that tools/setup.sh does not gather.
function(penstock_proto_library name)
  cmake_parse_arguments(arg "" "" "FOREIGN;OWN;DEPENDS;WHEEL_FOLDERS" ${ARGN})
  set(_descriptors "${CMAKE_SOURCE_DIR}/.deps/descriptors.binpb")
  if(arg_WHEEL_FOLDERS)
    set(_descriptors "${CMAKE_BINARY_DIR}/${name}.binpb")
    add_custom_command(
      OUTPUT "${_descriptors}"
      COMMAND python3 "${CMAKE_SOURCE_DIR}/tools/extract_descriptors.py" "${CMAKE_SOURCE_DIR}/.deps/wheels"
              "${_descriptors}" ${arg_WHEEL_FOLDERS}
      DEPENDS "${CMAKE_SOURCE_DIR}/tools/extract_descriptors.py" VERBATIM)
  endif()
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
