#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/openai_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;

Json body_of(const ChatRequest& request, const OpenAIDialect& dialect = {}) {
  return Json::parse(test::encode(OpenAIChatCodec(dialect), request, test::endpoint()).body);
}

Json fixture(const std::string& name) { return Json::parse(wire("openai_chat/" + name)); }

ChatRequest request_with(ChatOptions options) {
  if (options.model().empty()) options.model("m");
  return ChatRequest({user("hi")}, std::move(options));
}

Json messages_of(Messages messages, const OpenAIDialect& dialect = {}) {
  return body_of(ChatRequest(std::move(messages), ChatOptions().model("m")), dialect)["messages"];
}

std::string refusal_of(const ChatRequest& request, const OpenAIDialect& dialect = {}) {
  try {
    test::encode(OpenAIChatCodec(dialect), request, test::endpoint());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::invalid_request || error.kind() == ErrorKind::unsupported) {
      return error.message();
    }
    throw;
  }
  FAIL("no error");
  return {};
}

std::string refusal_of(ChatOptions options) { return refusal_of(request_with(std::move(options))); }

std::string from_base64(std::string_view text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6U | static_cast<unsigned>(alphabet.find(c));
    if ((count += 6) < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
  }
  return bytes;
}

ToolSpec weather_tool() {
  const Json tool = fixture("tool_call_request.json")["tools"][0]["function"];
  ToolSpec spec(std::string(tool["name"].as_string()), std::string(tool["description"].as_string()),
                tool["parameters"]);
  spec.strict = true;
  return spec;
}

TEST_CASE("openai request: settings and an image, as the fixture has them") {
  const Json expected = fixture("request.json");
  const std::string url(expected["messages"][1]["content"][1]["image_url"]["url"].as_string());
  const std::string bytes = from_base64(url.substr(url.find(',') + 1));
  ChatRequest request(
      {system("Answer briefly."),
       user(std::vector<Part>{TextPart("What colour is this dot?"),
                              ImagePart(MediaSource::from_bytes(bytes, "image/png"), "low")})},
      ChatOptions()
          .model("gpt-4o-mini")
          .max_tokens(64)
          .temperature(0.2)
          .top_p(1)
          .n(1)
          .seed(7)
          .stop({"END"})
          .presence_penalty(0)
          .frequency_penalty(0)
          .user("user-42")
          .extra("metadata", expected["metadata"])
          .extra("store", false));
  CHECK(body_of(request) == expected);
}

TEST_CASE("openai request: streaming, structured output and tools, as the fixtures have them") {
  ChatRequest stream({user("Say hello")}, ChatOptions().model("gpt-4o-mini"));
  stream.stream = true;
  CHECK(body_of(stream) == fixture("stream_request.json"));
  CHECK(test::encode(OpenAIChatCodec(), stream, test::endpoint()).stream);

  const Json structured = fixture("structured_request.json");
  const Json format = structured["response_format"]["json_schema"];
  CHECK(body_of(ChatRequest({user("Ada Lovelace, born 1815")},
                            ChatOptions()
                                .model("gpt-4o-mini")
                                .response_format(ResponseFormat::json_schema(
                                    "person", format["schema"])))) == structured);

  ChatOptions options = ChatOptions()
                            .model("gpt-4o-mini")
                            .tools({weather_tool()})
                            .tool_choice("auto")
                            .parallel_tool_calls(true);
  CHECK(body_of(ChatRequest({user("Weather in Paris and Rome?")}, options)) ==
        fixture("tool_call_request.json"));
}

TEST_CASE("openai request: a conversation with tool results") {
  const Json expected = fixture("tool_result_request.json");
  Messages messages;
  Message results;
  results.role = Role::tool;
  for (const Json& message : expected["messages"].items()) {
    const std::string_view role = message["role"].as_string();
    if (role == "user") messages.push_back(user(std::string(message["content"].as_string())));
    if (role == "assistant") {
      Message calling(Role::assistant, std::vector<Part>{});
      for (const Json& call : message["tool_calls"].items()) {
        calling.parts.emplace_back(ToolCall(
            std::string(call["id"].as_string()), std::string(call["function"]["name"].as_string()),
            std::string(call["function"]["arguments"].as_string())));
      }
      messages.push_back(calling);
    }
    if (role == "tool") {
      results.parts.emplace_back(ToolResult(std::string(message["tool_call_id"].as_string()),
                                            std::string(message["content"].as_string())));
    }
  }
  messages.push_back(results);
  CHECK(messages_of(messages) == expected["messages"]);
}

