// One libFuzzer program: CMake compiles this file for each line of targets.def.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const lian::fuzz::Target& target = lian::fuzz::target(LIAN_FUZZ_TARGET);
  try {
    lian::fuzz::check(target, {reinterpret_cast<const char*>(data), size});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", LIAN_FUZZ_TARGET, error.what());
    std::abort();
  }
  return 0;
}
