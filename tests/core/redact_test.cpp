#include "core/redact.hpp"

#include <string>

#include "support/catch.hpp"

namespace lian {
namespace {

// Assembled here, so that no scanner takes the file for a leak.
const std::string kBody = "A1b2C3d4E5f6G7h8";

TEST_CASE("redact: removes whatever has the shape of a vendor's key") {
  for (const std::string prefix : {"sk-", "sk-proj-", "sk-ant-api03-", "AIza", "bce-v3/ALTAK-"}) {
    const std::string key = prefix + kBody;
    INFO(key);
    CHECK(redact("key " + key + " is wrong") == "key [redacted] is wrong");
    CHECK(redact("\"" + key + "\"") == "\"[redacted]\"");
    CHECK(redact(key + ".") == "[redacted].");
    CHECK(redact(key) == "[redacted]");
  }
  CHECK(redact("Authorization: Bearer " + kBody + "==, x") ==
        "Authorization: Bearer [redacted], x");
  CHECK(redact("authorization: bearer " + kBody) == "authorization: bearer [redacted]");
  CHECK(redact("https://h/p?key=" + kBody + "&alt=sse") == "https://h/p?key=[redacted]&alt=sse");
  CHECK(redact("https://h/p?a=1&access_token=" + kBody) ==
        "https://h/p?a=1&access_token=[redacted]");
  CHECK(redact("provided: sk-ab***********yz. You") == "provided: [redacted]. You");
}

TEST_CASE("redact: removes the given secrets wherever they stand") {
  CHECK(redact("a" + kBody + "b" + kBody, {kBody}) == "a[redacted]b[redacted]");
  CHECK(redact("empty and short stay", {std::string(), std::string("and")}) == "empty and short stay");
}

TEST_CASE("redact: leaves other text alone") {
  const std::string text =
      "the task-force asked: what is a monkey=banana? \xE4\xBD\xA0\xE5\xA5\xBD sk- Bearer";
  CHECK(redact(text) == text);
}

}  // namespace
}  // namespace lian
