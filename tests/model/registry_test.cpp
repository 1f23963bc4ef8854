#include "lian/model/registry.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/model/model_list.hpp"
#include "model/openai_support.hpp"
#include "model/provider/azure.hpp"
#include "model/provider/vendors.hpp"
#include "support/catch.hpp"
#include "support/openai_server.hpp"
#include "support/vendor_server.hpp"

namespace lian {
namespace {

using test::OpenAiServer;
using test::wire;

// Sets an environment variable for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

template <class Call>
std::string refusal(Call call, ErrorKind kind) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.message();
  }
  FAIL("no error");
  return {};
}

TEST_CASE("registry: a key may stand in a file that a variable names") {
  const std::string path = "key_of_the_registry_test";
  const Variable file("DASHSCOPE_API_KEY_FILE_PATH", path.c_str());
  const std::string missing = refusal([] { chat_model("qwen:qwen-plus"); }, ErrorKind::config);
  CHECK_THAT(missing, Catch::Contains("DASHSCOPE_API_KEY_FILE_PATH"));
  std::ofstream(path) << "sk-of-a-file \r\nsecond line\n";
  test::VendorServer server("qwen-compatible");
  server.answer(test::Script());
  const ChatModel model =
      chat_model("qwen-compatible:qwen-plus",
                 ModelConfig().base_url(server.server().url() + "/compatible-mode/v1"));
  CHECK_THROWS_AS(model.invoke("hi", Context::root().with_tries(1)), Error);
  CHECK(server.server().requests().at(0).header("authorization") == "Bearer sk-of-a-file");
  std::remove(path.c_str());
}

TEST_CASE("registry: a vendor of one's own is one row, and its models outlive it") {
  OpenAiServer server;
  std::vector<ChatModel> models;
  {
    Registry registry;
    registry.add(OpenAIVendor("acme", server.url())
                     .key_variable("ACME_API_KEY")
                     .alias("acme-ai")
                     .token_limit_field("max_completion_tokens")
                     .rename("user", "safety_identifier"));
    const std::string missing = refusal([&] { registry.chat_model("acme:m"); }, ErrorKind::config);
    CHECK_THAT(missing, Catch::Contains("ACME_API_KEY"));
    const Variable key("ACME_API_KEY", OpenAiServer::key().c_str());
    models.push_back(registry.chat_model("acme-ai:gpt-4o-mini"));
    CHECK(registry.providers().front().name == "acme");
    CHECK_THROWS_AS(chat_model("acme:gpt-4o-mini"), Error);  // the others do not know it
  }
  const AIMessage reply =
      models[0].bind(ChatOptions().max_tokens(9).user("u1")).invoke("hi");
  CHECK(reply.text() == OpenAiServer::default_answer());
  CHECK(reply.provider == "acme");
  CHECK(server.last_body()["max_completion_tokens"] == 9);
  CHECK(server.last_body()["safety_identifier"] == "u1");
  CHECK(server.refused().empty());
}

TEST_CASE("registry: a provider of any kind is one function") {
  Registry registry;
  registry.add("echo", [](std::string_view model, const ModelConfig&) {
    CHECK(model == "loud");
    return chat_model("offline");
  });
  CHECK_NOTHROW(registry.chat_model("echo:loud"));
  CHECK_THROWS_AS(registry.add("a:b", [](std::string_view, const ModelConfig&) {
    return chat_model("offline");
  }), Error);
}

TEST_CASE("registry: an unknown provider is answered by the known ones, nearest first") {
  const std::string text = refusal([] { chat_model("opnai:x"); }, ErrorKind::config);
  CHECK_THAT(text, Catch::Contains("lian knows: openai"));
  CHECK_THAT(refusal([] { chat_model("openai"); }, ErrorKind::config),
             Catch::Contains("openai:gpt-4o-mini"));
  CHECK_THAT(refusal([] { chat_model("openai:x", ModelConfig().api_key("k").option("tpyo", "1")); },
                     ErrorKind::config),
             Catch::Contains("organization"));
}

