#include <string>
#include <vector>

#include "model/codec_support.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/qwen.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::read_stream;
using test::reply_of;
using test::StreamResult;
using test::wire;

const QwenChatCodec codec;

AIMessage decode(std::string body) { return codec.decode(reply_of(std::move(body))); }

ChatRequest whole_events() {
  ChatRequest request({user("hi")}, ChatOptions().extra("incremental_output", false));
  request.stream = true;
  return request;
}

// An event of one choice; without `finish` it goes on.
std::string event(const std::string& message, const std::string& finish = "null") {
  return "id:1\nevent:result\n:HTTP_STATUS/200\ndata:{\"output\":{\"choices\":[{\"message\":" +
         message + ",\"finish_reason\":\"" + finish + "\"}]},\"request_id\":\"r\"}\n\n";
}

std::string text(const std::string& words) {
  return R"({"role":"assistant","content":")" + words + "\"}";
}

ErrorKind kind_thrown_by(std::string_view bytes, const ChatRequest& request = {}) {
  try {
    read_stream(codec, bytes, request);
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return {};
}

TEST_CASE("qwen reply: text in both formats") {
  for (const char* file : {"qwen/response.json", "qwen/response_text_format.json"}) {
    INFO(file);
    const AIMessage message = decode(wire(file));
    CHECK(message.text() == "1+1=2");
    CHECK(message.finish_reason == FinishReason::stop);
    REQUIRE(message.usage);
    CHECK(message.usage->input_tokens == 8);
    CHECK(message.usage->output_tokens == 5);
    CHECK(message.usage->total_tokens == 13);
    CHECK(message.id == Json::parse(wire(file))["request_id"].as_string());
  }
}

TEST_CASE("qwen reply: of a multimodal model") {
  const AIMessage message = decode(Json::parse(wire("qwen/multimodal.json"))["response"].dump());
  CHECK(message.text() == "海滩。");
  CHECK(message.usage->total_tokens == 1274);
  CHECK(message.extra["usage"]["image_tokens"].as_int() == 1247);
}

TEST_CASE("qwen reply: tool calls, whatever the finish reason says") {
  for (const char* file : {"qwen/tool_call_response.json", "qwen/tool_call_response_forced.json"}) {
    INFO(file);
    const AIMessage message = decode(wire(file));
    CHECK(message.finish_reason == FinishReason::tool_calls);
    REQUIRE(message.tool_calls().size() == 1);
    CHECK(message.tool_calls()[0].id == "call_examp1e0000000000001c");
    CHECK(message.tool_calls()[0].arguments == R"({"location": "杭州市"})");
  }
  CHECK(decode(wire("qwen/tool_call_response_forced.json")).raw_finish_reason == "stop");
  const AIMessage bare = decode(R"({"output":{"choices":[{"finish_reason":"tool_calls","message":
      {"role":"assistant","tool_calls":[{"id":"","type":"function","function":{"name":"now",
      "arguments":""}},{"function":{"name":"g","arguments":{"a":1}}}]}}]},"request_id":"r"})");
  REQUIRE(bare.tool_calls().size() == 2);
  CHECK(bare.tool_calls()[0].id == "call_0");
  CHECK(bare.tool_calls()[0].arguments == "{}");
  CHECK(bare.tool_calls()[1].arguments == R"({"a":1})");
}

TEST_CASE("qwen reply: reasoning, search, choices and what lian does not know") {
  const AIMessage message = decode(R"({"status_code":200,"code":"","message":"","output":
      {"text":null,"finish_reason":null,"search_info":{"search_results":[{"index":1}]},"choices":[
      {"index":0,"finish_reason":"stop","logprobs":{"content":[{"token":"a","logprob":-1,
      "top_logprobs":[]}]},"message":{"role":"assistant","content":"a","reasoning_content":"hm",
      "phase":"answer"}},
      {"index":1,"finish_reason":"odd","message":{"role":"assistant","content":[{"text":"b"},
      {"image":"u"}]}}]},"usage":{"input_tokens":3,"output_tokens":2,"output_tokens_details":
      {"reasoning_tokens":1},"prompt_tokens_details":{"cached_tokens":2}},"request_id":"r"})");
  CHECK(message.text() == "a");
  CHECK(std::get<ReasoningPart>(message.parts[0]).text == "hm");
  CHECK(message.extra["search_info"]["search_results"][0]["index"].as_int() == 1);
  CHECK(message.extra["phase"].as_string() == "answer");
  CHECK(message.logprobs.size() == 1);
  CHECK(message.usage->reasoning_tokens == 1);
  CHECK(message.usage->cached_tokens == 2);
  REQUIRE(message.alternatives.size() == 1);
  CHECK(message.alternatives[0].text() == "b");
  CHECK(message.alternatives[0].finish_reason == FinishReason::other);
  CHECK(message.alternatives[0].raw_finish_reason == "odd");
  const auto* image = std::get_if<UnknownPart>(&message.alternatives[0].parts.back());
  REQUIRE(image);
  CHECK(image->value == Json::object({{"image", "u"}}));
}

