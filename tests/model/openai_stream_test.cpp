#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/openai_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::delta;
using test::event;
using test::kDone;
using test::read_stream;
using test::StreamResult;
using test::wire;

const std::vector<std::string> kStreams = {"openai_chat/stream.sse",
                                           "openai_chat/stream_crlf_comments.sse",
                                           "openai_chat/tool_call_stream.sse",
                                           "openai_compat_presets/deepseek_stream.sse",
                                           "azure_openai/stream.sse",
                                           "azure_openai/tool_call_stream.sse",
                                           "llamacpp/stream.sse",
                                           "llamacpp/tool_call_stream.sse",
                                           "vllm/stream.sse",
                                           "vllm/tool_call_stream.sse"};

ErrorKind kind_thrown_by(std::string_view bytes) {
  try {
    read_stream(bytes);
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return {};
}

TEST_CASE("openai stream: the same reply whatever the chunks") {
  for (const std::string& name : kStreams) {
    INFO(name);
    const std::string bytes = wire(name);
    const StreamResult whole = read_stream(bytes);
    CHECK(whole.complete);
    CHECK(whole.finished);
    CHECK(read_stream(test::by_byte(bytes)) == whole);
    for (std::size_t split = 1; split < bytes.size(); ++split) {
      const std::string_view view = bytes;
      if (read_stream({view.substr(0, split), view.substr(split)}) == whole) continue;
      FAIL_CHECK("split at " << split);
    }
  }
}

TEST_CASE("openai stream: cut anywhere before its terminal sign it is not complete") {
  for (const std::string& name : kStreams) {
    INFO(name);
    const std::string bytes = wire(name);
    // The event is whole with the first character that ends its blank line.
    const bool crlf = bytes.find("\r\n") != std::string::npos;
    const std::size_t whole = bytes.find("data: [DONE]") + (crlf ? 15 : 14);
    for (std::size_t end = 0; end < bytes.size(); ++end) {
      const StreamResult cut = read_stream(std::string_view(bytes).substr(0, end));
      if (cut.complete == (end >= whole) && cut.finished == (end >= whole)) continue;
      FAIL_CHECK("cut at " << end);
    }
  }
}

TEST_CASE("openai stream: text, identity, usage and finish reason") {
  const AIMessage message = read_stream(wire("openai_chat/stream.sse")).message;
  CHECK(message.text() == "Hello, 世界 🌍");
  CHECK(message.id == "chatcmpl-CfX1");
  CHECK(message.model == "gpt-4o-mini-2024-07-18");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "stop");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 9);
  CHECK(message.usage->output_tokens == 4);
  CHECK(message.usage->total_tokens == 13);
  CHECK(message.extra["system_fingerprint"].as_string() == "fp_44709d6fcb");
  CHECK(message.extra["service_tier"].as_string() == "default");
  CHECK(message.extra["created"].as_int() == 1741570283);
  CHECK_FALSE(message.extra.contains("obfuscation"));
}

TEST_CASE("openai stream: tool calls from fragments") {
  const AIMessage message = read_stream(wire("openai_chat/tool_call_stream.sse")).message;
  const auto calls = message.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "call_Abc123");
  CHECK(calls[0].name == "get_weather");
  CHECK(calls[0].arguments == R"({"city":"Paris","unit":"celsius"})");
  CHECK(calls[1].id == "call_Def456");
  CHECK(calls[1].arguments == R"({"city":"Rome","unit":"celsius"})");
  CHECK(message.finish_reason == FinishReason::tool_calls);
}