TEST_CASE("registry: every row is told apart and says what it needs") {
  std::vector<std::string> seen;
  for (const ProviderInfo& info : providers()) {
    INFO(info.name);
    CHECK_FALSE(info.title.empty());
    CHECK((info.chat || info.embeddings));
    if (info.needs_key) CHECK_FALSE(info.key_variables.empty());
    seen.push_back(info.name);
    for (const std::string& alias : info.aliases) seen.push_back(alias);
  }
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("registry: a model from a configuration") {
  OpenAiServer server;
  Json config = Json::object({{"model", "gpt:gpt-4o-mini"},
                              {"base_url", server.url() + "/"},
                              {"api_key", OpenAiServer::key()},
                              {"temperature", 0},
                              {"stop", Json::array({"END"})},
                              {"timeout", 30.5},
                              {"organization", "org-1"},
                              {"headers", Json::object({{"X-Team", "blue"}})},
                              {"extra", Json::object({{"service_tier", "flex"}})}});
  const ChatModel model = Registry().chat_model_from(config);
  CHECK(model.invoke("hi").text() == OpenAiServer::default_answer());
  CHECK(server.last_body()["temperature"] == 0);
  CHECK(server.last_body()["stop"][0] == "END");
  CHECK(server.last_body()["service_tier"] == "flex");
  CHECK(server.requests().back().header("OpenAI-Organization") == "org-1");
  CHECK(server.requests().back().header("X-Team") == "blue");

  config.set("temperature", Json("hot"));
  CHECK_THAT(refusal([&] { Registry().chat_model_from(config); }, ErrorKind::config),
             Catch::Contains("temperature") && Catch::Contains("must be a number"));
  config.set("temperature", Json(0)).set("tempreature", Json("1"));
  CHECK_THAT(refusal([&] { Registry().chat_model_from(config); }, ErrorKind::config),
             Catch::Contains("tempreature"));
  CHECK_THAT(refusal([] { Registry().chat_model_from(Json::object({{"n", 1}})); },
                     ErrorKind::config),
             Catch::Contains("\"model\""));
  CHECK_THAT(refusal([] { ChatOptions::from_json(Json::object({{"top_pp", 1}})); },
                     ErrorKind::config),
             Catch::Contains("top_pp"));
}

TEST_CASE("registry: models are listed where the API has a list") {
  OpenAiServer server;
  server.add_model("later-model");
  const auto models = list_models(
      "openai", ModelConfig().base_url(server.url()).api_key(OpenAiServer::key()));
  REQUIRE_FALSE(models.empty());
  CHECK(models.back().id == "later-model");
  CHECK_THROWS_AS(list_models("offline"), UnsupportedError);
  const OpenAIModelListCodec codec("openai");
  const auto page = codec.decode(test::reply_of(wire("openai_misc/models_response.json")));
  REQUIRE(page.models.size() == 2);
  CHECK(page.models[1].id == "text-embedding-3-small");
  CHECK_THROWS_AS(codec.decode(test::reply_of("{\"data\":1}")), ParseError);
}

TEST_CASE("registry: base URLs with a path, a slash at the end, IPv6 and a port") {
  const auto url_of = [](const std::string& base) {
    Endpoint endpoint = endpoint_of(openai_provider, "m", ModelConfig().api_key("k").base_url(base));
    return test::encode(OpenAIChatCodec(), ChatRequest({user("a")}, ChatOptions().model("m")),
                        endpoint)
        .url;
  };
  CHECK(url_of("http://h:81/a/b/") == "http://h:81/a/b/chat/completions");
  CHECK(url_of("http://[::1]:8080/v1//") == "http://[::1]:8080/v1/chat/completions");
  for (const char* bad : {"ftp://h", "h:80", "http://", "http://h/?a=1", "http://h/#f",
                          "http://u:p@h/", "http://h/\r\nX: y"})
    CHECK_THROWS_AS(url_of(bad), Error);
}

TEST_CASE("azure: deployment, version and key stand where Azure wants them") {
  const Endpoint endpoint =
      endpoint_of(azure_provider, "gpt-4o",
                  ModelConfig()
                      .base_url("https://res.openai.azure.com/")
                      .api_key("azure-key-1")
                      .api_version("2024-10-21")
                      .option("deployment", "my dep"));
  const AzureChatCodec codec;
  HttpRequest request = test::encode(
      codec, ChatRequest({user("Say hello")}, ChatOptions().model("gpt-4o")), endpoint);
  codec.sign(request, endpoint, Signing());
  CHECK(request.url ==
        "https://res.openai.azure.com/openai/deployments/my%20dep/chat/completions"
        "?api-version=2024-10-21");
  CHECK(*request.headers.find("api-key") == "azure-key-1");
  CHECK(request.headers.find("authorization") == nullptr);

  Signing entra;
  entra.token = "entra-token";
  codec.sign(request, endpoint, entra);
  CHECK(*request.headers.find("authorization") == "Bearer entra-token");

  EmbeddingRequest texts;
  texts.texts = {"a"};
  texts.model = "text-embedding-3-small";
  Endpoint by_model = endpoint;
  std::erase_if(by_model.options, [](const auto& option) { return option.first == "deployment"; });
  CHECK(AzureEmbeddingCodec().encode(texts, by_model).url ==
        "https://res.openai.azure.com/openai/deployments/text-embedding-3-small/embeddings"
        "?api-version=2024-10-21");
  CHECK_THAT(refusal([] { chat_model("azure:d", ModelConfig().api_key("k").base_url("http://h")); },
                     ErrorKind::config),
             Catch::Contains("OPENAI_API_VERSION"));
}

TEST_CASE("azure: replies, streams and errors") {
  const AzureChatCodec codec;
  const AIMessage reply = codec.decode(test::reply_of(wire("azure_openai/response.json")));
  CHECK(reply.finish_reason == FinishReason::stop);
  const auto stream = test::check_every_split(codec, wire("azure_openai/stream.sse"));
  CHECK(stream.complete);
  CHECK(stream.message.text() == "Hello!");
  const auto kind = [&](const char* file, int status) {
    return codec.classify(test::reply_of(wire(file), status), test::endpoint()).kind();
  };
  CHECK(kind("azure_openai/error.json", 400) == ErrorKind::content_filter);
  CHECK(kind("azure_openai/error_401.json", 401) == ErrorKind::authentication);
  CHECK(kind("azure_openai/error_404.json", 404) == ErrorKind::not_found);
}

TEST_CASE("vendors: rows send what each vendor takes") {
  const auto row = [](std::string_view name) -> const ProviderRow& {
    for (const ProviderRow& vendor : vendor_providers)
      if (vendor.name == name) return vendor;
    throw Error(ErrorKind::config, "no such row");
  };
  const auto body = [&](std::string_view name, ChatOptions options,
                        std::vector<std::string>* told = nullptr) {
    options.model("m");
    ChatRequest request({user("hi")}, options);
    request.stream = true;
    return Json::parse(test::encode(OpenAIChatCodec(*row(name).dialect), request,
                                    test::endpoint(), told)
                           .body);
  };
  CHECK(body("mistral", ChatOptions().seed(3))["random_seed"].as_int() == 3);
  CHECK_FALSE(body("mistral", ChatOptions()).contains("stream_options"));
  CHECK(body("groq", ChatOptions().max_tokens(5)).contains("max_completion_tokens"));
  CHECK(body("deepseek", ChatOptions().max_tokens(5)).contains("max_tokens"));
  CHECK_THROWS_AS(body("groq", ChatOptions().logprobs(true)), UnsupportedError);
  CHECK_THROWS_AS(body("deepseek", ChatOptions().response_format(
                                       ResponseFormat::json_schema("a", Json::object()))),
                  UnsupportedError);
  CHECK_THAT(refusal([&] { body("moonshot", ChatOptions().temperature(1.5)); },
                     ErrorKind::invalid_request),
             Catch::Contains("between 0 and 1"));
  std::vector<std::string> told;
  CHECK(body("minimax", ChatOptions().temperature(0), &told)["temperature"].as_number() == 0.01);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("temperature of 0"));
}

