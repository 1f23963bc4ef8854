#include <string>
#include <vector>

#include "lian/model/registry.hpp"
#include "model/codec_support.hpp"
#include "model/provider/qwen.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;

Endpoint endpoint() {
  Endpoint out;
  out.provider = "qwen";
  out.base_url = "https://dashscope.aliyuncs.com/api/v1";
  out.api_key = "sk-example";
  return out;
}

ChatRequest request_with(ChatOptions options, Messages messages = {user("hi")}) {
  if (options.model().empty()) options.model("qwen-plus");
  return ChatRequest(std::move(messages), std::move(options));
}

HttpRequest http_of(const ChatRequest& request, std::vector<std::string>* told = nullptr) {
  return test::encode(QwenChatCodec(), request, endpoint(), told);
}

Json body_of(const ChatRequest& request, std::vector<std::string>* told = nullptr) {
  return Json::parse(http_of(request, told).body);
}

Json parameters_of(ChatOptions options, bool stream = false,
                   std::vector<std::string>* told = nullptr) {
  ChatRequest request = request_with(std::move(options));
  request.stream = stream;
  return body_of(request, told)["parameters"];
}

Json messages_of(Messages messages, std::vector<std::string>* told = nullptr) {
  return body_of(request_with(ChatOptions(), std::move(messages)), told)["input"]["messages"];
}

ErrorKind refusal_of(const ChatRequest& request) {
  try {
    http_of(request);
  } catch (const Error& error) {
    CHECK_THAT(error.message(), Catch::Contains("nothing was sent"));
    return error.kind();
  }
  FAIL("no error");
  return {};
}

const std::string& header(const HttpRequest& request, const char* name) {
  static const std::string none;
  const std::string* value = request.headers.find(name);
  return value ? *value : none;
}

TEST_CASE("qwen request: every field of the fixture in its place") {
  const Json expected = Json::parse(wire("qwen/request.json"));
  ChatRequest request = request_with(ChatOptions()
                                         .model("qwen-max")
                                         .seed(1234)
                                         .max_tokens(1500)
                                         .top_p(0.8)
                                         .temperature(0.85)
                                         .stop({"###"})
                                         .extra("top_k", 100)
                                         .extra("repetition_penalty", 1.1)
                                         .extra("enable_search", false),
                                     {system("You are a helpful assistant."), user("1+1=?")});
  request.stream = true;
  const HttpRequest http = http_of(request);
  CHECK(http.method == expected["method"].as_string());
  CHECK(http.url == expected["url"].as_string());
  CHECK(Json::parse(http.body) == expected["body"]);
  for (const std::string& name : expected["headers"].keys())
    CHECK(header(http, name.c_str()) == expected["headers"][name].as_string());
  CHECK(http.stream);
}

TEST_CASE("qwen request: headers as the vectors have them") {
  for (const Json& vector : Json::parse(wire("qwen/auth_vectors.json")).items()) {
    const std::string name(vector["name"].as_string());
    if (name == "async task") continue;  // tasks are no chats
    INFO(name);
    ChatRequest request = request_with(ChatOptions());
    request.stream = name == "native stream";
    Endpoint place = endpoint();
    if (name == "workspace") place.options.emplace_back("workspace", "ws_example");
    const HttpRequest http = test::encode(QwenChatCodec(), request, place);
    for (const std::string& field : vector["expect_headers"].keys())
      CHECK(header(http, field.c_str()) == vector["expect_headers"][field].as_string());
    CHECK((http.headers.find("x-dashscope-sse") != nullptr) == request.stream);
  }
}

TEST_CASE("qwen request: images go to multimodal-generation as the fixture has it") {
  const Json expected = Json::parse(wire("qwen/multimodal.json"))["request"];
  ChatRequest request = request_with(
      ChatOptions()
          .model("qwen-vl-plus")
          .seed(1234)
          .top_p(0.81)
          .extra("top_k", 100)
          .extra("incremental_output", true),
      {system("You are a helpful assistant."),
       user(std::vector<Part>{ImagePart(MediaSource::from_url("https://example.com/a.jpeg")),
                              TextPart("这是哪里")})});
  const HttpRequest http = http_of(request);
  CHECK(http.url == expected["url"].as_string());
  CHECK(Json::parse(http.body) == expected["body"]);

  const auto path_of = [](const std::string& model, std::vector<Part> parts) {
    const ChatRequest asked = request_with(ChatOptions().model(model), {user(std::move(parts))});
    return http_of(asked).url;
  };
  const auto image = ImagePart(MediaSource::from_bytes("x", "image/png"));
  for (const char* model : {"qwen-vl-max", "qwen2.5-vl-72b-instruct", "qwen-audio-turbo",
                            "qwen2-audio-instruct", "qvq-max", "Qwen3-VL-Plus"}) {
    INFO(model);
    CHECK_THAT(path_of(model, {TextPart("a")}),
               Catch::EndsWith("/multimodal-generation/generation"));
  }
  for (const char* model : {"qwen-plus", "qwen3-max", "qwq-32b", "vl-", "qwen-vlong"}) {
    INFO(model);
    const bool is_vision = std::string(model) == "vl-";
    CHECK_THAT(path_of(model, {TextPart("a")}),
               Catch::EndsWith(is_vision ? "/multimodal-generation/generation"
                                         : "/text-generation/generation"));
  }
  CHECK_THAT(path_of("qwen-plus", {image}), Catch::EndsWith("/multimodal-generation/generation"));
}