TEST_CASE("openai stream: compatible servers' streams") {
  const AIMessage deepseek = read_stream(wire("openai_compat_presets/deepseek_stream.sse")).message;
  CHECK(deepseek.text() == "2");
  REQUIRE_FALSE(deepseek.parts.empty());
  CHECK(std::get<ReasoningPart>(deepseek.parts[0]).text == "想");
  CHECK(deepseek.usage->reasoning_tokens == 6);

  const AIMessage azure = read_stream(wire("azure_openai/stream.sse")).message;
  CHECK(azure.text() == "Hello!");
  CHECK(azure.id == "chatcmpl-CfX1");

  const AIMessage llama = read_stream(wire("llamacpp/stream.sse")).message;
  CHECK(llama.text() == "Hello!");
  CHECK(std::get<ReasoningPart>(llama.parts[0]).text == "Greet.");
  CHECK(llama.usage->cached_tokens == 20);

  const AIMessage vllm = read_stream(wire("vllm/stream.sse")).message;
  CHECK(vllm.text() == "hello");
  CHECK(std::get<ReasoningPart>(vllm.parts[0]).text == "Greet.");

  for (const char* name : {"azure_openai", "llamacpp", "vllm"}) {
    INFO(name);
    const auto calls =
        read_stream(wire(std::string(name) + "/tool_call_stream.sse")).message.tool_calls();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].name == "get_weather");
    CHECK(Json::parse(calls[0].arguments)["city"].as_string() == "Paris");
  }
}

TEST_CASE("openai stream: errors inside the stream") {
  CHECK(kind_thrown_by(wire("openai_chat/stream_error.sse")) == ErrorKind::server);
  CHECK(kind_thrown_by(wire("llamacpp/stream_error.sse")) == ErrorKind::server);
  CHECK(kind_thrown_by(wire("llamacpp/stream_error_old.sse")) == ErrorKind::server);
  CHECK(kind_thrown_by(wire("vllm/stream_error.sse")) == ErrorKind::server);
  CHECK(kind_thrown_by(event(R"({"error":{"code":"rate_limit_exceeded"}})")) ==
        ErrorKind::rate_limited);
  CHECK(kind_thrown_by(event(R"({"error":{"code":429,"message":"slow"}})")) ==
        ErrorKind::rate_limited);
  CHECK(kind_thrown_by(event(R"({"error":"overloaded"})")) == ErrorKind::server);
  CHECK(kind_thrown_by("event: error\n" +
                       event(R"({"type":"error","error":{"type":"overloaded_error"}})")) ==
        ErrorKind::overloaded);
  CHECK(kind_thrown_by(event(R"({"object":"error","message":"no","code":400})")) ==
        ErrorKind::invalid_request);
}

TEST_CASE("openai stream: what the protocol does not have is an error") {
  for (const char* json :
       {"{bad}", "{", "[]", "null", "{}", R"({"choices":[{"delta":{"content":"a"})",
        R"({"choices":[{"delta":{"content":"a"}}]}x)",
        R"({"choices":[{"delta":{"content":"\x"}}]})",
        R"({"choices":[{"index":99999,"delta":{}}]})", "<html>"}) {
    INFO(json);
    CHECK(kind_thrown_by(event(json)) == ErrorKind::parse);
  }
}

TEST_CASE("openai stream: an error that is null, false or empty is none") {
  for (const char* none : {"null", "false", "\"\"", "{}"}) {
    INFO(none);
    const auto result = read_stream(
        event(R"({"error":)" + std::string(none) + R"(,"choices":[{"delta":{"content":"a"}}]})"));
    CHECK(result.message.text() == "a");
  }
}

TEST_CASE("openai stream: when it counts as complete") {
  CHECK(read_stream(delta(R"({"content":"a"})", "stop") + kDone).complete);
  CHECK_FALSE(read_stream(delta(R"({"content":"a"})", "stop")).complete);
  CHECK(read_stream(delta(R"({"content":"a"})") + kDone).complete);
  CHECK_FALSE(read_stream(kDone).complete);
  CHECK(read_stream(kDone).finished);
  const std::string call = R"({"tool_calls":[{"index":0,"id":"x","function":{"name":"f"}}]})";
  CHECK_FALSE(read_stream(delta(call) + kDone).complete);
  CHECK(read_stream(delta(call, "tool_calls") + kDone).complete);

  OpenAIDialect lenient;
  lenient.accept_missing_done = true;
  CHECK(read_stream(delta(R"({"content":"a"})", "stop"), lenient).complete);
  CHECK_FALSE(read_stream(delta(R"({"content":"a"})"), lenient).complete);
  CHECK_FALSE(read_stream(delta(call, "tool_calls"), lenient).complete);
}

TEST_CASE("openai stream: nothing counts after the terminal sign") {
  const auto result = read_stream(delta(R"({"content":"a"})", "stop") + "data: [DONE] \n\n" +
                                  delta(R"({"content":"b"})"));
  CHECK(result.message.text() == "a");
  CHECK(result.complete);
}