TEST_CASE("openai request: url and headers") {
  Endpoint endpoint = test::endpoint();
  endpoint.options = {{"organization", "org-x"}, {"project", "proj-y"}};
  const HttpRequest request = test::encode(OpenAIChatCodec(), request_with({}), endpoint);
  CHECK(request.method == "POST");
  CHECK(request.url == "https://api.openai.com/v1/chat/completions");
  CHECK(*request.headers.find("content-type") == "application/json");
  CHECK(*request.headers.find("authorization") == "Bearer " + endpoint.api_key);
  CHECK(*request.headers.find("openai-organization") == "org-x");
  CHECK(*request.headers.find("openai-project") == "proj-y");
  CHECK_FALSE(request.stream);
  endpoint.api_key.clear();
  CHECK(test::encode(OpenAIChatCodec(), request_with({}), endpoint).headers.find("authorization") ==
        nullptr);
}

TEST_CASE("openai request: the order of the members is the documentation's") {
  ChatRequest request({user("hi")},
                      ChatOptions().model("m").user("u").temperature(1).max_tokens(2));
  CHECK(test::encode(OpenAIChatCodec(), request, test::endpoint()).body ==
        R"({"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":2,)"
        R"("temperature":1,"user":"u"})");
}

TEST_CASE("openai request: the remaining settings") {
  const Json body = body_of(request_with(ChatOptions()
                                             .logprobs(true)
                                             .top_logprobs(20)
                                             .logit_bias({{"50256", -100}, {"7", 2.5}})
                                             .reasoning_effort("high")
                                             .response_format(ResponseFormat::json_object())));
  CHECK(body["logprobs"].as_bool());
  CHECK(body["top_logprobs"].as_int() == 20);
  CHECK(body["logit_bias"]["50256"].as_number() == -100);
  CHECK(body["logit_bias"]["7"].as_number() == 2.5);
  CHECK(body["reasoning_effort"].as_string() == "high");
  CHECK(body["response_format"].dump() == R"({"type":"json_object"})");

  const auto choice = [](ToolChoice value) {
    return body_of(request_with(
        ChatOptions().tools({weather_tool()}).tool_choice(std::move(value))))["tool_choice"]
        .dump();
  };
  CHECK(choice("none") == "\"none\"");
  CHECK(choice("required") == "\"required\"");
  CHECK(choice("get_weather") == R"({"type":"function","function":{"name":"get_weather"}})");
}

TEST_CASE("openai request: extra fields come last and replace lian's own") {
  const HttpRequest request = test::encode(OpenAIChatCodec(), 
      request_with(
          ChatOptions().temperature(1).extra("temperature", 0.5).extra("verbosity", "low")),
      test::endpoint());
  CHECK(request.body == R"({"model":"m","messages":[{"role":"user","content":"hi"}],)"
                        R"("temperature":0.5,"verbosity":"low"})");
}

TEST_CASE("openai request: settings about tools that extra brings are sent") {
  const Json tools = Json::parse(R"([{"type":"custom","custom":{"name":"sql"}}])");
  const ChatOptions options = ChatOptions().extra("tools", tools).parallel_tool_calls(false);
  const auto sent = [](const ChatOptions& with) {
    return Json::parse(test::encode(OpenAIChatCodec(), request_with(with), test::endpoint()).body);
  };
  CHECK(sent(ChatOptions(options).tool_choice("required"))["tool_choice"] == Json("required"));
  CHECK(sent(options)["parallel_tool_calls"] == Json(false));
  CHECK(sent(options)["tools"] == tools);
  CHECK(sent(ChatOptions(options).tool_choice("sql"))["tool_choice"]["function"]["name"] ==
        Json("sql"));
  const Json allowed = Json::parse(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto",)"
                                   R"("tools":[{"type":"function","function":{"name":"f"}}]}})");
  CHECK(sent(ChatOptions(options).extra("tool_choice", allowed))["tool_choice"] == allowed);
}

