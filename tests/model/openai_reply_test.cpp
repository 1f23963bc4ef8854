#include <string>

#include "lian/core/error.hpp"
#include "model/openai_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::reply_of;
using test::wire;

AIMessage decode(std::string body, const OpenAIDialect& dialect = {}) {
  return OpenAIChatCodec(dialect).decode(reply_of(std::move(body)));
}

ErrorKind kind_thrown_by(const std::string& body) {
  try {
    decode(body);
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error for " << body);
  return {};
}

TEST_CASE("openai reply: text, usage and what the provider says about it") {
  const AIMessage message = decode(wire("openai_chat/response.json"));
  CHECK(message.role == Role::assistant);
  CHECK(message.text() == "The dot is blue.");
  CHECK(message.parts.size() == 1);
  CHECK(message.id == "chatcmpl-CfX0aaaaBBBBccccDDDDeeeeFFFFg");
  CHECK(message.model == "gpt-4o-mini-2024-07-18");
  CHECK(message.provider == "openai");
  CHECK(message.finish_reason == FinishReason::stop);
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 21);
  CHECK(message.usage->output_tokens == 6);
  CHECK(message.usage->total_tokens == 27);
  CHECK(message.extra["service_tier"].as_string() == "default");
  CHECK(message.extra["system_fingerprint"].as_string() == "fp_44709d6fcb");
  CHECK(message.extra["created"].as_int() == 1741570283);
  CHECK(message.extra.size() == 3);

  const AIMessage reasoning = decode(wire("openai_chat/response_reasoning.json"));
  CHECK(reasoning.usage->cached_tokens == 1280);
  CHECK(reasoning.usage->reasoning_tokens == 64);
}

TEST_CASE("openai reply: refusal, structured output and tool calls") {
  const AIMessage refusal = decode(wire("openai_chat/response_refusal.json"));
  CHECK(refusal.text().empty());
  REQUIRE(refusal.parts.size() == 1);
  CHECK(std::get<RefusalPart>(refusal.parts[0]).text == "I can't help with that.");

  const AIMessage structured = decode(wire("openai_chat/structured_response.json"));
  CHECK(Json::parse(structured.text())["born"].as_int() == 1815);

  const AIMessage calling = decode(wire("openai_chat/tool_call_response.json"));
  CHECK(calling.finish_reason == FinishReason::tool_calls);
  const auto calls = calling.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "call_Abc123");
  CHECK(calls[1].arguments == R"({"city":"Rome","unit":"celsius"})");
}

TEST_CASE("openai reply: compatible servers") {
  for (const char* name : {"azure_openai", "llamacpp", "vllm"}) {
    INFO(name);
    const AIMessage message = decode(wire(std::string(name) + "/response.json"));
    CHECK_FALSE(message.text().empty());
    CHECK(message.usage.has_value());
    const auto calls = decode(wire(std::string(name) + "/tool_call_response.json")).tool_calls();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].name == "get_weather");
  }
  const AIMessage vllm = decode(wire("vllm/response.json"));
  CHECK(std::get<ReasoningPart>(vllm.parts[0]).text == "Greet.");
}

TEST_CASE("openai reply: custom tool calls, audio, annotations and prediction tokens") {
  const AIMessage message = decode(
      R"({"id":"c","choices":[{"index":0,"finish_reason":"tool_calls","logprobs":{"content":[],)"
      R"("refusal":[{"token":"N","logprob":-1,"bytes":[78],"top_logprobs":[]}]},"message":{)"
      R"("role":"assistant","content":null,"refusal":null,"annotations":[{"type":"url_citation"}],)"
      R"("audio":{"id":"a","data":"YQ==","transcript":"t","expires_at":1},"tool_calls":[)"
      R"({"id":"t1","type":"custom","custom":{"name":"sql","input":"select \"1\""}}]}}],)"
      R"("prompt_filter_results":[{"prompt_index":0}],"usage":{"prompt_tokens":1,)"
      R"("completion_tokens":9,"total_tokens":10,"completion_tokens_details":)"
      R"({"accepted_prediction_tokens":4,"rejected_prediction_tokens":2}}})");
  const auto calls = message.tool_calls();
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].custom);
  CHECK(calls[0].arguments == "select \"1\"");
  CHECK(message.refusal_logprobs.at(0).bytes == "N");
  CHECK(message.usage->accepted_prediction_tokens == 4);
  CHECK(message.usage->rejected_prediction_tokens == 2);
  CHECK(message.extra == Json::parse(R"({"annotations":[{"type":"url_citation"}],)"
                                     R"("prompt_filter_results":[{"prompt_index":0}]})"));
  CHECK(ai_message_from_json(to_json(message)) == message);

  ChatRequest request({message}, ChatOptions().model("m"));
  const Json sent = Json::parse(test::encode(OpenAIChatCodec(), request, test::endpoint()).body);
  CHECK(sent["messages"][0] ==
        Json::parse(
            R"({"role":"assistant","content":null,"audio":{"id":"a"},"tool_calls":[)"
            R"({"id":"t1","type":"custom","custom":{"name":"sql","input":"select \"1\""}}]})"));
}

