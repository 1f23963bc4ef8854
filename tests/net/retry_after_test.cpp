#include "net/retry_after.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/data.hpp"

namespace lian {
namespace {

using Kind = RetryHint::Kind;

const auto kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

RetryHint hint_of(const std::string& header, const std::string& value) {
  HttpHeaders headers;
  headers.add(header, value);
  return retry_hint(headers, kNow);
}

TEST_CASE("retry_after: every row of the corpus") {
  std::size_t rows = 0;
  for (const std::string& line : split(test::read_data("retry_after.tsv"), '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const auto fields = split(line, '\t');
    REQUIRE(fields.size() == 3);
    INFO(line);
    ++rows;
    const RetryHint hint = hint_of(fields[0], fields[1]);
    const std::string& expected = fields[2];
    if (fields[0] == "x-should-retry") {
      CHECK(hint.should_retry == (fields[1] == "true"));
    } else if (expected == "ignore") {
      CHECK(hint.kind == Kind::none);
    } else if (expected == "give-up") {
      CHECK(hint.kind == Kind::give_up);
      CHECK(hint.seconds > kMaxRetryAfterSeconds);
    } else {
      CHECK(hint.kind == Kind::wait);
      CHECK(hint.seconds == Approx(std::stod(expected)));
    }
  }
  CHECK(rows >= 20);
}

TEST_CASE("retry_after: the three forms of a date, and what is none") {
  for (const char* date : {"Thu, 01 Jan 2026 00:01:30 GMT", "Thursday, 01-Jan-26 00:01:30 GMT",
                           "Thu Jan  1 00:01:30 2026"}) {
    INFO(date);
    CHECK(hint_of("retry-after", date).seconds == Approx(90));
  }
  for (const char* text : {"Wed, 31 Dec 2025 23:59:59 GMT", "Thu, 01 Jan 2026 24:00:00 GMT",
                           "Thu, 30 Feb 2026 00:00:30 GMT", "Thu, 01 Jan 2026 00:00:30",
                           "Thu, 01 Jan 2026 00:00:30 GMT x", "Thursday, 01-Jan-94 00:00:30 GMT",
                           "nan", "-1", "1e999", "+", "1 2", "soon"}) {
    INFO(text);
    CHECK(hint_of("retry-after", text).kind == Kind::none);
  }
}

TEST_CASE("retry_after: milliseconds go before seconds, unless they are no hint") {
  HttpHeaders headers;
  headers.add("Retry-After", "20").add("Retry-After-Ms", "19850");
  CHECK(retry_hint(headers, kNow).seconds == Approx(19.85));
  headers.set("retry-after-ms", "-5");
  CHECK(retry_hint(headers, kNow).seconds == Approx(20));
  CHECK(retry_hint(HttpHeaders(), kNow).kind == Kind::none);
  CHECK(hint_of("retry-after", "120").kind == Kind::wait);
  CHECK(hint_of("retry-after", "120.1").kind == Kind::give_up);
}

}  // namespace
}  // namespace lian
