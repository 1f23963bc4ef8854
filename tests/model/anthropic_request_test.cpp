// What is sent to Anthropic: the fixtures' requests, and every rule of the Messages API.
#include <string>
#include <vector>

#include "core/base64.hpp"
#include "lian/core/error.hpp"
#include "model/anthropic_support.hpp"
#include "model/provider/claude_traits.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::anthropic_body;
using test::anthropic_endpoint;
using test::object;
using test::refusal;
using test::sonnet;
using test::Told;
using test::wire;

ToolSpec weather() {
  const Json request = Json::parse(wire("anthropic/tool_call_request.json"));
  return ToolSpec("get_weather", "Look up the weather of a city",
                  request["tools"][0]["input_schema"]);
}

struct FixtureRow {
  const char* file;
  Messages messages;
  ChatOptions options;
};

Message described_image() {
  const Json parts = Json::parse(wire("anthropic/request.json"))["messages"][0]["content"];
  const auto bytes = [&](int i) { return *base64_decode(parts[i]["source"]["data"].as_string()); };
  FilePart pdf(MediaSource::from_bytes(bytes(1), "application/pdf"), "a.pdf");
  pdf.extra = object(R"({"citations":{"enabled":true}})");
  TextPart text("What colour?");
  text.extra = object(R"({"cache_control":{"type":"ephemeral"}})");
  return user({ImagePart(MediaSource::from_bytes(bytes(0), "image/png")), pdf, text});
}

std::vector<FixtureRow> fixture_rows() {
  Message cached = system("Answer briefly.");
  cached.extra = object(R"({"cache_control":{"type":"ephemeral","ttl":"1h"}})");
  ToolResult failed("toolu_01B", "lookup failed", true);
  failed.extra = object(R"({"content":[{"type":"text","text":"lookup failed"}]})");
  const Message calls(
      Role::assistant,
      std::vector<Part>{
          TextPart("I'll check both."),
          ToolCall("toolu_01A", "get_weather", R"({"city": "Paris", "unit": "celsius"})"),
          ToolCall("toolu_01B", "get_weather", R"({"city": "Rome", "unit": "celsius"})")});
  const Json format =
      Json::parse(wire("anthropic/structured_request.json"))["output_config"]["format"];
  return {
      {"request.json",
       {cached, described_image()},
       sonnet().stop({"END"}).user("u-42").extra("service_tier", Json("auto"))},
      {"request_2023-06-01_sampling.json",
       {system("Answer briefly."), user("Say hello")},
       sonnet(64).model("claude-sonnet-4-6").temperature(0.2).top_p(0.9).extra("top_k", Json(40))},
      {"structured_request.json",
       {user("Ada Lovelace, born 1815")},
       sonnet(256).response_format(ResponseFormat::json_schema("person", format["schema"]))},
      {"thinking_request.json",
       {user("17*23?")},
       sonnet(4096).extra("thinking", object(R"({"type":"enabled","budget_tokens":2048})"))},
      {"tool_call_request.json",
       {user("Weather in Paris?")},
       sonnet().tools({weather()}).tool_choice("auto").parallel_tool_calls(true)},
      {"tool_result_request.json",
       {user("Weather in Paris and Rome?"), calls, tool(ToolResult("toolu_01A", "18 C")),
        tool(failed)},
       sonnet().tools({weather()})},
  };
}

TEST_CASE("anthropic request: the fixtures' bodies") {
  for (const FixtureRow& row : fixture_rows()) {
    INFO(row.file);
    Told told;
    const Json body = anthropic_body(row.messages, row.options, &told);
    CHECK(body == Json::parse(wire("anthropic/" + std::string(row.file))));
    CHECK(told.empty());
  }
  const Json batch = Json::parse(wire("anthropic/batch_create_request.json"));
  CHECK(anthropic_body({user("Hi")}, sonnet(64)) == batch["requests"][0]["params"]);
}

