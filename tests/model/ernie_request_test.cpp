// What goes to Qianfan v1.
#include "model/ernie_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::wire;

Json body_of(const ChatRequest& request, std::vector<std::string>* told = nullptr) {
  const test::ErnieModel model = test::ernie_v1(request.options.model());
  return Json::parse(test::encode(*model.chat(), request, model.endpoint, told).body);
}

ChatOptions options() { return ChatOptions().model("ERNIE-4.0-8K"); }

Message calls(std::vector<ToolCall> list, std::string text = {}) {
  Message message(Role::assistant, std::vector<Part>());
  if (!text.empty()) message.parts.emplace_back(TextPart(std::move(text)));
  for (ToolCall& call : list) message.parts.emplace_back(std::move(call));
  return message;
}

std::string refusal(const Messages& messages, const ChatOptions& settings = options()) {
  try {
    body_of(ChatRequest(messages, settings));
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::invalid_request);
    CHECK_THAT(error.what(), Catch::Contains("nothing was sent"));
    return error.what();
  }
  return {};
}

TEST_CASE("ernie request: the recorded request") {
  const Json expect = Json::parse(wire("baidu/request.json"));
  const ChatRequest request({system("你是导游"), user("用一句话介绍西湖"),
                             assistant("西湖是杭州的城市湖泊。"), user("再短一点")},
                            options()
                                .temperature(0.8)
                                .top_p(0.8)
                                .stop({"###"})
                                .max_tokens(256)
                                .user("u-1")
                                .extra("penalty_score", Json(1.0))
                                .extra("disable_search", Json(false))
                                .extra("enable_citation", Json(false))
                                .extra("stream", Json(false)));
  const test::ErnieModel model = test::ernie_v1();
  HttpRequest http = test::encode(*model.chat(), request, model.endpoint);
  Signing signing;
  signing.token = "24.TOKEN";
  model.chat()->sign(http, model.endpoint, signing);
  CHECK(http.method == expect["method"].as_string());
  CHECK(http.url == expect["url"].as_string());
  CHECK(*http.headers.find("content-type") == "application/json");
  CHECK_FALSE(http.headers.find("authorization"));
  CHECK(Json::parse(http.body) == expect["body"]);
}

TEST_CASE("ernie request: only what is set is sent; extra replaces") {
  CHECK(body_of(ChatRequest({user("hi")}, options())) ==
        Json::parse(R"({"messages":[{"role":"user","content":"hi"}]})"));
  ChatRequest streamed({user("hi")}, options().temperature(0.5).extra("temperature", Json(0.7)));
  streamed.stream = true;
  CHECK(body_of(streamed) == Json::parse(R"({"messages":[{"role":"user","content":"hi"}],
                                             "stream":true,"temperature":0.7})"));
  CHECK(body_of(ChatRequest({user("hi")}, options().response_format(
                                              ResponseFormat::json_object())))["response_format"]
            .as_string() == "json_object");
}

TEST_CASE("ernie request: roles") {
  std::vector<std::string> told;
  const Json body = body_of(ChatRequest({system("a"), user("1"), developer("b"), user("2"),
                                         assistant("3"), assistant("4"), user("5")},
                                        options()),
                            &told);
  CHECK(body["system"].as_string() == "a\nb");
  CHECK(body["messages"] == Json::parse(R"([{"role":"user","content":"1\n2"},
      {"role":"assistant","content":"3\n4"},{"role":"user","content":"5"}])"));
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("joined"));

  CHECK_THAT(refusal({}), Catch::Contains("no message"));
  CHECK_THAT(refusal({system("a")}), Catch::Contains("no message"));
  CHECK_THAT(refusal({assistant("a"), user("b")}), Catch::Contains("first message"));
  CHECK_THAT(refusal({user("a"), assistant("b")}), Catch::Contains("last message"));
  CHECK_THAT(refusal({user("a"), assistant(""), user("b")}), Catch::Contains("messages[1]"));
  CHECK_THAT(refusal({user("")}), Catch::Contains("messages[0]"));
  CHECK_THAT(refusal({user("a\xff")}), Catch::Contains("messages[0]"));
  Message odd(Role::other, "x");
  odd.role_name = "critic";
  CHECK_THAT(refusal({odd}), Catch::Contains("messages[0]"));
}

TEST_CASE("ernie request: tools as functions, their calls and results") {
  const Json recorded = Json::parse(wire("baidu/tool_call_response.json"));
  const Json function = recorded["request_functions"][0];
  const ToolSpec tool(std::string(function["name"].as_string()),
                      std::string(function["description"].as_string()), function["parameters"]);
  const AIMessage reply =
      test::ernie_v1().chat()->decode(test::reply_of(recorded["response"].dump()));
  REQUIRE(reply.tool_calls().size() == 1);
  const Json body =
      body_of(ChatRequest({user("杭州天气?"), reply,
                           lian::tool(ToolResult(reply.tool_calls()[0].id, R"({"temp":"18C"})"))},
                          options().tools({tool}).tool_choice("get_current_weather")));
  CHECK(body["functions"] == recorded["request_functions"]);
  CHECK(body["messages"] == recorded["follow_up_messages"]);
  CHECK(body["tool_choice"] ==
        Json::parse(R"({"type":"function","function":{"name":"get_current_weather"}})"));

  const Json small =
      body_of(ChatRequest({user("hi")}, options().model("ERNIE-Speed-8K").tools({tool})));
  CHECK(small["functions"].is_null());
  CHECK(small["tools"][0]["type"].as_string() == "function");
  CHECK(small["tools"][0]["function"] == function);
  CHECK_THAT(refusal({user("a")}, options().tools({tool}).tool_choice("other")),
             Catch::Contains("other"));
}

