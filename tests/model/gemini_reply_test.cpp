#include <string>
#include <variant>
#include <vector>

#include "model/google_support.hpp"

namespace lian {
namespace {

using test::check_every_split;
using test::read_stream;
using test::reply_of;
using test::StreamResult;
using test::wire;

GeminiChatCodec codec(const std::string& framing = "sse") {
  return GeminiChatCodec(test::gemini_endpoint(framing));
}

AIMessage decoded(const std::string& body) { return codec().decode(reply_of(body)); }

std::string event(std::string_view json) { return "data: " + std::string(json) + "\r\n\r\n"; }

// A chunk whose first candidate has these parts and, if not empty, this finish reason.
std::string chunk(const std::string& parts, const std::string& finish = {}) {
  std::string text = R"({"candidates":[{"content":{"parts":[)" + parts + R"(],"role":"model"})";
  if (!finish.empty()) text += R"(,"finishReason":")" + finish + '"';
  return text + "}]}";
}

TEST_CASE("gemini reply: thoughts, text, usage and names") {
  const AIMessage message = decoded(wire("gemini/response.json"));
  REQUIRE(message.parts.size() == 2);
  CHECK(std::get<ReasoningPart>(message.parts[0]).text ==
        "**Looking at the pixel**\n\nIt is blue.");
  CHECK(message.text() == "The dot is blue.");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "STOP");
  CHECK(message.model == "gemini-2.5-flash");
  CHECK(message.id == "kJ8dabcDEFghIJkl");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 266);
  CHECK(message.usage->output_tokens == 45);
  CHECK(message.usage->reasoning_tokens == 40);
  CHECK(message.usage->total_tokens == 311);
}

TEST_CASE("gemini reply: candidates without parts, prompts that were blocked") {
  const AIMessage spent = decoded(wire("gemini/response_max_tokens_empty.json"));
  CHECK(spent.parts.empty());
  CHECK(spent.finish_reason == FinishReason::length);
  CHECK(spent.usage->output_tokens == 64);
  const AIMessage unsafe = decoded(wire("gemini/response_safety.json"));
  CHECK(unsafe.finish_reason == FinishReason::content_filter);
  CHECK(unsafe.extra["safetyRatings"][0]["blocked"] == Json(true));
  const AIMessage blocked = decoded(wire("gemini/response_prompt_blocked.json"));
  CHECK(blocked.finish_reason == FinishReason::content_filter);
  CHECK(blocked.raw_finish_reason == "PROHIBITED_CONTENT");
  CHECK(blocked.extra["promptFeedback"]["blockReason"] == Json("PROHIBITED_CONTENT"));
  CHECK(blocked.usage->input_tokens == 5);
}

TEST_CASE("gemini reply: the words for why it ended") {
  struct Row {
    const char* word;
    FinishReason reason;
  };
  for (const Row& row :
       {Row{"STOP", FinishReason::stop}, Row{"MAX_TOKENS", FinishReason::length},
        Row{"SAFETY", FinishReason::content_filter},
        Row{"RECITATION", FinishReason::content_filter},
        Row{"BLOCKLIST", FinishReason::content_filter},
        Row{"PROHIBITED_CONTENT", FinishReason::content_filter},
        Row{"SPII", FinishReason::content_filter},
        Row{"IMAGE_SAFETY", FinishReason::content_filter}, Row{"LANGUAGE", FinishReason::other},
        Row{"MALFORMED_FUNCTION_CALL", FinishReason::other}, Row{"NO_IMAGE", FinishReason::other},
        Row{"A_NEW_ONE", FinishReason::other}}) {
    INFO(row.word);
    const std::string body = chunk(R"({"text":"x"})", row.word);
    CHECK(decoded(body).finish_reason == row.reason);
    CHECK(decoded(body).raw_finish_reason == row.word);
    const StreamResult stream = read_stream(codec(), event(body));
    CHECK(stream.message.finish_reason == row.reason);
    CHECK(stream.complete);
  }
}

