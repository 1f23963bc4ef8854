// fuzz_seeds FOLDER: writes the seeds of every target into FOLDER/<target> and its dictionary into
// FOLDER/<target>.dict.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/target.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  for (const lian::fuzz::Target& target : lian::fuzz::targets()) {
    const std::filesystem::path place = folder / target.name;
    std::filesystem::create_directories(place);
    std::size_t number = 0;
    for (const lian::fuzz::Seed& seed : lian::fuzz::seeds(target))
      std::ofstream(place / ("seed" + std::to_string(number++)), std::ios::binary) << seed.input;
    std::ofstream(place.string() + ".dict") << lian::fuzz::dictionary(target);
  }
}
