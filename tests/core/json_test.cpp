#include "lian/core/json.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::Json;

namespace {

lian::ParseError refusal_of(const std::string& text) {
  try {
    (void)Json::parse(text);
  } catch (const lian::ParseError& error) {
    return error;
  }
  throw std::runtime_error("accepted: " + text);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("json: builds, reads and writes every type") {
  const Json json = Json::object({{"null", nullptr},
                                  {"yes", true},
                                  {"int", -3},
                                  {"big", std::numeric_limits<std::uint64_t>::max()},
                                  {"real", 0.5},
                                  {"text", "链"},
                                  {"list", Json::array({1, "a", Json::object()})}});
  CHECK(
      json.dump() ==
      R"({"null":null,"yes":true,"int":-3,"big":18446744073709551615,"real":0.5,"text":"链","list":[1,"a",{}]})");
  CHECK(Json::parse(json.dump()) == json);
  CHECK(json["yes"].as_bool());
  CHECK(json["int"].as_int() == -3);
  CHECK(json["int"].as_number() == -3.0);
  CHECK(json["big"].as_uint() == std::numeric_limits<std::uint64_t>::max());
  CHECK(json["text"].as_string() == "链");
  CHECK(json["list"][1].as_string() == "a");
  CHECK(json["list"].size() == 3);
  CHECK(json["text"].size() == 0);
  CHECK(json.keys().size() == 7);
  CHECK(json["missing"].is_null());
  CHECK(json["list"][9].is_null());
  CHECK(json["text"]["x"].is_null());
  CHECK(json.contains("null"));
  CHECK_FALSE(json.contains("missing"));
  CHECK(Json::array({1, 2}).dump(2) == "[\n  1,\n  2\n]");
  CHECK(Json().is_null());
  CHECK(Json().dump() == "null");
}

TEST_CASE("json: a wrong type names both types") {
  CHECK_THROWS_WITH(Json("x").as_int(), "JSON: expected integer, got string");
  CHECK_THROWS_WITH(Json(1.5).as_int(), "JSON: expected integer, got number");
  CHECK_THROWS_WITH(Json(1).as_string(), "JSON: expected string, got integer");
  CHECK_THROWS_WITH(Json().as_bool(), "JSON: expected boolean, got null");
  CHECK_THROWS_WITH(Json::object().at("a"), "JSON: the object has no 'a'");
  CHECK_THROWS_WITH(Json::array({1}).at(1), "JSON: no item 1 in an array of 1");
  CHECK_THROWS_AS(Json(std::numeric_limits<std::uint64_t>::max()).as_int(), lian::Error);
  CHECK_THROWS_AS(Json(-1).as_uint(), lian::Error);
  CHECK_THROWS_AS(Json(1).set("a", 1), lian::Error);
  CHECK_THROWS_AS(Json::object().push_back(1), lian::Error);
}

TEST_CASE("json: what JSON cannot say is refused") {
  CHECK_THROWS_AS(Json(std::numeric_limits<double>::quiet_NaN()), lian::Error);
  CHECK_THROWS_AS(Json(std::numeric_limits<double>::infinity()), lian::Error);
  CHECK_THROWS_AS(Json("\xFF"), lian::Error);
  CHECK_THROWS_AS(Json().set("\xC0", 1), lian::Error);
}

TEST_CASE("json: copies share until one changes") {
  Json a = Json::object({{"list", Json::array({1})}});
  const Json b = a;
  Json child = a["list"];
  a.set("x", 1);
  child.push_back(2);
  CHECK(a.dump() == R"({"list":[1],"x":1})");
  CHECK(b.dump() == R"({"list":[1]})");
  CHECK(child.dump() == "[1,2]");

  a.set("self", a);
  CHECK(a.dump() == R"({"list":[1],"x":1,"self":{"list":[1],"x":1}})");
  a.erase("self").erase("none");
  CHECK(a.dump() == R"({"list":[1],"x":1})");
  a.set("list", a["list"]);
  CHECK(a.dump() == R"({"list":[1],"x":1})");
}

TEST_CASE("json: a child outlives its parent's handle") {
  Json child;
  {
    const Json parent = Json::parse(R"({"a":{"b":["deep"]}})");
    child = parent["a"]["b"][0];
  }
  CHECK(child.as_string() == "deep");
}

TEST_CASE("json: handles may be copied and changed on many threads") {
  const Json shared = Json::object({{"n", 0}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([shared, t] {
      for (int i = 0; i < 2000; ++i) {
        Json own = shared;
        own.set("n", t);
        const Json child = shared["n"];
        if (child.as_int() != 0 || own["n"].as_int() != t) std::terminate();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(shared["n"].as_int() == 0);
}

TEST_CASE("json: equality takes members in any order and numbers by value") {
  CHECK(Json::parse(R"({"a":1,"b":[{"c":2,"d":3}]})") ==
        Json::parse(R"({"b":[{"d":3.0,"c":2}],"a":1.0})"));
  CHECK_FALSE(Json::parse(R"({"a":1})") == Json::parse(R"({"a":1,"b":2})"));
  CHECK_FALSE(Json::parse(R"({"a":1})") == Json::parse(R"({"b":1})"));
  CHECK_FALSE(Json::parse("[1,2]") == Json::parse("[2,1]"));
  CHECK_FALSE(Json::array() == Json::object());
}

TEST_CASE("json: parse takes what RFC 8259 allows") {
  for (const char* text : {"[]",
                           " [ ] ",
                           "{}",
                           "\"\"",
                           "0",
                           "-0",
                           "-1.5e+3",
                           "1E22",
                           "123456789012345678",
                           "18446744073709551615",
                           "-9223372036854775808",
                           "true",
                           "null",
                           "\t\n\r 1\n",
                           R"({"":0})",
                           R"("\u0000\u00e9\ud834\udd1e\/\b\f\n\r\t\"\\")",
                           "\"\x7F\"",
                           "\"\xF4\x8F\xBF\xBF\"",
                           R"([1,[2,{"a":[]}]])",
                           "\"\xE2\x80\xA8\"",
                           "0.00000000000000000000000000000000000001",
                           R"({"a":"[[[{{{\"\\"})"}) {
    INFO(text);
    CHECK_NOTHROW(Json::parse(text));
  }
  CHECK(Json::parse(R"("\ud834\udd1e")").as_string() == "\xF0\x9D\x84\x9E");
  CHECK(Json::parse("18446744073709551615").as_uint() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("json: parse refuses what RFC 8259 does not allow") {
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "[",
                                          "]",
                                          "{",
                                          "[1,]",
                                          "[,1]",
                                          "[1 2]",
                                          "{\"a\"}",
                                          "{\"a\":1,}",
                                          "{a:1}",
                                          "{'a':1}",
                                          "{1:1}",
                                          "[\"a\"",
                                          "\"a",
                                          "\"\\x\"",
                                          "\"\\u12\"",
                                          "\"\\u12G4\"",
                                          "\"\t\"",
                                          "\"\n\"",
                                          "01",
                                          "-",
                                          "-01",
                                          "+1",
                                          ".5",
                                          "1.",
                                          "1e",
                                          "1e+",
                                          "0x1",
                                          "1_000",
                                          "NaN",
                                          "Infinity",
                                          "-Infinity",
                                          "nul",
                                          "True",
                                          "truefalse",
                                          "1 1",
                                          "{} x",
                                          "[1]]",
                                          "{}{}",
                                          "//c\n1",
                                          "/*c*/1",
                                          "\xEF\xBB\xBF{}",
                                          "\"\xFF\"",
                                          "\"\xC0\xAF\"",
                                          "\"\xED\xA0\x80\"",
                                          "\xC2\xA0"
                                          "1",
                                          "[1\xE2\x81\xA0]",
                                          "-x",
                                          "1a",
                                          "\"\\ud800\"",
                                          "\"\\udc00\"",
                                          "\"\\ud800\\u0041\"",
                                          "1e400",
                                          "-1e999",
                                          "18446744073709551616",
                                          "-9223372036854775809",
                                          "{\"id\":123456789012345678901234567890}",
                                          std::string("1\0", 2),
                                          std::string("[1]\0x", 5),
                                          std::string("\"\0\"", 3),
                                          std::string("\0", 1),
                                          std::string("[1\0]", 4),
                                          "```json\n{}\n```"};
  for (const std::string& text : texts) {
    INFO(text);
    CHECK_THROWS_AS(Json::parse(text), lian::ParseError);
  }
}

TEST_CASE("json: parse takes 512 levels and no more") {
  CHECK_NOTHROW(Json::parse(nested(512)));
  CHECK(refusal_of(nested(513)).offset == 512);
  CHECK(refusal_of(std::string(100000, '[')).offset == 512);
  std::string objects;
  for (int i = 0; i < 600; ++i) objects += "{\"a\":";
  CHECK_THROWS_AS(Json::parse(objects), lian::ParseError);
  CHECK_NOTHROW(Json::parse("\"" + std::string(1000, '[') + "\""));
}

TEST_CASE("json: of a repeated key the last value counts, at the first one's place") {
  CHECK(Json::parse(R"({"a":1,"b":2,"a":3,"c":4,"b":5,"a":6})").dump() == R"({"a":6,"b":5,"c":4})");
  CHECK(Json::parse(R"([{"x":{"y":1,"y":[2]}},1])").dump() == R"([{"x":{"y":[2]}},1])");
}

TEST_CASE("json: an object of very many members is read in one go") {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i)
    text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text += "\"key7\":-1}";
  const Json json = Json::parse(text);
  CHECK(json.size() == 200000);
  CHECK(json["key7"].as_int() == -1);
}

TEST_CASE("json: a refusal says where, shows the place and what to tell the model") {
  const auto error = refusal_of(R"({"name": "Ada", "age": thirty})");
  CHECK(error.kind() == lian::ErrorKind::parse);
  CHECK(error.offset == 24);
  CHECK_THAT(error.message(), Catch::Contains("at byte 24") && Catch::Contains("near '"));
  CHECK_THAT(error.hint, Catch::Contains("JSON"));
  CHECK(error.text == R"({"name": "Ada", "age": thirty})");

  CHECK(refusal_of("").offset == 0);
  CHECK(refusal_of("[1,2").offset == 4);
  const auto long_error = refusal_of("[" + std::string(100000, '"') + "]");
  CHECK(long_error.message().size() < 400);
}
