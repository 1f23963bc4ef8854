// JSON against a JSON Schema, in words for a model.
#include <string>

#include "model/schema_check.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

std::string fault(const char* schema, const char* value) {
  return schema_fault(Json::parse(schema), Json::parse(value), "x").value_or("");
}

TEST_CASE("schema check: types and sizes") {
  CHECK(fault(R"({"type":"integer"})", "3").empty());
  CHECK(fault(R"({"type":"integer"})", "3.0").empty());
  CHECK(fault(R"({"type":"integer"})", "3.5") == "x: expected an integer, got 3.5");
  CHECK(fault(R"({"type":"number"})", "3").empty());
  CHECK(fault(R"({"type":"boolean"})", "null") == "x: expected a boolean, got null");
  CHECK(fault(R"({"type":["string","null"]})", "1") == "x: expected a string or null, got 1");
  CHECK(fault(R"({"type":"string","minLength":2})", R"("链")") ==
        "x: expected at least 2 characters, got 1");
  CHECK(fault(R"({"type":"array","maxItems":1})", "[1,2]") == "x: expected at most 1 items, got 2");
  CHECK(fault(R"({"minimum":1,"maximum":3})", "4") == "x: expected at most 3, got 4");
  CHECK(fault(R"({"exclusiveMinimum":1})", "1") == "x: expected more than 1, got 1");
  CHECK(fault(R"({"const":"a"})", R"("b")") == R"(x: expected "a", got "b")");
  CHECK(fault("{}", "[1]").empty());
}

TEST_CASE("schema check: members, items and references") {
  const char* person = R"({"type":"object","properties":{"name":{"type":"string"},
    "children":{"type":"array","items":{"$ref":"#"}}},"required":["name"],
    "additionalProperties":false})";
  CHECK(fault(person, R"({"name":"a","children":[{"name":"b"}]})").empty());
  CHECK(fault(person, R"({"name":"a","children":[{"name":"b"},{}]})") ==
        "x.children[1].name: missing");
  CHECK(fault(person, R"({"name":"a","age":1})") == "x.age: unknown; there are name, children");
  CHECK(fault(R"({"type":"object","additionalProperties":{"type":"integer"}})", R"({"a b":"c"})") ==
        R"(x["a b"]: expected an integer, got "c")");
  CHECK(fault(R"({"$defs":{"n":{"type":"integer"}},"items":{"$ref":"#/$defs/n"}})", "[1,true]") ==
        "x[1]: expected an integer, got true");
  CHECK(fault(R"({"$ref":"#/$defs/none"})", "1").find("does not have") != std::string::npos);
  CHECK(fault(R"({"$ref":"#"})", "1").find("without end") != std::string::npos);
}

TEST_CASE("schema check: forms") {
  const char* either = R"({"anyOf":[{"type":"integer"},{"type":"string"}]})";
  CHECK(fault(either, "1").empty());
  CHECK(fault(either, "true") == "x: expected an integer or a string, got true");
  CHECK(fault(R"({"anyOf":[{"type":"array","items":{"type":"integer"}},{"type":"null"}]})",
              R"(["a"])") == R"(x[0]: expected an integer, got "a")");
  CHECK(fault(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})", "1") ==
        "x: 1 fits more than one form");
  CHECK(fault(R"({"allOf":[{"minimum":1},{"maximum":2}]})", "3") == "x: expected at most 2, got 3");
  CHECK(fault(R"({"not":{"type":"null"}})", "null") == "x: null is not allowed");
  CHECK(fault(R"({"properties":{"a":false}})", R"({"a":1})") == "x.a: nothing is allowed here");
}

TEST_CASE("schema check: a long value is cut in the sentence") {
  const std::string value = Json(std::string(1000, 'y')).dump();
  CHECK(schema_fault(Json::parse(R"({"type":"integer"})"), Json::parse(value), "x")->size() < 150);
}

}  // namespace
}  // namespace lian
