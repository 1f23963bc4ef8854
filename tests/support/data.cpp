#include "support/data.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace lian::test {

std::string data_path(std::string_view name) {
  return std::string(LIAN_TEST_DATA).append("/").append(name);
}

std::string read_data(std::string_view name) {
  const std::string path = data_path(name);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read the test data file " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string read_doc(std::string_view name) {
  return read_data("../../docs/" + std::string(name));
}

}  // namespace lian::test
