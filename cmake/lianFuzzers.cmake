# The library as the fuzzers need it: with counters for libFuzzer and with sanitizers that end the
# program. The optimisation level is the build's own.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "LIAN_BUILD_FUZZERS needs Clang, for libFuzzer; this is "
    "${CMAKE_CXX_COMPILER_ID}. Use cmake --preset fuzz, or -DCMAKE_CXX_COMPILER=clang++-16.")
endif()
add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
  -fno-omit-frame-pointer)
add_link_options(-fsanitize=address,undefined)
