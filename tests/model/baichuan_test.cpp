// Baichuan: the signed API of 2023 and chat completions, bytes in, bytes out.
#include <chrono>

#include "lian/model/registry.hpp"
#include "model/codec_support.hpp"
#include "model/provider.hpp"
#include "model/provider/baichuan.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;

struct Baichuan {
  explicit Baichuan(std::string model_name, ModelConfig config = ModelConfig())
      : name(std::move(model_name)),
        endpoint(endpoint_of(baichuan_provider, name,
                             config.api_key("API_KEY").secret_key("YOUR_SECRET_KEY"))),
        codec(baichuan_provider.chat(ModelPlace(baichuan_provider, name, endpoint))) {}
  HttpRequest encode(ChatRequest request, std::vector<std::string>* told = nullptr) const {
    request.options.model(name);
    return test::encode(*codec, request, endpoint, told);
  }
  std::string name;
  Endpoint endpoint;
  std::unique_ptr<const ChatCodec> codec;
};

Baichuan legacy() { return Baichuan("Baichuan2-53B"); }

TEST_CASE("baichuan: the name says which API; api_version overrules it") {
  const auto path = [](const Baichuan& model) {
    return model.encode(ChatRequest({user("hi")}, ChatOptions())).url.substr(30);
  };
  CHECK(path(legacy()) == "/chat");
  CHECK(path(Baichuan("Baichuan2-Turbo-192k")) == "/chat/completions");
  CHECK(path(Baichuan("Baichuan4")) == "/chat/completions");
  CHECK(path(Baichuan("Baichuan2-53B", ModelConfig().api_version("completions"))) ==
        "/chat/completions");
  CHECK(path(Baichuan("Baichuan2-13B", ModelConfig().api_version("legacy"))) == "/chat");
  CHECK_THROWS_WITH(chat_model("baichuan:Baichuan2-53B", ModelConfig().api_key("k")),
                    Catch::Contains("BAICHUAN_SECRET_KEY"));
  CHECK_THROWS_WITH(chat_model("baichuan:m", ModelConfig().api_key("k").api_version("v9")),
                    Catch::Contains("\"legacy\" or"));
  CHECK(endpoint_of(baichuan_provider, "Baichuan4",
                    ModelConfig().api_key("k").base_url("http://h/v1/chat/completions/"))
            .base_url == "http://h/v1");
}

TEST_CASE("baichuan legacy: signatures") {
  for (const Json& vector : Json::parse(wire("baichuan/auth_vectors.json")).items()) {
    const Json in = vector["input"];
    INFO(vector["name"].dump());
    CHECK(baichuan_signature(in["secret_key"].as_string(), in["body"].as_string(),
                             in["timestamp"].dump()) == vector["expect"].as_string());
    HttpRequest request;
    request.body = in["body"].as_string();
    Endpoint endpoint;
    endpoint.options.emplace_back("secret_key", in["secret_key"].as_string());
    Signing signing;
    signing.now = std::chrono::system_clock::time_point(
        std::chrono::seconds(in["timestamp"].as_int()) + std::chrono::milliseconds(999));
    BaichuanLegacyCodec().sign(request, endpoint, signing);
    CHECK(*request.headers.find("X-BC-Signature") == vector["expect"].as_string());
    CHECK(*request.headers.find("X-BC-Timestamp") == in["timestamp"].dump());
    CHECK(*request.headers.find("X-BC-Sign-Algo") == "MD5");
  }
}

TEST_CASE("baichuan legacy: the recorded request") {
  const Json expect = Json::parse(wire("baichuan/legacy_request.json"));
  ChatRequest request({user("世界第一高峰是")}, ChatOptions()
                                                    .temperature(0.3)
                                                    .top_p(0.85)
                                                    .extra("top_k", Json(5))
                                                    .extra("with_search_enhance", Json(false)));
  const HttpRequest http = legacy().encode(request);
  CHECK(http.url == expect["url"].as_string());
  CHECK(*http.headers.find("authorization") == expect["headers"]["Authorization"].as_string());
  CHECK(Json::parse(http.body) == expect["body"]);
  request.stream = true;
  CHECK(legacy().encode(request).url == expect["stream_url"].as_string());
}

TEST_CASE("baichuan: models of 2023 get system messages before the user's, with a warning") {
  const ChatRequest request({system("你是导游"), user("你好"), assistant("好"), user("西湖?")},
                            ChatOptions());
  for (const char* name : {"Baichuan2-53B", "Baichuan2-Turbo"}) {
    std::vector<std::string> told;
    const Json body = Json::parse(Baichuan(name).encode(request, &told).body);
    REQUIRE(body["messages"].size() == 3);
    CHECK(body["messages"][0].dump().find("你是导游\\n") != std::string::npos);
    CHECK(body["messages"][0].dump().find("你好") != std::string::npos);
    CHECK(told.size() == 1);
  }
  const Json body = Json::parse(Baichuan("Baichuan4").encode(request).body);
  CHECK(body["messages"][0]["role"].as_string() == "system");
  CHECK_THROWS_AS(legacy().encode(ChatRequest({system("a")}, ChatOptions())), Error);
}

