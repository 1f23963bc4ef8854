# Headers, libraries, the CMake package with its components, and one pkg-config file a library.
include(CMakePackageConfigHelpers)

set(lian_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/lian")
get_property(lian_components GLOBAL PROPERTY lian_components)
get_property(lian_known_components GLOBAL PROPERTY lian_known_components)

# lian_install_library(<target> <export set> <pkg-config name> <requires> <linker flags>)
function(lian_install_library target export_set pc_name pc_requires flags)
  install(TARGETS ${target} EXPORT ${export_set}
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT ${export_set} NAMESPACE lian:: DESTINATION "${lian_package_folder}")

  # A static library cannot name what it needs, so its file lists it among the public flags: the same
  # `pkg-config --libs` serves both kinds, and no private flag of a dependency reaches the user.
  set(pc_libs "-l${target}")
  set(pc_cflags "")
  if(NOT BUILD_SHARED_LIBS)
    list(JOIN flags " " flags)
    string(STRIP "${pc_libs} ${flags}" pc_libs)
    set(pc_cflags " -DLIAN_STATIC_DEFINE")
  endif()
  file(RELATIVE_PATH pc_to_prefix
    "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/lian.pc.in" "${PROJECT_BINARY_DIR}/${pc_name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${pc_name}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

lian_install_library(lian lianTargets lian "" "${lian_flags}")
foreach(component IN LISTS lian_components)
  get_property(flags GLOBAL PROPERTY lian_${component}_flags)
  lian_install_library(lian_${component} lian-${component}Targets lian-${component}
    "lian = ${PROJECT_VERSION}" "${flags}")
endforeach()

install(DIRECTORY include/lian DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

configure_package_config_file(cmake/lianConfig.cmake.in "${PROJECT_BINARY_DIR}/lianConfig.cmake"
  INSTALL_DESTINATION "${lian_package_folder}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/lianConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/lianConfig.cmake"
  "${PROJECT_BINARY_DIR}/lianConfigVersion.cmake"
  cmake/lianDependencies.cmake
  cmake/Findlibuv.cmake
  cmake/Findutf8proc.cmake
  cmake/Findwslay.cmake
  DESTINATION "${lian_package_folder}")