TEST_CASE("qwen request: bytes become data URLs, unknown parts stay") {
  const Json content = messages_of({user(std::vector<Part>{
      ImagePart(MediaSource::from_bytes("\x01\x02", "image/png")),
      AudioPart(MediaSource::from_bytes("abc", ""), "mp3"),
      AudioPart(MediaSource::from_url("https://e/a.wav")),
      UnknownPart("video", Json::object({{"video", "https://e/v.mp4"}}))})})[0]["content"];
  CHECK(content == Json::parse(R"([{"image":"data:image/png;base64,AQI="},
      {"audio":"data:audio/mpeg;base64,YWJj"},{"audio":"https://e/a.wav"},
      {"video":"https://e/v.mp4"}])"));
  CHECK(refusal_of(request_with(
            ChatOptions(), {user(std::vector<Part>{ImagePart(MediaSource::from_file_id("f"))})})) ==
        ErrorKind::unsupported);
  CHECK(
      refusal_of(request_with(
          ChatOptions(), {user(std::vector<Part>{ImagePart(MediaSource::from_bytes("x", ""))})})) ==
      ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions(),
                                {user(std::vector<Part>{FilePart(MediaSource::from_bytes(
                                    "x", "application/pdf"))})})) == ErrorKind::unsupported);
}

TEST_CASE("qwen request: tools, calls and their results") {
  const Json schema =
      Json::parse(R"({"type":"object","properties":{"location":{"type":"string"}}})");
  std::vector<Part> calls{ToolCall("call_1", "weather", R"({"location":"杭州"})"),
                          ToolCall("call_2", "weather", "")};
  const Json body =
      body_of(request_with(ChatOptions()
                               .tools({ToolSpec("weather", "The weather.", schema)})
                               .tool_choice("weather")
                               .parallel_tool_calls(true),
                           {user("天气?"), Message(Role::assistant, std::move(calls)),
                            tool(ToolResult("call_1", "18 °C")), tool(ToolResult("call_2", "?"))}));
  const Json parameters = body["parameters"];
  CHECK(parameters["tools"][0]["function"]["parameters"] == schema);
  CHECK(parameters["tool_choice"] ==
        Json::parse(R"({"type":"function","function":{"name":"weather"}})"));
  CHECK(parameters["parallel_tool_calls"].as_bool());
  CHECK(body["input"]["messages"] == Json::parse(R"([
    {"role":"user","content":"天气?"},
    {"role":"assistant","content":"","tool_calls":[
      {"index":0,"id":"call_1","type":"function",
       "function":{"name":"weather","arguments":"{\"location\":\"杭州\"}"}},
      {"index":1,"id":"call_2","type":"function","function":{"name":"weather","arguments":"{}"}}]},
    {"role":"tool","content":"18 °C","tool_call_id":"call_1"},
    {"role":"tool","content":"?","tool_call_id":"call_2"}])"));
  const ToolSpec weather("weather", "", schema);
  CHECK(parameters_of(ChatOptions().tools({weather}).tool_choice("none"))["tool_choice"]
            .as_string() == "none");
  CHECK(refusal_of(request_with(ChatOptions().tools({weather}).tool_choice("required"))) ==
        ErrorKind::unsupported);
  CHECK(refusal_of(request_with(ChatOptions().tools({weather}).tool_choice("other"))) ==
        ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions(), {tool(ToolResult("", "x"))})) ==
        ErrorKind::invalid_request);
}

TEST_CASE("qwen request: one system message first, then the two in turn") {
  std::vector<std::string> told;
  const Json messages = messages_of({user("a"), user("b"), system("S"), assistant("c"),
                                     assistant("d"), developer("D"), user("e")},
                                    &told);
  CHECK(messages == Json::parse(R"([{"role":"system","content":"S\nD"},
    {"role":"user","content":"a\nb"},{"role":"assistant","content":"c\nd"},
    {"role":"user","content":"e"}])"));
  CHECK(told.size() == 2);
  told.clear();
  CHECK(messages_of({system("S"), user("a"), assistant("b"), user("c")}, &told).size() == 4);
  CHECK(told.empty());
}

TEST_CASE("qwen request: an assistant at the end is gone on from") {
  std::vector<std::string> told;
  Json last = messages_of({user("a"), assistant("Once upon")}, &told)[1];
  CHECK(last["partial"].as_bool());
  CHECK(told.size() == 1);
  Message begun = assistant("Once upon");
  begun.extra.set("partial", true);
  told.clear();
  last = messages_of({user("a"), begun}, &told)[1];
  CHECK(last == Json::parse(R"({"role":"assistant","content":"Once upon","partial":true})"));
  CHECK(told.empty());
}

