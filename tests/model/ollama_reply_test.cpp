#include <string>
#include <vector>

#include "model/codec_support.hpp"
#include "model/provider/ollama.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::read_stream;
using test::reply_of;
using test::StreamResult;
using test::wire;

const OllamaChatCodec codec(OllamaChatCodec::Api::chat);
const OllamaChatCodec generate(OllamaChatCodec::Api::generate);

AIMessage decode(std::string body) { return codec.decode(reply_of(std::move(body))); }

ApiError classify(std::string body, int status) {
  Endpoint endpoint;
  endpoint.provider = "ollama";
  endpoint.base_url = "http://127.0.0.1:11434";
  return codec.classify(reply_of(std::move(body), status), endpoint);
}

void check_counts(const AIMessage& message) {
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 26);
  CHECK(message.usage->output_tokens == 8);
  CHECK(message.usage->total_tokens == 34);
  CHECK(message.model == "llama3.2");
  CHECK(message.extra["total_duration"].as_int() == 5200000001);
  CHECK(message.extra["created_at"].as_string() == "2025-07-08T09:10:11.123456Z");
}

TEST_CASE("ollama reply: text, counts and durations") {
  const AIMessage message = decode(wire("ollama/response.json"));
  CHECK(message.text() == "The dot is blue.");
  CHECK(message.finish_reason == FinishReason::stop);
  check_counts(message);
  CHECK(decode(wire("ollama/structured_response.json")).text() ==
        R"({"name": "Ada Lovelace", "born": 1815})");
  const AIMessage text = generate.decode(reply_of(wire("ollama/generate_response.json")));
  CHECK(text.text() == "Hello");
  CHECK(text.extra["context"].size() == 3);
  check_counts(text);
}

TEST_CASE("ollama reply: tool calls with and without ids") {
  const AIMessage message = decode(wire("ollama/tool_call_response.json"));
  CHECK(message.finish_reason == FinishReason::tool_calls);
  CHECK(message.raw_finish_reason == "stop");
  const auto calls = message.tool_calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].id == "call_a1b2c3d0");
  CHECK(calls[1].id == "call_a1b2c3d1");
  CHECK(Json::parse(calls[1].arguments)["city"].as_string() == "Rome");
  const auto old = decode(wire("ollama/tool_call_response_old_no_id.json")).tool_calls();
  REQUIRE(old.size() == 1);
  CHECK(old[0].id == "call_0");
  CHECK(old[0].name == "get_weather");
  const auto odd = decode(R"({"message":{"role":"assistant","content":"","tool_calls":[
      {"function":{"name":"f"}},{"function":{"name":"f","arguments":"{\"a\":1}"}}]},"done":true})");
  REQUIRE(odd.tool_calls().size() == 2);
  CHECK(odd.tool_calls()[0].arguments == "{}");
  CHECK(odd.tool_calls()[1].arguments == R"({"a":1})");
  CHECK(odd.tool_calls()[1].id == "call_1");
}

TEST_CASE("ollama reply: reasons, counters that are left out, and unknown fields") {
  const auto ended = [](const std::string& rest) {
    return decode(R"({"model":"m","message":{"role":"assistant","content":"a"},"done":true)" +
                  rest + "}");
  };
  CHECK(ended(R"(,"done_reason":"length")").finish_reason == FinishReason::length);
  const AIMessage load = ended(R"(,"done_reason":"load")");
  CHECK(load.finish_reason == FinishReason::other);
  CHECK(load.raw_finish_reason == "load");
  CHECK(ended("").finish_reason == FinishReason::stop);
  CHECK(ended(R"(,"done_reason":"")").finish_reason == FinishReason::other);
  const AIMessage cached = ended(R"(,"eval_count":3)");
  CHECK(cached.usage->input_tokens == 0);
  CHECK(cached.usage->output_tokens == 3);
  const AIMessage odd = ended(R"(,"remote_model":"x","logprobs":[{"token":"a","logprob":-0.5,
      "top_logprobs":[{"token":"b","logprob":-2}]}])");
  CHECK(odd.extra["remote_model"].as_string() == "x");
  REQUIRE(odd.logprobs.size() == 1);
  CHECK(odd.logprobs[0].logprob == -0.5);
}

TEST_CASE("ollama reply: what is no complete reply is none") {
  for (const char* body :
       {"", "{}", "[]", "<html>", R"({"message":{"content":"a"},"done":false})",
        R"({"message":{"content":"a"}})", R"({"message":{"content":"a"},"done":true)",
        R"({"message":{"content":"a"},"done":true}{"done":true})"}) {
    INFO(body);
    CHECK_THROWS_AS(decode(body), ParseError);
  }
  CHECK_THROWS_AS(decode(wire("ollama/error.json")), ApiError);
}

TEST_CASE("ollama stream: the same whatever the chunks") {
  const StreamResult hello = test::check_every_split(codec, wire("ollama/stream.ndjson"));
  CHECK(hello.complete);
  CHECK(hello.finished);
  CHECK(hello.message.text() == "Hello, 世界 🌍");
  check_counts(hello.message);

  const StreamResult thought =
      test::check_every_split(codec, wire("ollama/thinking_stream.ndjson"));
  CHECK(std::get<ReasoningPart>(thought.message.parts[0]).text == "17*23 = 391.");
  CHECK(thought.message.text() == "391");

  const StreamResult called =
      test::check_every_split(codec, wire("ollama/tool_call_stream.ndjson"));
  CHECK(called.message.finish_reason == FinishReason::tool_calls);
  REQUIRE(called.message.tool_calls().size() == 2);
  CHECK(called.message.tool_calls()[1].id == "call_a1b2c3d1");

  const StreamResult text =
      test::check_every_split(generate, wire("ollama/generate_stream.ndjson"));
  CHECK(text.message.text() == "Hello");
  CHECK(text.message.extra["context"].size() == 3);
}