TEST_CASE("vendors: replies and errors of their own kinds") {
  const auto codec = [](std::string_view name) {
    for (const ProviderRow& vendor : vendor_providers)
      if (vendor.name == name) return OpenAIChatCodec(*vendor.dialect);
    throw Error(ErrorKind::config, "no such row");
  };
  const auto deepseek =
      test::check_every_split(codec("deepseek"), wire("openai_compat_presets/deepseek_stream.sse"));
  CHECK(deepseek.complete);
  CHECK(deepseek.message.text() == "2");
  CHECK(deepseek.message.usage->reasoning_tokens == 6);

  const Json minimax = Json::parse(wire("openai_compat_presets/minimax_error.json"));
  try {
    codec("minimax").decode(test::reply_of(minimax["body"].dump()));
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::authentication);
    CHECK(error.code == "1004");
    CHECK(error.provider == "minimax");
  }
  // The whole message behind the deltas is not said twice.
  const auto repeated = test::read_stream(
      codec("minimax"),
      test::delta(R"({"content":"Hi"})") +
          test::event(R"({"id":"c","object":"chat.completion","choices":[{"index":0,)"
                      R"("finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}]})"));
  CHECK(repeated.message.text() == "Hi");
  CHECK(repeated.complete);

  const Json moonshot = Json::parse(wire("openai_compat_presets/moonshot_error.json"));
  const auto kind = [&](const Json& sample) {
    return codec("moonshot")
        .classify(test::reply_of(sample["body"].dump(), static_cast<int>(sample["status"].as_int())),
                  test::endpoint())
        .kind();
  };
  CHECK(kind(moonshot[0]) == ErrorKind::rate_limited);
  CHECK(kind(moonshot[1]) == ErrorKind::quota);
  CHECK(kind(Json::parse(wire("openai_compat_presets/deepseek_error.json"))[0]) ==
        ErrorKind::quota);
}