TEST_CASE("gemini reply: calls of functions, with and without ids") {
  const AIMessage message = decoded(wire("gemini/tool_call_response.json"));
  const auto calls = message.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "8f2b1a3c");
  CHECK(calls[0].name == "get_weather");
  CHECK(calls[0].arguments == R"({"city":"Paris","unit":"celsius"})");
  CHECK(calls[0].extra["thoughtSignature"] == Json("CsQBAVSoXO8q1w=="));
  CHECK(calls[1].extra.is_null());
  CHECK(message.finish_reason == FinishReason::tool_calls);
  CHECK(message.raw_finish_reason == "STOP");
  const auto own = decoded(wire("gemini/tool_call_response_no_ids.json")).tool_calls();
  REQUIRE(own.size() == 1);
  CHECK(own[0].id == "lian_call_0");
  const std::string two = R"({"functionCall":{"name":"f"}},{"functionCall":{"name":"f"}})";
  const auto both = decoded(chunk(two, "STOP")).tool_calls();
  REQUIRE(both.size() == 2);
  CHECK(both[0].id != both[1].id);
  CHECK(both[0].arguments == "{}");
  CHECK(both[0].valid);
}

TEST_CASE("gemini reply: what came goes back as it came") {
  const Json sent = Json::parse(
      R"([{"text":"Hm","thought":true},{"text":"mm","thought":true,"thoughtSignature":"YQ=="},
          {"text":"One"},{"text":"two","thoughtSignature":"Yg=="},{"text":"three"},
          {"functionCall":{"name":"f","args":{}},"thoughtSignature":"Yw=="},
          {"executableCode":{"language":"PYTHON","code":"1"}},
          {"inlineData":{"mimeType":"image/png","data":"YWJj"},"thoughtSignature":"ZA=="},
          {"text":"","thoughtSignature":"ZQ=="}])");
  std::string parts = sent.dump();
  parts = parts.substr(1, parts.size() - 2);
  const auto sent_back = [](const AIMessage& message) {
    const HttpRequest request =
        test::encode(codec(), ChatRequest({user("?"), message}, ChatOptions().model("m")),
                     test::gemini_endpoint());
    return Json::parse(request.body)["contents"][1]["parts"];
  };
  const AIMessage whole = decoded(chunk(parts, "STOP"));
  CHECK(whole.text() == "Onetwothree");
  CHECK(sent_back(whole) == sent);
  std::string stream;
  for (const Json& part : sent.items()) stream += event(chunk(part.dump()));
  stream += event(chunk("", "STOP"));
  const StreamResult streamed = check_every_split(codec(), stream);
  CHECK(streamed.complete);
  CHECK(streamed.message == [&] {
    AIMessage same = whole;
    same.provider.clear();
    return same;
  }());
}

TEST_CASE("gemini reply: a signed text is handed on as text in the stream") {
  const GeminiChatCodec gemini = codec();
  const auto decoder = gemini.decoder(ChatRequest());
  std::string data = chunk(R"({"text":"two","thoughtSignature":"Yg=="})");
  data.reserve(data.size() + 64);
  ChatPiece piece;
  REQUIRE(decoder->decode(StreamEvent("message", data), piece));
  CHECK(piece.text == "two");
}

TEST_CASE("gemini reply: several candidates, log probabilities, unknown members") {
  const std::string body = R"({"futureField":{"a":[1]},"candidates":[
    {"index":1,"content":{"parts":[{"text":"B"}]},"finishReason":"STOP","avgLogprobs":-0.5},
    {"content":{"parts":[{"text":"A"}]},"index":0,"finishReason":"MAX_TOKENS","logprobsResult":
      {"topCandidates":[{"candidates":[{"token":"A","logProbability":-0.1},
                                       {"token":"C","logProbability":-2}]}],
       "chosenCandidates":[{"token":"A","tokenId":7,"logProbability":-0.1}]}}],
    "usageMetadata":{"promptTokenCount":3,"toolUsePromptTokenCount":2,"cachedContentTokenCount":1,
      "candidatesTokenCount":4,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":2}]}})";
  const AIMessage message = decoded(body);
  CHECK(message.text() == "A");
  CHECK(message.finish_reason == FinishReason::length);
  REQUIRE(message.alternatives.size() == 1);
  CHECK(message.alternatives[0].text() == "B");
  CHECK(message.alternatives[0].extra["avgLogprobs"] == Json(-0.5));
  REQUIRE(message.logprobs.size() == 1);
  CHECK(message.logprobs[0].logprob == -0.1);
  REQUIRE(message.logprobs[0].top.size() == 2);
  CHECK(message.logprobs[0].top[1].token == "C");
  const AIMessage& first =
      message.alternatives[0].extra.contains("futureField") ? message.alternatives[0] : message;
  CHECK(first.extra["futureField"] == Json::parse(R"({"a":[1]})"));
}

