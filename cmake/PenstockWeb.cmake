# The pages of web/: `vite build` makes one HTML file of them, which the program carries as text.
#
#   penstock_web(TARGET)      adds the generated source of PageTemplate() to TARGET
#
# Where tools/setup_web.sh could not install node or the packages, the text is empty and `--html` says so.
function(penstock_web target)
  set(_web "${CMAKE_SOURCE_DIR}/web")
  set(_node "${CMAKE_SOURCE_DIR}/.deps/node/bin/node")
  set(_packages "${CMAKE_SOURCE_DIR}/.deps/web/node_modules")
  set(_embed "${CMAKE_SOURCE_DIR}/tools/embed_page.py")
  set(_html "${CMAKE_BINARY_DIR}/web_page/index.html")
  set(_source "${CMAKE_BINARY_DIR}/gen/penstock/pages/page_template.cc")
  find_program(PENSTOCK_PYTHON python3 REQUIRED)
  # A build without pages has to notice when they can be built.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/package-lock.json")
  if(EXISTS "${CMAKE_SOURCE_DIR}/.deps/web/setup.stamp" AND EXISTS "${_node}" AND EXISTS "${_packages}/vite")
    # Node finds packages beside the sources; they lie in .deps with everything else that is downloaded.
    if(NOT EXISTS "${_web}/node_modules")
      file(CREATE_LINK "../.deps/web/node_modules" "${_web}/node_modules" SYMBOLIC)
    endif()
    file(GLOB_RECURSE _files CONFIGURE_DEPENDS "${_web}/src/*.ts" "${_web}/src/*.tsx" "${_web}/src/*.css")
    add_custom_command(
      OUTPUT "${_html}"
      COMMAND ${CMAKE_COMMAND} -E env NODE_ENV=production ${_node} ${_packages}/vite/bin/vite.js build
              --logLevel warn --outDir "${CMAKE_BINARY_DIR}/web_page" --emptyOutDir
      WORKING_DIRECTORY "${_web}"
      DEPENDS ${_files} "${_web}/index.html" "${_web}/vite.config.ts" "${_web}/package-lock.json"
              "${CMAKE_SOURCE_DIR}/.deps/web/setup.stamp"
      COMMENT "Building the pages of web/" VERBATIM)
    set(PENSTOCK_HAS_PAGES ON CACHE INTERNAL "Whether the program carries its HTML pages")
  else()
    message(WARNING "penstock is built WITHOUT ITS HTML PAGES: node or the npm packages of web/ are not under "
                    ".deps (run tools/setup_web.sh where PyPI and npm can be reached, then configure again)")
    file(WRITE "${_html}" "")
    set(PENSTOCK_HAS_PAGES OFF CACHE INTERNAL "Whether the program carries its HTML pages")
  endif()
  add_custom_command(
    OUTPUT "${_source}"
    COMMAND ${PENSTOCK_PYTHON} ${_embed} ${_html} ${_source}
    DEPENDS ${_embed} ${_html} VERBATIM)
  target_sources(${target} PRIVATE "${_source}")
  set_source_files_properties("${_source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
