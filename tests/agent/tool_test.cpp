// Tools from functions: their schemas, their arguments, what they give, how they fail.
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "lian/agent/tool_function.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/corpus.hpp"

namespace weather {
enum class Unit { celsius, fahrenheit };
LIAN_DESCRIBE_ENUM(Unit, celsius, fahrenheit)
struct Place {
  std::string city;
  std::optional<std::string> country;
};
LIAN_DESCRIBE(Place, (city, "the city's name"), (country))
struct Forecast {
  std::string sky;
  double degrees = 0;
};
LIAN_DESCRIBE(Forecast, (sky), (degrees))
}  // namespace weather

namespace lian {
namespace {

using namespace std::chrono_literals;

ToolCall call_of(const std::string& name, const std::string& arguments) {
  return ToolCall("id-1", name, arguments);
}

Tool adder() {
  return tool("add", "adds two integers", [](int a, int b) { return a + b; },
              {{"a", "the first"}, "b"});
}

TEST_CASE("tool: a function's schema, call and answer") {
  const Tool add = adder();
  CHECK(add.name() == "add");
  CHECK(add.spec().description == "adds two integers");
  CHECK(add.spec().parameters ==
        Json::parse(R"({"type":"object","properties":{"a":{"type":"integer","description":)"
                    R"("the first"},"b":{"type":"integer"}},"required":["a","b"],)"
                    R"("additionalProperties":false})"));
  const ToolMessage answer = add.invoke(call_of("add", R"({"b": 2, "a": 40})"));
  CHECK(answer.role == Role::tool);
  CHECK(answer.content() == "42");
  CHECK(answer.result().call_id == "id-1");
  CHECK_FALSE(answer.is_error());
}

TEST_CASE("tool: arguments of every described kind") {
  const Tool all =
      tool("all", "takes everything",
           [](bool b, double d, const std::string& s, std::optional<int> o, std::vector<int> v,
              std::map<std::string, double> m, weather::Unit unit, weather::Place place, Json any) {
             return std::to_string(b) + std::to_string(static_cast<int>(d)) + s +
                    std::to_string(o.value_or(-1)) + std::to_string(v.size()) +
                    std::to_string(m.size()) + (unit == weather::Unit::celsius ? "C" : "F") +
                    place.city + place.country.value_or("-") + any.dump();
           },
           {"b", "d", "s", "o", "v", "m", "unit", "place", "any"});
  const std::string text = R"({"b":true,"d":3,"s":"x","v":[1,2],"m":{"k":1.5},"unit":"celsius",)"
                           R"("place":{"city":"Lyon"},"any":{"z":null}})";
  CHECK(all.invoke(call_of("all", text)).content() == R"(13x-121CLyon-{"z":null})");
  CHECK(all.spec().parameters["required"].size() == 8);  // all but the optional one
}

TEST_CASE("tool: wrong arguments are named by place, and nothing runs") {
  int runs = 0;
  const Tool add = tool("add", "adds",
                        [&runs](int a, std::optional<int> b) {
                          ++runs;
                          return a + b.value_or(0);
                        },
                        {"a", "b"});
  const Tool go =
      tool("go", "goes",
           [&runs](weather::Place to, std::vector<weather::Unit> units, std::uint8_t small) {
             ++runs;
             return to.city + std::to_string(units.size()) + std::to_string(small);
           },
           {"to", "units", "small"});
  const auto said = [](const Tool& tool, const std::string& arguments) {
    std::string message;
    CHECK(test::kind_of([&] {
            try {
              tool.invoke(call_of(tool.name(), arguments));
            } catch (const Error& error) {
              message = error.message();
              throw;
            }
          }) == ErrorKind::validation);
    return message;
  };
  CHECK(said(add, R"({"a": 1, "b": "x"})") ==
        R"(arguments.b: expected an integer or null, got "x")");
  CHECK(said(adder(), R"({"a": 1, "b": "x"})") == R"(arguments.b: expected an integer, got "x")");
  CHECK(said(add, R"({"a": 1.5})") == "arguments.a: expected an integer, got 1.5");
  CHECK(said(add, "{}") == "arguments.a: missing");
  CHECK(said(add, R"({"a": 1, "c d": 2})") == R"(arguments["c d"]: unknown; there are a, b)");
  CHECK(said(add, "[1, 2]") == "arguments: expected an object, got an array");
  CHECK(said(go, R"({"to":{"city":1},"units":[],"small":1})") ==
        "arguments.to.city: expected a string, got 1");
  CHECK(said(go, R"({"to":{"city":"a"},"units":["celsius","kelvin"],"small":1})") ==
        R"(arguments.units[1]: expected one of "celsius", "fahrenheit", got "kelvin")");
  CHECK(said(go, R"({"to":{"city":"a"},"units":[],"small":256})") ==
        "arguments.small: 256 does not fit the member's type");
  CHECK(said(go, R"({"to":{"city":"a"},"units":[],"small":-1})") ==
        "arguments.small: expected at least 0, got -1");
  CHECK(runs == 0);
}

TEST_CASE("tool: never runs on incomplete or broken arguments") {
  int runs = 0;
  const Tool any = tool(ToolSpec("any", "takes any object", Json::object({{"type", "object"}})),
                        [&runs](Json, Context) -> Task<ToolOutput> {
                          ++runs;
                          return [](std::string text) -> Task<ToolOutput> {
                            ToolOutput out(std::move(text));
                            co_return out;
                          }("ran");
                        });
  int whole = 0, broken = 0;
  for (const auto& line : test::read_jsonl("partial_tool_json.jsonl")) {
    const std::string final = line.at("final");
    const std::string input = line.at("input");
    INFO(input);
    const int before = runs;
    std::optional<ErrorKind> kind;
    try {
      any.invoke(call_of("any", input));
    } catch (const Error& error) {
      kind = error.kind();
    }
    if (final.starts_with("error")) {
      ++broken;
      CHECK(runs == before);
      CHECK((kind == ErrorKind::parse || kind == ErrorKind::validation));
    } else if (final == "ok" || final == "deterministic") {
      ++whole;
      CHECK(runs == before + 1);
    } else {  // "exact or error, …": whatever it was, it was no crash
      CHECK((runs == before + 1) == !kind.has_value());
    }
  }
  CHECK(whole >= 3);
  CHECK(broken >= 75);
  CHECK(test::kind_of([&] { any.invoke(call_of("any", "")); }) == ErrorKind::parse);
  ToolCall custom = call_of("any", "free text");
  custom.custom = true;
  CHECK(test::kind_of([&] { any.invoke(custom); }) == ErrorKind::validation);
}

TEST_CASE("tool: what functions may give") {
  const auto answer = [](const Tool& tool) { return tool.invoke(call_of(tool.name(), "{}")); };
  CHECK(answer(tool("a", "", [] { return std::string("text"); })).content() == "text");
  CHECK(answer(tool("b", "", [] { return "literal"; })).content() == "literal");
  CHECK(answer(tool("c", "", [] { return true; })).content() == "true");
  CHECK(answer(tool("d", "", [] { return std::vector<int>{1, 2}; })).content() == "[1,2]");
  CHECK(answer(tool("e", "", [] { return Json::object({{"k", 1}}); })).content() == R"({"k":1})");
  CHECK(answer(tool("f", "", [] {})).content() == "done");
  CHECK(answer(tool("g", "", [] {
          return weather::Forecast{"clear", 21.5};
        })).content() == R"({"sky":"clear","degrees":21.5})");
  const ToolMessage artifact = answer(tool("h", "", [] {
    return ToolOutput("for the model", Json::array({1, 2}));
  }));
  CHECK(artifact.content() == "for the model");
  CHECK(artifact.artifact == Json::array({1, 2}));
  const ToolMessage parts = answer(tool("i", "", [] {
    std::vector<Part> out;
    out.push_back(TextPart("a chart"));
    out.push_back(ImagePart(MediaSource::from_bytes("png", "image/png")));
    return out;
  }));
  CHECK(parts.content() == "a chart");
  REQUIRE(parts.attachments.size() == 1);
  CHECK(std::holds_alternative<ImagePart>(parts.attachments[0]));
}

Task<std::string> slow_echo(std::string text, Context context) {
  context.check();
  Sleep sleeping = sleep(1ms);
  co_await sleeping;
  co_return text;
}
Task<void> nothing_to_give(int) { co_return; }

TEST_CASE("tool: a coroutine runs on the loop, a blocking function on another thread") {
  const Tool echo = tool("echo", "says it again", &slow_echo, {"text"});
  CHECK(echo.suspends());
  CHECK(echo.spec().parameters["properties"].size() == 1);  // the Context is not the model's
  CHECK(echo.invoke(call_of("echo", R"({"text":"hi"})")).content() == "hi");
  CHECK(tool("none", "", &nothing_to_give, {"n"}).invoke(call_of("none", R"({"n":1})")).content() ==
        "done");
  const auto here = std::this_thread::get_id();
  const auto where = [&](bool blocking) {
    return tool(
               "where", "", [here] { return std::this_thread::get_id() == here; },
               ToolOptions().blocking(blocking))
        .invoke(call_of("where", "{}"))
        .content();
  };
  CHECK(where(false) == "true");
  CHECK(where(true) == "false");
  CHECK(test::kind_of([] { tool("echo", "", &slow_echo, {"text"}, ToolOptions().blocking()); }) ==
        ErrorKind::config);
}

TEST_CASE("tool: a throwing tool says which and why") {
  const Tool bad = tool("bad", "",
                        [](int how) -> int {
                          if (how == 0) throw std::runtime_error("the disk is full");
                          if (how == 1) throw Error(ErrorKind::network, "no route");
                          throw how;
                        },
                        {"how"});
  const auto said = [&](int how, const Tool& tool) {
    return test::message_of(
        [&] { tool.invoke(call_of("bad", "{\"how\":" + std::to_string(how) + "}")); });
  };
  CHECK(said(0, bad) == "bad: the tool 'bad' failed: the disk is full");
  CHECK(said(1, bad) == "bad: the tool 'bad' failed: no route");
  CHECK(said(2, bad) == "bad: the tool 'bad' failed: it threw what is no std::exception");
  CHECK_THROWS_AS(bad.invoke(call_of("bad", R"({"how":0})")), ToolError);

  const auto handled = [&](ToolOptions options) {
    return bad.with_options(std::move(options)).invoke(call_of("bad", R"({"how":0})"));
  };
  CHECK(handled(ToolOptions().handle_errors()).is_error());
  CHECK(handled(ToolOptions().handle_errors()).content() ==
        "Error: the tool 'bad' failed: the disk is full\nPlease fix the error and try again.");
  CHECK(handled(ToolOptions().handle_errors("try later")).content() == "try later");
  CHECK(handled(ToolOptions().handle_errors([](const Error& error) {
          return "kind " + std::string(to_string(error.kind()));
        })).content() == "kind tool");
  const Tool wrong = bad.with_options(ToolOptions().handle_errors());
  CHECK(wrong.invoke(call_of("bad", R"({"how":"x"})"))
            .content()
            .starts_with(R"(Error: arguments.how: expected an integer, got "x")"));
}

TEST_CASE("tool: a long or broken error text is cut and repaired") {
  const Tool bad = tool(
      "bad", "", []() -> int { throw std::runtime_error("\xff" + std::string(1 << 20, 'x')); },
      ToolOptions().handle_errors());
  const std::string text = bad.invoke(call_of("bad", "{}")).content();
  CHECK(text.size() < 5000);
  CHECK(text.find("\xEF\xBF\xBD") != std::string::npos);
}

class Warnings final : public Handler {
 public:
  void on_event(const Event& event) override {
    if (event.type == EventType::warning) texts.emplace_back(event.message);
    if (event.kind == StepKind::tool) ++tool_events;
  }
  std::vector<std::string> texts;
  int tool_events = 0;
};

TEST_CASE("tool: an answer that is not UTF-8 is repaired, with a warning") {
  const Tool bytes = tool("bytes", "", [] { return std::string("a\xC3(\xff"); });
  auto warnings = std::make_shared<Warnings>();
  const ToolMessage answer = bytes.invoke(call_of("bytes", "{}"), Context().with_handler(warnings));
  CHECK(answer.content() == "a\xEF\xBF\xBD(\xEF\xBF\xBD");
  REQUIRE(warnings->texts.size() == 1);
  CHECK(warnings->texts[0].find("not UTF-8") != std::string::npos);
  CHECK(warnings->tool_events == 2);  // start and end
}

TEST_CASE("tool: an answer of 100 MB is an error with the limit in it") {
  const Tool big = tool("big", "", [] { return std::string(100'000'000, 'x'); });
  try {
    big.invoke(call_of("big", "{}"));
    FAIL("no error");
  } catch (const LimitError& error) {
    CHECK(error.name == "max_output_bytes");
    CHECK(error.limit == 256 * 1024);
    CHECK(error.message().find("'big' gave 100000000 bytes") != std::string::npos);
  }
  CHECK(big.with_options(ToolOptions().max_output_bytes(100'000'000))
            .invoke(call_of("big", "{}"))
            .content()
            .size() == 100'000'000);
}

Task<int> hang() {
  Task<void> waiting = test::wait_forever();
  co_await std::move(waiting);
  co_return 1;
}

TEST_CASE("tool: one that hangs ends at its timeout") {
  const auto begin = std::chrono::steady_clock::now();
  const Tool stuck = tool("stuck", "", &hang, ToolOptions().timeout(20ms));
  const std::string said = test::message_of([&] { stuck.invoke(call_of("stuck", "{}")); });
  CHECK(said == "stuck: the tool 'stuck' took longer than its 20 ms (ToolOptions::timeout)");
  CHECK(test::kind_of([&] { stuck.invoke(call_of("stuck", "{}")); }) == ErrorKind::timeout);

  // The call that is given up goes on without anybody.
  const auto go = std::make_shared<std::atomic<bool>>(false);
  const Tool blocked = tool(
      "blocked", "", [go] { go->wait(false); }, ToolOptions().blocking().timeout(20ms));
  CHECK(test::kind_of([&] { blocked.invoke(call_of("blocked", "{}")); }) == ErrorKind::timeout);
  *go = true;
  go->notify_all();
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("tool: a timeout of the tool is no timeout of the run, nor the other way round") {
  const Tool stuck = tool("stuck", "", &hang, ToolOptions().timeout(10s).handle_errors());
  CHECK(test::kind_of([&] {
          stuck.invoke(call_of("stuck", "{}"), Context().with_timeout(20ms));
        }) == ErrorKind::timeout);  // the caller's: thrown although errors are handled
  const Tool handled = tool("stuck", "", &hang, ToolOptions().timeout(10ms).handle_errors());
  CHECK(handled.invoke(call_of("stuck", "{}"), Context().with_timeout(10s)).is_error());
}

TEST_CASE("tool: a stop request ends it at once") {
  const Tool stuck = tool("stuck", "", &hang, ToolOptions().handle_errors());
  const auto took = test::time_to_stop([&](std::stop_token token, std::promise<void>& waiting) {
    waiting.set_value();
    stuck.invoke(call_of("stuck", "{}"), Context().with_stop(token));
  });
  CHECK(took < 200ms);
}

TEST_CASE("tool: names and schemas that no provider takes are refused") {
  const auto made = [](const std::string& name) {
    return test::kind_of([&] { tool(name, "", [] { return 1; }); });
  };
  CHECK(made("") == ErrorKind::config);
  CHECK(made("two words") == ErrorKind::config);
  CHECK(made("加") == ErrorKind::config);
  CHECK(made(std::string(65, 'a')) == ErrorKind::config);
  CHECK(test::kind_of([] {
          tool("twice", "", [](int a, int b) { return a + b; }, {"a", "a"});
        }) == ErrorKind::config);
  CHECK(test::kind_of([] { tool("unnamed", "", [](int a) { return a; }, {""}); }) ==
        ErrorKind::config);
  CHECK(test::kind_of([] {
          tool(ToolSpec("list", "", Json::parse(R"({"type":"array"})")),
               [](Json, Context) { return Task<ToolOutput>(); });
        }) == ErrorKind::config);
}

TEST_CASE("tool: is a step like any other") {
  const auto chain = adder() | [](ToolMessage message) { return message.content() + "!"; };
  CHECK(chain.invoke(call_of("add", R"({"a":1,"b":2})")) == "3!");
  const std::vector<ToolMessage> all =
      adder().batch({call_of("add", R"({"a":1,"b":2})"), call_of("add", R"({"a":3,"b":4})")});
  CHECK(all[1].content() == "7");
}

}  // namespace
}  // namespace lian
