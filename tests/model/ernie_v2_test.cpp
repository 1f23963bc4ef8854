// Qianfan v2: where it differs from OpenAI's chat completions.
#include "model/ernie_support.hpp"
#include "model/fetched_tokens.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;

const ChatCodec& codec() {
  static const test::ErnieModel model = test::ernie_v2();
  static const auto made = model.chat();
  return *made;
}

TEST_CASE("ernie v2: the recorded request") {
  const Json expect = Json::parse(wire("baidu/v2_request.json"));
  const test::ErnieModel model = test::ernie_v2();
  ChatRequest request({system("你是导游"), user("你好")}, ChatOptions()
                                                              .model(model.name)
                                                              .temperature(0.8)
                                                              .top_p(0.8)
                                                              .max_tokens(256)
                                                              .extra("penalty_score", Json(1.0)));
  request.stream = true;
  const HttpRequest http = test::encode(*model.chat(), request, model.endpoint);
  CHECK(http.url == expect["url"].as_string());
  CHECK(*http.headers.find("authorization") == expect["headers"]["Authorization"].as_string());
  CHECK(Json::parse(http.body) == expect["body"]);
}

TEST_CASE("ernie v2: reply and stream; \"normal\" is a stop") {
  const AIMessage message = codec().decode(test::reply_of(wire("baidu/v2_response.json")));
  CHECK(message.text() == "你好！");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "normal");
  CHECK(message.usage->total_tokens == 8);

  const std::string bytes = wire("baidu/v2_stream.sse");
  const test::StreamResult result = test::check_every_split(codec(), bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == "你好！");
  CHECK(result.message.usage->output_tokens == 2);
  const auto lengths = test::complete_prefixes(codec(), bytes);
  REQUIRE_FALSE(lengths.empty());
  CHECK(lengths.front() > bytes.find("[DONE]"));
}

TEST_CASE("ernie v2: a history that must be cleared was filtered") {
  const std::string choice =
      R"({"id":"a","choices":[{"index":0,"MESSAGE":{"content":"no"},"finish_reason":"normal",)"
      R"("need_clear_history":true,"ban_round":1}]})";
  std::string whole = choice, chunk = choice;
  whole.replace(whole.find("MESSAGE"), 7, "message");
  chunk.replace(chunk.find("MESSAGE"), 7, "delta");
  const AIMessage message = codec().decode(test::reply_of(whole));
  CHECK(message.finish_reason == FinishReason::content_filter);
  CHECK(message.extra["ban_round"].as_int() == 1);
  const test::StreamResult streamed =
      test::check_every_split(codec(), "data: " + chunk + "\n\ndata: [DONE]\n\n");
  CHECK(streamed.complete);
  CHECK(streamed.message.finish_reason == FinishReason::content_filter);
}

TEST_CASE("ernie v2: errors by their code, also with status 200") {
  const Endpoint endpoint = test::ernie_v2().endpoint;
  const std::vector<ErrorKind> kinds = {ErrorKind::rate_limited, ErrorKind::authentication,
                                        ErrorKind::not_found, ErrorKind::server};
  const auto rows = Json::parse(wire("baidu/v2_error.json")).items();
  REQUIRE(rows.size() == kinds.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Json body = rows[i]["body"];
    const HttpReply reply =
        test::reply_of(body.dump(), static_cast<int>(rows[i]["status"].as_int()));
    INFO(reply.body);
    std::optional<ApiError> error;
    if (reply.status != 200) error = codec().classify(reply, endpoint);
    try {
      if (reply.status == 200) codec().decode(reply);
    } catch (const ApiError& thrown) {
      error = thrown;
    }
    REQUIRE(error);
    CHECK(to_string(error->kind()) == to_string(kinds[i]));
    CHECK(error->code == body["error"]["code"].as_string());
    if (body["id"].is_string()) CHECK(error->request_id == body["id"].as_string());
    CHECK_FALSE(codec().sign_anew(*error));  // the key is not fetched
  }
  const auto kind = [&endpoint](std::string code) {
    return codec()
        .classify(test::reply_of(R"({"error":{"code":")" + code + R"(","message":"m"}})", 400),
                  endpoint)
        .kind();
  };
  CHECK(kind("tokens_too_long") == ErrorKind::context_length);
  CHECK(kind("system_unsafe") == ErrorKind::content_filter);
}

TEST_CASE("ernie v2: what its models take") {
  CHECK_FALSE(codec().abilities("ernie-4.0-8k").temperature->contains(1.5));
  CHECK(codec().abilities("deepseek-r1").temperature->contains(1.5));
  EmbeddingRequest request;
  request.model = "bge-large-zh";
  request.texts = {"a"};
  const test::ErnieModel model = test::ernie_v2("bge-large-zh");
  const HttpRequest http = model.embedding()->encode(request, model.endpoint);
  CHECK(http.url == "https://qianfan.baidubce.com/v2/embeddings");
  CHECK(http.body == R"({"model":"bge-large-zh","input":["a"]})");
  CHECK(model.embedding()->max_batch(model.name) == 16);
}

TEST_CASE("ernie v2: a fetched bearer token and the application's id") {
  const test::ErnieModel model(ModelConfig()
                                   .api_version("v2")
                                   .app_id("app-1")
                                   .option("iam_access_key", "A")
                                   .option("iam_secret_key", "S"),
                               "ernie-4.0-8k");
  Signing signing;
  signing.token = "bce-v3/fetched";
  const HttpRequest http = model.request(signing);
  CHECK(*http.headers.find("authorization") == "Bearer bce-v3/fetched");
  CHECK(*http.headers.find("appid") == "app-1");
  ApiError refused(ErrorKind::authentication, "no");
  refused.code = "invalid_iam_token";
  CHECK(model.chat()->sign_anew(refused));
}

}  // namespace
}  // namespace lian