TEST_CASE("openai request: roles, names and every kind of part") {
  Message named = user("hi");
  named.name = "Ada";
  Message other(Role::other, "x");
  other.role_name = "critic";
  const Json messages = messages_of({developer("d"), named, other});
  CHECK(messages.dump() == R"([{"role":"developer","content":"d"},{"role":"user","content":"hi",)"
                           R"("name":"Ada"},{"role":"critic","content":"x"}])");

  const Json parts = messages_of({user(std::vector<Part>{
      TextPart("a\n\"你\""), ImagePart(MediaSource::from_url("https://h/i.png")),
      AudioPart(MediaSource::from_bytes("abc", "audio/wav")),
      FilePart(MediaSource::from_bytes("pdf", "application/pdf"), "a.pdf"),
      FilePart(MediaSource::from_file_id("file-1")),
      UnknownPart("video", Json::parse(R"({"type":"video","url":"u"})"))})})[0]["content"];
  CHECK(
      parts.dump() ==
      R"([{"type":"text","text":"a\n\"你\""},{"type":"image_url","image_url":{"url":"https://h/i.png"}},)"
      R"({"type":"input_audio","input_audio":{"data":"YWJj","format":"wav"}},)"
      R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,cGRm"}},)"
      R"({"type":"file","file":{"file_id":"file-1"}},{"type":"video","url":"u"}])");
}

