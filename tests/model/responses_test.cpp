#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/codec_support.hpp"
#include "model/provider/responses.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::reply_of;
using test::wire;

const ResponsesCodec codec("openai");

Endpoint endpoint() {
  Endpoint out;
  out.provider = "openai";
  out.base_url = "https://api.openai.com/v1";
  out.api_key = "secret-0123456789";
  out.secrets = {out.api_key};
  return out;
}

std::string file(const std::string& name) { return wire("openai_responses/" + name); }
Json fixture(const std::string& name) { return Json::parse(file(name)); }

Json body_of(const ChatRequest& request) {
  return Json::parse(test::encode(codec, request, endpoint()).body);
}

ToolSpec weather_tool() {
  const Json tool = fixture("tool_call_request.json")["tools"][0];
  ToolSpec spec(std::string(tool["name"].as_string()), std::string(tool["description"].as_string()),
                tool["parameters"]);
  spec.strict = true;
  return spec;
}

Message weather_call() {
  return Message(Role::assistant,
                 std::vector<Part>{ToolCall("call_Examp1e8", "get_weather",
                                            R"({"city":"Paris","unit":"celsius"})")});
}

TEST_CASE("responses request: parts, instructions and settings") {
  const Json wanted = fixture("request.json");
  const Json content = wanted["input"][0]["content"];
  ImagePart image;
  image.source = MediaSource::from_url(std::string(content[1]["image_url"].as_string()));
  const FilePart pdf(MediaSource::from_bytes("%PDF-1.4\n", "application/pdf"), "a.pdf");
  ChatOptions options;
  options.model("gpt-5-mini").max_tokens(256).reasoning_effort("low").tool_choice("auto");
  options.parallel_tool_calls(true).response_format(ResponseFormat());
  options.extra("reasoning", Json::parse(R"({"summary":"auto"})"))
      .extra("text", Json::parse(R"({"verbosity":"low"})"))
      .extra("store", Json(false))
      .extra("include", wanted["include"])
      .extra("truncation", Json("disabled"))
      .extra("metadata", wanted["metadata"]);
  const ChatRequest request(
      {system("Answer briefly."), user(std::vector<Part>{TextPart("What colour?"), image, pdf})},
      options);
  const HttpRequest sent = test::encode(codec, request, endpoint());
  CHECK(sent.url == "https://api.openai.com/v1/responses");
  CHECK(*sent.headers.find("authorization") == "Bearer secret-0123456789");
  CHECK(Json::parse(sent.body) == wanted);
}

TEST_CASE("responses request: tools, their results and structured output") {
  ChatOptions options;
  options.model("gpt-5-mini").tools({weather_tool()});
  const Messages asked = {user("Weather in Paris?")};

  ChatOptions forced = options;
  forced.tool_choice("get_weather");
  Json expected = fixture("tool_call_request.json");
  expected.set("input", Json::parse(R"([{"role":"user","content":"Weather in Paris?"}])"));
  CHECK(body_of(ChatRequest(asked, forced)) == expected);

  const Messages answered = {user("Weather in Paris?"), weather_call(),
                             tool(ToolResult("call_Examp1e8", R"({"temp":18})"))};
  CHECK(body_of(ChatRequest(answered, options)) == fixture("tool_result_request.json"));

  ChatOptions structured;
  const Json format = fixture("structured_request.json")["text"]["format"];
  structured.model("gpt-5-mini")
      .response_format(ResponseFormat::json_schema("person", format["schema"]));
  expected = fixture("structured_request.json");
  expected.set("input", Json::parse(R"([{"role":"user","content":"Ada Lovelace, born 1815"}])"));
  CHECK(body_of(ChatRequest({user("Ada Lovelace, born 1815")}, structured)) == expected);
}

TEST_CASE("responses request: what the API lacks is refused, or left out when lenient") {
  const auto request = [](ChatOptions options) {
    options.model("gpt-5-mini");
    return ChatRequest({user("hi")}, options);
  };
  CHECK_THROWS_AS(body_of(request(ChatOptions().stop({"x"}))), UnsupportedError);
  CHECK_THROWS_AS(body_of(request(ChatOptions().seed(1))), UnsupportedError);
  CHECK_THROWS_AS(body_of(request(ChatOptions().n(2))), UnsupportedError);
  CHECK_THROWS_AS(body_of(request(ChatOptions().max_tokens(5))), Error);
  std::vector<std::string> told;
  const HttpRequest sent = test::encode(
      codec, request(ChatOptions().stop({"x"}).seed(1).temperature(9).lenient(true)), endpoint(),
      &told);
  CHECK(told.size() == 3);
  CHECK(Json::parse(sent.body) ==
        Json::parse(
            R"({"model":"gpt-5-mini","input":[{"role":"user","content":"hi"}],"temperature":2})"));
}

