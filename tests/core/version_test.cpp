#include "lian/core/version.hpp"

#include <string>

#include "support/catch.hpp"

TEST_CASE("version: the library tells the numbers of its header") {
  const std::string expected = std::to_string(LIAN_VERSION_MAJOR) + "." +
                               std::to_string(LIAN_VERSION_MINOR) + "." +
                               std::to_string(LIAN_VERSION_PATCH);
  CHECK_THAT(lian::version(), Catch::Matchers::Equals(expected));
}