TEST_CASE("anthropic request: what goes into address and headers") {
  const ChatRequest request({user("Hi")}, sonnet());
  Endpoint endpoint = anthropic_endpoint();
  endpoint.options = {{"beta", "files-api-2025-04-14,fast-mode"}};
  HttpRequest post = test::encode(AnthropicChatCodec(), request, endpoint);
  CHECK(post.method == "POST");
  CHECK(post.url == "https://api.anthropic.com/v1/messages");
  CHECK(*post.headers.find("content-type") == "application/json");
  CHECK(*post.headers.find("x-api-key") == "secret-0123456789");
  CHECK(*post.headers.find("anthropic-version") == "2023-06-01");
  CHECK(*post.headers.find("anthropic-beta") == "files-api-2025-04-14,fast-mode");
  CHECK(post.headers.find("authorization") == nullptr);

  endpoint.options = {{"auth", "bearer"}};
  post = test::encode(test::anthropic_2026(), request, endpoint);
  CHECK(*post.headers.find("authorization") == "Bearer secret-0123456789");
  CHECK(*post.headers.find("anthropic-version") == "2026-10-21");
  CHECK(post.headers.find("x-api-key") == nullptr);
  CHECK(post.headers.find("anthropic-beta") == nullptr);

  endpoint.api_key.clear();
  post = test::encode(AnthropicChatCodec(), request, endpoint);
  CHECK(post.headers.find("authorization") == nullptr);
  CHECK(post.headers.find("x-api-key") == nullptr);
}

TEST_CASE("anthropic request: counting sends what is counted and no more") {
  const ChatRequest request(
      {system("Answer briefly."), user("Hello")},
      sonnet().tools({weather()}).stop({"x"}).user("u").temperature(1).extra("top_k", Json(3)));
  const HttpRequest post = AnthropicChatCodec().encode_count(request, anthropic_endpoint());
  CHECK(post.url == "https://api.anthropic.com/v1/messages/count_tokens");
  CHECK(Json::parse(post.body) == Json::parse(wire("anthropic/count_tokens_request.json")));
}

TEST_CASE("anthropic request: a default of max_tokens that suits the model") {
  const auto of = [](const std::string& model, const std::string& effort = {}) {
    ChatOptions options = ChatOptions().model(model);
    if (!effort.empty()) options.reasoning_effort(effort);
    return anthropic_body({user("Hi")}, options)["max_tokens"].as_int();
  };
  CHECK(of("claude-3-opus-20240229") == 4096);
  CHECK(of("claude-3-5-sonnet-20241022") == 8192);
  CHECK(of("claude-sonnet-4-5") == 16384);
  CHECK(of("claude-of-tomorrow") == 16384);
  CHECK(of("claude-sonnet-4-5", "high") == 32768);
  CHECK(of("claude-opus-4-1-20250805", "max") == 32000);
  CHECK(anthropic_body({user("Hi")}, sonnet(0))["max_tokens"].as_int() == 0);
  CHECK_THAT(refusal({user("Hi")}, sonnet(-1)), Catch::Contains("at least 0"));
}

TEST_CASE("anthropic request: the generations of models by their names") {
  struct Row {
    const char* name;
    bool thinks, adaptive, sampling;
  };
  for (const Row& row :
       {Row{"claude-2.1", false, false, true}, Row{"claude-instant-1.2", false, false, true},
        Row{"claude-3-haiku-20240307", false, false, true},
        Row{"claude-3-5-haiku-latest", false, false, true},
        Row{"claude-3-7-sonnet-20250219", true, false, true},
        Row{"claude-sonnet-4-20250514", true, false, true},
        Row{"claude-opus-4@20250514", true, false, true},
        Row{"anthropic.claude-opus-4-1-20250805-v1:0", true, false, true},
        Row{"claude-sonnet-4-5-20250929", true, false, true},
        Row{"claude-opus-4-6", true, true, true}, Row{"claude-sonnet-4.6", true, true, true},
        Row{"claude-opus-4-7", true, true, false}, Row{"claude-opus-5-20270101", true, true, false},
        Row{"claude-new", true, true, true}, Row{"glm-4.6", true, true, true},
        Row{"", true, true, true}}) {
    INFO(row.name);
    const ClaudeTraits traits = claude_traits(row.name);
    CHECK(traits.thinks == row.thinks);
    CHECK(traits.adaptive == row.adaptive);
    CHECK(traits.sampling == row.sampling);
  }
}

