#include "core/base64.hpp"

#include <string>

#include "support/catch.hpp"

using lian::base64_decode;
using lian::base64_encode;

TEST_CASE("base64: the vectors of RFC 4648") {
  const std::string plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  const std::string coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(base64_encode(plain[i]) == coded[i]);
    CHECK(base64_decode(coded[i]) == plain[i]);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  CHECK(base64_decode(base64_encode(all)) == all);
}

TEST_CASE("base64: anything else is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9",
                           "Zm9v\n", "Zm-v", "=Zg=", "Zg==Zg=="}) {
    INFO(text);
    CHECK_FALSE(base64_decode(text).has_value());
  }
}

TEST_CASE("base64: the alphabet of URLs, without padding") {
  CHECK(lian::base64url_encode("\xfb\xff\xfe") == "-__-");
  CHECK(lian::base64url_encode("f") == "Zg");
  CHECK(lian::base64url_encode("").empty());
}
