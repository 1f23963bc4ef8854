// What comes from Qianfan v1.
#include "model/ernie_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;

const ChatCodec& codec() {
  static const test::ErnieModel model = test::ernie_v1();
  static const auto made = model.chat();
  return *made;
}

AIMessage decode(std::string body) { return codec().decode(test::reply_of(std::move(body))); }

TEST_CASE("ernie reply: the recorded one") {
  const AIMessage message = decode(wire("baidu/response.json"));
  CHECK(message.text() == "杭州名湖。");
  CHECK(message.id == "as-examp1e001");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "normal");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 21);
  CHECK(message.usage->output_tokens == 4);
  CHECK(message.usage->total_tokens == 25);
  CHECK(message.extra["created"].as_int() == 1700547201);
  CHECK_FALSE(message.extra["need_clear_history"].as_bool());
}

TEST_CASE("ernie reply: a function call") {
  const Json recorded = Json::parse(wire("baidu/tool_call_response.json"))["response"];
  const AIMessage message = decode(recorded.dump());
  CHECK(message.finish_reason == FinishReason::tool_calls);
  REQUIRE(message.tool_calls().size() == 1);
  const ToolCall call = message.tool_calls()[0];
  CHECK(call.name == "get_current_weather");
  CHECK(call.arguments == R"({"location":"杭州市"})");
  CHECK_FALSE(call.id.empty());
  CHECK(call.extra["thoughts"].as_string() == "用户想知道杭州天气");
  const AIMessage streamed =
      test::check_every_split(codec(), "data: " + recorded.dump() + "\n\n").message;
  CHECK(streamed.tool_calls() == message.tool_calls());
  CHECK(streamed.finish_reason == message.finish_reason);
  CHECK(decode(R"({"result":"","function_call":{"name":"f","arguments":""}})")
            .tool_calls()[0]
            .arguments == "{}");
}

TEST_CASE("ernie reply: why it ended") {
  struct Row {
    const char* fields;
    FinishReason reason;
  };
  for (const Row& row : {
           Row{"", FinishReason::stop},
           Row{R"(,"finish_reason":"normal")", FinishReason::stop},
           Row{R"(,"finish_reason":"stop")", FinishReason::stop},
           Row{R"(,"finish_reason":"length")", FinishReason::length},
           Row{R"(,"finish_reason":"normal","is_truncated":true)", FinishReason::length},
           Row{R"(,"finish_reason":"content_filter")", FinishReason::content_filter},
           Row{R"(,"finish_reason":"normal","need_clear_history":true,"ban_round":-1)",
               FinishReason::content_filter},
           Row{R"(,"finish_reason":"function_call","function_call":{"name":"f","arguments":"{}"})",
               FinishReason::tool_calls},
           Row{R"(,"finish_reason":"tired")", FinishReason::other},
       }) {
    INFO(row.fields);
    const std::string body =
        std::string(R"({"id":"a","is_end":true,"result":"x")") + row.fields + "}";
    const AIMessage whole = decode(body);
    CHECK(whole.finish_reason == row.reason);
    const test::StreamResult streamed = test::read_stream(codec(), "data:" + body + "\n\n");
    CHECK(streamed.complete);
    AIMessage same = streamed.message;
    same.provider = whole.provider;
    CHECK(same == whole);
  }
  CHECK(decode(R"({"result":"x","finish_reason":"tired"})").raw_finish_reason == "tired");
  CHECK(
      decode(R"({"result":"x","ban_round":2,"search_info":{"is_beset":1}})").extra["search_info"] ==
      Json::parse(R"({"is_beset":1})"));
}

TEST_CASE("ernie reply: what is none") {
  for (const char* body :
       {"", "null", "[]", "{}", "\"x\"", R"({"result":3})", R"({"result":"x"} {})",
        R"({"result":"x","usage":{)", R"({"result":"x)", "<html><title>502</title></html>",
        R"({"choices":[{"message":{"content":"x"}}]})"}) {
    INFO(body);
    CHECK_THROWS_AS(decode(body), ParseError);
  }
}

TEST_CASE("ernie stream: the recorded one, cut everywhere") {
  const std::string bytes = wire("baidu/stream.sse");
  const Json expect = Json::parse(wire("baidu/stream_expect.json"));
  const test::StreamResult result = test::check_every_split(codec(), bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == expect["text"].as_string());
  CHECK(result.message.finish_reason == FinishReason::stop);
  REQUIRE(result.message.usage);
  CHECK(result.message.usage->input_tokens == expect["usage"]["input"].as_int());
  CHECK(result.message.usage->output_tokens == expect["usage"]["output"].as_int());
  CHECK(result.message.usage->total_tokens == expect["usage"]["total"].as_int());
  CHECK(result.message.id == "as-examp1e002");
  for (const bool clean : {false, true}) {
    const auto lengths = test::complete_prefixes(codec(), bytes, clean);
    CHECK(lengths == std::vector<std::size_t>{bytes.size()});
  }
}

TEST_CASE("ernie stream: what stands between its events") {
  const std::string bytes =
      ": keep-alive\n\nevent: pluginMeta\ndata: {\"plugin\":\"x\"}\n\n"
      "data:{\"id\":\"a\",\"result\":\"one "
      "\",\"is_end\":false,\"finish_reason\":\"normal\"}\r\n\r\n"
      "data: {\"result\":\"two\",\"new_field\":[1]}\n\n"
      "data: {\"is_end\":true,\"result\":\"\"}\n\n";
  const test::StreamResult result = test::check_every_split(codec(), bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == "one two");
  CHECK(result.message.finish_reason == FinishReason::stop);
  CHECK(result.message.extra["new_field"].size() == 1);
}

