#include "lian/core/describe.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::from_json;
using lian::Json;
using lian::json_schema;
using lian::to_json;
using lian::to_values;

struct Global {
  int number = 0;
};
LIAN_DESCRIBE(Global, (number, "a number, or two; (really)"))

namespace app {

enum class Color { red, green = 7 };
LIAN_DESCRIBE_ENUM(Color, red, green)

struct Address {
  std::string street;
  int zip = 0;
  bool operator==(const Address&) const = default;
};
LIAN_DESCRIBE(Address, (street), (zip, "postal code"))

struct Circle {
  double radius = 0;
  bool operator==(const Circle&) const = default;
};
LIAN_DESCRIBE(Circle, (radius))

struct Everything {
  bool flag = false;
  std::int8_t small = 0;
  std::uint64_t large = 0;
  float real = 0;
  std::string text;
  Color color = Color::red;
  Json any;
  std::optional<int> maybe;
  std::vector<Address> addresses;
  std::vector<bool> bits = {true};
  std::map<std::string, std::vector<int>> table;
  std::variant<std::monostate, int, std::string, Circle, Address> choice;
  bool operator==(const Everything&) const = default;
};
LIAN_DESCRIBE(Everything, (flag), (small), (large), (real), (text, "链, any text"),
              (color, "of it"), (any), (maybe, "may lack"), (addresses), (bits), (table), (choice))

struct Tree {
  std::string name;
  std::vector<Tree> children;
};
LIAN_DESCRIBE(Tree, (name), (children, "below"))

struct Outer {
  struct Node {
    std::map<std::string, Node> next;
  };
  Node first;
};
LIAN_DESCRIBE(Outer::Node, (next))
LIAN_DESCRIBE(Outer, (first))

struct Base {
  int id = 0;
};
struct Derived : Base {
  std::string name;
};
LIAN_DESCRIBE(Derived, (id), (name))

struct Many {
  int a1, a2, a3, a4, a5, a6, a7, a8, b1, b2, b3, b4, b5, b6, b7, b8;
  int c1, c2, c3, c4, c5, c6, c7, c8, d1, d2, d3, d4, d5, d6, d7, d8;
};
LIAN_DESCRIBE(Many, (a1), (a2), (a3), (a4), (a5), (a6), (a7), (a8), (b1), (b2), (b3), (b4), (b5),
              (b6), (b7), (b8), (c1), (c2), (c3), (c4), (c5), (c6), (c7), (c8), (d1), (d2), (d3),
              (d4), (d5), (d6), (d7), (d8, "last"))

struct Undescribed {};

}  // namespace app

namespace {

struct Hidden {
  int x = 0;
};
LIAN_DESCRIBE(Hidden, (x))

app::Everything sample() {
  app::Everything out;
  out.flag = true;
  out.small = -128;
  out.large = std::numeric_limits<std::uint64_t>::max();
  out.real = 0.5F;
  out.text = "引号 \"x\"";
  out.color = app::Color::green;
  out.any = Json::array({1, nullptr});
  out.maybe = 3;
  out.addresses = {{"Main", 1}, {"第二", 2}};
  out.bits = {true, false};
  out.table = {{"a", {1, 2}}, {"b", {}}};
  out.choice = app::Circle{2.5};
  return out;
}

template <class T>
std::string refusal(const std::string& text) {
  try {
    (void)from_json<T>(Json::parse(text));
  } catch (const lian::Error& error) {
    CHECK(error.kind() == lian::ErrorKind::validation);
    return error.message();
  }
  return "accepted";
}

}  // namespace

static_assert(lian::is_described<app::Address>);
static_assert(lian::is_described<app::Color>);
static_assert(lian::is_described<Global>);
static_assert(!lian::is_described<app::Undescribed>);
static_assert(!lian::is_described<int>);

TEST_CASE("describe: a struct's schema is strict") {
  CHECK(json_schema<app::Address>() == Json::parse(R"({
    "type": "object",
    "properties": {"street": {"type": "string"},
                   "zip": {"type": "integer", "description": "postal code"}},
    "required": ["street", "zip"],
    "additionalProperties": false})"));
  CHECK(json_schema<Global>()["properties"]["number"]["description"].as_string() ==
        "a number, or two; (really)");
}