TEST_CASE("anthropic request: tools of the user and of the server, and the choice among them") {
  ToolSpec cached = weather();
  cached.strict = true;
  cached.extra = object(R"({"cache_control":{"type":"ephemeral"}})");
  ToolSpec search("web_search", "", Json());
  search.extra = object(R"({"type":"web_search_20250305","max_uses":3})");
  const Json tools = anthropic_body(
      {user("Hi")}, sonnet().tools({cached, search, ToolSpec("now", "", Json())}))["tools"];
  CHECK(tools[0]["cache_control"].dump() == R"({"type":"ephemeral"})");
  CHECK(tools[0]["strict"].as_bool());
  CHECK(tools[1].dump() == R"({"name":"web_search","type":"web_search_20250305","max_uses":3})");
  CHECK(tools[2].dump() == R"({"name":"now","input_schema":{"type":"object","properties":{}}})");

  struct Row {
    ToolChoice choice;
    std::optional<bool> parallel;
    const char* json;
  };
  for (const Row& row :
       {Row{"auto", {}, R"({"type":"auto"})"}, Row{"none", true, R"({"type":"none"})"},
        Row{"required", {}, R"({"type":"any"})"},
        Row{"required", false, R"({"type":"any","disable_parallel_tool_use":true})"},
        Row{"get_weather", {}, R"({"type":"tool","name":"get_weather"})"}}) {
    ChatOptions options = sonnet().tools({weather()}).tool_choice(row.choice);
    if (row.parallel) options.parallel_tool_calls(*row.parallel);
    CHECK(anthropic_body({user("Hi")}, options)["tool_choice"].dump() == row.json);
  }
  const Json alone = anthropic_body(
      {user("Hi")}, sonnet().tools({weather()}).parallel_tool_calls(false))["tool_choice"];
  CHECK(alone.dump() == R"({"type":"auto","disable_parallel_tool_use":true})");
  CHECK_THAT(refusal({user("Hi")}, sonnet().tools({weather()}).tool_choice("other")),
             Catch::Contains("other"));
  CHECK_THAT(refusal({user("Hi")}, sonnet().tool_choice("required")), Catch::Contains("tools"));
  CHECK_THAT(refusal({user("Hi")}, sonnet().tools({ToolSpec("a b", "", Json())})),
             Catch::Contains("a b"));
}

TEST_CASE("anthropic request: effort becomes effort, or a budget to think with") {
  struct Row {
    const char* model;
    const char* effort;
    const char* thinking;
    const char* config;
    std::size_t told;
  };
  for (const Row& row :
       {Row{"claude-opus-4-6", "high", R"({"type":"adaptive"})", R"({"effort":"high"})", 0},
        Row{"claude-opus-4-7", "minimal", R"({"type":"adaptive"})", R"({"effort":"low"})", 1},
        Row{"claude-opus-4-6", "none", R"({"type":"disabled"})", "null", 0},
        Row{"claude-sonnet-4-5", "none", R"({"type":"disabled"})", "null", 0},
        Row{"claude-sonnet-4-5", "low", R"({"type":"enabled","budget_tokens":2048})", "null", 1},
        Row{"claude-3-7-sonnet-20250219", "medium", R"({"type":"enabled","budget_tokens":8192})",
            "null", 1}}) {
    INFO(row.model << " " << row.effort);
    Told told;
    const Json body = anthropic_body(
        {user("Hi")}, ChatOptions().model(row.model).reasoning_effort(row.effort), &told);
    CHECK(body["thinking"].dump() == row.thinking);
    CHECK(body["output_config"].dump() == row.config);
    CHECK(told.size() == row.told);
  }
  const Json body = anthropic_body({user("Hi")}, sonnet(4000).reasoning_effort("high"));
  CHECK(body["thinking"]["budget_tokens"].as_int() == 2000);
  CHECK_THAT(refusal({user("Hi")}, sonnet(1000).reasoning_effort("low")),
             Catch::Contains("max_tokens"));
  CHECK_THAT(refusal({user("Hi")}, sonnet().reasoning_effort("hard")), Catch::Contains("xhigh"));
  CHECK_THAT(refusal({user("Hi")}, ChatOptions().model("claude-3-opus").reasoning_effort("low")),
             Catch::StartsWith("unsupported"));
}