TEST_CASE("ollama stream: cut anywhere before its last line it is not complete") {
  for (const char* file : {"ollama/stream.ndjson", "ollama/tool_call_stream.ndjson",
                           "ollama/thinking_stream.ndjson", "ollama/generate_stream.ndjson"}) {
    INFO(file);
    const std::string bytes = wire(file);
    const std::size_t end = bytes.find_last_not_of("\n") + 1;
    for (const std::size_t length : test::complete_prefixes(codec, bytes)) CHECK(length > end);
    for (const std::size_t length : test::complete_prefixes(codec, bytes, true))
      CHECK(length >= end);
  }
}

TEST_CASE("ollama stream: calls without ids on several lines stay apart") {
  const std::string call =
      R"({"message":{"role":"assistant","content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{"a":1}}}]},"done":false})"
      "\n";
  const AIMessage message =
      read_stream(codec, call + call +
                             R"({"message":{"role":"assistant","content":""},"done":true})"
                             "\n")
          .message;
  REQUIRE(message.tool_calls().size() == 2);
  CHECK(message.tool_calls()[0].id == "call_0");
  CHECK(message.tool_calls()[1].id == "call_1");
}

TEST_CASE("ollama stream: an error line ends it") {
  try {
    read_stream(codec, wire("ollama/stream_error.ndjson"));
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::server);
    CHECK_THAT(error.message(), Catch::Contains("while running the model"));
  }
  CHECK_THROWS_AS(read_stream(codec, "{bad}\n"), ParseError);
  CHECK_THROWS_AS(read_stream(codec, "{}\n"), ParseError);
}

TEST_CASE("ollama error: bare strings and bodies of every shape") {
  const ApiError missing = classify(wire("ollama/error.json"), 404);
  CHECK(missing.kind() == ErrorKind::not_found);
  CHECK_THAT(missing.message(), Catch::Contains("model 'nope' not found"));
  CHECK(classify(wire("ollama/error_400.json"), 400).kind() == ErrorKind::invalid_request);
  CHECK(classify(R"({"error":"the input length exceeds the context length"})", 400).kind() ==
        ErrorKind::context_length);
  CHECK(classify(R"({"error":"server busy, please try again."})", 503).kind() ==
        ErrorKind::overloaded);
  CHECK(classify(R"({"error":"you've reached your hourly usage limit"})", 429).kind() ==
        ErrorKind::rate_limited);
  CHECK(classify(R"({"error":"unauthorized"})", 401).kind() == ErrorKind::authentication);
  CHECK(classify(R"({"error":"model runner has unexpectedly stopped"})", 500).kind() ==
        ErrorKind::server);
  CHECK(classify("upstream", 502).kind() == ErrorKind::server);
  CHECK(classify("", 400).kind() == ErrorKind::invalid_request);
  CHECK(classify(R"({"error":{"message":"no","type":"invalid_request_error"}})", 400).kind() ==
        ErrorKind::invalid_request);
}

TEST_CASE("ollama embeddings: the request and the rows in order") {
  EmbeddingRequest wanted;
  wanted.model = "all-minilm";
  wanted.texts = {"alpha", "beta"};
  wanted.dimensions = 4;
  Endpoint endpoint;
  endpoint.base_url = "http://h";
  const OllamaEmbeddingCodec embeddings;
  Json expected = Json::parse(wire("ollama/embed_request.json"));
  expected.erase("truncate");  // the default
  const HttpRequest request = embeddings.encode(wanted, endpoint);
  CHECK(request.url == "http://h/api/embed");
  CHECK(Json::parse(request.body) == expected);
  CHECK(embeddings.decode(reply_of(wire("ollama/embed_response.json")), 2) ==
        std::vector<std::vector<float>>{{0.5F, -0.25F, 0.125F, 1.0F}, {-1.0F, 0.0F, 2.0F, 0.75F}});
  for (const char* body : {"", "{}", R"({"embeddings":[[1]]})", R"({"embeddings":[[1],[1,2]]})",
                           R"({"embeddings":[[1],["x"]]})", R"({"embeddings":[[1],[]]})",
                           R"({"embeddings":[[1],[2],[3]]})", R"({"embeddings":[[1],[2]})"}) {
    INFO(body);
    CHECK_THROWS_AS(embeddings.decode(reply_of(body), 2), ParseError);
  }
  CHECK_THROWS_AS(embeddings.decode(reply_of(wire("ollama/error.json")), 2), ApiError);
}

TEST_CASE("ollama: the list of models") {
  const OllamaModelListCodec models;
  Endpoint endpoint;
  endpoint.base_url = "http://h";
  const HttpRequest request = models.encode(endpoint, "");
  CHECK(request.method == "GET");
  CHECK(request.url == "http://h/api/tags");
  const auto page = models.decode(reply_of(wire("ollama/tags_response.json")));
  REQUIRE(page.models.size() == 1);
  CHECK(page.models[0].id == "llama3.2:latest");
  CHECK(page.models[0].raw["details"]["quantization_level"].as_string() == "Q4_K_M");
  CHECK(page.next.empty());
  CHECK(models.decode(reply_of(R"({"models":null})")).models.empty());
  CHECK_THROWS_AS(models.decode(reply_of("{}")), ParseError);
}

}  // namespace
}  // namespace lian
