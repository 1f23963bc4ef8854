// Anthropic's whole replies: messages, counts, lists of models, text completions.
#include <string>

#include "lian/core/error.hpp"
#include "model/anthropic_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::anthropic_endpoint;
using test::reply_of;
using test::wire;

AIMessage decoded(std::string body) {
  return AnthropicChatCodec().decode(reply_of(std::move(body)));
}

// A reply with this content and stop reason.
AIMessage with(const std::string& content, const std::string& reason = "end_turn") {
  return decoded(R"({"type":"message","content":)" + content + R"(,"stop_reason":")" + reason +
                 "\"}");
}

TEST_CASE("anthropic reply: text, identity, usage and what else it says") {
  const AIMessage message = decoded(wire("anthropic/response.json"));
  CHECK(message.text() == "The dot is blue.");
  CHECK(message.role == Role::assistant);
  CHECK(message.id == "msg_01Examp1eAAAABBBBCCCCDD");
  CHECK(message.model == "claude-sonnet-4-5-20250929");
  CHECK(message.provider == "claude");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "end_turn");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 1221);
  CHECK(message.usage->cache_write_tokens == 1200);
  CHECK(message.usage->cached_tokens == 0);
  CHECK(message.usage->output_tokens == 8);
  CHECK(message.usage->total_tokens == 1229);
  CHECK(message.extra["usage"]["service_tier"].as_string() == "standard");
  CHECK(message.extra["usage"]["cache_creation"]["ephemeral_1h_input_tokens"].as_int() == 1000);
  CHECK_FALSE(message.extra.contains("stop_sequence"));
}

TEST_CASE("anthropic reply: why it stopped") {
  const AIMessage stopped = decoded(wire("anthropic/response_stop_sequence.json"));
  CHECK(stopped.finish_reason == FinishReason::stop);
  CHECK(stopped.raw_finish_reason == "stop_sequence");
  CHECK(stopped.extra["stop_sequence"].as_string() == "END");

  const AIMessage refused = decoded(wire("anthropic/response_refusal.json"));
  CHECK(refused.parts.empty());
  CHECK(refused.finish_reason == FinishReason::content_filter);
  CHECK(refused.extra["stop_details"]["category"].as_string() == "cyber");

  for (const auto& [word, reason] : std::vector<std::pair<std::string, FinishReason>>{
           {"max_tokens", FinishReason::length},
           {"model_context_window_exceeded", FinishReason::length},
           {"tool_use", FinishReason::tool_calls},
           {"pause_turn", FinishReason::pause},
           {"of_tomorrow", FinishReason::other}}) {
    CHECK(with(R"([{"type":"text","text":"a"}])", word).finish_reason == reason);
    CHECK(with(R"([{"type":"text","text":"a"}])", word).raw_finish_reason == word);
  }
}

TEST_CASE("anthropic reply: tool calls") {
  const AIMessage message = decoded(wire("anthropic/tool_call_response.json"));
  CHECK(message.text() == "I'll check both.");
  CHECK(message.finish_reason == FinishReason::tool_calls);
  const std::vector<ToolCall> calls = message.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "toolu_01A");
  CHECK(calls[0].name == "get_weather");
  CHECK(calls[0].arguments == R"({"city":"Paris","unit":"celsius"})");
  CHECK(calls[1].arguments == R"({"city":"Rome","unit":"celsius"})");

  const std::string call = R"([{"type":"tool_use","id":"t","name":"f","input":{}}])";
  CHECK(with(call, "tool_use").tool_calls().size() == 1);
  const AIMessage cut = with(call, "max_tokens");
  CHECK(cut.tool_calls().empty());
  REQUIRE(cut.invalid_tool_calls().size() == 1);
  CHECK_THAT(cut.invalid_tool_calls()[0].error, Catch::Contains("max_tokens"));
}

