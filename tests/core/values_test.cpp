#include "lian/core/values.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "lian/core/document.hpp"
#include "lian/core/error.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using lian::Json;
using lian::Value;
using lian::Values;

TEST_CASE("values: each kind has a name, a text and a JSON") {
  struct Row {
    Value value;
    std::string type, text, json;
  };
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const Row rows[] = {
      {Value(), "null", "", "null"},
      {true, "bool", "true", "true"},
      {42, "number", "42", "42"},
      {0.1, "number", "0.1", "0.1"},
      {1e100, "number", "1e+100", "1e+100"},
      {most, "number", "18446744073709551615", "18446744073709551615"},
      {"text", "text", "text", "\"text\""},
      {Value::List{1, "a"}, "list", R"([1,"a"])", R"([1,"a"])"},
      {lian::user("hi"), "messages", "Human: hi",
       R"([{"role":"user","parts":[{"type":"text","text":"hi"}]}])"},
      {lian::Documents{lian::Document("a"), lian::Document("b")}, "documents", "a\n\nb",
       R"([{"text":"a"},{"text":"b"}])"},
      {Json::object({{"k", 1}}), "json", R"({"k":1})", R"({"k":1})"},
  };
  for (const Row& row : rows) {
    INFO(row.type);
    CHECK(row.value.type_name() == row.type);
    CHECK(row.value.to_text() == row.text);
    CHECK(row.value.to_json().dump() == row.json);
  }
}

TEST_CASE("values: Json scalars and arrays become plain values") {
  CHECK(Value(Json("x")) == Value("x"));
  CHECK(Value(Json(5)) == Value(5));
  CHECK(Value(Json(5)).integer() != nullptr);
  CHECK(Value(Json(-5)) == Value(-5));
  CHECK(Value(Json(2.5)).number() == 2.5);
  CHECK(Value(Json()).is_null());
  CHECK(Value(Json::array({1, Json::array({"a"})})) == Value(Value::List{1, Value::List{"a"}}));
  CHECK(Value(Json::object()).json() != nullptr);
  CHECK(Value(1) == Value(1.0));
  CHECK_FALSE(Value(1) == Value("1"));
  CHECK_FALSE(Value(true) == Value(1));
}

TEST_CASE("values: insertion order, last of a repeated name, any order equal") {
  Values values{{"b", 1}, {"a", "x"}, {"b", 2}};
  CHECK(values.size() == 2);
  CHECK(values.to_json().dump() == R"({"b":2,"a":"x"})");
  CHECK(values == Values{{"a", "x"}, {"b", 2}});
  CHECK_FALSE(values == Values{{"a", "x"}});
  values.set("c", nullptr).erase("b");
  CHECK(values.to_json().dump() == R"({"a":"x","c":null})");
  CHECK(lian::values("language", "French", "n", 2) == Values{{"language", "French"}, {"n", 2}});
}

TEST_CASE("values: a missing name says which there are") {
  CHECK_THROWS_WITH((Values{{"a", 1}, {"b", 2}}.at("c")), "no value named 'c': there are a, b");
  CHECK_THROWS_WITH(Values().at("c"), "no value named 'c': there are none");
  CHECK_THROWS_AS(Values::from_json(Json::array()), lian::Error);
}

TEST_CASE("values: serialised data is data, whatever markers it holds") {
  const std::string lines = lian::test::read_data("serialized_injection.jsonl");
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const Json payload = Json::parse(lines.substr(at, end - at))["payload"];
    at = end + 1;
    ++count;
    const Values values{{"payload", payload}};
    const Values back = Values::from_json(Json::parse(values.to_json().dump()));
    CHECK(back == values);
    CHECK(back.find("payload")->to_json() == payload);
    lian::Document document("x", values);
    CHECK(document_from_json(Json::parse(to_json(document).dump())) == document);
    lian::Message message = lian::user("x");
    message.parts.emplace_back(lian::UnknownPart("text", payload));
    message.extra = Json::object({{"payload", payload}});
    CHECK(lian::message_from_json(Json::parse(to_json(message).dump())) == message);
  }
  CHECK(count == 20);
}