TEST_CASE("completions: the prompt goes in, its continuation comes out") {
  const OpenAICompletionsCodec codec;
  ChatOptions options;
  options.model("gpt-3.5-turbo-instruct").max_tokens(7).temperature(0).n(1).stop({"\n"});
  options.extra("logprobs", Json(1)).extra("echo", Json(false)).extra("suffix", Json());
  options.extra("best_of", Json(1));
  const HttpRequest request =
      test::encode(codec, ChatRequest({user("Say this is a test")}, options), test::endpoint());
  CHECK(request.url == "https://api.openai.com/v1/completions");
  CHECK(Json::parse(request.body) == Json::parse(wire("openai_misc/completions_request.json")));
  const AIMessage reply = codec.decode(test::reply_of(wire("openai_misc/completions_response.json")));
  CHECK(reply.text() == "This is a test.");
  CHECK(reply.usage->total_tokens == 10);
  const auto stream = test::check_every_split(codec, wire("openai_misc/completions_stream.sse"));
  CHECK(stream.complete);
  CHECK(stream.message.text() == "This is a test");
  CHECK_THROWS_AS(test::encode(codec,
                               ChatRequest({user("a")}, ChatOptions().model("m").tools(
                                                            {ToolSpec("f", "", Json::object())})),
                               test::endpoint()),
                  UnsupportedError);
}

}  // namespace
}  // namespace lian
