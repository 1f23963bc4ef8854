#include <string>
#include <vector>

#include "model/codec_support.hpp"
#include "model/provider/ollama.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;
using Api = OllamaChatCodec::Api;

Endpoint endpoint() {
  Endpoint out;
  out.provider = "ollama";
  out.base_url = "http://127.0.0.1:11434";
  return out;
}

ChatRequest request_with(ChatOptions options, Messages messages = {user("hi")}) {
  if (options.model().empty()) options.model("llama3.2");
  return ChatRequest(std::move(messages), std::move(options));
}

HttpRequest http_of(const ChatRequest& request, Api api = Api::chat,
                    std::vector<std::string>* told = nullptr) {
  return test::encode(OllamaChatCodec(api), request, endpoint(), told);
}

Json body_of(const ChatRequest& request, Api api = Api::chat,
             std::vector<std::string>* told = nullptr) {
  return Json::parse(http_of(request, api, told).body);
}

ErrorKind refusal_of(const ChatRequest& request, Api api = Api::chat) {
  try {
    http_of(request, api);
  } catch (const Error& error) {
    CHECK_THAT(error.message(), Catch::Contains("nothing was sent"));
    return error.kind();
  }
  FAIL("no error");
  return {};
}

ToolSpec tool_of(const Json& request) {
  const Json tool = request["tools"][0]["function"];
  return ToolSpec(std::string(tool["name"].as_string()),
                  std::string(tool["description"].as_string()), tool["parameters"]);
}

TEST_CASE("ollama request: settings and an image, as the fixture has them") {
  const Json expected = Json::parse(wire("ollama/request.json"));
  const std::string data(expected["messages"][1]["images"][0].as_string());
  const ChatRequest request = request_with(
      ChatOptions()
          .temperature(0.2)
          .top_p(0.9)
          .max_tokens(64)
          .seed(7)
          .stop({"END"})
          .extra("top_k", 40)
          .extra("min_p", 0.05)
          .extra("num_ctx", 4096)
          .extra("options", Json::object({{"repeat_penalty", 1.1}}))
          .extra("keep_alive", "5m"),
      {system("Answer briefly."),
       user(std::vector<Part>{TextPart("What colour?"),
                              ImagePart(MediaSource::from_url("data:image/png;base64," + data))})});
  const HttpRequest http = http_of(request);
  CHECK(http.url == "http://127.0.0.1:11434/api/chat");
  CHECK(Json::parse(http.body) == expected);
  CHECK_FALSE(http.headers.find("authorization"));
  CHECK(body_of(request_with(ChatOptions(),
                             {user(std::vector<Part>{ImagePart(MediaSource::from_bytes(
                                 "\x01\x02", "image/png"))})}))["messages"][0]["images"][0]
            .as_string() == "AQI=");
}

TEST_CASE("ollama request: tools, calls and results as the fixtures have them") {
  const Json asked = Json::parse(wire("ollama/tool_call_request.json"));
  CHECK(body_of(request_with(ChatOptions().tools({tool_of(asked)}),
                             {user("Weather in Paris and Rome?")})) == asked);
  const Json answered = Json::parse(wire("ollama/tool_result_request.json"));
  std::vector<Part> call{ToolCall("call_a1b2c3d0", "get_weather", R"({"city": "Paris"})")};
  CHECK(body_of(request_with(ChatOptions().tools({tool_of(answered)}),
                             {user("Weather in Paris?"), Message(Role::assistant, call),
                              tool(ToolResult("call_a1b2c3d0", "18 C"))})) == answered);
}

TEST_CASE("ollama request: a result names the tool of the last call before it") {
  const auto called = [](const char* name) {
    return Message(Role::assistant, std::vector<Part>{ToolCall("call_0", name, "{}")});
  };
  const Json messages =
      body_of(request_with(ChatOptions(), {user("a"), called("f"), tool(ToolResult("call_0", "1")),
                                           called("g"), tool(ToolResult("call_0", "2")),
                                           tool(ToolResult("other", "3"))}))["messages"];
  CHECK(messages[2]["tool_name"].as_string() == "f");
  CHECK(messages[4]["tool_name"].as_string() == "g");
  CHECK_FALSE(messages[5].contains("tool_name"));
}

TEST_CASE("ollama request: a JSON schema and json as the format") {
  const Json expected = Json::parse(wire("ollama/structured_request.json"));
  CHECK(body_of(request_with(ChatOptions().temperature(0).response_format(
                                 ResponseFormat::json_schema("person", expected["format"])),
                             {user("Ada Lovelace, born 1815")})) == expected);
  CHECK(
      body_of(request_with(ChatOptions().response_format(ResponseFormat::json_object())))["format"]
          .as_string() == "json");
}