TEST_CASE("gemini reply: what is no reply") {
  const AIMessage nulls = decoded(
      R"({"promptFeedback":null,"usageMetadata":null,"new":null,"candidates":[{"index":null,)"
      R"("content":{"parts":[{"text":"x"}]},"finishReason":"STOP","citationMetadata":null}]})");
  CHECK(nulls.text() == "x");
  CHECK(nulls.extra.is_null());
  CHECK_FALSE(nulls.usage);
  for (const char* body : {"", "{}", "[]", "7", "null", "{\"candidates\":[]}", "<html></html>",
                           R"({"candidates":[{"content":{"parts":[{"text":"x"}]}}]})",
                           R"({"candidates":[{"finishReason":"STOP","index":99999}]})",
                           R"({"candidates":[{"finishReason":"STOP"}]} trailing)"}) {
    INFO(body);
    CHECK_THROWS_AS(decoded(body), ParseError);
  }
  CHECK_THROWS_AS(decoded(wire("gemini/error_503.json")), ApiError);
  // A server that framed a stream as an array although it was not asked to.
  CHECK(decoded(wire("gemini/stream_json_array.json")).text() == "Hello");
}

TEST_CASE("gemini stream: the fixtures, whole and split at every byte") {
  const StreamResult lf = check_every_split(codec(), wire("gemini/stream.sse"));
  CHECK(lf.complete);
  CHECK_FALSE(lf.finished);
  CHECK(lf.message.text() == "Hello, 世界 🌍");
  CHECK(std::get<ReasoningPart>(lf.message.parts[0]).text == "Thinking about it");
  CHECK(lf.message.usage->input_tokens == 8);
  CHECK(lf.message.usage->output_tokens == 17);
  CHECK(lf.message.usage->total_tokens == 25);
  CHECK(check_every_split(codec(), wire("gemini/stream_crlf.sse")) == lf);

  const StreamResult calls = check_every_split(codec(), wire("gemini/tool_call_stream.sse"));
  CHECK(calls.complete);
  CHECK(calls.message.tool_calls().size() == 2);
  CHECK(calls.message.tool_calls()[0].extra["thoughtSignature"] == Json("CsQBAVSoXO8q1w=="));
  CHECK(calls.message.finish_reason == FinishReason::tool_calls);

  const std::string array_bytes = wire("gemini/stream_json_array.json");
  const StreamResult array = check_every_split(codec("json_array"), array_bytes);
  CHECK(array.complete);
  CHECK(array.finished);
  CHECK(array.message.text() == "Hello");
  CHECK(array.message.usage->total_tokens == 10);
}

TEST_CASE("gemini stream: cut anywhere it is not complete") {
  for (const char* file : {"gemini/stream.sse", "gemini/stream_crlf.sse",
                           "gemini/tool_call_stream.sse", "gemini/stream_error.sse"}) {
    INFO(file);
    const std::string bytes = wire(file);
    CHECK(test::complete_prefixes(codec(), bytes).empty());  // without the message's proper end
    for (const std::size_t length : test::complete_prefixes(codec(), bytes, true)) {
      INFO(length);
      CHECK(bytes.find("finishReason") < length);
    }
  }
  const std::string array = wire("gemini/stream_json_array.json");
  const std::size_t end = array.rfind(']');
  for (const bool clean : {false, true})
    for (const std::size_t length : test::complete_prefixes(codec("json_array"), array, clean))
      CHECK(length > end);
}

TEST_CASE("gemini stream: a reason with every chunk, and usage behind the last") {
  const std::string older = event(chunk(R"({"text":"a"})", "STOP")) +
                            event(chunk(R"({"text":"b"})", "STOP")) +
                            event(R"({"usageMetadata":{"promptTokenCount":1}})");
  const StreamResult result = check_every_split(codec(), older);
  CHECK(result.complete);
  CHECK(result.message.text() == "ab");
  // Text behind a reason, without another: it went on and did not end.
  CHECK_FALSE(read_stream(codec(),
                          event(chunk(R"({"text":"a"})", "STOP")) + event(chunk(R"({"text":"b"})")))
                  .complete);
  CHECK_FALSE(read_stream(codec(), event("{}")).complete);
  CHECK(read_stream(codec(), event(R"({"promptFeedback":{"blockReason":"SAFETY"}})")).complete);
}

