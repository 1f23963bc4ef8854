#include "net/json_array.hpp"

#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

namespace lian {
namespace {

using Items = std::vector<std::string>;

void drain(JsonArrayParser& parser, Items& items) {
  std::string_view item;
  while (parser.next(item)) items.emplace_back(item);
}

struct Result {
  Items items;
  bool closed = false;
};

Result read(const std::vector<std::string_view>& chunks, bool end = true) {
  JsonArrayParser parser;
  Result result;
  for (const std::string_view chunk : chunks) {
    parser.feed(chunk);
    drain(parser, result.items);
  }
  if (end) {
    parser.end();
    drain(parser, result.items);
  }
  result.closed = parser.closed();
  return result;
}

TEST_CASE("json array: gives the items whatever the chunks") {
  const std::string bytes =
      "\xEF\xBB\xBF \r\n[{\"a\":\"}],[\\\"\\\\\"}\r\n,\r\n[1,[2]] ,7, -1.5e3\n,\"x\\\",]\",null,"
      "{\"b\":\"\xE4\xBD\xA0\"}]\n";
  const Items wanted = {"{\"a\":\"}],[\\\"\\\\\"}", "[1,[2]]", "7", "-1.5e3", "\"x\\\",]\"", "null",
                        "{\"b\":\"\xE4\xBD\xA0\"}"};
  const std::string_view view = bytes;
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    INFO(split);
    const Result result = read({view.substr(0, split), view.substr(split)});
    CHECK(result.items == wanted);
    CHECK(result.closed);
  }
  std::vector<std::string_view> each;
  for (std::size_t i = 0; i < bytes.size(); ++i) each.push_back(view.substr(i, 1));
  CHECK(read(each).items == wanted);
}

TEST_CASE("json array: an item comes with its last byte, the comma may be late") {
  JsonArrayParser parser;
  std::string_view item;
  parser.feed("[{\"a\":1");
  CHECK_FALSE(parser.next(item));
  parser.feed("}");
  REQUIRE(parser.next(item));
  CHECK(item == "{\"a\":1}");
  CHECK_FALSE(parser.next(item));
  CHECK_FALSE(parser.closed());
  parser.feed("]");
  CHECK_FALSE(parser.next(item));
  CHECK(parser.closed());
}

TEST_CASE("json array: cut, it is not closed and the item begun does not count") {
  const std::string bytes = "[{\"a\":[1]},{\"b\":2}]";
  for (std::size_t end = 0; end < bytes.size(); ++end) {
    INFO(end);
    const Result result = read({std::string_view(bytes).substr(0, end)});
    CHECK_FALSE(result.closed);
    CHECK(result.items.size() == (end >= 10 ? 1U : 0U) + (end >= 18 ? 1U : 0U));
  }
  CHECK(read({"[]"}).closed);
  CHECK(read({"[ \n]x"}).closed);
  CHECK_FALSE(read({""}).closed);
}

TEST_CASE("json array: a body that is none is one item at its end") {
  for (const char* body : {"{\"error\":{}}", "<html></html>", "7"}) {
    CHECK(read({body}, false).items.empty());
    const Result result = read({body});
    CHECK(result.items == Items{body});
    CHECK_FALSE(result.closed);
  }
}

TEST_CASE("json array: stray brackets end without end") {
  CHECK(read({"[}}]"}).items == Items{"}", "}"});
  CHECK(read({"[{]]]"}).items == Items{"{]"});
}

TEST_CASE("json array: the limit on an item holds to the byte") {
  for (const bool whole : {true, false}) {
    JsonArrayParser parser(7);
    Items items;
    parser.feed("[{\"a\":1},  ");
    drain(parser, items);
    CHECK(items.size() == 1);
    const std::string longer = "{\"a\":12}";
    if (whole) {
      parser.feed(longer);
      CHECK_THROWS_AS(drain(parser, items), LimitError);
    } else {
      parser.feed(longer.substr(0, 7));
      drain(parser, items);
      parser.feed(longer.substr(7));
      CHECK_THROWS_AS(drain(parser, items), LimitError);
    }
  }
}

TEST_CASE("json array: invalid UTF-8 becomes U+FFFD and is counted") {
  JsonArrayParser parser;
  Items items;
  parser.feed("[\"\xFF\"]");
  drain(parser, items);
  CHECK(items == Items{"\"\xEF\xBF\xBD\""});
  CHECK(parser.replacements() == 1);
}

}  // namespace
}  // namespace lian