TEST_CASE("openai request: a reply goes back as the assistant's message") {
  AIMessage reply = OpenAIChatCodec().decode(test::reply_of(wire("openai_chat/response.json")));
  CHECK(messages_of({reply}).dump() == R"([{"role":"assistant","content":"The dot is blue."}])");
  AIMessage refused =
      OpenAIChatCodec().decode(test::reply_of(wire("openai_chat/response_refusal.json")));
  CHECK(
      messages_of({refused}).dump() ==
      R"([{"role":"assistant","content":[{"type":"refusal","refusal":"I can't help with that."}]}])");

  Message thinking(Role::assistant, std::vector<Part>{ReasoningPart("hm"), TextPart("a")});
  CHECK(messages_of({thinking}).dump() == R"([{"role":"assistant","content":"a"}])");
  OpenAIDialect dialect;
  dialect.reasoning_field = "reasoning_content";
  CHECK(messages_of({thinking}, dialect).dump() ==
        R"([{"role":"assistant","content":"a","reasoning_content":"hm"}])");

  Message calling(Role::assistant, std::vector<Part>{TextPart("t"), ToolCall("c", "f", "")});
  CHECK(messages_of({calling}).dump() ==
        R"([{"role":"assistant","content":"t","tool_calls":[{"id":"c","type":"function",)"
        R"("function":{"name":"f","arguments":"{}"}}]}])");
}

TEST_CASE("openai request: fields lian has no name for go back as they came") {
  Message message = user("hi");
  message.extra = Json::parse(R"({"priority":1})");
  TextPart cached("long");
  cached.extra = Json::parse(R"({"prompt_cache_breakpoint":{"mode":"explicit"}})");
  CHECK(messages_of({message, user(std::vector<Part>{cached})}).dump() ==
        R"([{"role":"user","content":"hi","priority":1},{"role":"user","content":[{"type":"text",)"
        R"("text":"long","prompt_cache_breakpoint":{"mode":"explicit"}}]}])");
  const Message spoken(Role::assistant, std::vector<Part>{UnknownPart(
                                            "audio", Json::parse(R"({"id":"a1","data":"x"})"))});
  CHECK(messages_of({spoken}).dump() ==
        R"([{"role":"assistant","content":null,"audio":{"id":"a1"}}])");
}

TEST_CASE("openai request: a dialect's own words") {
  OpenAIDialect dialect;
  dialect.name = "vendor";
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";
  dialect.stream_usage = false;
  dialect.abilities.temperature = Range(0, 1);
  dialect.abilities.seed = false;
  dialect.required_word = "any";
  dialect.renames = {{{"user", "user_id"}}};
  ChatRequest request({developer("d")}, ChatOptions().model("m").max_tokens(5).user("u"));
  request.stream = true;
  CHECK(body_of(request, dialect).dump() ==
        R"({"model":"m","messages":[{"role":"system","content":"d"}],"max_tokens":5,)"
        R"("user_id":"u","stream":true})");
  CHECK_THAT(refusal_of(request_with(ChatOptions().seed(1)), dialect), Catch::Contains("seed"));
  CHECK(body_of(request_with(ChatOptions().tools({weather_tool()}).tool_choice("required")),
                dialect)["tool_choice"]
            .as_string() == "any");
  CHECK_THAT(refusal_of(request_with(ChatOptions().temperature(1.5)), dialect),
             Catch::Contains("temperature") && Catch::Contains("between 0 and 1"));
}

TEST_CASE("openai request: values outside their range are named and not sent") {
  CHECK_THAT(refusal_of(ChatOptions().temperature(2.1)), Catch::Contains("temperature"));
  CHECK_THAT(refusal_of(ChatOptions().temperature(-0.1)), Catch::Contains("between 0 and 2"));
  CHECK_THAT(refusal_of(ChatOptions().temperature(std::stod("nan"))),
             Catch::Contains("temperature"));
  CHECK_THAT(refusal_of(ChatOptions().top_p(1.01)), Catch::Contains("top_p"));
  CHECK_THAT(refusal_of(ChatOptions().n(0)), Catch::Contains("n is 0"));
  CHECK_THAT(refusal_of(ChatOptions().n(129)), Catch::Contains("128"));
  CHECK_THAT(refusal_of(ChatOptions().max_tokens(0)), Catch::Contains("max_completion_tokens"));
  CHECK_THAT(refusal_of(ChatOptions().presence_penalty(2.5)), Catch::Contains("presence_penalty"));
  CHECK_THAT(refusal_of(ChatOptions().frequency_penalty(-3)), Catch::Contains("frequency_penalty"));
  CHECK_THAT(refusal_of(ChatOptions().stop({"1", "2", "3", "4", "5"})), Catch::Contains("stop"));
  CHECK_THAT(refusal_of(ChatOptions().logit_bias({{"1", 101}})), Catch::Contains("logit_bias"));
  CHECK_THAT(refusal_of(ChatOptions().logprobs(true).top_logprobs(21)),
             Catch::Contains("top_logprobs"));
  CHECK_THAT(refusal_of(ChatOptions().top_logprobs(1)), Catch::Contains("logprobs"));
  CHECK_THAT(refusal_of(ChatOptions().tool_choice("required")), Catch::Contains("tools"));
  CHECK_THAT(refusal_of(ChatOptions().tools({weather_tool()}).tool_choice("nope")),
             Catch::Contains("nope"));
  CHECK_THAT(refusal_of(ChatOptions().tools({ToolSpec("a b", "", Json::object())})),
             Catch::Contains("a b"));
  CHECK_THAT(refusal_of(ChatOptions().tools({ToolSpec("a", "", Json::array())})),
             Catch::Contains("parameters"));
  CHECK_THAT(refusal_of(ChatOptions().response_format(
                 ResponseFormat::json_schema("no name", Json::object()))),
             Catch::Contains("no name"));
  CHECK_THAT(refusal_of(ChatRequest({user("hi")}, ChatOptions())), Catch::Contains("model"));
  CHECK_THAT(refusal_of(ChatRequest({}, ChatOptions().model("m"))), Catch::Contains("messages"));
}

TEST_CASE("openai request: text that is not UTF-8 is named by its place") {
  const auto refusal = [](Messages messages) {
    return refusal_of(ChatRequest(std::move(messages), ChatOptions().model("m")));
  };
  CHECK_THAT(refusal({user("ok"), user("ab\xFF")}),
             Catch::Contains("messages[1].content") && Catch::Contains("byte 2"));
  CHECK_THAT(refusal({user(std::vector<Part>{TextPart("a"), TextPart("\xC3")})}),
             Catch::Contains("messages[0].content"));
  CHECK_THAT(refusal({tool(ToolResult("id", "\xFF"))}), Catch::Contains("messages[0].content"));
  CHECK_THAT(refusal_of(ChatOptions().user("\xFF")), Catch::Contains("user"));
  CHECK_THAT(refusal_of(ChatOptions().stop({"\xFF"})), Catch::Contains("stop"));
}

TEST_CASE("openai request: parts the protocol does not take are refused") {
  const auto refusal = [](Part part) {
    return refusal_of(
        ChatRequest({user(std::vector<Part>{std::move(part)})}, ChatOptions().model("m")));
  };
  CHECK_THAT(refusal(ImagePart(MediaSource::from_file_id("f"))), Catch::Contains("file id"));
  CHECK_THAT(refusal(AudioPart(MediaSource::from_url("https://h/a.wav"))),
             Catch::Contains("audio"));
  CHECK_THAT(refusal(AudioPart(MediaSource::from_bytes("a", "audio/x"))),
             Catch::Contains("format"));
  CHECK_THAT(refusal(FilePart(MediaSource::from_url("https://h/a.pdf"))), Catch::Contains("URL"));
  CHECK_THAT(refusal(ImagePart(MediaSource::from_bytes("a", ""))), Catch::Contains("mime_type"));
  CHECK_THAT(refusal(ToolResult("", "x")), Catch::Contains("call_id"));
}

}  // namespace
}  // namespace lian
