// Claude through the engine, over sockets: a simulated provider that checks what it is sent.
#include <cstdlib>

#include "lian/model/model_list.hpp"
#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/claude_server.hpp"

namespace lian {
namespace {

using test::ClaudeServer;
using test::Ending;
using test::Outcome;
using test::Reply;
using test::Script;
using test::Seen;

Script rich_script() {
  Script script;
  script.reasoning = "链 hm";
  script.calls = {{"get_weather", R"({"city":"Paris"})"}, {"now", "{}"}};
  script.cached_tokens = 4;
  script.reasoning_tokens = 3;
  return script;
}

ToolSpec tool_named(const std::string& name) {
  return ToolSpec(name, "A tool", Json::parse(R"({"type":"object","properties":{}})"));
}

// Both ways of asking give the same message; its arguments differ in blanks at most.
void check_rich(const AIMessage& message) {
  CHECK(message.text() == "Hello, world");
  REQUIRE(message.parts.size() == 4);
  CHECK(std::get<ReasoningPart>(message.parts[0]) == ReasoningPart("链 hm", "c2lnbmF0dXJl"));
  REQUIRE(message.tool_calls().size() == 2);
  CHECK(message.tool_calls()[0].arguments == R"({"city":"Paris"})");
  CHECK(message.tool_calls()[1].arguments == "{}");
  CHECK(message.finish_reason == FinishReason::tool_calls);
  CHECK(message.provider == "claude");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 11);
  CHECK(message.usage->cached_tokens == 4);
  CHECK(message.usage->output_tokens == 7);
  CHECK(message.usage->reasoning_tokens == 3);
}

TEST_CASE("claude engine: invoke and stream, whole and by single bytes") {
  ClaudeServer claude;
  Runtime runtime;
  claude.answer(rich_script());
  const ChatModel model = claude.model();
  for (const std::size_t slice : {0, 1, 7}) {
    claude.deliver([&](Reply& reply) {
      if (slice > 0) reply.slices(slice);
    });
    const Outcome whole = test::invoke(model, test::once(runtime));
    INFO(whole.what);
    REQUIRE(whole.ok);
    check_rich(whole.message);
    const Outcome streamed = test::stream(model, test::once(runtime));
    INFO(streamed.what);
    REQUIRE(streamed.ok);
    check_rich(streamed.message);
  }
  CHECK(claude.refused().empty());
  CHECK(claude.server().problems().empty());
}

TEST_CASE("claude engine: a conversation with tools is understood") {
  ClaudeServer claude;
  Runtime runtime;
  claude.answer(rich_script());
  const ChatModel model = claude.model().bind_tools({tool_named("get_weather"), tool_named("now")});
  Messages messages = {system("Be brief."), user("Weather?")};
  const Context context = Context::root().with(runtime);
  const AIMessage reply = model.invoke(ChatInput(messages), context);
  messages.push_back(reply);
  for (const ToolCall& call : reply.tool_calls())
    messages.push_back(tool(ToolResult(call.id, "done " + call.name)));
  messages.push_back(user("And now?"));
  claude.answer(Script());
  CHECK(model.invoke(ChatInput(messages), context).text() == "Hello, world");

  const Seen seen = claude.seen();
  CHECK(seen.model == "claude-sonnet-4-5");
  CHECK(seen.system == "Be brief.");
  CHECK(seen.max_tokens == 16384);
  CHECK(seen.tools == std::vector<std::string>{"get_weather", "now"});
  REQUIRE(seen.turns.size() == 4);
  CHECK(seen.turns[1].calls.size() == 2);
  CHECK(seen.turns[2].results == std::vector<std::string>{"done get_weather", "done now"});
  CHECK(seen.turns[3].text == "And now?");
  CHECK(model.count_tokens(ChatInput(messages), context) == 11);
  CHECK(claude.refused().empty());
}

TEST_CASE("claude engine: both API versions, either header, any form of the base URL") {
  ClaudeServer claude;
  Runtime runtime;
  const std::string url = claude.server().url();
  for (const std::string& base : {url, url + "/", url + "/v1", url + "/v1/"})
    for (const char* version : {"2023-06-01", "2026-10-21"})
      for (const char* auth : {"x-api-key", "bearer"}) {
        const ChatModel model =
            chat_model("anthropic:claude-sonnet-4-5", ModelConfig()
                                                          .base_url(base)
                                                          .api_key(ClaudeServer::key())
                                                          .api_version(version)
                                                          .option("auth", auth));
        const Outcome out = test::invoke(model, test::once(runtime));
        INFO(base << " " << version << " " << auth << ": " << out.what);
        CHECK(out.ok);
        CHECK(claude.server().requests().back().header("anthropic-version") == version);
      }
  CHECK_THROWS_AS(chat_model("claude:m", ModelConfig().api_key("k").option("auth", "x")), Error);
  CHECK_THROWS_AS(chat_model("claude:m", ModelConfig().api_key("a\r\nb: c")), Error);
  CHECK_THROWS_AS(chat_model("claude:m", ModelConfig().api_key("k").option("beta", "a\nb")), Error);
}

TEST_CASE("claude engine: a token of ANTHROPIC_AUTH_TOKEN is a bearer token") {
  ClaudeServer claude;
  Runtime runtime;
  ::unsetenv("ANTHROPIC_API_KEY");
  ::setenv("ANTHROPIC_AUTH_TOKEN", ClaudeServer::key().c_str(), 1);
  const ChatModel model =
      chat_model("claude:claude-sonnet-4-5", ModelConfig().base_url(claude.server().url()));
  ::unsetenv("ANTHROPIC_AUTH_TOKEN");
  CHECK(test::invoke(model, test::once(runtime)).ok);
  const test::Request request = claude.server().requests().back();
  CHECK(request.header("authorization") == "Bearer " + ClaudeServer::key());
  CHECK_FALSE(request.has_header("x-api-key"));
}

TEST_CASE("claude engine: errors have their kinds, and one overload is survived") {
  ClaudeServer claude;
  Runtime runtime;
  const ChatModel model = claude.model();
  for (const ErrorKind kind :
       {ErrorKind::authentication, ErrorKind::permission, ErrorKind::not_found,
        ErrorKind::rate_limited, ErrorKind::quota, ErrorKind::overloaded, ErrorKind::server,
        ErrorKind::invalid_request, ErrorKind::context_length, ErrorKind::content_filter}) {
    REQUIRE(claude.fail(kind));
    for (const Outcome& out :
         {test::invoke(model, test::once(runtime)), test::stream(model, test::once(runtime))}) {
      REQUIRE(out.kind);
      CHECK(to_string(*out.kind) == to_string(kind));
      CHECK(out.provider == "claude");
      CHECK(out.model == "claude-sonnet-4-5");
    }
  }
  claude.answer(Script());
  const Outcome wrong = test::invoke(claude.model_with_wrong_key(), test::once(runtime));
  CHECK(wrong.kind == ErrorKind::authentication);
  CHECK(wrong.what.find("sk-ant-wrong") == std::string::npos);

  for (const bool streams : {false, true}) {
    claude.fail(ErrorKind::overloaded, 1);
    const Context context = Context::root().with(runtime);
    const Outcome out = streams ? test::stream(model, context) : test::invoke(model, context);
    INFO(out.what);
    CHECK(out.ok);
    CHECK(out.message.text() == "Hello, world");
  }
}

TEST_CASE("claude engine: a stream cut at any byte is truncated") {
  ClaudeServer claude;
  Runtime runtime;
  claude.answer(rich_script());
  const ChatModel model = claude.model();
  std::size_t size = 0;
  claude.deliver([&](Reply& reply) { size = reply.framed_body().size(); });
  REQUIRE(test::stream(model, test::once(runtime)).ok);
  std::size_t wrong = 0;
  for (std::size_t cut = 0; cut + 40 < size; cut += 13) {
    claude.deliver([&](Reply& reply) { reply.cut_body(cut, Ending::close); });
    const Outcome out = test::stream(model, test::once(runtime));
    const bool typed = out.kind == ErrorKind::truncated || out.kind == ErrorKind::network;
    if (!out.ok && typed && std::string("Hello, world").starts_with(out.message.text())) continue;
    ++wrong;
    FAIL_CHECK("cut at " << cut << " of " << size << ": " << out.what);
  }
  CHECK(wrong == 0);
}

TEST_CASE("claude engine: text completions and the list of models") {
  ClaudeServer claude;
  Runtime runtime;
  const Context context = Context::root().with(runtime);
  ModelConfig config = ModelConfig().base_url(claude.server().url()).api_key(ClaudeServer::key());
  const TextModel model = text_model("claude:claude-2.1", config);
  CHECK(model.invoke("Hello", context) == "Hello, world");
  Seen seen = claude.seen();
  REQUIRE(seen.turns.size() == 1);
  CHECK(seen.turns[0].text == "Hello");
  std::string text;
  for (const std::string_view piece : model.stream("Hello", context)) text += piece;
  CHECK(text == "Hello, world");
  CHECK(claude.seen().stream);
  CHECK(claude.server().requests().back().header("anthropic-version") == "2023-06-01");

  const std::vector<ModelInfo> models = list_models("claude", config, context);
  REQUIRE(models.size() == 2);
  CHECK(models[0].id == "claude-sonnet-4-5");
  CHECK(models[1].id == "claude-2.1");
  CHECK(claude.refused().empty());
}

}  // namespace
}  // namespace lian
