#include <string>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "support/catch.hpp"

using lian::HttpHeaders;

TEST_CASE("http headers: names compare without case, order is kept") {
  HttpHeaders headers;
  headers.add("Content-Type", "text/plain").add("X-A", "1").add("x-a", "2");
  REQUIRE(headers.find("content-TYPE") != nullptr);
  CHECK(*headers.find("content-TYPE") == "text/plain");
  CHECK(*headers.find("X-a") == "1");
  CHECK(headers.find("x-b") == nullptr);
  CHECK(headers.fields().size() == 3);

  headers.set("X-a", "3");
  CHECK(headers.fields().size() == 2);
  CHECK(*headers.find("x-A") == "3");
}

TEST_CASE("http headers: CR, LF and NUL are refused in names and values, the value not quoted") {
  for (const std::string& bad :
       {std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3)}) {
    HttpHeaders headers;
    CHECK_THROWS_AS(headers.add(bad, "x"), lian::Error);
    CHECK_THROWS_AS(headers.set("authorization", bad), lian::Error);
    CHECK(headers.fields().empty());
  }
  HttpHeaders headers;
  CHECK_THROWS_AS(headers.add("", "x"), lian::Error);
  try {
    headers.set("authorization", "secret-key\n");
    FAIL("accepted");
  } catch (const lian::Error& error) {
    CHECK(error.kind() == lian::ErrorKind::invalid_request);
    CHECK(std::string(error.what()).find("secret-key") == std::string::npos);
  }
}
