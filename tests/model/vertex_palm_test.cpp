#include <algorithm>
#include <string>
#include <vector>

#include "model/google_support.hpp"
#include "model/provider/vertex_tensor.hpp"

namespace lian {
namespace {

using test::check_every_split;
using test::fixture;
using test::read_stream;
using test::reply_of;
using test::StreamResult;
using test::wire;

const Endpoint kEndpoint = test::vertex_endpoint();

VertexPalmCodec chat() { return {VertexPalmCodec::Kind::chat, kEndpoint}; }
VertexPalmCodec text() { return {VertexPalmCodec::Kind::text, kEndpoint}; }

VertexPalmCodec array_chat() {
  Endpoint endpoint = kEndpoint;
  endpoint.options.emplace_back("stream_framing", "json_array");
  return {VertexPalmCodec::Kind::chat, endpoint};
}

HttpRequest encoded(const VertexPalmCodec& codec, ChatRequest request, bool stream = false) {
  request.stream = stream;
  return test::encode(codec, request, kEndpoint);
}

Json body_of(const HttpRequest& request) { return Json::parse(request.body); }

TEST_CASE("vertex palm: requests, as the fixtures have them") {
  const Json expected = fixture("vertex_palm/request.json");
  const ChatRequest request({system("You are terse."), user("Name a colour.")},
                            ChatOptions()
                                .model("chat-bison@002")
                                .temperature(0.2)
                                .max_tokens(256)
                                .top_p(0.95)
                                .stop({"END"})
                                .extra("topK", 40)
                                .extra("candidateCount", 1)
                                .extra("examples", expected["instances"][0]["examples"]));
  const HttpRequest http = encoded(chat(), request);
  CHECK(body_of(http) == expected);
  CHECK(http.url ==
        "https://us-central1-aiplatform.googleapis.com/v1/projects/proj-1/locations/us-central1/"
        "publishers/google/models/chat-bison%40002:predict");
  CHECK(*http.headers.find("authorization") == "Bearer secret-0123456789");

  const ChatOptions rain = ChatOptions()
                               .model("text-bison")
                               .temperature(0.2)
                               .max_tokens(256)
                               .top_p(0.95)
                               .extra("topK", 40);
  CHECK(body_of(encoded(text(), ChatRequest({user("Write one line about rain.")}, rain))) ==
        fixture("vertex_palm/text_request.json"));
  const HttpRequest code =
      encoded(text(), ChatRequest({user("int main")}, ChatOptions().model("code-bison")));
  CHECK(body_of(code)["instances"][0] == Json::parse(R"({"prefix":"int main"})"));
}

TEST_CASE("vertex palm: streamed requests are typed, as the fixture has them") {
  const ChatRequest request({system("You are terse."), user("Name two colours.")},
                            ChatOptions()
                                .model("chat-bison")
                                .temperature(0.8)
                                .max_tokens(1024)
                                .top_p(0.95)
                                .extra("topK", 40));
  const HttpRequest http = encoded(chat(), request, true);
  CHECK(body_of(http) == fixture("vertex_palm/stream_request.json"));
  CHECK(http.url.ends_with("/chat-bison:serverStreamingPredict?alt=sse"));
  CHECK(encoded(array_chat(), request, true).url.ends_with(":serverStreamingPredict"));
  // A whole number is typed as the float it is.
  const Json one = body_of(encoded(
      chat(), ChatRequest({user("x")}, ChatOptions().model("chat-bison").temperature(1)), true));
  CHECK(one["parameters"]["struct_val"]["temperature"].contains("float_val"));
}

TEST_CASE("vertex tensor: there and back, and the spellings of replies") {
  const Json value =
      Json::parse(R"({"a":[1,"x",[true]],"b":{"c":null,"d":1.5},"e":9007199254740993})");
  Json back = value;
  back.set("e", "9007199254740993");  // protobuf writes an int64 as a text
  CHECK(from_tensor(to_tensor(value)) == back);
  CHECK(from_tensor(Json::parse(R"({"structVal":{"a":{"listVal":[{"doubleVal":[0.1]},{}]},
      "b":{"boolVal":true},"c":{"stringVal":["x","y"]},"d":{"int64Val":["7"]}}})")) ==
        Json::parse(R"({"a":[0.1,null],"b":true,"c":["x","y"],"d":"7"})"));
}

TEST_CASE("vertex palm: whole replies") {
  const AIMessage message = chat().decode(reply_of(wire("vertex_palm/response.json")));
  CHECK(message.text() == "Blue.");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.provider == "vertex");
  REQUIRE(message.usage);
  CHECK(message.usage->input_tokens == 10);
  CHECK(message.usage->output_tokens == 2);
  CHECK(message.extra["safetyAttributes"]["blocked"] == Json(false));
  const AIMessage rain = text().decode(reply_of(wire("vertex_palm/text_response.json")));
  CHECK(rain.text() == "Rain taps the window.");
  CHECK(rain.extra["safetyAttributes"]["categories"][0] == Json("Violent"));
  CHECK(rain.usage->total_tokens == 11);
  const AIMessage two = text().decode(reply_of(
      R"({"predictions":[{"content":"a"},{"content":"","safetyAttributes":{"blocked":true}}]})"));
  REQUIRE(two.alternatives.size() == 1);
  CHECK(two.alternatives[0].finish_reason == FinishReason::content_filter);
  CHECK(two.alternatives[0].raw_finish_reason == "blocked");
  for (const char* body : {"{}", "[]", R"({"predictions":[]})", R"({"predictions":[{}]})"})
    CHECK_THROWS_AS(chat().decode(reply_of(body)), ParseError);
  CHECK_THROWS_AS(chat().decode(reply_of(wire("vertex_palm/error.json"))), ApiError);
}

