#include "net/ndjson.hpp"

#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using Lines = std::vector<std::string>;

void drain(NdjsonParser& parser, Lines& lines) {
  std::string_view line;
  while (parser.next(line)) lines.emplace_back(line);
}

Lines lines_of(std::string_view bytes, std::size_t split, bool end) {
  NdjsonParser parser;
  Lines lines;
  parser.feed(bytes.substr(0, split));
  drain(parser, lines);
  parser.feed(bytes.substr(split));
  drain(parser, lines);
  if (end) {
    parser.end();
    drain(parser, lines);
  }
  return lines;
}

TEST_CASE("ndjson: gives the lines whatever the chunks") {
  const std::string bytes = "\xEF\xBB\xBF{\"a\":1}\r\n\n \t\r\n{\"b\":\"\xE4\xBD\xA0\"}\n{\"c\":3}";
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    INFO(split);
    CHECK(lines_of(bytes, split, false) == Lines{"{\"a\":1}", "{\"b\":\"\xE4\xBD\xA0\"}"});
    CHECK(lines_of(bytes, split, true) ==
          Lines{"{\"a\":1}", "{\"b\":\"\xE4\xBD\xA0\"}", "{\"c\":3}"});
  }
}

TEST_CASE("ndjson: a last line without its end waits for the end") {
  NdjsonParser parser;
  Lines lines;
  parser.feed("{\"done\":true}");
  drain(parser, lines);
  CHECK(lines.empty());
  CHECK(parser.pending());
  parser.end();
  drain(parser, lines);
  CHECK(lines == Lines{"{\"done\":true}"});
  CHECK_FALSE(parser.pending());
}

TEST_CASE("ndjson: the limit on a line holds to the byte") {
  for (const bool whole : {true, false}) {
    NdjsonParser parser(4);
    Lines lines;
    parser.feed("123\n1234\n");
    drain(parser, lines);
    CHECK(lines == Lines{"123", "1234"});
    parser.feed(whole ? "12345\n" : "12345");
    try {
      drain(parser, lines);
      FAIL("no error");
    } catch (const LimitError& error) {
      CHECK(error.name == "max_line_bytes");
      CHECK(error.limit == 4);
    }
  }
}

TEST_CASE("ndjson: invalid UTF-8 becomes U+FFFD and is counted") {
  NdjsonParser parser;
  Lines lines;
  parser.feed("\"\xFF\"\n");
  drain(parser, lines);
  CHECK(lines == Lines{"\"\xEF\xBF\xBD\""});
  CHECK(parser.replacements() == 1);
}

}  // namespace
}  // namespace lian
