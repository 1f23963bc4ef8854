# cmake -DSTEP=... -P run.cmake: the steps of the package tests. Arguments, by -D:
#   STEP      install: put BUILD into PREFIX · use: configure, build and run PROJECT in BUILD, with the
#             lian of PREFIX · refuse: PROJECT must not configure, with the sentence REFUSAL
#   SETTINGS  a file of initial cache entries      FLAGS  further arguments of the configure step
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nfailed (${result}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(configure "${CMAKE_COMMAND}" -S "${PROJECT}" -B "${BUILD}" -G Ninja
  -C "${SETTINGS}" "-DCMAKE_PREFIX_PATH=${PREFIX}" ${FLAGS})

if(STEP STREQUAL "install")
  # Installed in one place and moved to another: the package must not remember where it was made.
  file(REMOVE_RECURSE "${PREFIX}" "${PREFIX} before the move")
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX} before the move")
  file(RENAME "${PREFIX} before the move" "${PREFIX}")
elseif(STEP STREQUAL "use")
  # A fresh cache, but the objects stay: a folder that is up to date builds at once.
  file(REMOVE "${BUILD}/CMakeCache.txt")
  run(${configure})
  run("${CMAKE_COMMAND}" --build "${BUILD}" --parallel 2)
  run("${BUILD}/consumer")
  message(STATUS "${output}")
elseif(STEP STREQUAL "refuse")
  file(REMOVE_RECURSE "${BUILD}")
  execute_process(COMMAND ${configure} RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  string(FIND "${output}" "${REFUSAL}" position)
  if(result EQUAL 0 OR position EQUAL -1)
    message(FATAL_ERROR "Expected a refusal with the words\n  ${REFUSAL}\nbut got (${result}):\n${output}")
  endif()
else()
  message(FATAL_ERROR "unknown STEP \"${STEP}\"")
endif()