TEST_CASE("qwen request: a text with fields of its own keeps them") {
  TextPart cached("long");
  cached.extra = Json::parse(R"({"cache_control":{"type":"ephemeral"}})");
  CHECK(messages_of({user(std::vector<Part>{cached})})[0]["content"] ==
        Json::parse(R"([{"text":"long","cache_control":{"type":"ephemeral"}}])"));
}

TEST_CASE("qwen request: what qwen refuses is not sent") {
  CHECK(refusal_of(request_with(ChatOptions(), {user("")})) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions(), {user("\xFF")})) == ErrorKind::invalid_request);
  CHECK(refusal_of(ChatRequest({}, ChatOptions().model("m"))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().temperature(2))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().top_p(1.1))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().presence_penalty(2.5))) ==
        ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().n(5))) == ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().frequency_penalty(1))) == ErrorKind::unsupported);
  CHECK(refusal_of(request_with(ChatOptions().user("u"))) == ErrorKind::unsupported);
  CHECK(refusal_of(request_with(ChatOptions().reasoning_effort("hard"))) ==
        ErrorKind::invalid_request);
  CHECK(refusal_of(request_with(ChatOptions().response_format(
            ResponseFormat::json_schema("s", Json::object())))) == ErrorKind::unsupported);
}

TEST_CASE("qwen request: the same meaning under another value is told") {
  std::vector<std::string> told;
  CHECK(parameters_of(ChatOptions().top_p(1), false, &told)["top_p"].as_number() == 0.9999);
  CHECK(told.size() == 1);
  told.clear();
  CHECK(parameters_of(ChatOptions().temperature(0), false, &told)["temperature"].as_number() == 0);
  CHECK(told.empty());
  CHECK(parameters_of(ChatOptions().lenient(true).temperature(3).response_format(
            ResponseFormat::json_schema("s", Json::object())))["response_format"]["type"]
            .as_string() == "json_object");
}

struct Thought {
  const char* model;
  const char* effort;
  bool stream;
  const char* parameters;  // of thinking, as JSON
};

TEST_CASE("qwen request: thinking") {
  for (const Thought& row :
       {Thought{"qwen-plus", "", true, "{}"},
        Thought{"qwen-plus", "none", true, R"({"enable_thinking":false})"},
        Thought{"qwen-plus", "high", true, R"({"enable_thinking":true})"},
        Thought{"qwen-plus", "low", true, R"({"enable_thinking":true,"thinking_budget":2048})"},
        Thought{"qwen-plus", "3000", true, R"({"enable_thinking":true,"thinking_budget":3000})"},
        Thought{"qwen3-8b", "", true, "{}"},
        Thought{"qwen3-8b", "", false, R"({"enable_thinking":false})"},
        Thought{"qwen3-235b-a22b-instruct-2507", "", false, "{}"},
        Thought{"qwen3-235b-a22b-thinking-2507", "", false, "{}"},
        Thought{"qwen3-max", "", false, "{}"}}) {
    INFO(row.model << " " << row.effort << " " << row.stream);
    ChatOptions options;
    options.model(row.model).reasoning_effort(row.effort);
    const Json sent = parameters_of(options, row.stream);
    Json thinking = Json::object();
    for (const char* name : {"enable_thinking", "thinking_budget"})
      if (sent.contains(name)) thinking.set(name, sent[name]);
    CHECK(thinking == Json::parse(row.parameters));
  }
  const ChatOptions eager = ChatOptions().model("qwen3-8b").reasoning_effort("high");
  CHECK(refusal_of(request_with(eager)) == ErrorKind::unsupported);
  CHECK_FALSE(parameters_of(ChatOptions(eager).lenient(true))["enable_thinking"].as_bool());
  CHECK(parameters_of(
            ChatOptions().model("qwen3-8b").extra("enable_thinking", true))["enable_thinking"]
            .as_bool());
}

TEST_CASE("qwen request: extra fields go where the vendor's field lives") {
  const Json body = body_of(request_with(ChatOptions()
                                             .temperature(0.5)
                                             .extra("enable_search", true)
                                             .extra("temperature", 0.7)
                                             .extra("resources", Json::array())
                                             .extra("parameters", Json::object({{"top_k", 5}}))));
  CHECK(body["parameters"] == Json::parse(R"({"result_format":"message","enable_search":true,
      "temperature":0.7,"top_k":5})"));
  CHECK(body["resources"].is_array());
  CHECK_FALSE(body["parameters"].contains("parameters"));
  ChatRequest whole = request_with(ChatOptions().extra("incremental_output", false));
  whole.stream = true;
  CHECK_FALSE(body_of(whole)["parameters"]["incremental_output"].as_bool());
}

TEST_CASE("qwen: the native protocol and compatible mode are two providers") {
  ModelConfig config;
  config.api_key("k");
  CHECK(chat_model("qwen:qwen-plus", config).name() == "qwen:qwen-plus");
  CHECK(chat_model("dashscope:qwen-plus", config).name() == "qwen:qwen-plus");
  CHECK(chat_model("qwen-compatible:qwen-plus", config).name() == "qwen-compatible:qwen-plus");
}

}  // namespace
}  // namespace lian
