#include "core/json_writer.hpp"

#include <string>

#include "lian/core/json.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

TEST_CASE("json_writer: writes commas and nesting") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("a").begin_array().integer(-1).number(0.5).boolean(true).null();
  json.end_array().key("b").begin_object().end_object().key("c").raw("[1,2]").key("d").string("x");
  json.end_object();
  CHECK(out == R"({"a":[-1,0.5,true,null],"b":{},"c":[1,2],"d":"x"})");
}

TEST_CASE("json_writer: numbers read back equal and stay short") {
  std::string out;
  JsonWriter json(out);
  json.begin_array().number(0.1).number(1).number(1e300).number(-2.5e-7).end_array();
  CHECK(out == "[0.1,1,1e+300,-2.5e-07]");
}

TEST_CASE("json_writer: every character reads back equal at every place of a word") {
  for (int c = 0; c < 128; ++c) {
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(c);
      std::string out = "\"";
      append_json_escaped(text, out);
      out += '"';
      if (Json::parse(out).as_string() != text) FAIL_CHECK(c << " at " << place);
    }
  }
  std::string out;
  append_json_escaped("\xE4\xBD\xA0\xF0\x9F\x8C\x8D", out);
  CHECK(out == "\xE4\xBD\xA0\xF0\x9F\x8C\x8D");
}

}  // namespace
}  // namespace lian