TEST_CASE("describe: every kind of member has its schema") {
  const Json schema = json_schema<app::Everything>();
  const Json members = schema["properties"];
  const auto is = [&](const char* name, const char* text) {
    INFO(name);
    CHECK(members[name] == Json::parse(text));
  };
  is("flag", R"({"type":"boolean"})");
  is("small", R"({"type":"integer"})");
  is("large", R"({"type":"integer","minimum":0})");
  is("real", R"({"type":"number"})");
  is("text", R"({"type":"string","description":"链, any text"})");
  is("color", R"({"type":"string","enum":["red","green"],"description":"of it"})");
  is("any", "{}");
  is("maybe", R"({"anyOf":[{"type":"integer"},{"type":"null"}],"description":"may lack"})");
  is("bits", R"({"type":"array","items":{"type":"boolean"}})");
  is("table",
     R"({"type":"object","additionalProperties":{"type":"array","items":{"type":"integer"}}})");
  CHECK(members["addresses"]["items"] == json_schema<app::Address>());
  CHECK(members["choice"]["anyOf"].size() == 5);
  CHECK(members["choice"]["anyOf"][3] == json_schema<app::Circle>());
  CHECK(schema["required"].size() == 11);
  CHECK(schema.dump().find("$defs") == std::string::npos);
}

