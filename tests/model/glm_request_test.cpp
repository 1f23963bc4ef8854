#include "model/glm_support.hpp"

#include "lian/model/registry.hpp"
#include "model/provider/glm_token.hpp"

namespace lian {
namespace {

using test::encode;
using test::glm_endpoint;
using test::glm_fixture;

const GlmChatCodec v4(glm_endpoint());
const ChatGlmCodec v3;

ChatRequest asking(ChatOptions options) {
  if (options.model().empty()) options.model("glm-4");
  return ChatRequest({user("hi")}, std::move(options));
}

Json body(ChatOptions options, std::vector<std::string>* told = nullptr) {
  return Json::parse(encode(v4, asking(std::move(options)), glm_endpoint(), told).body);
}

ErrorKind refusal(const ChatCodec& codec, const ChatRequest& request, std::string* text = nullptr) {
  try {
    encode(codec, request, glm_endpoint());
  } catch (const Error& error) {
    if (text) *text = error.message();
    return error.kind();
  }
  return ErrorKind::tool;
}

TEST_CASE("glm request: the fixture of v4") {
  const Json expected = glm_fixture("request.json");
  ChatRequest request({system("你是导游"), user("你好")},
                      ChatOptions()
                          .model("glm-4")
                          .temperature(0.95)
                          .top_p(0.7)
                          .max_tokens(1024)
                          .stop({"###"})
                          .user("user-000001")
                          .extra("request_id", Json("req-0000001"))
                          .extra("do_sample", Json(true))
                          .extra("stream", Json(false))
                          .extra("tool_choice", Json("auto"))
                          .extra("tools", expected["body"]["tools"]));
  std::vector<std::string> told;
  const HttpRequest sent = encode(v4, request, glm_endpoint(), &told);
  CHECK(sent.url == expected["url"].as_string());
  CHECK(*sent.headers.find("authorization") == "Bearer " + test::glm_key);
  CHECK(Json::parse(sent.body) == expected["body"]);
  CHECK(told.empty());
}

TEST_CASE("glm request: an image's bytes go without the prefix of a data URL") {
  const Json expected = glm_fixture("vision_request.json");
  const std::string bytes("\x89PNG\r\n\x1a\n", 8);
  for (const MediaSource& source :
       {MediaSource::from_bytes(bytes, "image/png"),
        MediaSource::from_url("data:image/png;base64,iVBORw0KGgo=")}) {
    const ChatRequest request(
        {user(std::vector<Part>{TextPart("这是什么?"), ImagePart(source)})},
        ChatOptions().model("glm-4v"));
    CHECK(Json::parse(encode(v4, request, glm_endpoint()).body)["messages"] ==
          expected["messages"]);
  }
  const ChatRequest link({user(std::vector<Part>{ImagePart(MediaSource::from_url("https://h/x;base64,y"))})},
                         ChatOptions().model("glm-4v"));
  CHECK(Json::parse(encode(v4, link, glm_endpoint()).body)["messages"][0]["content"][0]["image_url"]
            ["url"] == Json("https://h/x;base64,y"));
}

TEST_CASE("glm request: temperature 0 is greedy, the ends of the ranges belong to newer models") {
  std::vector<std::string> told;
  const Json greedy = body(ChatOptions().temperature(0), &told);
  CHECK(greedy["do_sample"] == Json(false));
  CHECK_FALSE(greedy.contains("temperature"));
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("do_sample") != std::string::npos);