TEST_CASE("openai stream: several choices in one event and in turn") {
  const std::string stream =
      event(
          R"({"id":"c","choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"x"}}]})") +
      event(
          R"({"id":"c","choices":[{"index":1,"delta":{"content":"y"},"finish_reason":"length"}]})") +
      event(R"({"id":"c","choices":[{"index":0,"delta":{"content":"b"}}]})");
  const auto open = read_stream(stream + kDone);
  CHECK(open.complete);
  CHECK(open.message.text() == "ab");
  REQUIRE(open.message.alternatives.size() == 1);
  CHECK(open.message.alternatives[0].text() == "xy");
  CHECK(open.message.alternatives[0].finish_reason == FinishReason::length);
  OpenAIDialect lenient;
  lenient.accept_missing_done = true;
  CHECK_FALSE(read_stream(stream, lenient).complete);
  CHECK(read_stream(stream + delta("{}", "stop"), lenient).complete);
}

struct Fragments {
  const char* why;
  std::vector<std::string> calls;
};

TEST_CASE("openai stream: fragments of two tool calls in every habit") {
  const std::vector<Fragments> habits = {
      {"by index",
       {R"({"index":0,"id":"a","function":{"name":"f","arguments":""}})",
        R"({"index":1,"id":"b","function":{"name":"g","arguments":""}})",
        R"({"index":0,"function":{"arguments":"{\"x\":"}})",
        R"({"index":1,"function":{"arguments":"{\"y\":"}})",
        R"({"index":0,"function":{"arguments":"1}"}})",
        R"({"index":1,"function":{"arguments":"2}"}})"}},
      {"no index, whole calls",
       {R"({"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}})",
        R"({"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}})"}},
      {"no index, fragments follow",
       {R"({"id":"a","function":{"name":"f","arguments":"{\"x\""}})",
        R"({"function":{"arguments":":1}"}})",
        R"({"id":"b","function":{"name":"g","arguments":"{\"y\""}})",
        R"({"function":{"arguments":":2}"}})"}},
      {"id and name sent again",
       {R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}})",
        R"({"index":0,"id":"a","function":{"name":"f","arguments":":1}"}})",
        R"({"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\""}})",
        R"({"index":1,"id":"b","function":{"name":"g","arguments":":2}"}})"}},
      {"index 0 for all",
       {R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}})",
        R"({"index":0,"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}})"}},
      {"null id in later fragments",
       {R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":null}})",
        R"({"index":0,"id":null,"function":{"name":null,"arguments":"{\"x\":1}"}})",
        R"({"index":1,"id":"b","function":{"name":"g","arguments":{"y":2}}})"}},
  };
  for (const Fragments& habit : habits) {
    INFO(habit.why);
    std::string separate, together;
    for (const std::string& call : habit.calls) {
      separate += delta(R"({"tool_calls":[)" + call + "]}");
      together += (together.empty() ? "" : ",") + call;
    }
    together = delta(R"({"tool_calls":[)" + together + "]}");
    for (const std::string& stream : {separate, together}) {
      const auto calls =
          read_stream(stream + delta("{}", "tool_calls") + kDone).message.tool_calls();
      REQUIRE(calls.size() == 2);
      CHECK(calls[0].id == "a");
      CHECK(calls[0].name == "f");
      CHECK(calls[0].arguments == R"({"x":1})");
      CHECK(calls[1].id == "b");
      CHECK(calls[1].name == "g");
      CHECK(calls[1].arguments == R"({"y":2})");
    }
  }
}

TEST_CASE("openai stream: a call without any id gets one") {
  const auto calls =
      read_stream(delta(R"({"tool_calls":[{"function":{"name":"f","arguments":"{}"}},)"
                        R"({"function":{"name":"f","arguments":"{}"}}]})",
                        "tool_calls") +
                  kDone)
          .message.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "call_0");
  CHECK(calls[1].id == "call_1");
}

TEST_CASE("openai stream: unknown finish reasons survive") {
  const auto message = read_stream(delta("{}", "insufficient_system_resource") + kDone).message;
  CHECK(message.finish_reason == FinishReason::other);
  CHECK(message.raw_finish_reason == "insufficient_system_resource");
  CHECK(read_stream(delta("{}", "function_call") + kDone).message.finish_reason ==
        FinishReason::tool_calls);
}

