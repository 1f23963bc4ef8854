#include <string>
#include <vector>

#include "core/base64.hpp"
#include "model/google_support.hpp"
#include "model/provider/gemini_schema.hpp"

namespace lian {
namespace {

using test::fixture;
using test::text_of;

const Endpoint kEndpoint = test::gemini_endpoint();

HttpRequest encoded(const ChatRequest& request, std::vector<std::string>* told = nullptr,
                    const Endpoint& endpoint = kEndpoint) {
  return test::encode(GeminiChatCodec(endpoint), request, endpoint, told);
}

Json body_of(const ChatRequest& request, std::vector<std::string>* told = nullptr) {
  return Json::parse(encoded(request, told).body);
}

ChatOptions flash() { return ChatOptions().model("gemini-2.5-flash"); }

Json body_of(Messages messages) { return body_of(ChatRequest(std::move(messages), flash())); }

Json config_of(ChatOptions options, std::vector<std::string>* told = nullptr) {
  if (options.model().empty()) options.model("gemini-2.5-flash");
  return body_of(ChatRequest({user("hi")}, std::move(options)), told)["generationConfig"];
}

std::string refusal_of(const ChatRequest& request) {
  return test::refusal_of(GeminiChatCodec(kEndpoint), request, kEndpoint);
}

std::string refusal_of(ChatOptions options) {
  return refusal_of(ChatRequest({user("hi")}, options.model("gemini-2.5-flash")));
}

// The schema of the fixture's tool, as users write it.
Json weather_schema() {
  const Json city = Json::object({{"type", "string"}});
  const Json unit =
      Json::object({{"type", "string"}, {"enum", Json::array({"celsius", "fahrenheit"})}});
  return Json::object({{"type", "object"},
                       {"properties", Json::object({{"city", city}, {"unit", unit}})},
                       {"required", Json::array({"city", "unit"})}});
}

std::vector<ToolSpec> weather_tools() {
  return {ToolSpec("get_weather", "Look up the weather of a city", weather_schema())};
}

Json person_schema() {
  const Json born = Json::object({{"type", "integer"}});
  const Json name = Json::object({{"type", "string"}});
  return Json::object({{"type", "object"},
                       {"properties", Json::object({{"name", name}, {"born", born}})},
                       {"required", Json::array({"name", "born"})}});
}

TEST_CASE("gemini request: settings and an image, as the fixture has them") {
  const Json expected = fixture("gemini/request.json");
  const Json image = expected["contents"][0]["parts"][1]["inlineData"];
  const auto bytes = base64_decode(image["data"].as_string());
  const ChatRequest request(
      {system("Answer briefly."),
       user(std::vector<Part>{TextPart("What colour?"),
                              ImagePart(MediaSource::from_bytes(*bytes, "image/png"))})},
      flash()
          .temperature(0.2)
          .top_p(0.95)
          .max_tokens(256)
          .n(1)
          .stop({"END"})
          .seed(7)
          .reasoning_effort("1024")
          .extra("topK", 40)
          .extra("safetySettings", expected["safetySettings"]));
  const HttpRequest http = encoded(request);
  CHECK(Json::parse(http.body) == expected);
  CHECK(http.url ==
        "https://generativelanguage.googleapis.com/v1beta/models/"
        "gemini-2.5-flash:generateContent");
  CHECK(*http.headers.find("x-goog-api-key") == "secret-0123456789");
  CHECK(http.headers.find("authorization") == nullptr);
}

TEST_CASE("gemini request: streams in both framings, names of models, Vertex") {
  ChatRequest request({user("hi")}, ChatOptions().model("tunedModels/my model:1"));
  request.stream = true;
  CHECK(encoded(request).url.ends_with(
      "/v1beta/tunedModels/my%20model%3A1:streamGenerateContent?alt=sse"));
  CHECK(encoded(request).stream);
  const Endpoint array = test::gemini_endpoint("json_array");
  CHECK(encoded(request, nullptr, array).url.ends_with(":streamGenerateContent"));

  const Endpoint vertex = test::vertex_endpoint("v1beta1");
  request.options.model("gemini-2.5-flash");
  const HttpRequest http = encoded(request, nullptr, vertex);
  CHECK(http.url ==
        "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/proj-1/locations/"
        "us-central1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  CHECK(*http.headers.find("authorization") == "Bearer secret-0123456789");
  CHECK(http.headers.find("x-goog-api-key") == nullptr);

  for (const char* model : {"../secrets", "models/..", "a//b", "."})
    CHECK_THAT(refusal_of(ChatRequest({user("hi")}, ChatOptions().model(model))),
               Catch::Contains("segment"));
}

TEST_CASE("gemini request: tools and structured output, as the fixtures have them") {
  CHECK(body_of(ChatRequest({user("Weather in Paris and Rome?")},
                            flash().tools(weather_tools()).tool_choice("get_weather"))) ==
        fixture("gemini/tool_call_request.json"));
  const auto structured = [](Json schema) {
    return body_of(ChatRequest(
        {user("Ada Lovelace, born 1815")},
        flash().response_format(ResponseFormat::json_schema("person", std::move(schema)))));
  };
  CHECK(structured(person_schema()) == fixture("gemini/structured_request.json"));
  Json closed = person_schema();
  closed.set("additionalProperties", false);
  CHECK(structured(closed) == fixture("gemini/structured_json_schema_request.json"));
  CHECK(config_of(ChatOptions().response_format(ResponseFormat::json_object())) ==
        Json::object({{"responseMimeType", "application/json"}}));
}

TEST_CASE("gemini request: a conversation with tool results, as the fixture has it") {
  const Json expected = fixture("gemini/tool_result_request.json");
  ToolCall paris("8f2b1a3c", "get_weather", R"({"city":"Paris","unit":"celsius"})");
  paris.extra.set("thoughtSignature", "CsQBAVSoXO8q1w==");
  const ToolCall rome("9c3d2b4e", "get_weather", R"({"city":"Rome","unit":"celsius"})");
  const Message asked(Role::assistant, std::vector<Part>{paris, rome});
  const Message first = tool(ToolResult("8f2b1a3c", R"({"result":{"temp":18}})"));
  const Message second = tool(ToolResult("9c3d2b4e", "lookup failed", true));
  const ChatOptions options = flash().tools(weather_tools());
  const Message question = user("Weather in Paris and Rome?");
  CHECK(body_of(ChatRequest({question, asked, first, second}, options)) == expected);
  // In the order of the calls, whatever order they were answered in.
  CHECK(body_of(ChatRequest({question, asked, second, first}, options)) == expected);
}

TEST_CASE("gemini request: results are objects, and own ids stay here") {
  const Message asked(Role::assistant, std::vector<Part>{ToolCall("lian_call_0", "f", "{}")});
  const auto response = [&](const std::string& content, bool is_error = false) {
    const Json part =
        body_of({user("?"), asked,
                 tool(ToolResult("lian_call_0", content,
                                 is_error))})["contents"][2]["parts"][0]["functionResponse"];
    CHECK_FALSE(part.contains("id"));
    CHECK(part["name"] == Json("f"));
    return part["response"];
  };
  CHECK(response("18") == Json::parse(R"({"result":18})"));
  CHECK(response("plain \"text\"") == Json::parse(R"({"result":"plain \"text\""})"));
  CHECK(response("[1,2]") == Json::parse(R"({"result":[1,2]})"));
  CHECK(response("null") == Json::parse(R"({"result":"null"})"));
  CHECK(response("") == Json::parse(R"({"result":""})"));
  CHECK(response("1e999") == Json::parse(R"({"result":"1e999"})"));
  CHECK(response(R"({"temp":18})") == Json::parse(R"({"temp":18})"));
  CHECK(response(R"({"temp":18})", true) == Json::parse(R"({"error":{"temp":18}})"));
  CHECK(response(R"({"error":"x"})", true) == Json::parse(R"({"error":"x"})"));
  CHECK_FALSE(
      body_of({user("?"), asked})["contents"][1]["parts"][0]["functionCall"].contains("id"));
  CHECK_THAT(refusal_of(ChatRequest({user("?"), tool(ToolResult("unknown", "1"))}, flash())),
             Catch::Contains("unknown") && Catch::Contains("messages[1]"));
  // The nearest call of that id is meant.
  const Message again(Role::assistant, std::vector<Part>{ToolCall("lian_call_0", "g", "{}")});
  const Json body = body_of({user("?"), asked, tool(ToolResult("lian_call_0", "1")), again,
                             tool(ToolResult("lian_call_0", "2"))});
  CHECK(body["contents"][2]["parts"][0]["functionResponse"]["name"] == Json("f"));
  CHECK(body["contents"][4]["parts"][0]["functionResponse"]["name"] == Json("g"));
}

TEST_CASE("gemini request: arguments that are no object") {
  const auto arguments = [](std::string text, std::vector<std::string>* told) {
    const Message asked(Role::assistant, std::vector<Part>{ToolCall("a", "f", std::move(text))});
    const ChatRequest request({user("?"), asked}, flash());
    return body_of(request, told)["contents"][1]["parts"][0]["functionCall"]["args"];
  };
  std::vector<std::string> told;
  CHECK(arguments("", &told) == Json::object());
  CHECK(told.empty());
  CHECK(arguments("{broken", &told) == Json::parse(R"({"arguments":"{broken"})"));
  CHECK(told.size() == 1);
}

TEST_CASE("gemini request: thoughts and signatures go back on the part they came on") {
  TextPart end("");
  end.extra.set("thoughtSignature", "c2ln");
  const Message said(Role::assistant,
                     std::vector<Part>{ReasoningPart("Hm.", "dGg="), TextPart("Yes"), end});
  const Json parts = body_of({user("?"), said})["contents"][1]["parts"];
  CHECK(parts == Json::parse(R"([{"text":"Hm.","thought":true,"thoughtSignature":"dGg="},
                                 {"text":"Yes"},{"text":"","thoughtSignature":"c2ln"}])"));
}

TEST_CASE("gemini request: media inline and by address") {
  const auto part = [](Part given) {
    return body_of({user(std::vector<Part>{std::move(given)})})["contents"][0]["parts"][0];
  };
  const std::string files = kEndpoint.base_url + "/files/abc";
  MediaSource gs = MediaSource::from_url("gs://b/o.pdf");
  gs.mime_type = "application/pdf";
  CHECK(part(AudioPart(MediaSource::from_bytes("abc", ""), "wav")) ==
        Json::parse(R"({"inlineData":{"mimeType":"audio/wav","data":"YWJj"}})"));
  CHECK(part(FilePart(gs)) == Json::parse(R"({"fileData":{"mimeType":"application/pdf",)"
                                          R"("fileUri":"gs://b/o.pdf"}})"));
  CHECK(part(ImagePart(MediaSource::from_url("data:image/png;base64,YWJj"))) ==
        Json::parse(R"({"inlineData":{"mimeType":"image/png","data":"YWJj"}})"));
  CHECK(part(FilePart(MediaSource::from_file_id("files/abc")))["fileData"]["fileUri"] ==
        Json(files));
  CHECK(part(FilePart(MediaSource::from_file_id("abc")))["fileData"]["fileUri"] == Json(files));
  CHECK_THAT(
      refusal_of(ChatRequest(
          {user(std::vector<Part>{ImagePart(MediaSource::from_bytes("abc", ""))})}, flash())),
      Catch::Contains("mime_type"));
  const Endpoint vertex = test::vertex_endpoint();
  CHECK_THAT(test::refusal_of(
                 GeminiChatCodec(vertex),
                 ChatRequest({user(std::vector<Part>{FilePart(MediaSource::from_file_id("abc"))})},
                             flash()),
                 vertex),
             Catch::Contains("file id"));
}

TEST_CASE("gemini request: messages of the system, wherever they stand") {
  std::vector<std::string> told;
  const ChatRequest request({system("A"), user("x"), developer("B"), assistant("y")}, flash());
  const Json body = body_of(request, &told);
  CHECK(body["systemInstruction"] == Json::parse(R"({"parts":[{"text":"A"},{"text":"B"}]})"));
  CHECK(body["contents"].size() == 2);
  CHECK(body["contents"][1] == Json::parse(R"({"role":"model","parts":[{"text":"y"}]})"));
  CHECK(told.size() == 1);
  CHECK_THAT(refusal_of(ChatRequest({system("A")}, flash())), Catch::Contains("message"));
  // A reply that said nothing has no part that could go back.
  CHECK(body_of({user("x"), Message(Role::assistant, std::vector<Part>{}), user("y")})["contents"]
            .size() == 2);
}

TEST_CASE("gemini request: choosing tools") {
  const auto mode = [](const char* choice) {
    return body_of(ChatRequest(
        {user("hi")},
        flash().tools(weather_tools()).tool_choice(choice)))["toolConfig"]["functionCallingConfig"];
  };
  CHECK(mode("auto") == Json::parse(R"({"mode":"AUTO"})"));
  CHECK(mode("none") == Json::parse(R"({"mode":"NONE"})"));
  CHECK(mode("required") == Json::parse(R"({"mode":"ANY"})"));
  CHECK_THAT(refusal_of(ChatOptions().tools(weather_tools()).tool_choice("other")),
             Catch::Contains("other"));
  CHECK_THAT(refusal_of(ChatOptions().tool_choice("required")), Catch::Contains("tools"));
  CHECK_THAT(refusal_of(ChatOptions().tools(weather_tools()).parallel_tool_calls(false)),
             Catch::Contains("parallel_tool_calls"));
  const auto declared = [](Json schema) {
    const std::vector<ToolSpec> tools = {ToolSpec("f", "d", std::move(schema))};
    return body_of(
        ChatRequest({user("hi")}, flash().tools(tools)))["tools"][0]["functionDeclarations"][0];
  };
  const Json nothing = Json::parse(R"({"name":"f","description":"d"})");
  CHECK(declared(Json()) == nothing);
  CHECK(declared(Json::parse(R"({"type":"object","properties":{}})")) == nothing);
  const Json strict = Json::parse(
      R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})");
  CHECK(declared(strict)["parametersJsonSchema"] == strict);
  CHECK_FALSE(declared(strict).contains("parameters"));
}

TEST_CASE("gemini schema: what its own form can say, and what it cannot") {
  const auto converted = [](const char* text) {
    const auto schema = gemini_schema(Json::parse(text), false);
    return schema ? schema->dump() : std::string("-");
  };
  CHECK(converted(R"({"type":["string","null"],"description":"d","maxLength":3})") ==
        R"({"nullable":true,"type":"STRING","description":"d","maxLength":3})");
  CHECK(converted(R"({"$schema":"x","type":"array","items":{"type":"number"},"minItems":1})") ==
        R"({"type":"ARRAY","items":{"type":"NUMBER"},"minItems":1})");
  CHECK(converted(R"({"anyOf":[{"type":"integer"},{"type":"boolean"}]})") ==
        R"({"anyOf":[{"type":"INTEGER"},{"type":"BOOLEAN"}]})");
  CHECK(converted(R"({"type":"string","format":"date-time"})") ==
        R"({"type":"STRING","format":"date-time"})");
  for (const char* text :
       {R"({"$ref":"#/$defs/a"})", R"({"oneOf":[{"type":"string"}]})", R"({"const":1})",
        R"({"type":"string","format":"email"})", R"({"type":"integer","enum":[1,2]})",
        R"({"type":"object","properties":{},"additionalProperties":{"type":"string"}})",
        R"({"type":"object","properties":{"a":{"$ref":"#"}}})", R"({"type":"array","items":true})",
        R"({"type":["string","integer"]})", R"({"type":"object"})", R"({"description":"any"})",
        R"(true)"}) {
    INFO(text);
    CHECK(converted(text) == "-");
  }
}

TEST_CASE("gemini request: ranges, and what it does not have") {
  CHECK_THAT(refusal_of(ChatOptions().temperature(2.5)), Catch::Contains("between 0 and 2"));
  CHECK_THAT(refusal_of(ChatOptions().n(9)), Catch::Contains("8"));
  CHECK_THAT(refusal_of(ChatOptions().stop({"1", "2", "3", "4", "5", "6"})), Catch::Contains("5"));
  CHECK_THAT(refusal_of(ChatOptions().seed(1LL << 40)), Catch::Contains("2147483647"));
  CHECK_THAT(refusal_of(ChatOptions().max_tokens(0)), Catch::Contains("max_tokens"));
  CHECK_THAT(refusal_of(ChatOptions().presence_penalty(3)), Catch::Contains("presence_penalty"));
  CHECK_THAT(refusal_of(ChatOptions().top_logprobs(3)), Catch::Contains("logprobs"));
  CHECK_THAT(refusal_of(ChatOptions().logit_bias({{"1", 2}})), Catch::Contains("logit_bias"));
  CHECK_THAT(refusal_of(ChatOptions().user("u")), Catch::Contains("user"));
  std::vector<std::string> told;
  CHECK(config_of(ChatOptions().lenient(true).seed(1LL << 40).user("u").temperature(3), &told) ==
        Json::parse(R"({"temperature":2.0,"seed":2147483647})"));
  CHECK(told.size() == 3);
  CHECK(config_of(ChatOptions().logprobs(true).top_logprobs(2)) ==
        Json::parse(R"({"responseLogprobs":true,"logprobs":2})"));
}

TEST_CASE("gemini request: extra fields lie where the vendor has them") {
  const Json body = body_of(
      ChatRequest({user("hi")}, flash()
                                    .temperature(0.5)
                                    .extra("responseModalities", Json::array({"IMAGE"}))
                                    .extra("cachedContent", "cachedContents/1")
                                    .extra("temperature", 1)
                                    .extra("generationConfig", Json::object({{"topK", 3}}))));
  CHECK(body["generationConfig"] ==
        Json::parse(R"({"temperature":1,"topK":3,"responseModalities":["IMAGE"]})"));
  CHECK(body["cachedContent"] == Json("cachedContents/1"));
}

TEST_CASE("gemini request: how much to think, by the age of the model") {
  struct Row {
    const char *model, *effort, *config;
    std::size_t warnings;
  };
  for (const Row& row :
       {Row{"gemini-2.5-flash", "none", R"({"thinkingBudget":0})", 0},
        Row{"gemini-2.5-pro", "none", R"({"includeThoughts":true,"thinkingBudget":128})", 1},
        Row{"gemini-2.5-pro", "auto", R"({"includeThoughts":true,"thinkingBudget":-1})", 0},
        Row{"gemini-2.5-flash", "medium", R"({"includeThoughts":true,"thinkingBudget":8192})", 0},
        Row{"models/gemini-2.5-flash", "low", R"({"includeThoughts":true,"thinkingBudget":1024})",
            0},
        Row{"gemini-3-pro", "low", R"({"includeThoughts":true,"thinkingLevel":"LOW"})", 0},
        Row{"gemini-3-flash", "max", R"({"includeThoughts":true,"thinkingLevel":"HIGH"})", 1}}) {
    INFO(row.model << " " << row.effort);
    std::vector<std::string> told;
    CHECK(config_of(ChatOptions().model(row.model).reasoning_effort(row.effort),
                    &told)["thinkingConfig"] == Json::parse(row.config));
    CHECK(told.size() == row.warnings);
  }
  CHECK_THAT(refusal_of(ChatOptions().reasoning_effort("hard")), Catch::Contains("hard"));
  CHECK_THAT(refusal_of(ChatRequest(
                 {user("hi")}, ChatOptions().model("gemini-2.0-flash").reasoning_effort("low"))),
             Catch::Contains("reasoning_effort"));
}

TEST_CASE("gemini request: counting tokens") {
  const GeminiChatCodec codec(kEndpoint);
  const HttpRequest plain =
      codec.encode_count(ChatRequest({user("Hello")}, flash().temperature(1)), kEndpoint);
  CHECK(Json::parse(plain.body) == fixture("gemini/count_tokens_request.json"));
  CHECK(plain.url.ends_with("/models/gemini-2.5-flash:countTokens"));
  const ChatRequest full({system("S"), user("Hello")}, flash());
  const Json request = Json::parse(codec.encode_count(full, kEndpoint).body);
  CHECK(request["generateContentRequest"]["model"] == Json("models/gemini-2.5-flash"));
  CHECK(request["generateContentRequest"]["systemInstruction"]["parts"].size() == 1);
  const Endpoint vertex = test::vertex_endpoint();
  const Json there = Json::parse(codec.encode_count(full, vertex).body);
  CHECK(there["systemInstruction"]["parts"].size() == 1);
  CHECK(codec.decode_count(test::reply_of(test::wire("gemini/count_tokens_response.json"))) == 2);
  CHECK_THROWS_AS(codec.decode_count(test::reply_of("[]")), ParseError);
}

TEST_CASE("gemini request: text that is not UTF-8 is refused, by its place") {
  CHECK_THAT(refusal_of(ChatRequest({user("ok"), user("a\xFF")}, flash())),
             Catch::Contains("messages[1]") && Catch::Contains("byte 1"));
}

}  // namespace
}  // namespace lian
