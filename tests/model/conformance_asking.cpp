/// Behaviours of the conformance test: what a model is asked.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "model/conformance.hpp"

namespace lian::test {
namespace {

Script calling(std::vector<Script::Call> calls) {
  Script script;
  script.pieces.clear();
  script.calls = std::move(calls);
  return script;
}

bool plain(SimulatedProvider& provider) {
  const AIMessage reply = provider.model().invoke("hi", once());
  CHECK(reply.text() == "Hello, world");
  CHECK(reply.finish_reason == FinishReason::stop);
  CHECK(reply.provider == provider.provider());
  REQUIRE(provider.seen().turns.size() == 1);
  CHECK(provider.seen().turns[0].role == "user");
  CHECK(provider.seen().turns[0].text == "hi");
  CHECK_FALSE(provider.seen().stream);
  return true;
}

bool system_message(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().invoke({system("Be brief."), user("hi")}, once());
    const Seen seen = provider.seen();
    // A vendor without a system prompt gets it in front of the first user message.
    const bool folded = seen.system.empty() && !seen.turns.empty() &&
                        seen.turns[0].text.find("Be brief.") != std::string::npos;
    CHECK((seen.system.find("Be brief.") != std::string::npos || folded));
    CHECK(seen.turns.size() == 1);
  });
}

bool multi_turn(SimulatedProvider& provider) {
  provider.model().invoke({user("one"), assistant("two"), user("three")}, once());
  const Seen seen = provider.seen();
  REQUIRE(seen.turns.size() == 3);
  CHECK(seen.turns[1].role == "assistant");
  CHECK(seen.turns[1].text == "two");
  CHECK(seen.turns[2].text == "three");
  return true;
}

bool stream(SimulatedProvider& provider) {
  const AIMessage whole = provider.model().invoke("hi", once());
  const AIMessage streamed = collect_stream(provider.model(), "hi");
  CHECK(streamed.text() == whole.text());
  CHECK(streamed.finish_reason == whole.finish_reason);
  return true;
}

bool one_byte_writes(SimulatedProvider& provider) {
  provider.deliver([](Reply& reply) { reply.slices(1); });
  CHECK(collect_stream(provider.model(), "hi").text() == "Hello, world");
  CHECK(provider.model().invoke("hi", once()).text() == "Hello, world");
  return true;
}

bool cut_replies(SimulatedProvider& provider) {
  const ChatModel model = provider.model();
  for (const std::size_t bytes : {0U, 1U, 20U, 60U, 90U}) {
    provider.deliver([bytes](Reply& reply) { reply.cut_body(bytes, test::Ending::truncate); });
    CHECK_THROWS_AS(collect_stream(model, "hi"), Error);
    CHECK_THROWS_AS(model.invoke("hi", once()), Error);
  }
  return true;
}

bool unicode(SimulatedProvider& provider) {
  Script script;
  script.pieces = {"你好", "，世界 ", "👩‍👩‍👧", "\n\"quoted\" \\ é"};
  provider.answer(script);
  const std::string text = "说：\"你好\"\n\t🙂";
  CHECK(collect_stream(provider.model(), text).text() ==
        "你好，世界 👩‍👩‍👧\n\"quoted\" \\ é");
  CHECK(provider.seen().turns.back().text == text);
  return true;
}

bool stop(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind(ChatOptions().stop({"END"})).invoke("hi", once());
    CHECK(provider.seen().stop == std::vector<std::string>{"END"});
  });
}

bool max_tokens(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind(ChatOptions().max_tokens(64)).invoke("hi", once());
    CHECK(provider.seen().max_tokens == 64);
  });
}

bool temperature(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind(ChatOptions().temperature(0.5)).invoke("hi", once());
    CHECK(provider.seen().temperature == 0.5);
  });
}

bool temperature_zero(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind(ChatOptions().temperature(0)).invoke("hi", once());
    // The least legal value, or the vendor's greedy switch in its place.
    CHECK(provider.seen().temperature.value_or(0) <= 0.01);
  });
}

bool temperature_range(SimulatedProvider& provider) {
  return offered(provider, [&] {
    const int before = provider.server().counts().requests;
    const ChatModel hot = provider.model().bind(ChatOptions().temperature(9));
    try {
      hot.invoke("hi", once());
      FAIL("no error");
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::unsupported) throw;
      CHECK(error.kind() == ErrorKind::invalid_request);
    }
    CHECK(provider.server().counts().requests == before);
    hot.bind(ChatOptions().lenient(true)).invoke("hi", once());
    CHECK(provider.seen().temperature.value_or(1) <= 2);
  });
}

bool tools(SimulatedProvider& provider) {
  provider.answer(calling({{"add", R"({"a":1,"b":2})"}}));
  return offered(provider, [&] {
    const AIMessage reply = provider.model().bind_tools({adder()}).invoke("1+2", once());
    CHECK(provider.seen().tools == std::vector<std::string>{"add"});
    CHECK(reply.finish_reason == FinishReason::tool_calls);
    REQUIRE(reply.tool_calls().size() == 1);
    CHECK(reply.tool_calls()[0].name == "add");
    CHECK(Json::parse(reply.tool_calls()[0].arguments) == Json::parse(R"({"a":1,"b":2})"));
    CHECK_FALSE(reply.tool_calls()[0].id.empty());
  });
}