TEST_CASE("openai reply: of a repeated member the last counts, two lists of choices are none") {
  CHECK(decode(R"({"choices":[{"index":0,"finish_reason":"stop","message":)"
               R"({"content":"a","content":"b"}}]})")
            .text() == "b");
  CHECK(kind_thrown_by(R"({"choices":[{"finish_reason":"stop","message":{"content":"a"}}],)"
                       R"("choices":[{"finish_reason":"stop","message":{"content":"b"}}]})") ==
        ErrorKind::parse);
}

TEST_CASE("openai reply: only the whole body is a reply") {
  const std::string body = wire("openai_chat/tool_call_response.json");
  const std::size_t last = body.rfind('}');
  for (std::size_t end = 0; end <= last; ++end) {
    try {
      decode(body.substr(0, end));
      FAIL_CHECK("cut at " << end);
    } catch (const ParseError&) {
    }
  }
  CHECK_NOTHROW(decode(body.substr(0, last + 1)));
}

TEST_CASE("openai reply: what is no reply, with status 200") {
  const std::string choice =
      R"({"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"})";
  const std::string good = R"({"id":"x","choices":[)" + choice + "]";
  CHECK(decode(good + "}").text() == "hi");
  for (const std::string& body :
       {std::string(), std::string(" \n"), std::string("null"), std::string("[]"),
        std::string("{}"), std::string("<html><title>Sign in</title></html>"), std::string("hello"),
        std::string(R"({"choices":[]})"), std::string(R"({"choices":null})"), good + "}x",
        good + R"(,"z":tru})", good + R"(,"z":{"a":[1,2,01]}})", good + R"(,"z":"\q"})",
        std::string(R"({"choices":[{"message":{"content":"hi"}}]})"),
        std::string(R"({"choices":[{"message":{"content":"hi"},"finish_reason":null}]})"),
        std::string(R"({"choices":[{"finish_reason":"stop"}]})"),
        std::string(R"({"choices":[{"message":null,"finish_reason":"stop"}]})"),
        std::string(R"({"choices":[{"message":{"content":7},"finish_reason":"stop"}]})"),
        std::string(5000, '[') + std::string(5000, ']')}) {
    INFO(body.substr(0, 80));
    CHECK(kind_thrown_by(body) == ErrorKind::parse);
  }
  OpenAIDialect lenient;
  lenient.accept_missing_finish = true;
  CHECK(decode(R"({"choices":[{"message":{"content":"hi"}}]})", lenient).text() == "hi");
}

TEST_CASE("openai reply: an error with status 200 is an error") {
  CHECK(kind_thrown_by(R"({"error":{"message":"overloaded","type":"server_error"}})") ==
        ErrorKind::server);
  CHECK(kind_thrown_by(R"({"object":"error","message":"no such model","code":404})") ==
        ErrorKind::not_found);
  CHECK(kind_thrown_by(R"([{"error":{"code":429,"message":"slow"}}])") == ErrorKind::rate_limited);
  const Json minimax = Json::parse(wire("openai_compat_presets/minimax_error.json"));
  CHECK(kind_thrown_by(minimax["body"].dump()) == ErrorKind::server);
}

TEST_CASE("openai reply: several choices, in any order") {
  const AIMessage message =
      decode(R"({"choices":[{"index":1,"message":{"content":"b"},"finish_reason":"length"},)"
             R"({"index":0,"message":{"content":"a"},"finish_reason":"stop"}]})");
  CHECK(message.text() == "a");
  REQUIRE(message.alternatives.size() == 1);
  CHECK(message.alternatives[0].text() == "b");
  CHECK(message.alternatives[0].finish_reason == FinishReason::length);
}

TEST_CASE("openai reply: broken arguments, odd usage and invalid UTF-8") {
  const AIMessage message = decode(
      "{\"choices\":[{\"message\":{\"content\":\"\xFF\",\"tool_calls\":[{\"id\":\"a\",\"function\":"
      "{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":\"}}]},\"finish_reason\":\"tool_calls\"}],"
      "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":null,\"prompt_tokens_details\":null}}");
  CHECK(message.text() == "\uFFFD");
  CHECK(message.tool_calls().empty());
  REQUIRE(message.invalid_tool_calls().size() == 1);
  CHECK_FALSE(message.invalid_tool_calls()[0].error.empty());
  CHECK(message.usage->input_tokens == 3);
  CHECK(message.usage->total_tokens == 3);
}

}  // namespace
}  // namespace lian