TEST_CASE("anthropic reply: thinking with its signature, and what is kept unread") {
  const AIMessage message = decoded(wire("anthropic/thinking_response.json"));
  REQUIRE(message.parts.size() == 3);
  CHECK(std::get<ReasoningPart>(message.parts[0]) ==
        ReasoningPart("17*23 = 391.", "RXhhbXBsZVNpZ25hdHVyZTAwMDE="));
  CHECK(std::get<UnknownPart>(message.parts[1]).kind == "redacted_thinking");
  CHECK(message.text() == "391");
  CHECK(message.usage->reasoning_tokens == 30);
  CHECK(message.usage->output_tokens == 40);
}

TEST_CASE("anthropic reply: citations stay with their text") {
  const AIMessage message = with(
      R"([{"type":"text","text":"So ","citations":null},{"type":"text","text":"it is","citations":)"
      R"([{"type":"char_location","cited_text":"It is.","document_index":0}]}])");
  REQUIRE(message.parts.size() == 2);
  CHECK(std::get<TextPart>(message.parts[0]).extra.is_null());
  CHECK(std::get<TextPart>(message.parts[1]).extra["citations"][0]["cited_text"].as_string() ==
        "It is.");
  CHECK(message.text() == "So it is");
}

TEST_CASE("anthropic reply: anything but a whole reply is an error") {
  for (const char* body : {"", "{}", "null", "[]", R"({"type":"message","content":[]})",
                           R"({"content":"text","stop_reason":"end_turn"})", "<html></html>",
                           R"({"type":"message","content":[],"stop_reason":"end_turn"} x)"}) {
    INFO(body);
    CHECK_THROWS_AS(decoded(body), ParseError);
  }
  const std::string whole = wire("anthropic/tool_call_response.json");
  const std::size_t end = whole.rfind('}');
  for (std::size_t cut = 0; cut <= end; ++cut)
    CHECK_THROWS_AS(decoded(whole.substr(0, cut)), ParseError);
  CHECK_THROWS_AS(decoded(wire("anthropic/error_529.json")), ApiError);
  CHECK(with("[{\"type\":\"text\",\"text\":\"a\xff\"}]").text() == "a\xEF\xBF\xBD");
}

TEST_CASE("anthropic reply: the results of a batch hold replies and errors") {
  const std::string lines = wire("anthropic/batch_results.jsonl");
  const std::size_t first = lines.find('\n'), second = lines.find('\n', first + 1);
  const Json reply = Json::parse(lines.substr(0, first))["result"]["message"];
  const AIMessage message = decoded(reply.dump());
  CHECK(message.text() == "Hello!");
  CHECK(message.usage->cache_write_tokens == 1200);
  const Json failure = Json::parse(lines.substr(first, second - first))["result"]["error"];
  try {
    decoded(failure.dump());
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::invalid_request);
    CHECK(error.parameter == "max_tokens");
  }
}

TEST_CASE("anthropic reply: a count of tokens") {
  const AnthropicChatCodec codec;
  CHECK(codec.decode_count(reply_of(wire("anthropic/count_tokens_response.json"))) == 403);
  CHECK_THROWS_AS(codec.decode_count(reply_of("{}")), ParseError);
}

