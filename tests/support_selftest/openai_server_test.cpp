#include "support/openai_server.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/corpus.hpp"
#include "support/openai_checks.hpp"
#include "support_selftest/fetch.hpp"

using namespace lian::test;
using nlohmann::json;

namespace {

Fetched post(const OpenAiServer& provider, const std::string& path, const json& body,
             const std::string& key = OpenAiServer::key()) {
  FetchOptions options;
  options.headers = {"Authorization: Bearer " + key, "Content-Type: application/json"};
  options.post = body.dump();
  return fetch(provider.url() + path, options);
}

json question(const std::string& model) {
  return {{"model", model}, {"messages", {{{"role", "user"}, {"content", "你好"}}}}};
}

Fetched ask(const OpenAiServer& provider, const json& body) {
  return post(provider, "/chat/completions", body);
}

std::vector<std::string> events_of(const std::string& body) {
  std::vector<std::string> events;
  for (std::size_t at = 0; (at = body.find("data: ", at)) != std::string::npos;) {
    const std::size_t end = body.find("\n\n", at);
    events.push_back(body.substr(at + 6, end - at - 6));
    at = end;
  }
  return events;
}

std::vector<float> floats_of(const json& value) {
  if (value.is_array()) return value.get<std::vector<float>>();
  const std::string bytes = from_base64(value.get<std::string>());
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

const json weather_tool = {
    {"type", "function"},
    {"function",
     {{"name", "get_weather"},
      {"parameters",
       {{"type", "object"},
        {"properties",
         {{"city", {{"type", "string"}}}, {"unit", {{"enum", {"celsius", "fahrenheit"}}}}}},
        {"required", {"city", "unit"}}}}}}};

}  // namespace

TEST_CASE("openai server: the requests of the fixtures are accepted") {
  const auto name = GENERATE("request", "stream_request", "structured_request", "tool_call_request",
                             "tool_result_request");
  const json body = json::parse(read_data("wire/openai_chat/" + std::string(name) + ".json"));
  const auto refusal = check_chat_request(body);
  CHECK((refusal ? refusal->message : "accepted") == "accepted");
  CHECK(!check_embeddings_request(
      json::parse(read_data("wire/openai_misc/embeddings_request.json"))));
}

TEST_CASE("openai server: refuses what the real one refuses") {
  json body = question("gpt-4o-mini");
  SECTION("unknown field") { body["max_token"] = 5; }
  SECTION("wrong type") { body["temperature"] = "0"; }
  SECTION("out of range") { body["temperature"] = 2.5; }
  SECTION("no messages") { body["messages"] = json::array(); }
  SECTION("unknown role") { body["messages"][0]["role"] = "human"; }
  SECTION("null content") { body["messages"][0]["content"] = nullptr; }
  SECTION("a tool message without a call") {
    body["messages"].push_back({{"role", "tool"}, {"tool_call_id", "x"}, {"content", "1"}});
  }
  SECTION("a call without an answer") {
    const json function{{"name", "f"}, {"arguments", "{}"}};
    const json call{{"id", "x"}, {"type", "function"}, {"function", function}};
    body["messages"].push_back({{"role", "assistant"}, {"tool_calls", json::array({call})}});
  }
  SECTION("stream options without a stream") { body["stream_options"] = {{"include_usage", true}}; }
  SECTION("tool choice without tools") { body["tool_choice"] = "auto"; }
  CHECK(check_chat_request(body).has_value());
  OpenAiServer provider;
  CHECK(ask(provider, body).status == 400);
  CHECK(provider.refused().size() == 1);
}

TEST_CASE("openai server: answers and streams the same text") {
  OpenAiServer provider;
  json body = question("gpt-4o-mini");
  const json whole = json::parse(ask(provider, body).body);
  CHECK(whole["choices"][0]["message"]["content"] == OpenAiServer::default_answer());
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  const auto events = events_of(ask(provider, body).body);
  std::string text;
  for (const auto& event : events) {
    if (event == "[DONE]") continue;
    const json chunk = json::parse(event);
    if (chunk["choices"].empty()) continue;
    const json& delta = chunk["choices"][0]["delta"];
    if (delta.contains("content")) text += delta["content"].get<std::string>();
  }
  CHECK(text == OpenAiServer::default_answer());
  CHECK(events.back() == "[DONE]");
  CHECK(json::parse(events[events.size() - 2])["usage"]["total_tokens"] > 0);
  CHECK(provider.last_body() == body);
  CHECK(provider.refused().empty());
}

TEST_CASE("openai server: several choices differ") {
  OpenAiServer provider;
  json body = question("gpt-4o-mini");
  body["n"] = 2;
  const json choices = json::parse(ask(provider, body).body)["choices"];
  REQUIRE(choices.size() == 2);
  CHECK(choices[0]["message"]["content"] != choices[1]["message"]["content"]);
}

TEST_CASE("openai server: calls a tool, then answers its result") {
  OpenAiServer provider;
  json body = question("gpt-4o-mini");
  body["tools"] = json::array({weather_tool});
  const json choice = json::parse(ask(provider, body).body)["choices"][0];
  CHECK(choice["finish_reason"] == "tool_calls");
  const json call = choice["message"]["tool_calls"][0];
  CHECK(json::parse(call["function"]["arguments"].get<std::string>())["unit"] == "celsius");
  body["messages"].push_back(choice["message"]);
  body["messages"].push_back({{"role", "tool"}, {"tool_call_id", call["id"]}, {"content", "晴"}});
  const json after = json::parse(ask(provider, body).body)["choices"][0];
  CHECK(after["message"]["content"] == OpenAiServer::default_answer());
}

TEST_CASE("openai server: structured output fits its schema") {
  OpenAiServer provider;
  json body = json::parse(read_data("wire/openai_chat/structured_request.json"));
  const json reply = json::parse(ask(provider, body).body);
  const json value = json::parse(reply["choices"][0]["message"]["content"].get<std::string>());
  CHECK(value["name"].is_string());
  CHECK(value["born"].is_number_integer());
}

TEST_CASE("openai server: fails as the model's name says") {
  OpenAiServer provider;
  CHECK(ask(provider, question("fail-429-2-seconds")).head.find("retry-after: 1") !=
        std::string::npos);
  CHECK(ask(provider, question("fail-429-2-seconds")).status == 429);
  CHECK(ask(provider, question("fail-429-2-seconds")).status == 200);
  CHECK(ask(provider, question("fail-503")).status == 503);
  CHECK(ask(provider, question("no-such-model")).status == 404);
  CHECK(ask(provider, question("html-gateway")).body.find("<html>") == 0);
  CHECK(ask(provider, question("context-length")).body.find("context_length_exceeded") !=
        std::string::npos);
  CHECK(post(provider, "/chat/completions", question("gpt-4o-mini"), "sk-wrong").status == 401);
}

TEST_CASE("openai server: streams break as the model's name says") {
  OpenAiServer provider;
  const auto stream = [&](const std::string& model) {
    json body = question(model);
    body["stream"] = true;
    return ask(provider, body);
  };
  CHECK(events_of(stream("stream-error").body).back().find("{\"error\"") == 0);
  CHECK(stream("stream-no-done").body.find("[DONE]") == std::string::npos);
  CHECK(stream("stream-cut").code != CURLE_OK);
  CHECK(stream("stream-reset").code != CURLE_OK);
}

TEST_CASE("openai server: embeddings in either encoding, out of order") {
  OpenAiServer provider;
  provider.set_dimensions(32);
  json body{{"model", "text-embedding-3-small"}, {"input", {"猫", "dog", "dogs"}}};
  const json plain = json::parse(post(provider, "/embeddings", body).body)["data"];
  body["encoding_format"] = "base64";
  const json packed = json::parse(post(provider, "/embeddings", body).body)["data"];
  REQUIRE(plain.size() == 3);
  CHECK(plain[0]["index"] == 2);
  for (std::size_t index = 0; index < 3; ++index) {
    CHECK(floats_of(plain[index]["embedding"]) == floats_of(packed[index]["embedding"]));
  }
  CHECK(floats_of(plain[2]["embedding"]) == embed("猫", 32));
}

TEST_CASE("openai server: a hook answers in its place; models are listed") {
  OpenAiServer provider;
  provider.add_model("my-model");
  provider.set_hook([](const Request&, const json& body) -> std::optional<Reply> {
    if (body["model"] != "my-model") return std::nullopt;
    return Reply::json(200, "{}");
  });
  CHECK(ask(provider, question("my-model")).body == "{}");
  CHECK(ask(provider, question("gpt-4o-mini")).body.size() > 2);
  FetchOptions options;
  options.headers = {"Authorization: Bearer " + OpenAiServer::key()};
  const json list = json::parse(fetch(provider.url() + "/models", options).body);
  CHECK(list["data"].back()["id"] == "my-model");
}