TEST_CASE("baichuan: what is not taken is refused before it is sent") {
  const ToolSpec tool("f", "d", Json::object());
  const Messages hi{user("hi")};
  const auto refused = [&hi](const Baichuan& model, const ChatOptions& options) {
    CHECK_THROWS_AS(model.encode(ChatRequest(hi, options)), UnsupportedError);
    ChatOptions lenient = options;
    CHECK_NOTHROW(model.encode(ChatRequest(hi, lenient.lenient(true))));
  };
  refused(legacy(), ChatOptions().tools({tool}));
  refused(legacy(), ChatOptions().max_tokens(5));
  refused(legacy(), ChatOptions().stop({"x"}));
  refused(Baichuan("Baichuan2-Turbo"), ChatOptions().tools({tool}));
  refused(Baichuan("Baichuan4"), ChatOptions().seed(1));
  CHECK_NOTHROW(Baichuan("Baichuan4").encode(ChatRequest(hi, ChatOptions().tools({tool}))));
  for (const Baichuan& model : {legacy(), Baichuan("Baichuan4")}) {
    CHECK_THROWS_WITH(model.encode(ChatRequest(hi, ChatOptions().temperature(1.5))),
                      Catch::Contains("between 0 and 1"));
    CHECK_THROWS_WITH(model.encode(ChatRequest(hi, ChatOptions().top_p(1))),
                      Catch::Contains("1 (excluded)"));
  }
  CHECK_THROWS_AS(
      legacy().encode(ChatRequest({user("q"), lian::tool(ToolResult("a", "b"))}, ChatOptions())),
      UnsupportedError);
}

TEST_CASE("baichuan legacy: reply") {
  const auto codec = legacy();
  const AIMessage message =
      codec.codec->decode(test::reply_of(wire("baichuan/legacy_response.json")));
  CHECK(message.text() == "珠穆朗玛峰。");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.usage->input_tokens == 7);
  CHECK(message.usage->output_tokens == 5);
  CHECK(message.usage->total_tokens == 12);
  for (const char* body :
       {"", "{}", R"({"code":0,"msg":"success"})", R"({"code":0,"data":{"messages":[]}})",
        R"({"code":0,"data":{"messages":[{"content":"x"}]}} x)", "<html>"}) {
    INFO(body);
    CHECK_THROWS_AS(codec.codec->decode(test::reply_of(body)), ParseError);
  }
}

TEST_CASE("baichuan legacy: stream, cut everywhere") {
  const auto model = legacy();
  const std::string bytes = wire("baichuan/legacy_stream.ndjson");
  const test::StreamResult result = test::check_every_split(*model.codec, bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == "珠穆朗玛峰。");
  CHECK(result.message.finish_reason == FinishReason::stop);
  CHECK(result.message.usage->total_tokens == 12);
  // The proper end of the HTTP message is the only sign there is.
  CHECK(test::complete_prefixes(*model.codec, bytes, false).empty());
  const auto clean = test::complete_prefixes(*model.codec, bytes, true);
  const std::size_t first_line = bytes.find('\n');
  CHECK(clean ==
        std::vector<std::size_t>{first_line, first_line + 1, bytes.size() - 1, bytes.size()});
}