TEST_CASE("describe: a type that holds itself is referred to") {
  const Json tree = json_schema<app::Tree>();
  CHECK(tree["properties"]["children"] ==
        Json::parse(R"({"type":"array","items":{"$ref":"#"},"description":"below"})"));
  CHECK_FALSE(tree.contains("$defs"));

  const Json outer = json_schema<app::Outer>();
  CHECK(outer["properties"]["first"] == Json::parse(R"({"$ref":"#/$defs/Node"})"));
  CHECK(outer["$defs"]["Node"]["properties"]["next"]["additionalProperties"] ==
        Json::parse(R"({"$ref":"#/$defs/Node"})"));
  const Json list = json_schema<std::vector<app::Tree>>();
  CHECK(list["items"] == Json::parse(R"({"$ref":"#/$defs/Tree"})"));

  const auto grown =
      from_json<app::Tree>(Json::parse(R"({"name":"a","children":[{"name":"b","children":[]}]})"));
  CHECK(grown.children.at(0).name == "b");
}

TEST_CASE("describe: a value's JSON gives it back") {
  const app::Everything value = sample();
  const Json json = to_json(value);
  CHECK(json.dump() ==
        R"({"flag":true,"small":-128,"large":18446744073709551615,"real":0.5,)"
        R"("text":"引号 \"x\"","color":"green","any":[1,null],"maybe":3,)"
        R"("addresses":[{"street":"Main","zip":1},{"street":"第二","zip":2}],"bits":[true,false],)"
        R"("table":{"a":[1,2],"b":[]},"choice":{"radius":2.5}})");
  CHECK(from_json<app::Everything>(json) == value);
  CHECK(from_json<app::Everything>(Json::parse(json.dump())) == value);

  app::Everything empty;
  empty.bits.clear();
  CHECK_FALSE(to_json(empty).contains("maybe"));
  CHECK(to_json(empty)["choice"].is_null());
  CHECK(from_json<app::Everything>(to_json(empty)) == empty);
}

TEST_CASE("describe: other types than structs go as well") {
  CHECK(from_json<std::vector<int>>(Json::parse("[1,2]")) == std::vector<int>{1, 2});
  CHECK(to_json(std::vector<app::Color>{app::Color::red}).dump() == R"(["red"])");
  CHECK(to_json(std::optional<int>()).is_null());
  CHECK(from_json<std::vector<std::optional<int>>>(Json::parse("[1,null]")).at(1) == std::nullopt);
  CHECK(from_json<int>(Json(3)) == 3);
  app::Derived derived;
  derived.id = 4;
  derived.name = "d";
  CHECK(to_json(derived).dump() == R"({"id":4,"name":"d"})");
  CHECK(from_json<app::Derived>(to_json(derived)).id == 4);
  CHECK(to_json(from_json<Hidden>(Json::parse(R"({"x":9})"))).dump() == R"({"x":9})");
}

TEST_CASE("describe: 32 members") {
  app::Many many{};
  many.d8 = 32;
  CHECK(to_json(many).size() == 32);
  CHECK(from_json<app::Many>(to_json(many)).d8 == 32);
  CHECK(json_schema<app::Many>()["properties"]["d8"]["description"].as_string() == "last");
}

TEST_CASE("describe: a refusal names the place and both types") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {R"([])", "$: expected object, got array"},
      {R"({"street":"a"})", "$.zip: missing"},
      {R"({"street":"a","zip":"1"})", "$.zip: expected integer, got string"},
      {R"({"street":"a","zip":1.5})", "$.zip: expected integer, got number"},
      {R"({"street":"a","zip":null})", "$.zip: expected integer, got null"},
      {R"({"street":"a","zip":99999999999})", "$.zip: 99999999999 does not fit the member's type"},
      {R"({"street":"a","zip":1,"town":"b"})", "$.town: unknown property; there are street, zip"},
      {R"({"street":"a","zip":1,"a b":0})", "$[\"a b\"]: unknown property; there are street, zip"},
  };
  for (const Row& row : rows) CHECK(refusal<app::Address>(row.text) == row.message);
  CHECK(refusal<std::vector<app::Address>>(R"([{"street":"a","zip":1},{"street":2,"zip":1}])") ==
        "$[1].street: expected string, got integer");
  CHECK(refusal<std::map<std::string, std::vector<app::Color>>>(R"({"k":["red","blue"]})") ==
        "$.k[1]: expected one of red, green, got \"blue\"");
  CHECK(refusal<app::Color>("0") == "$: expected string, got integer");
  CHECK(refusal<std::variant<int, app::Circle>>(R"({"radius":"x"})") ==
        "$: no alternative fits ($: expected integer, got object; "
        "$.radius: expected number, got string)");
}

TEST_CASE("describe: integers are checked against their type, 3.0 is one") {
  CHECK(from_json<int>(Json::parse("3.0")) == 3);
  CHECK(from_json<unsigned>(Json::parse("4294967295")) == 4294967295U);
  CHECK(refusal<std::uint8_t>("256") != "accepted");
  CHECK(refusal<std::uint8_t>("-1") != "accepted");
  CHECK(refusal<std::int8_t>("-129") != "accepted");
  CHECK(refusal<std::int64_t>("9223372036854775808") != "accepted");
  CHECK(refusal<std::int64_t>("1e19") != "accepted");
  CHECK(refusal<std::uint64_t>("1e20") != "accepted");
  CHECK(from_json<std::int64_t>(Json::parse("-9223372036854775808")) ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(refusal<float>("1e300") != "accepted");
  CHECK(from_json<double>(Json(2)) == 2.0);
}

TEST_CASE("describe: what JSON cannot say names its place") {
  app::Everything value = sample();
  value.addresses[1].street = "\xFF";
  CHECK_THROWS_WITH(to_json(value),
                    Catch::StartsWith("$.addresses[1].street: JSON: the string is not UTF-8"));
  value = sample();
  value.color = static_cast<app::Color>(3);
  CHECK_THROWS_WITH(to_json(value),
                    "$.color: the value is none of Color's described ones: red, green");
}

TEST_CASE("describe: to_values gives a prompt its names") {
  const lian::Values values = to_values(sample());
  CHECK(values.size() == 12);
  CHECK(values.at("text") == lian::Value("引号 \"x\""));
  CHECK(values.at("color") == lian::Value("green"));
  CHECK(values.at("maybe") == lian::Value(3));
  CHECK(to_values(app::Everything()).at("maybe").is_null());
}

TEST_CASE("describe: lian's own types keep their JSON") {
  CHECK(to_json(lian::Document("x")).dump() == R"({"text":"x"})");
  CHECK(to_json(lian::AIMessage("x"))["role"].as_string() == "assistant");
}
