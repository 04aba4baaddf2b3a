# Warnings, sanitizers and ccache: the same for every target of the project.
find_program(EINX_CCACHE ccache)
if(EINX_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${EINX_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
# g++ 12 sees overlapping copies inside std::string (GCC bug 105651).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

if(EINX_SANITIZE)
  set(EINX_SANITIZE_FLAGS -fsanitize=${EINX_SANITIZE})
  add_compile_options(${EINX_SANITIZE_FLAGS} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(${EINX_SANITIZE_FLAGS})
endif()