TEST_CASE("baichuan: errors") {
  for (const Json& row : Json::parse(wire("baichuan/error.json")).items()) {
    INFO(row.dump());
    const bool old = row["api"].as_string() == "v1/chat";
    const Baichuan model = old ? legacy() : Baichuan("Baichuan4");
    const HttpReply reply =
        test::reply_of(row["body"].dump(), static_cast<int>(row["status"].as_int()));
    std::optional<ApiError> error;
    try {
      if (reply.status != 200) throw model.codec->classify(reply, model.endpoint);
      model.codec->decode(reply);
    } catch (const ApiError& thrown) {
      error = thrown;
    }
    REQUIRE(error);
    const bool anew = error->code == "10104";
    const bool passes =
        error->kind() == ErrorKind::server || error->kind() == ErrorKind::rate_limited;
    CHECK((passes || anew) == row["retry"].as_bool());
    CHECK(model.codec->sign_anew(*error) == anew);
    if (anew) CHECK_THAT(error->message(), Catch::Contains("clock"));
    if (row["class"].is_string()) CHECK(error->kind() == ErrorKind::content_filter);
  }
  const auto model = legacy();
  const auto kind = [&model](const char* code) {
    try {
      test::read_stream(*model.codec, R"({"code":0,"data":{"messages":[{"content":"a"}]}})"
                                      "\n{\"code\":" +
                                          std::string(code) + ",\"msg\":\"m\"}\n");
    } catch (const ApiError& error) {
      return error.kind();
    }
    return ErrorKind::cancelled;
  };
  using enum ErrorKind;
  for (const auto& [code, expected] :
       std::vector<std::pair<const char*, ErrorKind>>{{"1", server},
                                                      {"10000", invalid_request},
                                                      {"10100", authentication},
                                                      {"10102", authentication},
                                                      {"10105", authentication},
                                                      {"10201", permission},
                                                      {"10202", rate_limited},
                                                      {"10300", quota},
                                                      {"10401", content_filter},
                                                      {"10500", server},
                                                      {"\"10203\"", rate_limited},
                                                      {"99", server}})
    CHECK(to_string(kind(code)) == to_string(expected));
  const ApiError html = model.codec->classify(
      test::reply_of("<html><title>502 Bad Gateway</title>", 502), model.endpoint);
  CHECK_THAT(html.message(), Catch::Contains("502 Bad Gateway"));
}

TEST_CASE("baichuan completions: request, reply, stream, tool calls") {
  const Json expect = Json::parse(wire("baichuan/request.json"));
  const Baichuan model("Baichuan2-Turbo-192k");
  const HttpRequest http = model.encode(
      ChatRequest({user("世界第一高峰是?")},
                  ChatOptions()
                      .temperature(0.3)
                      .top_p(0.85)
                      .extra("top_k", Json(5))
                      .extra("with_search_enhance", Json(false))
                      .extra("knowledge_base", Json::parse(R"({"ids":["kb-example"]})"))
                      .extra("stream", Json(false))));
  CHECK(http.url == expect["url"].as_string());
  CHECK(Json::parse(http.body) == expect["body"]);

  const AIMessage message = model.codec->decode(test::reply_of(wire("baichuan/response.json")));
  CHECK(message.text() == "珠穆朗玛峰。");
  CHECK(message.model == "Baichuan2-Turbo-192k");

  const std::string bytes = wire("baichuan/stream.sse");
  const Json told = Json::parse(wire("baichuan/stream_expect.json"));
  const test::StreamResult result = test::check_every_split(*model.codec, bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == told["text"].as_string());
  CHECK(result.message.finish_reason == FinishReason::stop);
  CHECK(result.message.usage->total_tokens == 16);
  const auto lengths = test::complete_prefixes(*model.codec, bytes);
  REQUIRE_FALSE(lengths.empty());
  CHECK(lengths.front() > bytes.find("[DONE]"));

  const Json called = Json::parse(wire("baichuan/tool_call_response.json"));
  const AIMessage calls = model.codec->decode(test::reply_of(called["response"].dump()));
  REQUIRE(calls.tool_calls().size() == 1);
  CHECK(calls.tool_calls()[0].id == "call_examp1e");
  const Json function = called["request_tools"][0]["function"];
  const ToolSpec tool(std::string(function["name"].as_string()),
                      std::string(function["description"].as_string()), function["parameters"]);
  const Json body = Json::parse(
      Baichuan("Baichuan4").encode(ChatRequest({user("?")}, ChatOptions().tools({tool}))).body);
  CHECK(body["tools"] == called["request_tools"]);
  const Json built_in = Json::parse(
      Baichuan("Baichuan4")
          .encode(ChatRequest({user("?")}, ChatOptions().extra("tools", called["builtin_tools"])))
          .body);
  CHECK(built_in["tools"] == called["builtin_tools"]);
}

TEST_CASE("baichuan embeddings") {
  const Json recorded = Json::parse(wire("baichuan/embedding.json"));
  const Baichuan model("Baichuan-Text-Embedding");
  const auto codec =
      baichuan_provider.embedding(ModelPlace(baichuan_provider, model.name, model.endpoint));
  EmbeddingRequest request;
  request.model = model.name;
  request.texts = {"你好", "世界"};
  const HttpRequest http = codec->encode(request, model.endpoint);
  CHECK(http.url == recorded["request"]["url"].as_string());
  CHECK(Json::parse(http.body) == recorded["request"]["body"]);
  CHECK(*http.headers.find("accept-encoding") == "identity");
  CHECK(codec->decode(test::reply_of(recorded["response"].dump()), 2) ==
        std::vector<std::vector<float>>{{0.1F, 0.2F}, {0.3F, 0.4F}});
  CHECK(codec->max_batch(model.name) == 16);
  request.dimensions = 8;
  CHECK_THROWS_AS(codec->encode(request, model.endpoint), UnsupportedError);
}

}  // namespace
}  // namespace lian
