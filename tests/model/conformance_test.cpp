/// The same behaviours over every provider, each simulated over loopback sockets. What comes out is
/// the matrix that docs/providers.md shows: ✓ works, – is not offered by the vendor.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "model/conformance_providers.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

namespace lian {
namespace {

using test::Reply;
using test::Script;
using test::Seen;
using test::SimulatedProvider;
using std::chrono::milliseconds;

// One behaviour: checks by Catch; false when the vendor says by its table that it has no such thing.
struct Behaviour {
  const char* name;
  bool (*check)(SimulatedProvider& provider);
};

Context once() { return Context::root().with_tries(1); }

AIMessage collect_stream(const ChatModel& model, const ChatInput& input,
                         Context context = once()) {
  AIMessage message;
  auto pieces = model.stream(input, std::move(context));
  while (ChatPiece* piece = pieces.next()) append(message, std::move(*piece));
  finish(message);
  return message;
}

ToolSpec adder(const std::string& name = "add") {
  return ToolSpec(name, "adds two integers",
                  Json::parse(R"({"type":"object","properties":{"a":{"type":"integer"},)"
                              R"("b":{"type":"integer"}},"required":["a","b"]})"));
}

Script calling(std::vector<Script::Call> calls) {
  Script script;
  script.pieces.clear();
  script.calls = std::move(calls);
  return script;
}

// Whether `ask` is refused as not offered, before a byte is sent.
template <class Ask>
bool offered(SimulatedProvider& provider, Ask ask) {
  const int before = provider.server().counts().requests;
  try {
    ask();
    return true;
  } catch (const UnsupportedError& error) {
    CHECK_FALSE(error.feature.empty());
    CHECK(provider.server().counts().requests == before);
    return false;
  }
}

template <class Ask>
bool fails_as(SimulatedProvider& provider, ErrorKind kind, Ask ask) {
  if (!provider.fail(kind)) return false;
  try {
    ask();
    FAIL("no error");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(to_string(error.kind()) == to_string(kind));
  }
  return true;
}

template <ErrorKind kind>
bool error_kind(SimulatedProvider& provider) {
  const ChatModel model = provider.model();
  const bool whole = fails_as(provider, kind, [&] { model.invoke("hi", once()); });
  if (whole) fails_as(provider, kind, [&] { collect_stream(model, "hi"); });
  return whole;
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
  CHECK(collect_stream(provider.model(), text).text() == "你好，世界 👩‍👩‍👧\n\"quoted\" \\ é");
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
    provider.model().invoke({user(std::vector<Part>{TextPart("what?"), image})}, once());
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
    provider.model().bind(ChatOptions().reasoning_effort("low")).invoke("hi", once());
    CHECK(provider.seen().thinking);
  });
}

bool thinking_read(SimulatedProvider& provider) {
  Script script;
  script.reasoning = "Let me see.";
  provider.answer(script);
  const auto thoughts = [](const AIMessage& message) {
    std::string text;
    for (const Part& part : message.parts)
      if (const auto* thought = std::get_if<ReasoningPart>(&part)) text += thought->text;
    return text;
  };
  const AIMessage whole = provider.model().invoke("hi", once());
  const AIMessage streamed = collect_stream(provider.model(), "hi");
  CHECK(whole.text() == "Hello, world");
  CHECK(streamed.text() == "Hello, world");
  if (thoughts(whole).empty() && thoughts(streamed).empty()) return false;
  CHECK(thoughts(whole) == "Let me see.");
  CHECK(thoughts(streamed) == "Let me see.");
  return true;
}

bool has_usage(const AIMessage& message) {
  if (!message.usage) return false;
  CHECK(message.usage->input_tokens == 11);
  CHECK(message.usage->output_tokens == 7);
  CHECK(message.usage->total_tokens == 18);
  return true;
}

bool usage(SimulatedProvider& provider) {
  return has_usage(provider.model().invoke("hi", once()));
}

bool usage_streamed(SimulatedProvider& provider) {
  return has_usage(collect_stream(provider.model(), "hi"));
}

bool length(SimulatedProvider& provider) {
  Script script;
  script.finish = FinishReason::length;
  provider.answer(script);
  const AIMessage whole = provider.model().invoke("hi", once());
  CHECK(collect_stream(provider.model(), "hi").finish_reason == whole.finish_reason);
  return whole.finish_reason == FinishReason::length;
}

// A filtered reply is a finish reason with some vendors, an error with others.
bool filtered(SimulatedProvider& provider) {
  Script script;
  script.finish = FinishReason::content_filter;
  provider.answer(script);
  try {
    const AIMessage whole = provider.model().invoke("hi", once());
    return whole.finish_reason == FinishReason::content_filter;
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::content_filter);
    return true;
  }
}

bool refusal(SimulatedProvider& provider) {
  Script script;
  script.pieces.clear();
  script.refusal = "I cannot help with that.";
  provider.answer(script);
  const AIMessage reply = provider.model().invoke("hi", once());
  const bool refused = std::any_of(reply.parts.begin(), reply.parts.end(), [](const Part& part) {
    return std::holds_alternative<RefusalPart>(part);
  });
  if (refused) CHECK(reply.finish_reason == FinishReason::content_filter);
  return refused || reply.finish_reason == FinishReason::content_filter;
}