TEST_CASE("anthropic request: what thinking does not go with") {
  const ChatOptions thinking =
      ChatOptions().model("claude-opus-4-6").reasoning_effort("high").tools({weather()});
  CHECK_THAT(refusal({user("Hi")}, ChatOptions(thinking).temperature(0.5)),
             Catch::StartsWith("unsupported"));
  CHECK_THAT(refusal({user("Hi")}, ChatOptions(thinking).tool_choice("required")),
             Catch::StartsWith("unsupported"));
  CHECK(refusal({user("Hi")}, ChatOptions(thinking).temperature(1).top_p(0.97)).empty());
  Told told;
  const Json body = anthropic_body(
      {user("Hi")},
      ChatOptions(thinking).temperature(0.5).top_p(0.5).tool_choice("required").lenient(true),
      &told);
  CHECK_FALSE(body.contains("temperature"));
  CHECK_FALSE(body.contains("top_p"));
  CHECK(body["tool_choice"]["type"].as_string() == "auto");
  CHECK(told.size() == 3);
}

TEST_CASE("anthropic request: version 2026-10-21 takes no sampling settings") {
  const AnthropicChatCodec codec = test::anthropic_2026();
  const ChatOptions plain = sonnet();
  for (const ChatOptions& options :
       {ChatOptions(plain).temperature(1), ChatOptions(plain).top_p(1),
        ChatOptions(plain).extra("top_k", Json(5)), ChatOptions(plain).extra("top_p", Json(1))}) {
    CHECK_THAT(refusal({user("Hi")}, options, codec), Catch::StartsWith("unsupported"));
    Told told;
    const Json body =
        anthropic_body({user("Hi")}, ChatOptions(options).lenient(true), &told, codec);
    CHECK(body == anthropic_body({user("Hi")}, plain, nullptr, codec));
    CHECK(told.size() == 1);
  }
  for (const FixtureRow& row : fixture_rows()) {
    if (std::string_view(row.file).find("sampling") != std::string_view::npos) continue;
    INFO(row.file);
    CHECK(anthropic_body(row.messages, row.options, nullptr, codec) ==
          anthropic_body(row.messages, row.options));
  }
}

TEST_CASE("anthropic request: what the API lacks is refused, or left out and told") {
  for (const ChatOptions& options :
       {sonnet().seed(1), sonnet().logprobs(true), sonnet().n(2), sonnet().presence_penalty(1),
        sonnet().frequency_penalty(1), sonnet().logit_bias({{"1", 1}}),
        sonnet().response_format(ResponseFormat::json_object())}) {
    CHECK_THAT(refusal({user("Hi")}, options), Catch::StartsWith("unsupported"));
    Told told;
    const Json body = anthropic_body({user("Hi")}, ChatOptions(options).lenient(true), &told);
    CHECK(body == anthropic_body({user("Hi")}, sonnet()));
    CHECK(told.size() == 1);
  }
  CHECK_THAT(refusal({user("Hi")}, sonnet().temperature(1.5)),
             Catch::StartsWith("invalid_request") && Catch::Contains("between 0 and 1"));
}

TEST_CASE("anthropic request: extra fields join the objects lian writes too") {
  const Json schema = object(R"({"type":"object"})");
  const Json body = anthropic_body(
      {user("Hi")}, sonnet()
                        .response_format(ResponseFormat::json_schema("x", schema, true, "A thing"))
                        .user("u")
                        .extra("output_config", object(R"({"effort":"low"})"))
                        .extra("max_tokens", Json(7))
                        .extra("container", Json("c")));
  CHECK(
      body["output_config"].dump() ==
      R"({"format":{"type":"json_schema","schema":{"type":"object","description":"A thing"}},"effort":"low"})");
  CHECK(body["metadata"]["user_id"].as_string() == "u");
  CHECK(body["max_tokens"].as_int() == 7);
  CHECK(body["container"].as_string() == "c");
}

}  // namespace
}  // namespace lian