bool tools_streamed(SimulatedProvider& provider) {
  provider.answer(calling({{"add", R"({"a":1,"b":2})"}}));
  return offered(provider, [&] {
    const AIMessage reply = collect_stream(provider.model().bind_tools({adder()}), "1+2");
    CHECK(reply.finish_reason == FinishReason::tool_calls);
    REQUIRE(reply.tool_calls().size() == 1);
    CHECK(Json::parse(reply.tool_calls()[0].arguments) == Json::parse(R"({"a":1,"b":2})"));
  });
}

// Some vendors make one call a reply; that is seen by what their simulation sends.
bool parallel_tools(SimulatedProvider& provider) {
  provider.answer(calling({{"add", R"({"a":1,"b":2})"}, {"add", R"({"a":3,"b":4})"}}));
  bool both = true;
  const bool has_tools = offered(provider, [&] {
    const AIMessage reply = provider.model().bind_tools({adder()}).invoke("sums", once());
    both = reply.tool_calls().size() == 2;
    if (!both) return;
    CHECK(Json::parse(reply.tool_calls()[1].arguments) == Json::parse(R"({"a":3,"b":4})"));
    CHECK(reply.tool_calls()[0].id != reply.tool_calls()[1].id);
  });
  return has_tools && both;
}

bool tool_results(SimulatedProvider& provider) {
  provider.answer(calling({{"add", R"({"a":1,"b":2})"}}));
  return offered(provider, [&] {
    const ChatModel model = provider.model().bind_tools({adder()});
    const AIMessage asked = model.invoke("1+2", once());
    REQUIRE(asked.tool_calls().size() == 1);
    provider.answer(Script());
    model.invoke({user("1+2"), asked, tool(ToolResult(asked.tool_calls()[0].id, "3"))}, once());
    const Seen seen = provider.seen();
    REQUIRE(seen.turns.size() == 3);
    REQUIRE(seen.turns[1].calls.size() == 1);
    CHECK(seen.turns[1].calls[0].name == "add");
    REQUIRE(seen.turns[2].results.size() == 1);
    CHECK(seen.turns[2].results[0].find('3') != std::string::npos);
  });
}

bool forced_tool(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind_tools({adder(), adder("sum")}, "sum").invoke("hi", once());
    CHECK(provider.seen().tool_choice == "sum");
  });
}

bool required_tool(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind_tools({adder()}, "required").invoke("hi", once());
    CHECK(provider.seen().tool_choice == "required");
  });
}

bool images(SimulatedProvider& provider) {
  return offered(provider, [&] {
    const ImagePart image(MediaSource::from_bytes("\x89PNG\r\n", "image/png"));
    provider.seeing_model().invoke({user(std::vector<Part>{TextPart("what?"), image})}, once());
    CHECK(provider.seen().turns.back().images == 1);
    CHECK(provider.seen().turns.back().text.find("what?") != std::string::npos);
  });
}

bool json_object(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model()
        .bind(ChatOptions().response_format(ResponseFormat::json_object()))
        .invoke("as json", once());
    CHECK(provider.seen().json_object);
  });
}

bool json_schema(SimulatedProvider& provider) {
  return offered(provider, [&] {
    const Json schema = Json::parse(
        R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"],)"
        R"("additionalProperties":false})");
    provider.model()
        .bind(ChatOptions().response_format(ResponseFormat::json_schema("person", schema)))
        .invoke("as json", once());
    CHECK(provider.seen().schema["properties"].contains("name"));
  });
}

bool thinking_asked(SimulatedProvider& provider) {
  return offered(provider, [&] {
    provider.model().bind(ChatOptions().reasoning_effort("high")).invoke("hi", once());
    CHECK(provider.seen().thinking);
  });
}

}  // namespace

const std::vector<Behaviour>& asking_behaviours() {
  static const std::vector<Behaviour> behaviours = {
      {"plain reply", &plain},
      {"system message", &system_message},
      {"several turns", &multi_turn},
      {"stream", &stream},
      {"one-byte writes", &one_byte_writes},
      {"cut replies are errors", &cut_replies},
      {"unicode", &unicode},
      {"stop sequences", &stop},
      {"max tokens", &max_tokens},
      {"temperature", &temperature},
      {"temperature 0", &temperature_zero},
      {"temperature out of range", &temperature_range},
      {"tools", &tools},
      {"tools, streamed", &tools_streamed},
      {"several tool calls", &parallel_tools},
      {"tool results", &tool_results},
      {"one tool forced", &forced_tool},
      {"some tool required", &required_tool},
      {"images", &images},
      {"JSON object", &json_object},
      {"JSON schema", &json_schema},
      {"thinking, asked for", &thinking_asked},
  };
  return behaviours;
}

}  // namespace lian::test