TEST_CASE("qwen reply: what is no complete reply is none") {
  for (const char* body :
       {"", "<html>", "{}", "[]", R"({"output":null,"request_id":"r"})",
        R"({"output":{"choices":[]}})",
        R"({"output":{"choices":[{"finish_reason":"null","message":{"content":"a"}}]}})",
        R"({"output":{"choices":[{"message":{"content":"a"}}]}})", R"({"output":{"text":"a"}})",
        R"({"output":{"choices":[{"finish_reason":"stop","message":{"content":"a"}}]})",
        R"({"output":{"choices":[{"finish_reason":"stop","message":{"content":"a"}}]}} x)"}) {
    INFO(body);
    CHECK_THROWS_AS(decode(body), ParseError);
  }
  CHECK_THROWS_AS(decode(R"({"code":"Throttling","message":"slow","request_id":"r"})"), ApiError);
}

TEST_CASE("qwen stream: as expected, whatever the chunks") {
  const Json expected = Json::parse(wire("qwen/stream_expect.json"));
  const StreamResult whole = test::check_every_split(codec, wire("qwen/stream.sse"));
  CHECK(whole.complete);
  CHECK(whole.finished);
  CHECK(whole.message.text() == expected["text"].as_string());
  CHECK(whole.message.finish_reason == FinishReason::stop);
  CHECK(whole.message.usage->input_tokens == expected["usage"]["input"].as_int());
  CHECK(whole.message.usage->output_tokens == expected["usage"]["output"].as_int());
  CHECK(whole.message.usage->total_tokens == expected["usage"]["total"].as_int());
  CHECK(whole.message.id == "b1e3f447-1e25-9e5e-8dda-9a85aed402b6");

  const StreamResult calls = test::check_every_split(codec, wire("qwen/tool_call_stream.sse"));
  CHECK(calls.complete);
  CHECK(calls.message.finish_reason == FinishReason::tool_calls);
  const auto made = calls.message.tool_calls();
  const auto wanted = expected["tool_call_stream"]["tool_calls"].items();
  REQUIRE(made.size() == wanted.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    CHECK(made[i].id == wanted[i]["id"].as_string());
    CHECK(made[i].name == wanted[i]["name"].as_string());
    CHECK(made[i].arguments == wanted[i]["arguments"].as_string());
  }

  const StreamResult thought = test::check_every_split(codec, wire("qwen/thinking_stream.sse"));
  CHECK(std::get<ReasoningPart>(thought.message.parts[0]).text == "嗯");
  CHECK(thought.message.text() == "2");
}

TEST_CASE("qwen stream: whole texts so far become pieces") {
  const StreamResult whole =
      test::check_every_split(codec, wire("qwen/stream_cumulative.sse"), whole_events());
  CHECK(whole.complete);
  CHECK(whole.message.text() == "1+1=2");
  // A character of which only some bytes have been generated waits.
  const std::string stream = event(text("a\xEF\xBF\xBD")) + event(text("a你\xEF\xBF\xBD")) +
                             event(text("a你好")) + event(text("a你好"), "stop");
  CHECK(test::check_every_split(codec, stream, whole_events()).message.text() == "a你好");
  const std::string call =
      R"({"content":"","tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":")";
  const std::string calls = event(call + R"({\"a\""}}]})") + event(call + R"({\"a\":1}"}}]})") +
                            event(call + R"({\"a\":1}"}}]})", "tool_calls");
  const AIMessage called = read_stream(codec, calls, whole_events()).message;
  REQUIRE(called.tool_calls().size() == 1);
  CHECK(called.tool_calls()[0].arguments == R"({"a":1})");
  // What was handed on cannot be replaced: the reply is an error, never a wrong text.
  CHECK(kind_thrown_by(event(text("abc")) + event(text("abX"), "stop"), whole_events()) ==
        ErrorKind::parse);
}