TEST_CASE("ollama request: generate as the fixture has it") {
  const Json expected = Json::parse(wire("ollama/generate_request.json"));
  ChatRequest request =
      request_with(ChatOptions().max_tokens(16).extra("suffix", "").extra("raw", false),
                   {system("Answer briefly."), user("Say hello")});
  request.stream = true;
  const HttpRequest http = http_of(request, Api::generate);
  CHECK(http.url == "http://127.0.0.1:11434/api/generate");
  CHECK(Json::parse(http.body) == expected);
  CHECK(refusal_of(request_with(ChatOptions(), {user("a"), user("b")}), Api::generate) ==
        ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().tools({ToolSpec("f", "", Json())})), Api::generate) ==
        ErrorKind::unsupported);
}

TEST_CASE("ollama request: thinking") {
  const auto think = [](const char* effort) {
    return body_of(request_with(ChatOptions().reasoning_effort(effort)))["think"];
  };
  CHECK(think("none") == Json(false));
  CHECK(think("high") == Json("high"));
  CHECK(think("max") == Json("max"));
  CHECK(think("minimal") == Json("low"));
  CHECK(think("") == Json());
  CHECK(body_of(request_with(ChatOptions().extra("think", true)))["think"] == Json(true));
  CHECK(refusal_of(request_with(ChatOptions().reasoning_effort("2000"))) ==
        ErrorKind::invalid_request);
  const Message thought(Role::assistant, std::vector<Part>{ReasoningPart("hm"), TextPart("a")});
  CHECK(body_of(request_with(ChatOptions(), {user("q"), thought, user("r")}))["messages"][1] ==
        Json::parse(R"({"role":"assistant","content":"a","thinking":"hm"})"));
}

TEST_CASE("ollama request: what it has no place for is not sent") {
  const ToolSpec tool("f", "", Json::object());
  const auto with = [](Part part) {
    return request_with(ChatOptions(), {user(std::vector<Part>{std::move(part)})});
  };
  CHECK(refusal_of(request_with(ChatOptions().tools({tool}).tool_choice("required"))) ==
        ErrorKind::unsupported);
  CHECK(refusal_of(request_with(ChatOptions().tools({tool}).tool_choice("f"))) ==
        ErrorKind::unsupported);
  CHECK(refusal_of(request_with(ChatOptions().n(2))) == ErrorKind::unsupported);
  CHECK(refusal_of(request_with(ChatOptions().logit_bias({{"1", 2}}))) == ErrorKind::unsupported);
  CHECK(refusal_of(with(ImagePart(MediaSource::from_url("https://e/a.png")))) ==
        ErrorKind::unsupported);
  CHECK(refusal_of(with(AudioPart(MediaSource::from_bytes("a", "audio/wav")))) ==
        ErrorKind::unsupported);
  CHECK(refusal_of(with(UnknownPart("video", Json::object()))) == ErrorKind::unsupported);
  CHECK(refusal_of(with(TextPart("\xFF"))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().temperature(-1))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().max_tokens(0))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(
            ChatOptions(), {user("a"), Message(Role::assistant, std::vector<Part>{ToolCall(
                                                                    "c", "f", "{\"a\":")})})) ==
        ErrorKind::invalid_request);
  std::vector<std::string> told;
  const Json body = body_of(
      request_with(ChatOptions().lenient(true).tools({tool}).tool_choice("none").n(2),
                   {user(std::vector<Part>{TextPart("a"),
                                           ImagePart(MediaSource::from_url("https://e/a.png"))})}),
      Api::chat, &told);
  CHECK_FALSE(body.contains("tools"));
  CHECK_FALSE(body["messages"][0].contains("images"));
  CHECK(told.size() == 3);
}

struct Host {
  const char* given;
  const char* url;
};

TEST_CASE("ollama: OLLAMA_HOST as Ollama itself reads it") {
  for (const Host& row : {Host{"example.com", "http://example.com:11434"},
                          Host{"example.com:56789", "http://example.com:56789"},
                          Host{"http://example.com", "http://example.com"},
                          Host{"https://example.com", "https://example.com"},
                          Host{"HTTPS://example.com/", "https://example.com"},
                          Host{"https://example.com:8443/a/b/", "https://example.com:8443/a/b"},
                          Host{"example.com/ollama", "http://example.com:11434/ollama"},
                          Host{"ollama.com", "https://ollama.com"},
                          Host{"https://ollama.com/api", "https://ollama.com"},
                          Host{"https://proxy/ollama/api", "https://proxy/ollama"},
                          Host{"0.0.0.0", "http://127.0.0.1:11434"},
                          Host{"0.0.0.0:8000", "http://127.0.0.1:8000"},
                          Host{"::", "http://[::1]:11434"},
                          Host{"[::]:8000", "http://[::1]:8000"},
                          Host{"::1", "http://[::1]:11434"},
                          Host{"[::1]:1234", "http://[::1]:1234"},
                          Host{"http://[2001:db8::1]", "http://[2001:db8::1]"},
                          Host{":1234", "http://127.0.0.1:1234"},
                          Host{" \"1.2.3.4\" ", "http://1.2.3.4:11434"},
                          Host{"http://127.0.0.1:11434", "http://127.0.0.1:11434"}}) {
    INFO(row.given);
    CHECK(ollama_base_url(row.given) == row.url);
  }
}

}  // namespace
}  // namespace lian