bool empty_reply(SimulatedProvider& provider) {
  Script script;
  script.pieces = {};
  provider.answer(script);
  CHECK(provider.model().invoke("hi", once()).text().empty());
  CHECK(collect_stream(provider.model(), "hi").text().empty());
  return true;
}

bool wrong_key(SimulatedProvider& provider) {
  try {
    provider.model_with_wrong_key().invoke("hi", once());
    FAIL("no error");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(to_string(error.kind()) == to_string(ErrorKind::authentication));
  }
  return true;
}

bool retried(SimulatedProvider& provider) {
  if (!provider.fail(ErrorKind::overloaded) && !provider.fail(ErrorKind::server)) return false;
  const int before = provider.server().counts().requests;
  CHECK_THROWS_AS(provider.model().invoke("hi", Context::root().with_tries(2)), Error);
  CHECK(provider.server().counts().requests == before + 2);
  return true;
}

bool not_retried(SimulatedProvider& provider) {
  if (!provider.fail(ErrorKind::invalid_request)) return false;
  const int before = provider.server().counts().requests;
  CHECK_THROWS_AS(provider.model().invoke("hi", Context::root().with_tries(3)), Error);
  CHECK(provider.server().counts().requests == before + 1);
  return true;
}

bool cancelled(SimulatedProvider& provider) {
  provider.deliver([](Reply& reply) { reply.cut_body(10, test::Ending::stall); });
  std::stop_source source;
  auto pieces = provider.model().stream("hi", once().with_stop(source.get_token()));
  source.request_stop();
  try {
    while (pieces.next()) {
    }
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::cancelled);
  }
  return true;
}

bool timed_out(SimulatedProvider& provider) {
  provider.deliver([](Reply& reply) { reply.cut_body(10, test::Ending::stall); });
  try {
    provider.model().invoke("hi", once().with_timeout(milliseconds(150)));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::timeout);
  }
  return true;
}

bool embeddings(SimulatedProvider& provider) {
  auto model = provider.embeddings();
  if (!model) return false;
  const std::vector<std::string> texts = {"alpha", "beta", "gamma", "delta", "epsilon"};
  const auto rows = model->embed_documents(texts);
  REQUIRE(rows.size() == texts.size());
  // The same text gives the same row wherever it stands, in whatever batch.
  auto small = provider.embeddings(ModelConfig().batch_size(2));
  CHECK(small->embed_documents(texts) == rows);
  CHECK(rows[0] != rows[1]);
  CHECK(model->embed_query("alpha").size() == rows[0].size());
  return true;
}

const std::vector<Behaviour> behaviours = {
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
    {"thinking, read", &thinking_read},
    {"usage", &usage},
    {"usage of a stream", &usage_streamed},
    {"cut by length", &length},
    {"cut by a filter", &filtered},
    {"refusal", &refusal},
    {"empty reply", &empty_reply},
    {"wrong key", &wrong_key},
    {"error: permission", &error_kind<ErrorKind::permission>},
    {"error: not found", &error_kind<ErrorKind::not_found>},
    {"error: rate limited", &error_kind<ErrorKind::rate_limited>},
    {"error: quota", &error_kind<ErrorKind::quota>},
    {"error: overloaded", &error_kind<ErrorKind::overloaded>},
    {"error: server", &error_kind<ErrorKind::server>},
    {"error: invalid request", &error_kind<ErrorKind::invalid_request>},
    {"error: context length", &error_kind<ErrorKind::context_length>},
    {"error: content filter", &error_kind<ErrorKind::content_filter>},
    {"retried when overloaded", &retried},
    {"not retried when wrong", &not_retried},
    {"cancelled", &cancelled},
    {"timed out", &timed_out},
    {"embeddings, in order", &embeddings},
};

// The matrix as docs/providers.md shows it.
std::string matrix(const std::vector<std::string>& titles,
                   const std::vector<std::vector<bool>>& works) {
  std::string text = "| |";
  for (const std::string& title : titles) text += " " + title + " |";
  text += "\n|---|";
  for (std::size_t i = 0; i < titles.size(); ++i) text += "---|";
  text += "\n";
  for (std::size_t row = 0; row < behaviours.size(); ++row) {
    text += std::string("| ") + behaviours[row].name + " |";
    for (const auto& column : works) text += column[row] ? " ✓ |" : " – |";
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("conformance: the same behaviours over every provider") {
  std::vector<std::string> titles;
  std::vector<std::vector<bool>> works;
  for (const test::Conforming& conforming : test::conforming_providers()) {
    titles.push_back(conforming.title);
    works.emplace_back();
    for (const Behaviour& behaviour : behaviours) {
      INFO(conforming.title << ": " << behaviour.name);
      const auto provider = conforming.make();
      bool offered = false;
      try {
        offered = behaviour.check(*provider);
      } catch (const Error& error) {
        FAIL_CHECK("unexpected error: " << error.what());
      }
      works.back().push_back(offered);
      CHECK(provider->refused() == std::vector<std::string>());
    }
  }
  const std::string text = matrix(titles, works);
  if (const char* file = std::getenv("LIAN_MATRIX")) std::ofstream(file) << text;
  INFO("docs/providers.md shows another matrix; the one that holds:\n" << text);
  CHECK(test::read_doc("providers.md").find(text) != std::string::npos);
}

}  // namespace lian
