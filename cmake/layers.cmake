# einx_layer(NAME SOURCES files... DEPENDS layers-or-libraries...)
# A layer is a static library of position-independent code; libeinx is made of all of them, and a test links just the layers it tests.
function(einx_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(einx_${name} STATIC ${arg_SOURCES})
  target_include_directories(einx_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(einx_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY EINX_LAYERS einx_${name})
endfunction()

# einx_test(NAME SOURCES files... LINK libraries... [ARGS arguments...]): a doctest program and its ctest entry.
function(einx_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;ARGS" ${ARGN})
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/main.cpp)
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
endfunction()
