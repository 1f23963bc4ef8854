#include "model/glm_support.hpp"

namespace lian {
namespace {

using test::check_every_split;
using test::complete_prefixes;
using test::glm_endpoint;
using test::glm_fixture;
using test::reply_of;
using test::wire;

const GlmChatCodec v4(glm_endpoint());
const ChatGlmCodec v3;

Usage usage(std::int64_t input, std::int64_t output) { return Usage(input, output); }

ApiError stream_error(const ChatCodec& codec, std::string_view bytes) {
  try {
    test::read_stream(codec, bytes);
  } catch (const ApiError& error) {
    return error;
  }
  FAIL("no error");
  return ApiError(ErrorKind::tool, "");
}

TEST_CASE("glm reply: text, tool calls and the vendor's own members") {
  const AIMessage text = v4.decode(reply_of(wire("zhipu/response.json")));
  CHECK(text.text() == "你好！");
  CHECK(text.finish_reason == FinishReason::stop);
  CHECK(text.id == "8231000000000000001");
  CHECK(text.extra["request_id"] == Json("req-0000001"));
  CHECK(text.usage == usage(12, 3));

  const Json calls = glm_fixture("tool_call_response.json")["response"];
  const AIMessage called = v4.decode(reply_of(calls.dump()));
  REQUIRE(called.tool_calls().size() == 1);
  CHECK(called.tool_calls()[0].name == "get_current_weather");
  CHECK(called.tool_calls()[0].arguments == R"({"location":"杭州市"})");
  CHECK(called.finish_reason == FinishReason::tool_calls);

  Json searched = glm_fixture("response.json");
  searched.set("web_search", Json::parse(R"([{"title":"t","link":"https://x"}])"));
  searched.set("content_filter", Json::parse(R"([{"role":"user","level":2}])"));
  const AIMessage found = v4.decode(reply_of(searched.dump()));
  CHECK(found.extra["web_search"] == searched["web_search"]);
  CHECK(found.extra["content_filter"] == searched["content_filter"]);
}

TEST_CASE("glm stream: pieces whole and split at every byte") {
  const Json expected = glm_fixture("stream_expect.json");
  const auto text = check_every_split(v4, wire("zhipu/stream.sse"));
  CHECK(text.complete);
  CHECK(text.message.text() == expected["text"].as_string());
  CHECK(text.message.finish_reason == FinishReason::stop);
  CHECK(text.message.usage == usage(12, 3));

  const auto thought = check_every_split(v4, wire("zhipu/thinking_stream.sse"));
  CHECK(thought.message.text() == "答案");
  CHECK(std::get<ReasoningPart>(thought.message.parts.at(0)).text == "想一想");

  const auto called = check_every_split(v4, wire("zhipu/tool_call_stream.sse"));
  REQUIRE(called.message.tool_calls().size() == 1);
  CHECK(called.message.tool_calls()[0].id == "call_8305000000000000002");
  CHECK(called.message.tool_calls()[0].arguments == R"({"location":"杭州市"})");
  CHECK(called.message.finish_reason == FinishReason::tool_calls);
}

TEST_CASE("glm stream: a search's findings in a later chunk are kept") {
  const std::string bytes =
      "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
      "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},"
      "\"finish_reason\":\"sensitive\"}],\"web_search\":[{\"title\":\"t\"}]}\n\ndata: [DONE]\n\n";
  const auto result = check_every_split(v4, bytes);
  CHECK(result.message.finish_reason == FinishReason::content_filter);
  CHECK(result.message.raw_finish_reason == "sensitive");
  CHECK(result.message.extra["web_search"][0]["title"] == Json("t"));
}

TEST_CASE("glm stream: complete only with its terminal sign") {
  for (const char* name : {"stream.sse", "thinking_stream.sse", "tool_call_stream.sse"}) {
    const std::string bytes = wire(std::string("zhipu/") + name);
    const auto lengths = complete_prefixes(v4, bytes, true);
    REQUIRE_FALSE(lengths.empty());
    CHECK(lengths.front() >= bytes.find("[DONE]"));
  }
  const std::string old = wire("zhipu/v3_stream.sse");
  for (const std::size_t length : complete_prefixes(v3, old, true)) CHECK(length + 1 >= old.size());
}

TEST_CASE("glm stream: an end that is no end may be tried again") {
  const ApiError broken = stream_error(
      v4, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"network_error\"}]}\n\n");
  CHECK(broken.kind() == ErrorKind::server);
  CHECK(broken.code == "network_error");
}

TEST_CASE("chatglm reply: a string inside the string") {
  const AIMessage reply = v3.decode(reply_of(wire("zhipu/v3_response.json")));
  CHECK(reply.text() == " 你好！\n有什么可以帮你？");
  CHECK(reply.id == "75000000000001");
  CHECK(reply.usage == usage(6, 12));
  CHECK(reply.finish_reason == FinishReason::stop);

  const auto text = [](const std::string& content) {
    Json json = glm_fixture("v3_response.json");
    const Json choices = Json::array({Json::object({{"content", Json(content)}})});
    Json data = json["data"];
    data.set("choices", choices);
    json.set("data", data);
    return v3.decode(reply_of(json.dump())).text();
  };
  CHECK(text("plain") == "plain");
  CHECK(text("\"a \"b\" c\"") == "a \"b\" c");  // not JSON: only the quotes around it go
  CHECK(text("\"") == "\"");
  CHECK_THROWS_AS(v3.decode(reply_of(R"({"success":true,"data":{}})")), ParseError);
}

TEST_CASE("chatglm stream: named events, raw text, meta beside the data") {
  const Json expected = glm_fixture("stream_expect.json")["v3"];
  const auto result = check_every_split(v3, wire("zhipu/v3_stream.sse"));
  CHECK(result.complete);
  CHECK(result.message.text() == expected["text"].as_string());
  CHECK(result.message.usage == usage(3, 4));
  CHECK(result.message.id == "8065000000000000001");
  CHECK(result.message.extra["request_id"] == Json("req-0000003"));

  const auto meta_first =
      check_every_split(v3, "event:finish\nmeta:{\"usage\":{\"prompt_tokens\":1}}\ndata:\n\n");
  CHECK(meta_first.complete);
  REQUIRE(meta_first.message.usage);
  CHECK(meta_first.message.usage->input_tokens == 1);

  const auto model_text = check_every_split(
      v3, "event:add\ndata:{\"error\":{\"code\":\"1\"}}\n\nevent:new\ndata:x\n\nevent:finish\ndata:\n\n");
  CHECK(model_text.message.text() == R"({"error":{"code":"1"}})");
}

TEST_CASE("chatglm stream: moderation and errors") {
  const auto stopped = check_every_split(v3, wire("zhipu/v3_stream_interrupted.sse"));
  CHECK(stopped.message.text() == "部分");
  CHECK(stopped.message.finish_reason == FinishReason::content_filter);
  CHECK(stopped.message.extra["interrupted"] == Json("sensitive content"));
  CHECK(stopped.complete);
  CHECK(stream_error(v3, "event:error\ndata:{\"code\":1234,\"msg\":\"net\"}\n\n").kind() ==
        ErrorKind::server);
  CHECK(stream_error(v3, "{\"code\":1113,\"msg\":\"x\",\"success\":false}").kind() ==
        ErrorKind::quota);
}

bool retried(const ApiError& error) {
  return error.should_retry.value_or(error.kind() == ErrorKind::server ||
                                     error.kind() == ErrorKind::rate_limited);
}

TEST_CASE("glm errors: every one of the fixture, in every form") {
  for (const Json& item : glm_fixture("error.json").items()) {
    INFO(item.dump());
    const bool retry = item["retry"].as_bool();
    if (item["sse"].is_string()) {
      CHECK(stream_error(v4, item["sse"].as_string()).kind() == ErrorKind::content_filter);
      continue;
    }
    const std::string body = item["body"].dump();
    if (item["api"].is_string()) {
      try {
        v3.decode(reply_of(body));
        FAIL("no error");
      } catch (const ApiError& error) {
        CHECK(error.kind() == ErrorKind::quota);
        CHECK(error.code == "1113");
      }
      continue;
    }
    const ApiError error =
        v4.classify(reply_of(body, static_cast<int>(item["status"].as_int())), glm_endpoint());
    CHECK(error.code == item["body"]["error"]["code"].as_string());
    CHECK(retried(error) == retry);
    if (item["class"].is_string()) CHECK(error.kind() == ErrorKind::content_filter);
  }
}

TEST_CASE("glm errors: codes, a plain string, the clock") {
  const auto kind = [](const std::string& body, int status) {
    return v4.classify(reply_of(body, status), glm_endpoint()).kind();
  };
  const auto coded = [](const std::string& code) {
    return R"({"error":{"code":")" + code + R"(","message":"m"}})";
  };
  CHECK(kind(coded("1261"), 400) == ErrorKind::context_length);
  CHECK(kind(coded("1211"), 400) == ErrorKind::not_found);
  CHECK(kind(coded("1305"), 429) == ErrorKind::overloaded);
  CHECK(kind(coded("1310"), 429) == ErrorKind::quota);
  CHECK(kind(coded("1311"), 429) == ErrorKind::quota);
  CHECK(kind(R"({"error":"Too many requests"})", 429) == ErrorKind::rate_limited);
  CHECK(kind("<html><title>Bad gateway</title></html>", 502) == ErrorKind::server);
  CHECK(kind("", 434) == ErrorKind::permission);
  CHECK(kind("", 435) == ErrorKind::limit);
  const ApiError old = v3.classify(reply_of(coded("1003"), 401), glm_endpoint());
  CHECK(old.kind() == ErrorKind::authentication);
  CHECK(old.message().find("clock") != std::string::npos);
}

}  // namespace
}  // namespace lian