  std::string text;
  CHECK(refusal(v4, asking(ChatOptions().temperature(1)), &text) == ErrorKind::invalid_request);
  CHECK(text.find("1 (excluded)") != std::string::npos);
  CHECK(refusal(v4, asking(ChatOptions().top_p(1))) == ErrorKind::invalid_request);
  CHECK(refusal(v4, asking(ChatOptions().temperature(-0.1))) == ErrorKind::invalid_request);
  CHECK(body(ChatOptions().temperature(1).lenient(true), &told)["temperature"] == Json(0.99));
  CHECK(body(ChatOptions().model("glm-4.6").temperature(1).top_p(1))["top_p"] == Json(1));
  CHECK(body(ChatOptions().top_p(0), &told)["top_p"] == Json(0.01));
}

TEST_CASE("glm request: thinking in place of an effort") {
  std::vector<std::string> told;
  const Json on = body(ChatOptions().model("glm-4.5").reasoning_effort("high"), &told);
  CHECK(on["thinking"] == Json::parse(R"({"type":"enabled"})"));
  CHECK_FALSE(on.contains("reasoning_effort"));
  CHECK(told.size() == 1);
  CHECK(body(ChatOptions().model("glm-5").reasoning_effort("none"))["thinking"]["type"] ==
        Json("disabled"));
  CHECK(refusal(v4, asking(ChatOptions().reasoning_effort("high"))) == ErrorKind::unsupported);
}

TEST_CASE("glm request: tools, and the one choice there is") {
  const Json fixture = glm_fixture("tool_call_response.json");
  const Json function = fixture["request_tools"][0]["function"];
  ChatOptions options;
  options.model("glm-4").tools({ToolSpec("get_current_weather", "查询天气", function["parameters"])});
  CHECK(body(options)["tools"] == fixture["request_tools"]);
  CHECK(body(ChatOptions(options).tool_choice("auto"))["tool_choice"] == Json("auto"));
  CHECK(refusal(v4, asking(ChatOptions(options).tool_choice("required"))) ==
        ErrorKind::unsupported);
  std::vector<std::string> told;
  CHECK_FALSE(body(ChatOptions(options).tool_choice("none"), &told).contains("tools"));
  CHECK(told.size() == 1);

  const ChatRequest answered(
      {tool(ToolResult("call_8231000000000000002", "{\"temp\":\"18C\"}"))},
      ChatOptions().model("glm-4"));
  CHECK(Json::parse(encode(v4, answered, glm_endpoint()).body)["messages"][0] ==
        fixture["follow_up_message"]);
}

TEST_CASE("glm request: what the vendor lacks is refused") {
  for (const ChatOptions& options :
       {ChatOptions().n(2), ChatOptions().logprobs(true), ChatOptions().logit_bias({{"1", 1}}),
        ChatOptions().presence_penalty(1), ChatOptions().parallel_tool_calls(false),
        ChatOptions().response_format(ResponseFormat::json_schema("x", Json::object()))})
    CHECK(refusal(v4, asking(options)) == ErrorKind::unsupported);
  // Calls may come in parallel without a switch.
  CHECK_FALSE(body(ChatOptions().parallel_tool_calls(true)).contains("parallel_tool_calls"));
  CHECK(refusal(v4, asking(ChatOptions().stop({"a", "b"}))) == ErrorKind::invalid_request);
  CHECK(body(ChatOptions().response_format(ResponseFormat::json_object()))["response_format"]
            ["type"] == Json("json_object"));
}

TEST_CASE("glm request: the fixture of v3") {
  const Json expected = glm_fixture("v3_request.json");
  ChatRequest request({user("你好")}, ChatOptions()
                                          .model("chatglm_turbo")
                                          .temperature(0.95)
                                          .top_p(0.7)
                                          .extra("request_id", Json("req-0000003")));
  const HttpRequest whole = encode(v3, request, glm_endpoint("key", "v3"));
  CHECK(whole.url == expected["invoke_url"].as_string());
  CHECK(Json::parse(whole.body) == expected["body"]);
  request.stream = true;
  const HttpRequest streamed = encode(v3, request, glm_endpoint("key", "v3"));
  CHECK(streamed.url == expected["sse_url"].as_string());
  CHECK(Json::parse(streamed.body)["incremental"] == Json(true));
  request.options.model("a/b?c");
  CHECK(encode(v3, request, glm_endpoint("key", "v3")).url.ends_with("/model-api/a%2Fb%3Fc/sse-invoke"));
}

TEST_CASE("glm request: v3 takes alternating turns of users and assistants") {
  std::vector<std::string> told;
  const ChatRequest request({system("be brief"), user("a"), user("b"), assistant("c"), user("d")},
                            ChatOptions().model("chatglm_pro").temperature(0));
  const Json sent = Json::parse(encode(v3, request, glm_endpoint(), &told).body);
  CHECK(sent["prompt"] == Json::parse(R"([{"role":"user","content":"be brief\na\nb"},
      {"role":"assistant","content":"c"},{"role":"user","content":"d"}])"));
  CHECK(sent["temperature"] == Json(0.01));
  CHECK(told.size() == 3);  // temperature, system, neighbours
  for (const Messages& bad : {Messages{assistant("x"), user("y")}, Messages{user("x"), assistant("y")},
                              Messages{}, Messages{user("")}})
    CHECK(refusal(v3, ChatRequest(bad, ChatOptions().model("chatglm_pro"))) ==
          ErrorKind::invalid_request);
  CHECK(refusal(v3, ChatRequest({user("x")}, ChatOptions().max_tokens(3))) ==
        ErrorKind::unsupported);
}

TEST_CASE("glm auth: the published tokens") {
  int seen = 0;
  for (const Json& vector : glm_fixture("auth_vectors.json").items()) {
    const Json in = vector["input"];
    if (!in.is_object()) continue;
    if (vector["expect"]["header_json"].as_string().find("\"typ\"") != std::string_view::npos) continue;
    CHECK(glm_token(in["api_key"].as_string(), test::at_ms(in["now_ms"].as_int()),
                    std::chrono::seconds(in["ttl_seconds"].as_int())) ==
          vector["expect"]["token"].as_string());
    ++seen;
  }
  CHECK(seen == 3);
  for (const char* key : {"noDot", "a.b.c", "", ".", "a.", ".b"})
    CHECK_THROWS_AS(check_glm_key(key), Error);
}

TEST_CASE("glm auth: the key itself, or a token in its place") {
  const Json vectors = glm_fixture("auth_vectors.json");
  Signing signing;
  signing.now = test::at_ms(1700547200000);
  HttpRequest request = encode(v4, asking(ChatOptions()), glm_endpoint());
  v4.sign(request, glm_endpoint(), signing);
  CHECK(*request.headers.find("authorization") == "Bearer " + test::glm_key);

  const GlmChatCodec jwt(glm_endpoint("jwt"));
  jwt.sign(request, glm_endpoint("jwt"), signing);
  CHECK(*request.headers.find("authorization") ==
        "Bearer " + std::string(vectors[0]["expect"]["token"].as_string()));
  v3.sign(request, glm_endpoint(), signing);
  CHECK(*request.headers.find("authorization") == vectors[1]["expect"]["token"].as_string());

  ApiError old(ErrorKind::authentication, "x");
  old.code = "1003";
  CHECK(jwt.sign_anew(old));
  CHECK(v3.sign_anew(old));
  CHECK_FALSE(v4.sign_anew(old));
  old.code = "1002";
  CHECK_FALSE(jwt.sign_anew(old));
}

TEST_CASE("glm registry: names, versions and keys") {
  const auto config = [] { return ModelConfig().api_key(test::glm_key); };
  CHECK_NOTHROW(chat_model("glm:glm-4", config()));
  CHECK_NOTHROW(chat_model("zhipu:chatglm_turbo", config()));
  CHECK_NOTHROW(chat_model("glm:glm-4", config().api_key("any")));
  CHECK_THROWS_AS(chat_model("glm:chatglm_turbo", config().api_key("any")), Error);
  CHECK_THROWS_AS(chat_model("glm:glm-4", config().api_key("any").option("auth", "jwt")), Error);
  CHECK_THROWS_AS(chat_model("glm:glm-4", config().option("auth", "basic")), Error);
}

TEST_CASE("glm embeddings: the fixture, and widths") {
  const Json expected = glm_fixture("embedding_request.json");
  const GlmEmbeddingCodec codec(glm_endpoint());
  EmbeddingRequest request;
  request.texts = {"你好", "世界"};
  request.model = "embedding-3";
  request.dimensions = 256;
  const HttpRequest sent = codec.encode(request, glm_endpoint());
  CHECK(sent.url == expected["url"].as_string());
  CHECK(Json::parse(sent.body) == expected["body"]);
  CHECK(codec.max_batch("embedding-3") == 64);
  const auto rows = codec.decode(test::reply_of(test::wire("zhipu/embedding_response.json")), 2);
  CHECK(rows == std::vector<std::vector<float>>{{0.01F, -0.02F}, {0.03F, 0.04F}});
  request.dimensions = 300;
  CHECK_THROWS_AS(codec.encode(request, glm_endpoint()), Error);
  request.model = "embedding-2";
  CHECK_THROWS_AS(codec.encode(request, glm_endpoint()), UnsupportedError);
}

}  // namespace
}  // namespace lian