TEST_CASE("ernie request: of several calls each goes with its result, by name") {
  const Json body = body_of(ChatRequest(
      {user("q"), calls({ToolCall("a", "f", "{}"), ToolCall("b", "g", R"({"x":1})")}, "let me see"),
       lian::tool(ToolResult("b", "18")), lian::tool(ToolResult("a", "[1]")), assistant("done"),
       user("more"), calls({ToolCall("a", "h", "")}), lian::tool(ToolResult("a", R"({"y":"\n"})"))},
      options()));
  CHECK(body["messages"] == Json::parse(R"([
    {"role":"user","content":"q"},
    {"role":"assistant","content":"let me see","function_call":{"name":"g","arguments":"{\"x\":1}"}},
    {"role":"function","name":"g","content":"{\"tool_result\":\"18\"}"},
    {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
    {"role":"function","name":"f","content":"{\"tool_result\":\"[1]\"}"},
    {"role":"assistant","content":"done"},
    {"role":"user","content":"more"},
    {"role":"assistant","content":null,"function_call":{"name":"h","arguments":"{}"}},
    {"role":"function","name":"h","content":"{\"y\":\"\\n\"}"}])"));

  CHECK_THAT(refusal({user("q"), calls({ToolCall("a", "f", "{}")})}),
             Catch::Contains("'a'") && Catch::Contains("no result"));
  CHECK_THAT(refusal({user("q"), calls({ToolCall("a", "f", "{}")}), user("next")}),
             Catch::Contains("no result"));
  CHECK_THAT(refusal({user("q"), lian::tool(ToolResult("z", "1"))}), Catch::Contains("'z'"));
}

TEST_CASE("ernie request: settings the vendor does not take") {
  const Messages hi{user("hi")};
  for (const ChatOptions& settings :
       {options().seed(1), options().n(2), options().presence_penalty(1), options().logprobs(true),
        options().reasoning_effort("low"),
        options().response_format(ResponseFormat::json_schema("s", Json::object()))}) {
    CHECK_THROWS_AS(body_of(ChatRequest(hi, settings)), UnsupportedError);
    ChatOptions lenient = settings;
    CHECK_NOTHROW(body_of(ChatRequest(hi, lenient.lenient(true))));
  }
  CHECK_THROWS_AS(
      body_of(ChatRequest({user({ImagePart(MediaSource::from_url("http://h/i"))})}, options())),
      UnsupportedError);
  CHECK(body_of(ChatRequest(
            hi, options().model("Llama-2-7B-Chat").presence_penalty(1)))["presence_penalty"]
            .as_number() == 1);

  std::vector<std::string> told;
  CHECK(body_of(ChatRequest(hi, options().temperature(0)), &told)["temperature"].as_number() ==
        0.01);
  CHECK(told.size() == 1);
  CHECK_THAT(refusal(hi, options().temperature(1.5)),
             Catch::Contains("between 0 (excluded) and 1"));
  CHECK_THAT(refusal(hi, options().max_tokens(1)), Catch::Contains("at least 2"));
  CHECK(body_of(ChatRequest(hi, options().max_tokens(1).lenient(true)), &told)["max_output_tokens"]
            .as_int() == 2);
  CHECK_THAT(told[0], Catch::Contains("max_tokens"));
  CHECK_THAT(refusal(hi, options().stop({"1", "2", "3", "4", "5"})), Catch::Contains("at most 4"));
}

TEST_CASE("ernie request: text completions") {
  const ModelConfig config = test::ernie_v1_keys();
  const std::string name = "SQLCoder-7B";
  const Endpoint endpoint = endpoint_of(ernie_provider, name, config);
  const auto codec = ernie_provider.text(ModelPlace(ernie_provider, name, endpoint));
  const HttpRequest http = test::encode(
      *codec, ChatRequest({user("SELECT")}, ChatOptions().model(name).temperature(0.5)), endpoint);
  CHECK_THAT(http.url, Catch::EndsWith("/wenxinworkshop/completions/sqlcoder_7b"));
  CHECK(Json::parse(http.body) == Json::parse(R"({"prompt":"SELECT","temperature":0.5})"));
}

TEST_CASE("ernie request: embeddings") {
  const Json expect = Json::parse(wire("baidu/embedding_request.json"));
  const test::ErnieModel model = test::ernie_v1("Embedding-V1");
  EmbeddingRequest request;
  request.model = model.name;
  request.texts = {"你好", "世界"};
  HttpRequest http = model.embedding()->encode(request, model.endpoint);
  Signing signing;
  signing.token = "24.TOKEN";
  model.embedding()->sign(http, model.endpoint, signing);
  CHECK(http.url == expect["url"].as_string());
  CHECK(Json::parse(http.body)["input"] == expect["body"]["input"]);
  CHECK(model.embedding()->max_batch("bge-large-zh") == 16);
  CHECK(model.embedding()->max_batch("tao-8k") == 1);
  request.dimensions = 64;
  CHECK_THROWS_AS(model.embedding()->encode(request, model.endpoint), UnsupportedError);
}

}  // namespace
}  // namespace lian
