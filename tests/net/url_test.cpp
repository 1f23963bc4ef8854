#include "net/url.hpp"

#include <string>

#include "support/catch.hpp"

namespace lian {
namespace {

TEST_CASE("url: percent encoding keeps the unreserved and nothing else") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode("a b/c?d=e&f+g%:,") == "a%20b%2Fc%3Fd%3De%26f%2Bg%25%3A%2C");
  CHECK(percent_encode("你\n") == "%E4%BD%A0%0A");
  CHECK(percent_encode(std::string("\0\x7f\xff", 3)) == "%00%7F%FF");
}

}  // namespace
}  // namespace lian
