# cmake --install BUILD --prefix PREFIX: libeinx.so, the public headers, the einx command, and what CMake and pkg-config need to find
# them. The tree may be moved: every path in it is relative to the file that names it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The command finds a library beside it; both find LLVM where it was when they were linked, if that is no system folder.
file(RELATIVE_PATH einx_lib_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(einx PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
set_target_properties(einx_command PROPERTIES INSTALL_RPATH "$ORIGIN/${einx_lib_from_bin}" INSTALL_RPATH_USE_LINK_PATH ON)

install(TARGETS einx EXPORT einxTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS einx_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/einx DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(einx_package ${CMAKE_INSTALL_LIBDIR}/cmake/einx)
install(EXPORT einxTargets NAMESPACE einx:: DESTINATION ${einx_package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/einxConfig.cmake.in ${CMAKE_BINARY_DIR}/cmake/einxConfig.cmake
  INSTALL_DESTINATION ${einx_package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/einxConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cmake/einxConfig.cmake ${CMAKE_BINARY_DIR}/cmake/einxConfigVersion.cmake
  DESTINATION ${einx_package})

file(RELATIVE_PATH einx_prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/einx.pc.in ${CMAKE_BINARY_DIR}/cmake/einx.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/cmake/einx.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
