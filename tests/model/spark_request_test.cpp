#include "model/spark_support.hpp"

#include "lian/model/registry.hpp"
#include "model/provider.hpp"

namespace lian {
namespace {

using test::encode;
using test::spark_endpoint;
using test::spark_fixture;

const SparkChatCodec ws;
const SparkHttpCodec http;

Json body(const ChatCodec& codec, const ChatRequest& request,
          std::vector<std::string>* told = nullptr) {
  return Json::parse(encode(codec, request, spark_endpoint(), told).body);
}

std::optional<ErrorKind> refusal(const ChatCodec& codec, const ChatRequest& request) {
  try {
    encode(codec, request, spark_endpoint());
  } catch (const Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

// "Tue, 21 Nov 2023 06:13:20 GMT" without a parser of dates.
std::chrono::system_clock::time_point time_of(std::string_view date) {
  const std::int64_t seconds = date == "Tue, 21 Nov 2023 06:13:20 GMT"   ? 1700547200
                               : date == "Fri, 05 May 2023 10:43:39 GMT" ? 1683283419
                                                                         : 0;
  REQUIRE(seconds != 0);
  return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

TEST_CASE("spark signature: the published URLs of every version") {
  std::size_t seen = 0;
  for (const Json& vector : spark_fixture("auth_vectors.json").items()) {
    const Json in = vector["input"];
    INFO(vector["name"].dump());
    std::string url(in["url"].as_string());
    if (url.starts_with("ws")) url.replace(0, 2, "http");
    const std::string made =
        spark_signed_url(url, in["method"].as_string(), in["api_key"].as_string(),
                         in["api_secret"].as_string(), time_of(in["date"].as_string()));
    std::string expected(vector["expect"]["url"].as_string());
    if (expected.starts_with("ws")) expected.replace(0, 2, "http");
    // Blanks as %20, where the vector has the form's plus sign; the gateway takes both.
    CHECK(made == replaced(expected, "+", "%20"));
    ++seen;
  }
  CHECK(seen == 8);
}

TEST_CASE("spark request: the fixture's frame") {
  const Json expected = spark_fixture("request.json");
  const ChatRequest request({user("你好"), assistant("你好！"), user("1+1=?")},
                            ChatOptions()
                                .model("v3.0")
                                .temperature(0.5)
                                .max_tokens(2048)
                                .user("u-1")
                                .extra("top_k", Json(4))
                                .extra("chat_id", Json("c-1")));
  const HttpRequest sent = encode(ws, request, spark_endpoint());
  CHECK(sent.websocket);
  CHECK(sent.method == "GET");
  CHECK(sent.url == "https://spark-api.xf-yun.com/v3.1/chat");
  CHECK(Json::parse(sent.body) == expected["frame"]);
}

TEST_CASE("spark request: functions, as the fixture has them") {
  const Json expected = spark_fixture("tool_call_response.json")["ws_request_payload"];
  const Json function = expected["functions"]["text"][0];
  const ChatRequest request({user("杭州天气?")},
                            ChatOptions().model("v3.5").tools({ToolSpec(
                                "get_current_weather", "查询天气", function["parameters"])}));
  CHECK(body(ws, request)["payload"] == expected);
  CHECK(refusal(ws, ChatRequest({user("x")}, ChatOptions().model("v1.5").tools(
                                                 {ToolSpec("f", "", {})}))) ==
        ErrorKind::unsupported);
}

TEST_CASE("spark request: every version has its address and its domain") {
  const std::pair<const char*, std::pair<const char*, const char*>> versions[] = {
      {"v1.5", {"/v1.1/chat", "lite"}},          {"lite", {"/v1.1/chat", "lite"}},
      {"general", {"/v1.1/chat", "general"}},    {"v2.0", {"/v2.1/chat", "generalv2"}},
      {"v3.0", {"/v3.1/chat", "generalv3"}},     {"pro-128k", {"/chat/pro-128k", "pro-128k"}},
      {"v3.5", {"/v3.5/chat", "generalv3.5"}},   {"generalv3.5", {"/v3.5/chat", "generalv3.5"}},
      {"max-32k", {"/chat/max-32k", "max-32k"}}, {"v4.0", {"/v4.0/chat", "4.0Ultra"}},
      {"x1", {"/v1/x1", "x1"}},                  {"x2", {"/x2", "spark-x"}},
      {"image", {"/v2.1/image", "image"}},       {"my-service", {"", "my-service"}},
  };
  for (const auto& [model, place] : versions) {
    INFO(model);
    const HttpRequest sent =
        encode(ws, ChatRequest({user("x")}, ChatOptions().model(model)), spark_endpoint());
    CHECK(sent.url == std::string("https://spark-api.xf-yun.com") + place.first);
    CHECK(Json::parse(sent.body)["parameter"]["chat"]["domain"] == Json(place.second));
  }
  const Json tuned = body(
      ws, ChatRequest({user("x")}, ChatOptions().model("xs").extra("patch_id", Json::array({"7"}))));
  CHECK(tuned["header"]["patch_id"][0] == Json("7"));
}

TEST_CASE("spark request: system messages where they are taken, else folded") {
  std::vector<std::string> told;
  const auto texts = [&](const char* model) {
    told.clear();
    return body(ws, ChatRequest({system("s"), user("a"), user("b")}, ChatOptions().model(model)),
                &told)["payload"]["message"]["text"];
  };
  CHECK(texts("v3.5") == Json::parse(R"([{"role":"system","content":"s"},
                                         {"role":"user","content":"a\nb"}])"));
  CHECK(told.size() == 1);
  CHECK(texts("v3.0") == Json::parse(R"([{"role":"user","content":"s\na\nb"}])"));
  CHECK(told.size() == 2);
}

TEST_CASE("spark request: a call and its result as words") {
  std::vector<std::string> told;
  const Json sent = body(ws,
                         ChatRequest({user("weather?"),
                                      Message(Role::assistant, {ToolCall("call_0", "f", "{\"a\":1}")}),
                                      tool(ToolResult("call_0", "18C"))},
                                     ChatOptions().model("v3.5")),
                         &told);
  CHECK(sent["payload"]["message"]["text"] ==
        Json::parse(R"([{"role":"user","content":"weather?"},
                        {"role":"assistant","content":"{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}"},
                        {"role":"user","content":"18C"}])"));
  CHECK(told.size() == 1);
}

TEST_CASE("spark request: one image, by its bytes") {
  const auto asking = [](std::vector<Part> parts) {
    return ChatRequest({user(std::move(parts))}, ChatOptions().model("image"));
  };
  const ImagePart bytes(MediaSource::from_bytes("abc", "image/png"));
  const ImagePart data(MediaSource::from_url("data:image/png;base64,YWJj"));
  for (const ImagePart& image : {bytes, data})
    CHECK(body(ws, asking({TextPart("what?"), image}))["payload"]["message"]["text"] ==
          Json::parse(R"([{"role":"user","content":"YWJj","content_type":"image"},
                          {"role":"user","content":"what?"}])"));
  CHECK(refusal(ws, asking({bytes, data, TextPart("x")})) == ErrorKind::unsupported);
  CHECK(refusal(ws, asking({TextPart("x"), ImagePart(MediaSource::from_url("https://h/a.png"))})) ==
        ErrorKind::unsupported);
  CHECK(refusal(ws, ChatRequest({user(std::vector<Part>{bytes})}, ChatOptions().model("v3.5"))) ==
        ErrorKind::unsupported);
}

TEST_CASE("spark request: ranges, and what the vendor lacks") {
  const auto asking = [](ChatOptions options) {
    if (options.model().empty()) options.model("v3.5");
    return ChatRequest({user("x")}, std::move(options));
  };
  std::vector<std::string> told;
  CHECK(body(ws, asking(ChatOptions().temperature(0)), &told)["parameter"]["chat"]["temperature"] ==
        Json(0.01));
  CHECK(told.size() == 1);
  CHECK(refusal(ws, asking(ChatOptions().temperature(1.1))) == ErrorKind::invalid_request);
  CHECK(refusal(ws, asking(ChatOptions().max_tokens(8193))) == ErrorKind::invalid_request);
  CHECK(refusal(ws, asking(ChatOptions().model("lite").max_tokens(4097))) ==
        ErrorKind::invalid_request);
  CHECK(body(ws, asking(ChatOptions().max_tokens(9000).lenient(true)))["parameter"]["chat"]
            ["max_tokens"] == Json(8192));
  for (const ChatOptions& options :
       {ChatOptions().top_p(0.5), ChatOptions().stop({"a"}), ChatOptions().seed(1),
        ChatOptions().n(2), ChatOptions().response_format(ResponseFormat::json_object())})
    CHECK(refusal(ws, asking(options)) == ErrorKind::unsupported);
}

TEST_CASE("spark http: the fixture's request, tools as an array, thinking") {
  const Json expected = spark_fixture("response.json")["request"];
  const ChatRequest request({system("你是助理"), user("你好")}, ChatOptions()
                                                                   .model("v3.5")
                                                                   .user("u-1")
                                                                   .temperature(0.5)
                                                                   .max_tokens(1024)
                                                                   .extra("top_k", Json(4))
                                                                   .extra("stream", Json(false)));
  CHECK(body(http, request) == expected["body"]);
  const Json tools = body(http, ChatRequest({user("x")}, ChatOptions().model("4.0Ultra").tools(
                                                             {ToolSpec("f", "", {})})));
  CHECK(tools["tool_calls_switch"] == Json(true));
  CHECK(tools["model"] == Json("4.0Ultra"));
  std::vector<std::string> told;
  CHECK(body(http, ChatRequest({user("x")}, ChatOptions().model("x1").reasoning_effort("none")),
             &told)["thinking"]["type"] == Json("disabled"));
  CHECK(told.size() == 1);
}

Endpoint resolved(std::string_view model, ModelConfig config) {
  return endpoint_of(spark_provider, model, config);
}

ModelConfig application() { return ModelConfig().app_id("a").api_key("k").secret_key("s"); }

TEST_CASE("spark registry: credentials choose the interface") {
  const Endpoint socket = resolved("v3.5", application());
  CHECK(socket.option("transport") == "websocket");
  CHECK(socket.base_url == "https://spark-api.xf-yun.com");
  CHECK(resolved("image", application()).base_url == "https://spark-api.cn-huabei-1.xf-yun.com");
  CHECK(resolved("xs1", application()).base_url ==
        "https://maas-api.cn-huabei-1.xf-yun.com/v1.1/chat");
  CHECK(resolved("embedding", application()).base_url == "https://emb-cn-huabei-1.xf-yun.com");
  CHECK(resolved("v4.0", application().base_url("wss://spark-api.xf-yun.com/v3.5/chat")).base_url ==
        "https://spark-api.xf-yun.com");
  CHECK(resolved("v3.5", application().base_url("ws://127.0.0.1:9/v3.5/chat")).base_url ==
        "http://127.0.0.1:9");

  const Endpoint password = resolved("v3.5", ModelConfig().option("api_password", "pw"));
  CHECK(password.option("transport") == "http");
  CHECK(password.api_key == "pw");
  CHECK(password.base_url == "https://spark-api-open.xf-yun.com/v1");
  CHECK(resolved("x1", ModelConfig().api_key("pw")).base_url ==
        "https://spark-api-open.xf-yun.com/v2");
  CHECK(resolved("x2", ModelConfig().api_key("pw")).base_url ==
        "https://spark-api-open.xf-yun.com/x2");
  CHECK(resolved("v3.5", application().option("transport", "http")).api_key == "k:s");

  for (ModelConfig config :
       {ModelConfig(), ModelConfig().api_key("k").option("transport", "websocket"),
        ModelConfig().app_id("a").secret_key("s"), application().option("transport", "pigeon")})
    CHECK_THROWS_AS(resolved("v3.5", config), Error);
  CHECK_THROWS_AS(resolved("embedding", ModelConfig().api_key("pw")), Error);
  CHECK_NOTHROW(chat_model("spark:v3.5", application()));
  CHECK_NOTHROW(chat_model("xinghuo:generalv3.5", ModelConfig().api_key("pw")));
}

TEST_CASE("spark embeddings: the fixture") {
  const Json fixture = spark_fixture("embedding.json");
  const SparkEmbeddingCodec codec;
  EmbeddingRequest request;
  request.texts = {"你好"};
  request.model = "embedding";
  Endpoint endpoint = spark_endpoint();
  endpoint.base_url = "https://emb-cn-huabei-1.xf-yun.com";
  const HttpRequest sent = codec.encode(request, endpoint);
  CHECK(sent.url == "https://emb-cn-huabei-1.xf-yun.com/");
  const Json json = Json::parse(sent.body);
  CHECK(json["header"]["status"] == Json(3));
  CHECK(json["parameter"] == fixture["request"]["body"]["parameter"]);
  CHECK(json["payload"]["messages"]["text"].is_string());
  request.use = EmbeddingUse::query;
  CHECK(Json::parse(codec.encode(request, endpoint).body)["parameter"]["emb"]["domain"] ==
        Json("query"));
  CHECK(codec.max_batch("embedding") == 1);

  const auto rows = codec.decode(test::reply_of(fixture["response"].dump()), 1);
  CHECK(rows == std::vector<std::vector<float>>{{0.5F, -0.25F, 1.0F, 0.0F}});
  try {
    codec.decode(test::reply_of(fixture["error"].dump()), 1);
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::rate_limited);
    CHECK(error.retry_after_seconds == 1.0);
    CHECK(error.request_id == "ase000examp1e@dx2");
  }
  CHECK_THROWS_AS(codec.decode(test::reply_of(R"({"header":{"code":0}})"), 1), ParseError);
}

}  // namespace
}  // namespace lian
