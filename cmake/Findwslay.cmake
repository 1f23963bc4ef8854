# Finds wslay and makes the target wslay::wslay.
find_path(wslay_INCLUDE_DIR wslay/wslay.h)
find_library(wslay_LIBRARY NAMES wslay)
mark_as_advanced(wslay_INCLUDE_DIR wslay_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(wslay REQUIRED_VARS wslay_LIBRARY wslay_INCLUDE_DIR)
if(wslay_FOUND AND NOT TARGET wslay::wslay)
  add_library(wslay::wslay UNKNOWN IMPORTED)
  set_target_properties(wslay::wslay PROPERTIES
    IMPORTED_LOCATION "${wslay_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${wslay_INCLUDE_DIR}")
endif()
