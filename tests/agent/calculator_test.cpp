// The calculator: exact, small, and nothing but arithmetic.
#include <chrono>
#include <string>

#include "lian/agent/ready_tools.hpp"
#include "lian/core/function_step.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

std::string answer(const std::string& expression) {
  return calculator_tool()
      .invoke(ToolCall("1", "calculator", Json::object({{"expression", expression}}).dump()))
      .content();
}

ErrorKind fault(const std::string& expression) {
  return test::kind_of([&] { calculate(expression); });
}

std::size_t offset_of(const std::string& expression) {
  try {
    calculate(expression);
  } catch (const ParseError& error) {
    return error.offset;
  }
  return std::string::npos;
}

TEST_CASE("calculator: arithmetic by its rules") {
  CHECK(answer("1 + 2 * 3") == "7");
  CHECK(answer("(1 + 2) * 3") == "9");
  CHECK(answer("2 ^ 3 ^ 2") == "512");
  CHECK(answer("-2 ^ 2") == "-4");
  CHECK(answer("2 ^ -1") == "0.5");
  CHECK(answer("10 - 4 - 3") == "3");
  CHECK(answer("7 / 2") == "3.5");
  CHECK(answer("-7 % 3") == "-1");
  CHECK(answer("--3") == "3");
  CHECK(answer("0.1 + 0.2") == "0.30000000000000004");
  CHECK(answer("1e3 + .5") == "1000.5");
  CHECK(answer("9007199254740992") == "9007199254740992");
  CHECK(answer("-0.0") == "0");
  CHECK(answer("\n 1\t+ 1 ") == "2");
}

TEST_CASE("calculator: functions and constants") {
  CHECK(answer("sqrt(16) + abs(-3)") == "7");
  CHECK(answer("max(1, min(5, 3))") == "3");
  CHECK(answer("round(2.5) + floor(-0.5) + ceil(0.2)") == "3");
  CHECK(answer("log(1000) + log2(8)") == "6");
  CHECK(answer("ln(e ^ 2)") == "2");
  CHECK(answer("pow(2, 10)") == "1024");
  CHECK(answer("cos(pi)") == "-1");
  CHECK(calculate("exp(1)") == Approx(2.718281828));
}

TEST_CASE("calculator: errors say what and where") {
  CHECK(offset_of("1 +") == 3);
  CHECK(offset_of("1 2") == 2);
  CHECK(offset_of("(1 + 2") == 6);
  CHECK(offset_of("2 * x") == 4);
  CHECK(offset_of("sqrt 4") == 5);
  CHECK(offset_of("max(1)") == 5);
  CHECK(offset_of("") == 0);
  CHECK(offset_of("1 + __import__('os')") == 4);
  CHECK(test::message_of([] { calculate("2 * x"); }) == "'x' is unknown here (byte 4 of '2 * x')");
  for (const char* expression :
       {"1 / 0", "5 % 0", "sqrt(-1)", "ln(-1)", "1e308 * 10", "0 ^ -1", "10 ^ 1000", "exp(1000)",
        "1e999", "log(0)", "-8 ^ 0.5 + (-8) ^ 0.5"})
    CHECK(fault(expression) == ErrorKind::validation);
}

TEST_CASE("calculator: limits on length and depth, at once") {
  const auto begin = std::chrono::steady_clock::now();
  CHECK(fault(std::string(1001, '1')) == ErrorKind::limit);
  CHECK(fault(std::string(500, '(') + "1" + std::string(499, ')')) == ErrorKind::limit);
  CHECK(fault(std::string(900, '-') + "1") == ErrorKind::limit);
  std::string tower = "2";
  for (int i = 0; i < 400; ++i) tower += "^2";
  CHECK(fault(tower) == ErrorKind::limit);
  CHECK(calculate(std::string(40, '(') + "1" + std::string(40, ')')) == 1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
}

TEST_CASE("calculator: an error of the expression is the tool's") {
  CHECK(test::message_of([] { answer("1 / 0"); }) ==
        "calculator: the tool 'calculator' failed: division by zero");
}

TEST_CASE("clock: tells the time in UTC") {
  const std::string text = clock_tool().invoke(ToolCall("1", "clock", "{}")).content();
  REQUIRE(text.size() > 22);
  CHECK(text.substr(0, 2) == "20");
  CHECK(text[10] == 'T');
  CHECK(text.substr(19, 3) == "Z, ");
  CHECK(text.ends_with("day"));
}

TEST_CASE("retriever tool: texts with their sources, metadata as the artifact") {
  const auto find = step<std::string>([](const std::string& query) {
    Documents documents;
    if (query == "nothing") return documents;
    documents.emplace_back("about " + query, Values{{"source", "notes.md"}});
    documents.emplace_back("more", Values{{"source", "b.md"}});
    return documents;
  });
  const Tool search = retriever_tool(find, "search_notes", "Looks into the notes.");
  const auto ask = [&](const std::string& query) {
    return search.invoke(ToolCall("1", "search_notes", Json::object({{"query", query}}).dump()));
  };
  const ToolMessage found = ask("C++");
  CHECK(found.content() == "[1] notes.md\nabout C++\n\n[2] b.md\nmore");
  CHECK(found.artifact[0]["source"] == Json("notes.md"));
  CHECK(ask("nothing").content() == "Nothing was found.");
}

}  // namespace
}  // namespace lian
