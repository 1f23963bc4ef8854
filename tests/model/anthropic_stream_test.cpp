// Anthropic's streams: the fixtures and composed ones, whole, cut and split at every byte.
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/anthropic_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::anthropic_event;
using test::block_delta;
using test::block_start;
using test::block_stop;
using test::message_end;
using test::message_start;
using test::StreamResult;
using test::wire;

AIMessage streamed(const std::string& bytes) {
  const StreamResult result = test::read_stream(AnthropicChatCodec(), bytes);
  CHECK(result.complete);
  CHECK(result.finished);
  return result.message;
}

std::string text_delta(int index, const std::string& text) {
  return block_delta(index, R"({"type":"text_delta","text":")" + text + "\"}");
}

// A thinking block, two texts of which the second is cited, a call of the server, and a call.
std::string rich_stream() {
  return message_start() + block_start(0, R"({"type":"thinking","thinking":"","signature":""})") +
         block_delta(0, R"({"type":"signature_delta","signature":"c2ln"})") + block_stop(0) +
         block_start(1, R"({"type":"text","text":"","citations":[]})") + text_delta(1, "So ") +
         text_delta(1, "链 ") + block_stop(1) +
         block_start(2, R"({"type":"text","text":"","citations":[]})") +
         block_delta(2, R"({"type":"citations_delta","citation":{"type":"c","n":1}})") +
         text_delta(2, "it is") +
         block_delta(2, R"({"type":"citations_delta","citation":{"type":"c","n":2}})") +
         block_stop(2) +
         block_start(3, R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{}})") +
         block_delta(3, R"({"type":"input_json_delta","partial_json":"{\"query\":"})") +
         block_delta(3, R"({"type":"input_json_delta","partial_json":"\"x\"}"})") + block_stop(3) +
         block_start(
             4, R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"u"}]})") +
         block_stop(4) +
         block_start(
             5,
             R"({"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}})") +
         block_delta(5, R"({"type":"input_json_delta","partial_json":"{\"a\":1}"})") +
         block_stop(5) + message_end("tool_use");
}

const char* rich_reply() {
  return R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[)"
         R"({"type":"thinking","thinking":"","signature":"c2ln"},)"
         R"({"type":"text","text":"So 链 "},)"
         R"({"type":"text","text":"it is","citations":[{"type":"c","n":1},{"type":"c","n":2}]},)"
         R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"x"}},)"
         R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"u"}]},)"
         R"({"type":"tool_use","id":"t1","name":"f","input":{"a":1},"caller":{"type":"direct"}}],)"
         R"("stop_reason":"tool_use","usage":{"input_tokens":9,"output_tokens":5}})";
}

const std::vector<std::string>& fixtures() {
  static const std::vector<std::string> names = {
      "anthropic/stream.sse", "anthropic/stream_refusal.sse", "anthropic/thinking_stream.sse",
      "anthropic/tool_call_no_args_stream.sse", "anthropic/tool_call_stream.sse"};
  return names;
}

TEST_CASE("anthropic stream: the same reply whatever the chunks") {
  for (const std::string& name : fixtures()) {
    INFO(name);
    const StreamResult whole = test::check_every_split(AnthropicChatCodec(), wire(name));
    CHECK(whole.complete);
    CHECK(whole.finished);
  }
  CHECK(test::check_every_split(AnthropicChatCodec(), rich_stream()).complete);
}

TEST_CASE("anthropic stream: complete with message_stop alone") {
  std::vector<std::string> streams = {rich_stream()};
  for (const std::string& name : fixtures()) streams.push_back(wire(name));
  for (const std::string& bytes : streams) {
    const std::size_t sign = bytes.find("event: message_stop");
    const std::size_t end = bytes.find("\n\n", sign) + 2;
    for (const bool clean : {false, true}) {
      std::vector<std::size_t> expected;
      for (std::size_t i = end; i <= bytes.size(); ++i) expected.push_back(i);
      CHECK(test::complete_prefixes(AnthropicChatCodec(), bytes, clean) == expected);
    }
  }
}