TEST_CASE("responses reply: text, reasoning and usage") {
  const AIMessage message = codec.decode(reply_of(file("response.json")));
  CHECK(message.text() == "The dot is blue.");
  CHECK(message.id == "resp_examp1e00000001");
  CHECK(message.model == "gpt-5-mini-2025-08-07");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "completed");
  const auto* thought = std::get_if<ReasoningPart>(&message.parts.at(0));
  REQUIRE(thought);
  CHECK(thought->text == "Look at the pixel.");
  CHECK(Json::parse(thought->signature) == fixture("response.json")["output"][0]);
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 36);
  CHECK(message.usage->output_tokens == 87);
  CHECK(message.usage->reasoning_tokens == 64);
  CHECK(message.usage->total_tokens == 123);

  // The reasoning item goes back untouched, before what followed it.
  const Json input =
      body_of(ChatRequest({user("a"), message, user("b")}, ChatOptions().model("m")))["input"];
  CHECK(input[1] == fixture("response.json")["output"][0]);
  CHECK(input[2]["content"][0]["text"].as_string() == "The dot is blue.");
}

TEST_CASE("responses reply: calls, cut replies and failures") {
  const AIMessage call = codec.decode(reply_of(file("tool_call_response.json")));
  CHECK(call.finish_reason == FinishReason::tool_calls);
  CHECK(call.tool_calls() == weather_call().tool_calls());

  const AIMessage cut = codec.decode(reply_of(file("response_incomplete.json")));
  CHECK(cut.finish_reason == FinishReason::length);
  CHECK(cut.raw_finish_reason == "max_output_tokens");
  CHECK(cut.text() == "The d");

  try {
    codec.decode(reply_of(file("response_failed.json")));
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::server);
    CHECK(error.code == "server_error");
    CHECK_THAT(error.message(), Catch::Contains("failed to generate"));
  }
  CHECK_THROWS_AS(codec.decode(reply_of("{}")), ParseError);
  CHECK_THROWS_AS(codec.decode(reply_of(R"({"output":[],"status":"in_progress"})")), ParseError);
  CHECK_THROWS_AS(codec.decode(reply_of("<html>")), ParseError);

  const ApiError refused = codec.classify(reply_of(file("error.json"), 400), endpoint());
  CHECK(refused.kind() == ErrorKind::invalid_request);
  CHECK(refused.parameter == "tool_choice");
}

TEST_CASE("responses stream: the same message as the whole reply, however it is split") {
  const auto text = test::check_every_split(codec, file("stream.sse"));
  CHECK(text.complete);
  CHECK(text.message == codec.decode(reply_of(file("response.json"))));
  const auto call = test::check_every_split(codec, file("tool_call_stream.sse"));
  CHECK(call.complete);
  CHECK(call.message == codec.decode(reply_of(file("tool_call_response.json"))));
  const auto cut = test::check_every_split(codec, file("stream_incomplete.sse"));
  CHECK(cut.complete);
  CHECK(cut.message == codec.decode(reply_of(file("response_incomplete.json"))));
}

TEST_CASE("responses stream: complete only with its last event") {
  for (const char* name : {"stream.sse", "tool_call_stream.sse", "stream_incomplete.sse"}) {
    const std::string bytes = file(name);
    INFO(name);
    for (const std::size_t length : test::complete_prefixes(codec, bytes, true))
      CHECK(length >= bytes.size() - 1);
  }
}

TEST_CASE("responses stream: errors inside it") {
  for (const char* name : {"stream_error.sse", "stream_failed.sse"}) {
    INFO(name);
    try {
      test::read_stream(codec, file(name));
      FAIL("no error");
    } catch (const ApiError& error) {
      CHECK(error.kind() == ErrorKind::server);
      CHECK(error.code == "server_error");
    }
  }
}

TEST_CASE("responses stream: unknown events and items are no errors") {
  const std::string bytes =
      "event: response.sparkle\ndata: {\"type\":\"response.sparkle\",\"delta\":\"x\"}\n\n"
      "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":"
      "\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"}}\n\n"
      "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
      "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\","
      "\"usage\":null}}\n\n";
  const auto result = test::read_stream(codec, bytes);
  CHECK(result.complete);
  CHECK(result.message.text() == "a");
  const auto* item = std::get_if<UnknownPart>(&result.message.parts.at(0));
  REQUIRE(item);
  CHECK(item->kind == "web_search_call");
}

TEST_CASE("responses: tokens can be counted without a reply") {
  const ChatRequest request({user("Tell me a joke.")}, ChatOptions().model("gpt-5"));
  const HttpRequest sent = codec.encode_count(request, endpoint());
  CHECK(sent.url == "https://api.openai.com/v1/responses/input_tokens");
  CHECK(codec.decode_count(reply_of(wire("openai_misc/input_tokens_response.json"))) == 11);
}

}  // namespace
}  // namespace lian