TEST_CASE("gemini stream: an error without data: before it") {
  for (const std::string& bytes :
       {wire("gemini/stream_error.sse"),
        event(R"([{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}])"),
        event(R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})")}) {
    for (const auto& chunks : {std::vector<std::string_view>{bytes}, test::by_byte(bytes)}) {
      try {
        read_stream(codec(), chunks);
        FAIL("no error");
      } catch (const ApiError& error) {
        CHECK(error.kind() == ErrorKind::overloaded);
        CHECK(error.code == "UNAVAILABLE");
      }
    }
  }
  const std::string in_array = "[" + wire("gemini/error_503.json") + "]";
  CHECK_THROWS_AS(read_stream(codec("json_array"), in_array), ApiError);
  CHECK_THROWS_AS(read_stream(codec("json_array"), wire("gemini/error_503.json")), ApiError);
  CHECK_THROWS_AS(read_stream(codec(), event("not json")), ParseError);
}

TEST_CASE("gemini: embeddings") {
  const GeminiEmbeddingCodec embeddings;
  EmbeddingRequest request;
  request.model = "gemini-embedding-001";
  request.texts = {"alpha", "beta"};
  request.use = EmbeddingUse::query;
  const HttpRequest http = embeddings.encode(request, test::gemini_endpoint());
  CHECK(Json::parse(http.body) == test::fixture("gemini/batch_embed_contents_request.json"));
  CHECK(http.url.ends_with("/models/gemini-embedding-001:batchEmbedContents"));
  using Rows = std::vector<std::vector<float>>;
  CHECK(embeddings.decode(reply_of(wire("gemini/batch_embed_contents_response.json")), 2) ==
        Rows{{0.5F, -0.25F}, {1.0F, 0.0F}});
  CHECK(embeddings.decode(reply_of(wire("gemini/embed_content_response.json")), 1) ==
        Rows{{0.5F, -0.25F, 0.125F, 1.0F}});

  Json single = test::fixture("gemini/embed_content_request.json");
  single.erase("title");
  request.texts = {"alpha"};
  request.use = EmbeddingUse::document;
  request.dimensions = 4;
  const Json sent = Json::parse(embeddings.encode(request, test::gemini_endpoint()).body);
  CHECK(sent["requests"][0] == single);

  for (const char* body :
       {"{}", "[]", R"({"embeddings":[{"values":[1]}]})", R"({"embeddings":[{"values":[1]},{}]})",
        R"({"embeddings":[{"values":[1]},{"values":[1,2]}]})",
        R"({"embeddings":[{"values":["1"]},{"values":[1]}]})",
        R"({"embeddings":[{"values":[1e39]},{"values":[1]}]})", "<html>"}) {
    INFO(body);
    CHECK_THROWS_AS(embeddings.decode(reply_of(body), 2), ParseError);
  }
  CHECK_THROWS_AS(embeddings.decode(reply_of(wire("gemini/error.json")), 1), ApiError);
}

TEST_CASE("gemini stream: what stands in every chunk alike is kept for each candidate") {
  const auto chunk = [](int index, const char* rest) {
    return R"(data: {"candidates":[{"safetyRatings":[{"p":"LOW"}],"content":{"parts":[{"text":"x"}]},"index":)" +
           std::to_string(index) + rest + "}]}\n\n";
  };
  const std::string stop = R"(,"finishReason":"STOP")";
  const std::string body = chunk(0, "") + chunk(1, "") + chunk(0, stop.c_str()) + chunk(1, stop.c_str());
  const auto result = test::read_stream(codec(), body);
  REQUIRE(result.complete);
  REQUIRE(result.message.alternatives.size() == 1);
  for (const AIMessage* message : {&result.message, &result.message.alternatives[0]})
    CHECK(message->extra["safetyRatings"].dump() == R"([{"p":"LOW"}])");
}

TEST_CASE("gemini: the list of models, page by page") {
  const GoogleModelListCodec list("gemini");
  const HttpRequest first = list.encode(test::gemini_endpoint(), "");
  CHECK(first.method == "GET");
  CHECK(first.url.ends_with("/v1beta/models?pageSize=1000"));
  CHECK(list.encode(test::gemini_endpoint(), "a+b=").url.ends_with("&pageToken=a%2Bb%3D"));
  const auto page = list.decode(reply_of(wire("gemini/models_response.json")));
  REQUIRE(page.models.size() == 1);
  CHECK(page.models[0].id == "gemini-2.5-flash");
  CHECK(page.models[0].title == "Gemini 2.5 Flash");
  CHECK(page.models[0].input_tokens == 1048576);
  CHECK(page.models[0].output_tokens == 65536);
  CHECK(page.next == "Ch1t");
  CHECK(list.decode(reply_of("{}")).models.empty());
  CHECK_THROWS_AS(list.decode(reply_of(R"({"models":[{"displayName":"?"}]})")), ParseError);
}

}  // namespace
}  // namespace lian