TEST_CASE("openai stream: refusal, logprobs and content in parts") {
  const auto message =
      read_stream(
          delta(R"({"refusal":"I can"})") + delta(R"({"refusal":"not."})") +
          event(
              R"({"choices":[{"index":0,"delta":{"content":"A"},"logprobs":{"content":[)"
              R"({"token":"A","logprob":-0.5,"bytes":[65],"top_logprobs":[{"token":"A","logprob":-0.5},)"
              R"({"token":"B","logprob":-2}]}],"refusal":null}}]})") +
          delta(R"({"content":[{"type":"text","text":"B"},{"type":"video","url":"u"}]})", "stop") +
          kDone)
          .message;
  CHECK(message.text() == "AB");
  CHECK(std::get<RefusalPart>(message.parts[0]).text == "I cannot.");
  REQUIRE(message.logprobs.size() == 1);
  CHECK(message.logprobs[0].token == "A");
  CHECK(message.logprobs[0].bytes == "A");
  CHECK(message.logprobs[0].top == std::vector<TokenLogprob>{{"A", -0.5}, {"B", -2}});
  const auto* unknown = std::get_if<UnknownPart>(&message.parts.back());
  REQUIRE(unknown != nullptr);
  CHECK(unknown->kind == "video");
  CHECK(unknown->value["url"].as_string() == "u");
}

TEST_CASE("openai stream: log probabilities of a refusal, with bytes of half a character") {
  const std::string half =
      R"({"token":"\\xe4\\xbd","logprob":-1,"bytes":[228,189],"top_logprobs":[)"
      R"({"token":"no","logprob":-3,"bytes":[110,111]}]})";
  const auto message =
      read_stream(event(R"({"id":"c","choices":[{"index":0,"delta":{"refusal":"N"},)"
                        R"("logprobs":{"content":null,"refusal":[)" +
                        half + "]}}]}") +
                  delta(R"({"refusal":"o"})", "stop") + kDone)
          .message;
  CHECK(message.logprobs.empty());
  REQUIRE(message.refusal_logprobs.size() == 1);
  CHECK(message.refusal_logprobs[0].bytes == "\xe4\xbd");
  REQUIRE(message.refusal_logprobs[0].top.size() == 1);
  CHECK(message.refusal_logprobs[0].top[0].bytes == "no");
  CHECK(ai_message_from_json(to_json(message)) == message);
}

TEST_CASE("openai stream: calls of custom tools are free text") {
  const auto result = read_stream(
      delta(
          R"({"tool_calls":[{"index":0,"id":"c1","type":"custom","custom":{"name":"run","input":""}}]})") +
      delta(R"({"tool_calls":[{"index":0,"custom":{"input":"sel"}}]})") +
      delta(R"({"tool_calls":[{"index":0,"custom":{"input":"ect"}}]})", "tool_calls") + kDone);
  CHECK(result.complete);
  const auto calls = result.message.tool_calls();
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].custom);
  CHECK(calls[0].name == "run");
  CHECK(calls[0].arguments == "select");
}

TEST_CASE("openai stream: the audio of a reply is one part") {
  const auto message =
      read_stream(delta(R"({"role":"assistant","audio":{"id":"audio_1","transcript":"He"}})") +
                  delta(R"({"audio":{"data":"YQ=="}})") +
                  delta(R"({"audio":{"data":"YmM=","transcript":"llo"}})") +
                  delta(R"({"audio":{"expires_at":7}})", "stop") + kDone)
          .message;
  REQUIRE(message.parts.size() == 1);
  const auto& audio = std::get<UnknownPart>(message.parts[0]);
  CHECK(audio.kind == "audio");
  CHECK(audio.value ==
        Json::parse(R"({"id":"audio_1","transcript":"Hello","data":"YWJj","expires_at":7})"));
  AIMessage again;
  append(again, to_piece(message));
  finish(again);
  CHECK(again == message);
}