TEST_CASE("anthropic stream: text, identity and cumulative usage") {
  const AIMessage message = streamed(wire("anthropic/stream.sse"));
  CHECK(message.text() == "Hello, 世界 🌍");
  CHECK(message.parts.size() == 1);
  CHECK(message.id == "msg_01Stream");
  CHECK(message.model == "claude-sonnet-4-5-20250929");
  CHECK(message.provider == "claude");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "end_turn");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 21);
  CHECK(message.usage->output_tokens == 9);
  CHECK(message.usage->total_tokens == 30);
  CHECK(message.extra["usage"]["service_tier"].as_string() == "standard");

  const AIMessage thought = streamed(wire("anthropic/thinking_stream.sse"));
  CHECK(thought.usage->input_tokens == 12);
  CHECK(thought.usage->output_tokens == 40);
  CHECK(thought.usage->reasoning_tokens == 30);
}

TEST_CASE("anthropic stream: the same message as the whole reply") {
  CHECK(
      streamed(wire("anthropic/thinking_stream.sse")).parts ==
      AnthropicChatCodec().decode(test::reply_of(wire("anthropic/thinking_response.json"))).parts);
  const AIMessage refused = streamed(wire("anthropic/stream_refusal.sse"));
  CHECK(refused.parts.empty());
  CHECK(refused.finish_reason == FinishReason::content_filter);
  CHECK(refused.extra["stop_details"]["explanation"].as_string() ==
        "This request was refused due to policy.");
  CHECK(streamed(rich_stream()) == AnthropicChatCodec().decode(test::reply_of(rich_reply())));
}

TEST_CASE("anthropic stream: tool calls from fragments") {
  const AIMessage message = streamed(wire("anthropic/tool_call_stream.sse"));
  CHECK(message.text() == "I'll check both.");
  CHECK(message.finish_reason == FinishReason::tool_calls);
  const std::vector<ToolCall> calls = message.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "toolu_01A");
  CHECK(calls[0].arguments == R"({"city": "Paris", "unit": "celsius"})");
  CHECK(calls[1].id == "toolu_01B");
  CHECK(calls[1].arguments == R"({"city": "Rome", "unit": "celsius"})");
}

TEST_CASE("anthropic stream: a call without arguments has none") {
  const std::string call = R"({"type":"tool_use","id":"t","name":"f","input":{}})";
  CHECK(streamed(wire("anthropic/tool_call_no_args_stream.sse")).tool_calls()[0].arguments == "{}");
  const std::string two =
      message_start() + block_start(0, call) + block_stop(0) +
      block_start(1, R"({"type":"tool_use","id":"u","name":"g","input":{"a":1}})") + block_stop(1) +
      message_end("tool_use");
  const std::vector<ToolCall> calls = streamed(two).tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].arguments == "{}");
  CHECK(calls[1].arguments == R"({"a":1})");

  // Cut at the length limit it is not known to have none.
  const AIMessage cut =
      streamed(message_start() + block_start(0, call) + block_stop(0) + message_end("max_tokens"));
  CHECK(cut.tool_calls().empty());
  CHECK(cut.invalid_tool_calls().size() == 1);
}

TEST_CASE("anthropic stream: blocks of one kind stay apart") {
  const AIMessage message = streamed(
      message_start() + block_start(0, R"({"type":"thinking","thinking":"","signature":""})") +
      block_delta(0, R"({"type":"signature_delta","signature":"YQ=="})") + block_stop(0) +
      block_start(1, R"({"type":"thinking","thinking":"","signature":""})") +
      block_delta(1, R"({"type":"signature_delta","signature":"Yg=="})") + block_stop(1) +
      block_start(2, R"({"type":"text","text":"a"})") + text_delta(2, "b") + block_stop(2) +
      block_start(3, R"({"type":"text","text":""})") + block_stop(3) +
      block_start(4, R"({"type":"text","text":"c"})") + block_stop(4) + message_end("end_turn"));
  REQUIRE(message.parts.size() == 4);
  CHECK(std::get<ReasoningPart>(message.parts[0]).signature == "YQ==");
  CHECK(std::get<ReasoningPart>(message.parts[1]).signature == "Yg==");
  CHECK(std::get<TextPart>(message.parts[2]).text == "ab");
  CHECK(std::get<TextPart>(message.parts[3]).text == "c");
}

