# Settings that every library of lian shares.
function(lian_set_up_library target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_definitions(${target} PRIVATE LIAN_BUILDING)
  if(NOT BUILD_SHARED_LIBS)
    target_compile_definitions(${target} PUBLIC LIAN_STATIC_DEFINE)
  endif()
  target_include_directories(${target}
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
           "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  set_target_properties(${target} PROPERTIES
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    INSTALL_RPATH "$ORIGIN"
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

# lian_add_component(<name> <folders>...): the optional library lian::<name>, made of the folders' *.cpp, with
# the switch LIAN_WITH_<NAME> (on by default). What it links stands in lianDependencies.cmake as
# lian_<name>_dependencies. Folders without sources make no component.
function(lian_add_component name)
  set_property(GLOBAL APPEND PROPERTY lian_component_folders ${ARGN})
  set_property(GLOBAL APPEND PROPERTY lian_known_components ${name})
  string(TOUPPER "LIAN_WITH_${name}" switch)
  option(${switch} "Build the component lian::${name}" ON)
  list(TRANSFORM ARGN APPEND "/*.cpp" OUTPUT_VARIABLE globs)
  list(TRANSFORM globs PREPEND "${PROJECT_SOURCE_DIR}/")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${globs})
  if(NOT ${switch} OR NOT sources)
    return()
  endif()
  lian_find_dependencies("${lian_${name}_dependencies}" targets flags missing)
  if(missing)
    message(FATAL_ERROR
      "lian::${name} needs ${missing}. Install it, or configure with -D${switch}=OFF.")
  endif()
  add_library(lian_${name} ${sources})
  add_library(lian::${name} ALIAS lian_${name})
  lian_set_up_library(lian_${name})
  set_target_properties(lian_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(lian_${name} PUBLIC lian
    PRIVATE ${targets} $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)
  set_property(GLOBAL APPEND PROPERTY lian_components ${name})
  set_property(GLOBAL PROPERTY lian_${name}_flags "${flags}")
endfunction()
