#include "net/url.hpp"

#include <string>

#include "support/catch.hpp"

namespace lian {
namespace {

TEST_CASE("url: percent encoding keeps what RFC 3986 calls unreserved") {
  const std::string kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  CHECK(percent_encode(kept) == kept);
  CHECK(percent_encode("") == "");
  CHECK(percent_encode("a b/c?d#e%f+g=h&i:j@k") == "a%20b%2Fc%3Fd%23e%25f%2Bg%3Dh%26i%3Aj%40k");
  CHECK(percent_encode("\xE4\xBD\xA0\r\n") == "%E4%BD%A0%0D%0A");
  CHECK(percent_encode(std::string(1, '\0')) == "%00");
}

}  // namespace
}  // namespace lian