TEST_CASE("ernie stream: an error in its middle, with and without data:") {
  for (const char* prefix : {"", "data: "}) {
    const std::string bytes =
        "data: {\"result\":\"one\",\"is_end\":false}\n\n" + std::string(prefix) +
        R"({"error_code":336100,"error_msg":"high load","id":"as-9"})" + "\n\n";
    for (const auto& chunks : {std::vector<std::string_view>{bytes}, test::by_byte(bytes)}) {
      try {
        test::read_stream(codec(), chunks);
        FAIL("an error was taken for a reply");
      } catch (const ApiError& error) {
        CHECK(error.kind() == ErrorKind::overloaded);
        CHECK(error.code == "336100");
        CHECK(error.request_id == "as-9");
        CHECK_THAT(error.message(), Catch::Contains("high load"));
      }
    }
  }
  CHECK_THROWS_AS(test::read_stream(codec(), "data: {\"result\":\n\n"), ParseError);
}

ErrorKind kind_of(int code) {
  const std::string body =
      R"({"error_code":)" + std::to_string(code) + R"(,"error_msg":"no","id":"as-1"})";
  try {
    decode(body);
  } catch (const ApiError& error) {
    CHECK(error.code == std::to_string(code));
    CHECK(error.request_id == "as-1");
    const Endpoint endpoint = test::ernie_v1().endpoint;
    CHECK(codec().classify(test::reply_of(body, 400), endpoint).kind() == error.kind());
    return error.kind();
  }
  return ErrorKind::cancelled;
}

TEST_CASE("ernie error: what the codes mean") {
  using enum ErrorKind;
  for (const auto& [code, kind] :
       std::vector<std::pair<int, ErrorKind>>{{1, server},
                                              {2, overloaded},
                                              {3, not_found},
                                              {4, rate_limited},
                                              {6, permission},
                                              {13, authentication},
                                              {14, authentication},
                                              {15, server},
                                              {17, quota},
                                              {18, rate_limited},
                                              {19, quota},
                                              {100, authentication},
                                              {110, authentication},
                                              {111, authentication},
                                              {336000, server},
                                              {336001, invalid_request},
                                              {336002, invalid_request},
                                              {336003, invalid_request},
                                              {336004, permission},
                                              {336005, not_found},
                                              {336006, context_length},
                                              {336007, context_length},
                                              {336100, overloaded},
                                              {336101, invalid_request},
                                              {336103, context_length},
                                              {336104, content_filter},
                                              {336105, content_filter},
                                              {336501, rate_limited},
                                              {336502, rate_limited},
                                              {336999, invalid_request}}) {
    INFO(code);
    CHECK(to_string(kind_of(code)) == to_string(kind));
  }
}

TEST_CASE("ernie error: the fixtures") {
  for (const Json& row : Json::parse(wire("baidu/error.json")).items()) {
    INFO(row["case"].dump());
    HttpReply reply = test::reply_of(row["body"].dump(), static_cast<int>(row["status"].as_int()));
    for (const std::string& name : row["headers"].keys())
      reply.headers.add(name, std::string(row["headers"][name].as_string()));
    const bool refreshes = row["action"].as_string() == "refresh token once, retry";
    const bool retries = row["action"].as_string() == "retry with backoff";
    if (reply.status != 200) {
      const ApiError error = codec().classify(reply, test::ernie_v1().endpoint);
      CHECK(error.kind() == ErrorKind::authentication);
      CHECK_THAT(error.message(), Catch::Contains("signature not match"));
      continue;
    }
    try {
      codec().decode(reply);
      FAIL("an error was taken for a reply");
    } catch (const ApiError& error) {
      CHECK(codec().sign_anew(error) == refreshes);
      const bool passes =
          error.kind() == ErrorKind::rate_limited || error.kind() == ErrorKind::overloaded;
      CHECK(passes == retries);
      CHECK_THAT(error.message(),
                 Catch::Contains(std::string(row["body"]["error_msg"].as_string())));
    }
  }
}

TEST_CASE("ernie error: any body is described") {
  const Endpoint endpoint = test::ernie_v1().endpoint;
  for (const auto& [body, status, kind, says] :
       std::vector<std::tuple<const char*, int, ErrorKind, const char*>>{
           {"<html><title>502 Bad Gateway</title>", 502, ErrorKind::server, "502 Bad Gateway"},
           {"", 503, ErrorKind::overloaded, "no body"},
           {"\"just text\"", 429, ErrorKind::rate_limited, "just text"},
           {"[]", 404, ErrorKind::not_found, "[]"},
           {R"({"error_code":18,"error_msg":"Open api qps request limit reached"})", 429,
            ErrorKind::rate_limited, "qps"}}) {
    const ApiError error = codec().classify(test::reply_of(body, status), endpoint);
    CHECK(to_string(error.kind()) == to_string(kind));
    CHECK_THAT(error.message(), Catch::Contains(says));
  }
}

TEST_CASE("ernie embeddings: rows in the order of their index; errors with status 200") {
  const auto codec = test::ernie_v1("Embedding-V1").embedding();
  const auto rows = codec->decode(test::reply_of(wire("baidu/embedding_response.json")), 2);
  CHECK(rows == std::vector<std::vector<float>>{{0.018F, -0.032F, 0.25F}, {0.5F, 0.125F, -0.75F}});
  CHECK_THROWS_AS(codec->decode(test::reply_of(wire("baidu/embedding_response.json")), 3),
                  ParseError);
  CHECK_THROWS_AS(codec->decode(test::reply_of(R"({"error_code":111,"error_msg":"old"})"), 1),
                  ApiError);
}

}  // namespace
}  // namespace lian