TEST_CASE("anthropic models: pages of the list") {
  const AnthropicModelListCodec codec("2023-06-01");
  HttpRequest request = codec.encode(anthropic_endpoint(), {});
  CHECK(request.method == "GET");
  CHECK(request.url == "https://api.anthropic.com/v1/models?limit=1000");
  CHECK(*request.headers.find("x-api-key") == "secret-0123456789");
  request = codec.encode(anthropic_endpoint(), "a&b/链");
  CHECK(request.url == "https://api.anthropic.com/v1/models?limit=1000&after_id=a%26b%2F%E9%93%BE");

  const ModelListCodec::Page page = codec.decode(reply_of(wire("anthropic/models_response.json")));
  REQUIRE(page.models.size() == 1);
  CHECK(page.models[0].id == "claude-sonnet-4-5-20250929");
  CHECK(page.models[0].title == "Claude Sonnet 4.5");
  CHECK(page.models[0].input_tokens == 0);
  CHECK(page.models[0].raw["created_at"].as_string() == "2025-09-29T00:00:00Z");
  CHECK(page.next.empty());
  const ModelListCodec::Page more = codec.decode(reply_of(
      R"({"data":[{"id":"a","max_input_tokens":200000,"max_tokens":64000}],"has_more":true,"last_id":"a"})"));
  CHECK(more.models[0].input_tokens == 200000);
  CHECK(more.models[0].output_tokens == 64000);
  CHECK(more.next == "a");
  CHECK_THROWS_AS(codec.decode(reply_of("{}")), ParseError);
  CHECK_THROWS_AS(codec.decode(reply_of(R"({"data":[{"type":"model","display_name":"?"}]})")),
                  ParseError);
}

ChatOptions claude_2() { return ChatOptions().model("claude-2.1"); }

Json text_body(const Messages& messages, const ChatOptions& options) {
  return Json::parse(
      test::encode(AnthropicTextCodec(), ChatRequest(messages, options), anthropic_endpoint())
          .body);
}

TEST_CASE("anthropic text: the fixture's request") {
  const ChatOptions options = claude_2()
                                  .max_tokens(64)
                                  .stop({"\n\nHuman:"})
                                  .temperature(1)
                                  .top_p(0.7)
                                  .user("u-42")
                                  .extra("top_k", Json(5))
                                  .extra("stream", Json(false));
  CHECK(text_body({user("Hello")}, options) ==
        Json::parse(wire("anthropic_text_completions/request.json")));
  const HttpRequest post = test::encode(AnthropicTextCodec(), ChatRequest({user("Hello")}, options),
                                        anthropic_endpoint());
  CHECK(post.url == "https://api.anthropic.com/v1/complete");
  CHECK(*post.headers.find("anthropic-version") == "2023-06-01");
}

TEST_CASE("anthropic text: every prompt has its turns") {
  const auto prompt = [](const Messages& messages) {
    return std::string(text_body(messages, claude_2())["prompt"].as_string());
  };
  CHECK(prompt({user("\n\nHuman: a\n\nAssistant: b")}) == "\n\nHuman: a\n\nAssistant: b");
  CHECK(prompt({user("\n\nHuman: a")}) == "\n\nHuman: a\n\nAssistant:");
  CHECK(prompt({system("Be brief."), user("a"), assistant("b"), user("c")}) ==
        "Be brief.\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:");
  CHECK(prompt({user("a"), assistant("b")}) == "\n\nHuman: a\n\nAssistant: b");
  CHECK_THROWS_AS(prompt({}), Error);
  CHECK_THROWS_AS(prompt({system("a")}), Error);
  CHECK(text_body({user("a")}, claude_2())["max_tokens_to_sample"].as_int() == 4096);
  CHECK_THROWS_AS(text_body({user("a")}, claude_2().max_tokens(0)), Error);
  CHECK_THROWS_AS(text_body({user("a")}, claude_2().tools({ToolSpec("f", "", Json())})),
                  UnsupportedError);
}

TEST_CASE("anthropic text: the whole reply") {
  const AnthropicTextCodec codec;
  const AIMessage message =
      codec.decode(reply_of(wire("anthropic_text_completions/response.json")));
  CHECK(message.text() == " Hello! My name is Claude.");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.model == "claude-2.1");
  CHECK(message.extra["stop"].as_string() == "\n\nHuman:");
  CHECK_FALSE(message.usage);
  CHECK_THROWS_AS(codec.decode(reply_of(R"({"completion":"a","stop_reason":null})")), ParseError);
  CHECK_THROWS_AS(codec.decode(reply_of(wire("anthropic_text_completions/error.json"))), ApiError);
}

}  // namespace
}  // namespace lian
