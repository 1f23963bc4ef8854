#include "model/provider/json_reader.hpp"

#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

std::string padded(std::string text) {
  text.reserve(text.size() + 64);
  return text;
}

TEST_CASE("json reader: members are visited in order and the rest is skipped") {
  JsonReader reader("test");
  const std::string text = padded(
      R"( {"a":{"b":[1,2.5,{"x":true}],"c":"你\n\u00e9"},"skipped":[[{}],"]"],"d":null,"e":-7, "f": 12 } )");
  std::string seen;
  reader.read(text, [&](JsonValue root) {
    root.fields([&](JsonKey key, JsonValue value) {
      if (key == "a") {
        value.fields([&](JsonKey inner, JsonValue item) {
          if (inner == "b")
            item.items([&](JsonValue number) { seen += std::string(number.raw()) + "|"; });
          if (inner == "c") item.append_to(seen);
        });
      }
      if (key == "d") seen += value.is_null() ? "|null" : "|?";
      if (key == "e") seen += "|" + std::to_string(value.integer());
      if (key == "f") seen += "|" + std::string(value.raw()) + "|" + key.text();
    });
  });
  CHECK(seen == "1|2.5|{\"x\":true}|你\né|null|-7|12|f");
}

TEST_CASE("json reader: another type than asked for counts as absent") {
  JsonReader reader("test");
  const std::string text = padded(R"({"n":"text","s":5,"o":[1],"b":"x"})");
  reader.read(text, [](JsonValue root) {
    root.fields([](JsonKey key, JsonValue value) {
      if (key == "n") CHECK(value.integer(3) == 3);
      if (key == "s") CHECK(value.text().empty());
      if (key == "o") value.fields([](JsonKey, JsonValue) { FAIL("no object"); });
      if (key == "b") CHECK(value.boolean(true));
    });
  });
}

TEST_CASE("json reader: a root of another type than asked for counts as absent too") {
  JsonReader reader("test");
  for (const std::string& text : {padded("[1,2]"), padded("{\"a\":1}")}) {
    reader.read(text, [](JsonValue root) {
      CHECK(root.integer(3) == 3);
      CHECK(root.number(2.5) == 2.5);
      CHECK(root.boolean(true));
      CHECK(root.text().empty());
      root.fields([](JsonKey, JsonValue) {});
      root.items([](JsonValue) {});
    });
  }
}

TEST_CASE("json reader: what stands behind the text is not read") {
  JsonReader reader("test");
  const std::string behind = "\"}]}" + std::string(80, 'x');
  for (const std::string text : {R"({"a":)", R"({"a":{"b":1})", R"([{"b":1})", R"([1,)", R"({"a")"}) {
    for (const char* rest : {"\"", "}", "]", "1", ":", ""}) {
      INFO(text << " | " << rest);
      const std::string all = text + rest + behind;
      const auto read = [&] {
        reader.read(std::string_view(all).substr(0, text.size()), [](JsonValue root) {
          root.items([](JsonValue) {});
          root.fields([](JsonKey, JsonValue value) {
            static_cast<void>(value.text());
            value.fields([](JsonKey, JsonValue) {});
          });
        });
      };
      CHECK_THROWS_AS(read(), ParseError);
    }
  }
}

TEST_CASE("json reader: what is no JSON is a ParseError that names the provider") {
  JsonReader reader("acme");
  for (const char* text : {"", "{", "{\"a\":}", "{\"a\":1} x", "[1,", "{\"a\":\"\\q\"}"}) {
    INFO(text);
    const std::string json = padded(text);
    const auto read = [&] {
      reader.read(json, [](JsonValue root) {
        root.fields([](JsonKey, JsonValue value) { static_cast<void>(value.text()); });
        root.items([](JsonValue) {});
      });
    };
    CHECK_THROWS_AS(read(), ParseError);
  }
  const std::string good = padded("{\"a\":1}");
  int fields = 0;
  reader.read(good, [&](JsonValue root) { root.fields([&](JsonKey, JsonValue) { ++fields; }); });
  CHECK(fields == 1);
}

}  // namespace
}  // namespace lian
