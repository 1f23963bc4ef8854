#include "model/spark_support.hpp"

namespace lian {
namespace {

using test::check_every_split;
using test::complete_prefixes;
using test::lines;
using test::read_stream;
using test::reply_of;
using test::spark_endpoint;
using test::spark_fixture;
using test::wire;

const SparkChatCodec ws;
const SparkHttpCodec http;

ApiError frame_error(std::string_view frame) {
  try {
    read_stream(ws, frame);
  } catch (const ApiError& error) {
    return error;
  }
  FAIL("no error");
  return ApiError(ErrorKind::tool, "");
}

TEST_CASE("spark stream: frames to pieces") {
  const Json expected = spark_fixture("stream_expect.json");
  const std::string bytes = wire("spark/frames.jsonl");
  const auto frames = lines(bytes);
  const auto result = read_stream(ws, frames);
  CHECK(result.complete);
  CHECK(result.finished);
  CHECK(result.message.text() == expected["text"].as_string());
  CHECK(result.message.finish_reason == FinishReason::stop);
  CHECK(result.message.usage == Usage(10, 6));
  CHECK(result.message.id == "cht000examp1e@dx18bf0000000000000");
  for (std::size_t count = 0; count < frames.size(); ++count)
    CHECK_FALSE(read_stream(ws, {frames.begin(), frames.begin() + static_cast<long>(count)}).complete);

  const auto single = read_stream(ws, lines(wire("spark/frames_single.jsonl")).at(0));
  CHECK(single.complete);
  CHECK(single.message.text() == "2");
}

TEST_CASE("spark stream: a call, reasoning, a search's findings") {
  const Json fixture = spark_fixture("tool_call_response.json");
  const auto called = read_stream(ws, fixture["ws_frame"].dump());
  REQUIRE(called.message.tool_calls().size() == 1);
  CHECK(called.message.tool_calls()[0].id == "call_0");
  CHECK(called.message.tool_calls()[0].name == "get_current_weather");
  CHECK(called.message.tool_calls()[0].arguments == R"({"location":"杭州市"})");
  CHECK(called.message.finish_reason == FinishReason::tool_calls);

  const std::vector<std::string_view> frames = {
           R"({"header":{"code":0,"sid":"s"},"payload":{"choices":{"status":0,"text":[{"content":"","reasoning_content":"先算"}]}}})",
           R"({"header":{"code":0,"sid":"s"},"payload":{"plugins":{"text":[{"name":"ifly_search"}]},"choices":{"status":2,"text":[{"content":"2"}]}}})"};
  const auto thought = read_stream(ws, frames);
  CHECK(std::get<ReasoningPart>(thought.message.parts.at(0)).text == "先算");
  CHECK(thought.message.text() == "2");
  CHECK(thought.message.extra["plugins"]["text"][0]["name"] == Json("ifly_search"));
}

TEST_CASE("spark stream: what is no frame") {
  for (const char* bad : {"", "{", "[]x", "<html>"}) CHECK_THROWS_AS(read_stream(ws, bad), ParseError);
  CHECK_FALSE(read_stream(ws, R"({"unknown":1})").complete);
}

TEST_CASE("spark errors: every one of the fixture, in every form") {
  for (const Json& item : spark_fixture("error.json").items()) {
    INFO(item.dump());
    const bool retry = item["retry"].as_bool();
    const std::string transport(item["transport"].as_string());
    if (transport == "ws") {
      const ApiError error = frame_error(item["frame"].dump());
      CHECK((error.kind() == ErrorKind::rate_limited) == retry);
      CHECK(error.code == item["frame"]["header"]["code"].dump());
      CHECK(error.request_id == item["frame"]["header"]["sid"].as_string());
      if (item["class"].is_string()) CHECK(to_string(error.kind()) == item["class"].as_string());
      continue;
    }
    const auto status = static_cast<int>(item["status"].as_int());
    const HttpReply reply = reply_of(item["body"].dump(), status);
    if (transport == "ws-handshake") {
      const ApiError error = ws.classify(reply, spark_endpoint());
      CHECK(error.kind() == ErrorKind::authentication);
      CHECK(error.message().find("clock") != std::string::npos);
      continue;
    }
    if (status == 200) {
      CHECK_THROWS_AS(http.decode(reply), ApiError);
      continue;
    }
    const ApiError error = http.classify(reply, spark_endpoint());
    CHECK(error.should_retry.value_or(false) == retry);
  }
  CHECK(frame_error(R"({"header":{"code":10014,"message":"m"}})").kind() ==
        ErrorKind::content_filter);
  CHECK(frame_error(R"({"header":{"code":11200,"message":"m"}})").kind() == ErrorKind::permission);
  CHECK(frame_error(R"({"header":{"code":10110,"message":"m"}})").kind() == ErrorKind::overloaded);
  CHECK(frame_error(R"({"header":{"code":99999,"message":"m"}})").kind() == ErrorKind::server);
}

TEST_CASE("spark http: a reply without the usual fields") {
  const AIMessage reply =
      http.decode(reply_of("\n \n" + spark_fixture("response.json")["response"].dump()));
  CHECK(reply.text() == "你好，有什么可以帮你？");
  CHECK(reply.id == "cha000examp1e@dx1900000000examp1e1");
  CHECK(reply.finish_reason == FinishReason::stop);
  CHECK(reply.usage == Usage(6, 9));
}

TEST_CASE("spark http: one call as an object, or in an array") {
  const Json fixture = spark_fixture("tool_call_response.json");
  for (const char* name : {"http_response_default_object", "http_response_with_tool_calls_switch_true"}) {
    const AIMessage reply = http.decode(reply_of(fixture[name].dump()));
    REQUIRE(reply.tool_calls().size() == 1);
    CHECK(reply.tool_calls()[0].name == "get_current_weather");
    CHECK(reply.tool_calls()[0].arguments == R"({"location":"杭州市"})");
    CHECK_FALSE(reply.tool_calls()[0].id.empty());
    CHECK(reply.finish_reason == FinishReason::tool_calls);
  }
}

TEST_CASE("spark http: streams, complete with their sign alone") {
  for (const char* name : {"spark/stream.sse", "spark/x1_stream.sse"}) {
    const std::string bytes = wire(name);
    const auto result = check_every_split(http, bytes);
    CHECK(result.complete);
    CHECK(result.message.finish_reason == FinishReason::stop);
    CHECK(result.message.id == "cha000examp1e@dx1900000000examp1e2");
    const auto lengths = complete_prefixes(http, bytes, true);
    REQUIRE_FALSE(lengths.empty());
    CHECK(lengths.front() > bytes.find("[DONE]"));
  }
  CHECK(check_every_split(http, wire("spark/stream.sse")).message.text() == "你好，很高兴。");
  const auto thought = check_every_split(http, wire("spark/x1_stream.sse"));
  CHECK(std::get<ReasoningPart>(thought.message.parts.at(0)).text == "先算");
  CHECK(thought.message.usage == Usage(4, 9));
}

TEST_CASE("spark http: the end of a stream does not repeat its call") {
  const std::string call =
      R"(data: {"code":0,"sid":"s","choices":[{"delta":{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]},"index":0}]})"
      "\n\ndata: [DONE]\n\n";
  const auto result = read_stream(SparkHttpCodec(), call);
  CHECK(result.complete);
  REQUIRE(result.message.tool_calls().size() == 1);
  CHECK(result.message.tool_calls()[0].arguments == "{}");
}

TEST_CASE("spark http: a search's findings are no call") {
  const AIMessage reply = http.decode(reply_of(
      R"({"code":0,"sid":"s","choices":[{"message":{"role":"tool","tool_calls":[{"type":"web_search","web_search":{"outputs":[{"url":"https://x"}]}}]},"index":0},{"message":{"role":"assistant","content":"found"},"index":0}]})"));
  CHECK(reply.text() == "found");
  CHECK(reply.tool_calls().empty());
  CHECK(reply.alternatives.empty());
  CHECK(reply.extra["tool_calls"][0]["web_search"]["outputs"][0]["url"] == Json("https://x"));
}

TEST_CASE("spark http: an error inside a stream") {
  const std::string bytes =
      "data:{\"code\":0,\"sid\":\"s\",\"choices\":[{\"delta\":{\"content\":\"a\"},\"index\":0}]}\n\n"
      "data:{\"code\":10014,\"message\":\"no\",\"sid\":\"s\",\"choices\":[]}\n\n";
  try {
    read_stream(http, bytes);
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::content_filter);
    CHECK(error.code == "10014");
    CHECK(error.request_id == "s");
  }
}

}  // namespace
}  // namespace lian