TEST_CASE("openai stream: fields lian has no name for are kept, wherever they stand") {
  const auto message =
      read_stream(
          event(R"({"id":"c","choices":[{"index":0,"delta":{"content":"A","plan":"p"},)"
                R"("content_filter_results":{"hate":{"filtered":false}}}],"citations":["u"]})") +
          event(
              R"({"id":"c","created":3,"choices":[{"index":0,"delta":{"content":"B"},)"
              R"("content_filter_results":{"violence":{"filtered":false}}}],"citations":["u","v"]})") +
          delta(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"},)"
                R"("extra_content":{"google":{"thought_signature":"s"}}}]})",
                "tool_calls") +
          kDone)
          .message;
  CHECK(message.text() == "AB");
  CHECK(message.extra ==
        Json::parse(R"({"plan":"p","citations":["u","v"],"content_filter_results":)"
                    R"({"hate":{"filtered":false},"violence":{"filtered":false}}})"));
  CHECK(message.tool_calls().at(0).extra ==
        Json::parse(R"({"extra_content":{"google":{"thought_signature":"s"}}})"));
}

TEST_CASE("openai stream: escapes, and halves of a surrogate pair") {
  const auto message = read_stream(delta(R"({"content":"\u4f60\ud83c\udf0d\n\"\\\/\b\f\r\t"})") +
                                   delta(R"({"content":"\ud83c"})") +
                                   delta(R"({"content":"\udf0d\ud83cx\ud83c\u0041"})") + kDone)
                           .message;
  CHECK(message.text() ==
        "你🌍\n\"\\/\b\f\r\t\uFFFD\uFFFD\uFFFDx\uFFFD"
        "A");
}

TEST_CASE("openai stream: cut or broken arguments are never valid") {
  std::size_t lines = 0;
  const std::string text = test::read_data("partial_tool_json.jsonl");
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const Json line = Json::parse(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::string_view input = line["input"].as_string();
    const std::string_view expected = line["final"].as_string();
    if (input.empty()) continue;  // no arguments at all: an empty object
    INFO(input);
    ++lines;
    const std::string call =
        R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":)" +
        Json(input).dump() + "}}]}";
    const auto message = read_stream(delta(call, "tool_calls") + kDone).message;
    if (expected == "ok") CHECK(message.tool_calls().size() == 1);
    if (expected.starts_with("error")) {
      CHECK(message.tool_calls().empty());
      REQUIRE(message.invalid_tool_calls().size() == 1);
      CHECK(message.invalid_tool_calls()[0].arguments == input);
    }
  }
  CHECK(lines > 70);
}

TEST_CASE("openai stream: a choice's fields that stand in every chunk alike are kept for each") {
  const auto chunk = [](int index, const char* filter, const char* finish) {
    return event(R"({"id":"c","choices":[{"content_filter_results":)" + std::string(filter) +
                 R"(,"delta":{"content":"x"},"finish_reason":)" + finish + R"(,"index":)" +
                 std::to_string(index) + "}]}");
  };
  const char* safe = R"({"hate":{"filtered":false}})";
  const char* filtered = R"({"hate":{"filtered":true}})";
  const std::string begin = chunk(0, safe, "null") + chunk(1, safe, "null") + chunk(0, safe, "null");
  const std::string end = chunk(0, "{}", "\"stop\"") + chunk(1, filtered, "\"stop\"") + kDone;
  const auto message = read_stream(begin + end).message;
  REQUIRE(message.alternatives.size() == 1);
  CHECK(message.extra["content_filter_results"].dump() == safe);
  CHECK(message.alternatives[0].extra["content_filter_results"].dump() == filtered);
  // And back to what it was.
  const std::string back = chunk(0, safe, "null") + chunk(0, filtered, "null") + chunk(0, safe, "\"stop\"");
  CHECK(read_stream(back + kDone).message.extra["content_filter_results"].dump() == safe);
}

TEST_CASE("openai stream: an event without choices behind a tool call's does not repeat it") {
  const std::string call = delta(
      R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]})");
  const std::string usage = event(R"({"id":"c","choices":[],"usage":{"prompt_tokens":3}})");
  const auto message = read_stream(call + usage + delta("{}", "tool_calls") + kDone).message;
  REQUIRE(message.tool_calls().size() == 1);
  CHECK(message.tool_calls()[0].arguments == R"({"x":1})");
}

}  // namespace
}  // namespace lian