TEST_CASE("vertex palm stream: the fixtures, whole and split at every byte") {
  const StreamResult colours = check_every_split(chat(), wire("vertex_palm/stream.sse"));
  CHECK(colours.complete);
  CHECK(colours.message.text() == "Blue and green.");
  CHECK(colours.message.finish_reason == FinishReason::stop);
  CHECK(colours.message.extra["safetyAttributes"]["blocked"] == Json(false));
  const StreamResult rain = check_every_split(text(), wire("vertex_palm/text_stream.sse"));
  CHECK(rain.message.text() == "Rain taps the window.");
  CHECK(rain.message.extra["safetyAttributes"]["scores"][0] == Json(0.1));

  const std::string events = wire("vertex_palm/stream.sse");
  std::string array = "[";
  for (std::string_view rest = events; rest.size() > 6;) {
    const std::size_t end = rest.find("\n\n");
    array += (array.size() > 1 ? "\n,\r\n" : "") + std::string(rest.substr(6, end - 6));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  const StreamResult same = check_every_split(array_chat(), array + "]");
  CHECK(same.message == colours.message);
  CHECK(same.finished);
  CHECK(test::complete_prefixes(array_chat(), array, true).empty());
}

TEST_CASE("vertex palm stream: it ends with its HTTP message only") {
  CHECK(test::complete_prefixes(chat(), wire("vertex_palm/stream.sse")).empty());
  CHECK_FALSE(read_stream(chat(), "").complete);
  const std::string blocked =
      "data: {\"outputs\":[{\"structVal\":{\"content\":{\"stringVal\":[\"\"]},"
      "\"safetyAttributes\":{\"structVal\":{\"blocked\":{\"boolVal\":[true]}}}}}]}\n\n";
  CHECK(read_stream(text(), blocked).message.finish_reason == FinishReason::content_filter);
  CHECK_THROWS_AS(
      read_stream(chat(), "data: " + Json::parse(wire("vertex_palm/error.json")).dump() + "\n\n"),
      ApiError);
  CHECK_THROWS_AS(read_stream(chat(), wire("vertex_palm/error.json")), ApiError);
}

TEST_CASE("vertex palm: counting tokens and embeddings") {
  const ChatRequest question({user("How many?")}, ChatOptions().model("text-bison"));
  const HttpRequest count = text().encode_count(question, kEndpoint);
  CHECK(body_of(count) == fixture("vertex_palm/count_tokens_request.json"));
  CHECK(count.url.find(".com/v1beta1/projects/") != std::string::npos);
  CHECK(text().decode_count(reply_of(wire("vertex_palm/count_tokens_response.json"))) == 5);

  const VertexEmbeddingCodec embeddings;
  EmbeddingRequest request;
  request.model = "textembedding-gecko@003";
  request.texts = {"alpha"};
  const Json expected = fixture("vertex_palm/embed_request.json")["instances"];
  Json first = expected[0];
  first.erase("title");
  CHECK(body_of(embeddings.encode(request, kEndpoint))["instances"][0] == first);
  request.model = "textembedding-gecko@001";
  request.texts = {"beta"};
  CHECK(body_of(embeddings.encode(request, kEndpoint))["instances"][0] == expected[1]);
  using Rows = std::vector<std::vector<float>>;
  CHECK(embeddings.decode(reply_of(wire("vertex_palm/embed_response.json")), 2) ==
        Rows{{0.5F, -0.25F}, {1.0F, 0.0F}});
  CHECK(embeddings.max_batch("textembedding-gecko@003") == 5);
}

}  // namespace
}  // namespace lian
