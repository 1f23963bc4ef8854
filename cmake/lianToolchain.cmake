# Conveniences of a developer's build; nothing here reaches a consumer of lian.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LIAN_CCACHE ccache)
  mark_as_advanced(LIAN_CCACHE)
  if(LIAN_CCACHE)  # cache the tests' precompiled header; serve the same source to several build folders
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1 "${LIAN_CCACHE}")
  endif()
endif()

# The presets set LIAN_FAST_LINKER: link with mold, else lld, when one of them is there.
if(LIAN_FAST_LINKER)
  find_program(LIAN_MOLD mold)
  find_program(LIAN_LLD ld.lld)
  mark_as_advanced(LIAN_MOLD LIAN_LLD)
  if(LIAN_MOLD)
    add_link_options(-fuse-ld=mold)
  elseif(LIAN_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()