TEST_CASE("anthropic stream: what it does not know is skipped") {
  const std::string text = R"({"type":"text","text":""})";
  const std::string plain = message_start() + block_start(0, text) + text_delta(0, "a") +
                            block_stop(0) + message_end("end_turn");
  const std::string strange =
      ": comment\n\n" + message_start() + anthropic_event("ping") +
      "event: of_tomorrow\ndata: not json\n\n" + block_start(0, text) +
      block_delta(0, R"({"type":"tomorrow_delta","text":"no"})") + text_delta(0, "a") +
      block_delta(0, R"({"type":"thinking_delta","thinking":"no"})") +
      "event: content_block_delta\n"
      "data: {\"index\":0,\"new\":[{}],\"delta\":{\"text\":\"\",\"type\":\"text_delta\"}}\n\n" +
      block_stop(0) + message_end("end_turn") + "data: [DONE]\n\n";
  CHECK(streamed(strange) == streamed(plain));

  std::string unnamed = plain;
  for (std::size_t at = unnamed.find("event: "); at != unnamed.npos; at = unnamed.find("event: "))
    unnamed.erase(at, unnamed.find('\n', at) + 1 - at);
  CHECK(streamed(unnamed) == streamed(plain));
}

TEST_CASE("anthropic stream: an error inside it") {
  const auto kind = [](const std::string& bytes) {
    try {
      test::read_stream(AnthropicChatCodec(), bytes);
    } catch (const ApiError& error) {
      CHECK(error.status == 200);
      CHECK(error.provider == "claude");
      return error.kind();
    }
    FAIL("no error");
    return ErrorKind::config;
  };
  CHECK(kind(wire("anthropic/stream_error.sse")) == ErrorKind::overloaded);
  CHECK(
      kind(message_start() + "data: {\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n") ==
      ErrorKind::server);
  CHECK(test::complete_prefixes(AnthropicChatCodec(), wire("anthropic/stream_error.sse"), true)
            .empty());
}

TEST_CASE("anthropic stream: events that break the protocol") {
  for (const std::string& bytes :
       {message_start() + text_delta(0, "a"), message_start() + block_stop(0),
        message_start() + block_start(0, "1"), std::string("data: {}\n\n"),
        std::string("event: message_start\ndata: {\"message\":\n\n"),
        std::string("event: content_block_delta\ndata: [\n\n")}) {
    INFO(bytes);
    CHECK_THROWS_AS(test::read_stream(AnthropicChatCodec(), bytes), ParseError);
  }
  const std::string half =
      message_start() + block_start(0, R"({"type":"text","text":"a"})") + message_end("end_turn");
  CHECK_FALSE(test::read_stream(AnthropicChatCodec(), half).complete);
}

TEST_CASE("anthropic text: streams") {
  const AnthropicTextCodec codec;
  const std::string bytes = wire("anthropic_text_completions/stream.sse");
  const StreamResult result = test::check_every_split(codec, bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == " Hello!");
  CHECK(result.message.finish_reason == FinishReason::stop);
  CHECK(result.message.id == "compl_01Examp1eAAAABBBBCCCCDD");
  CHECK(result.message.extra["stop"].as_string() == "\n\nHuman:");
  const std::size_t end = bytes.find("\n\n", bytes.find("\"stop_reason\":\"stop")) + 2;
  const std::vector<std::size_t> complete = test::complete_prefixes(codec, bytes);
  REQUIRE_FALSE(complete.empty());
  CHECK(complete.front() == end);

  try {
    test::read_stream(codec, wire("anthropic_text_completions/stream_error.sse"));
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::overloaded);
  }
}

}  // namespace
}  // namespace lian