TEST_CASE("qwen stream: cut anywhere before its last event it is not complete") {
  for (const char* file :
       {"qwen/stream.sse", "qwen/tool_call_stream.sse", "qwen/thinking_stream.sse"}) {
    INFO(file);
    const std::string bytes = wire(file);
    const std::size_t whole = bytes.rfind("}\n") + 1;  // the last event's JSON
    for (const std::size_t length : test::complete_prefixes(codec, bytes)) CHECK(length > whole);
    const auto ended = test::complete_prefixes(codec, bytes, true);
    REQUIRE_FALSE(ended.empty());
    CHECK(ended.front() == whole);  // the blank line alone may be missing
  }
}

TEST_CASE("qwen stream: events without blank lines, CRLF, gateways' [DONE], unknown events") {
  std::string dense = wire("qwen/stream.sse");
  for (std::size_t at; (at = dense.find("\n\n")) != std::string::npos;) dense.erase(at, 1);
  CHECK(test::check_every_split(codec, dense).message.text() == "1+1=2");
  std::string crlf;
  for (const char c : dense) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(test::check_every_split(codec, crlf).message.text() == "1+1=2");
  const std::string odd =
      "event:ping\ndata:{}\n\n" + event(text("a")) + event(text("b"), "stop") + "data:[DONE]\n\n";
  const StreamResult result = test::check_every_split(codec, odd);
  CHECK(result.complete);
  CHECK(result.message.text() == "ab");
}

TEST_CASE("qwen stream: several choices end one by one") {
  const auto choice = [](int index, const std::string& words, const std::string& finish) {
    return R"({"index":)" + std::to_string(index) + R"(,"message":{"content":")" + words +
           R"("},"finish_reason":")" + finish + "\"}";
  };
  const auto output = [](const std::string& choices) {
    return "data:{\"output\":{\"choices\":[" + choices + "]}}\n\n";
  };
  const std::string open = output(choice(0, "a", "null") + "," + choice(1, "x", "null")) +
                           output(choice(0, "b", "stop"));
  CHECK_FALSE(read_stream(codec, open).complete);
  const StreamResult all = read_stream(codec, open + output(choice(1, "y", "length")));
  CHECK(all.complete);
  CHECK(all.message.text() == "ab");
  CHECK(all.message.alternatives[0].text() == "xy");
  CHECK(all.message.alternatives[0].finish_reason == FinishReason::length);
}

TEST_CASE("qwen stream: an error inside it has the status its comment tells") {
  try {
    read_stream(codec, wire("qwen/stream_error.sse"));
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::invalid_request);
    CHECK(error.status == 400);
    CHECK(error.code == "InvalidParameter");
    CHECK(error.request_id == "24f36594-7df6-9279-80fe-bcd71e06137e");
  }
  CHECK(kind_thrown_by(
            event(text("a")) +
            "event:error\n:HTTP_STATUS/429\ndata:{\"code\":\"Throttling\",\"message\":\"\"}"
            "\n\n") == ErrorKind::rate_limited);
  CHECK(kind_thrown_by("data:{\"code\":\"DataInspectionFailed\",\"message\":\"m\"}\n\n") ==
        ErrorKind::content_filter);
  CHECK(kind_thrown_by("{\"code\":\"InvalidApiKey\",\"message\":\"m\"}") ==
        ErrorKind::authentication);
  CHECK(kind_thrown_by("data:{bad}\n\n") == ErrorKind::parse);
  CHECK(kind_thrown_by("data:{}\n\n") == ErrorKind::parse);
}

TEST_CASE("qwen stream: in compatible mode it is OpenAI's") {
  const OpenAIChatCodec compatible;
  const StreamResult result = test::check_every_split(compatible, wire("qwen/compat_stream.sse"));
  CHECK(result.complete);
  CHECK(result.message.text() == "2");
  CHECK(result.message.usage->total_tokens == 9);
}

}  // namespace
}  // namespace lian
