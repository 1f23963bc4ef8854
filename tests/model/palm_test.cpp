#include <string>
#include <vector>

#include "model/google_support.hpp"

namespace lian {
namespace {

using test::fixture;
using test::reply_of;
using test::wire;

const Endpoint kEndpoint = test::palm_endpoint();

PalmCodec chat() { return {PalmCodec::Kind::chat, kEndpoint}; }
PalmCodec text() { return {PalmCodec::Kind::text, kEndpoint}; }

ChatOptions bison() { return ChatOptions().model("chat-bison-001"); }

HttpRequest encoded(const PalmCodec& codec, const ChatRequest& request,
                    std::vector<std::string>* told = nullptr) {
  return test::encode(codec, request, kEndpoint, told);
}

TEST_CASE("palm chat: the request, as the fixture has it") {
  const Json expected = fixture("palm_v1beta2/request.json");
  const ChatRequest request({system("You are a terse assistant."), user("Name a colour."),
                             assistant("Blue."), user("Another?")},
                            bison()
                                .temperature(0.25)
                                .top_p(0.95)
                                .extra("topK", 40)
                                .extra("candidateCount", 1)
                                .extra("examples", expected["prompt"]["examples"]));
  const HttpRequest http = encoded(chat(), request);
  CHECK(Json::parse(http.body) == expected);
  CHECK(http.url ==
        "https://generativelanguage.googleapis.com/v1beta2/models/chat-bison-001:generateMessage");
  CHECK(*http.headers.find("x-goog-api-key") == "secret-0123456789");
}

TEST_CASE("palm chat: two speakers take turns") {
  const ChatRequest request({system("A"), user("1"), user("2"), assistant("3"), developer("B"),
                             assistant("4"), user("5")},
                            bison());
  const Json prompt = Json::parse(encoded(chat(), request).body)["prompt"];
  CHECK(prompt == Json::parse(R"({"context":"A\nB","messages":[{"author":"0","content":"1\n2"},
      {"author":"1","content":"3\n4"},{"author":"0","content":"5"}]})"));
  for (const Messages& messages : {Messages{system("A")}, Messages{assistant("x"), user("y")},
                                   Messages{user("x"), assistant("y")}})
    CHECK_THAT(test::refusal_of(chat(), ChatRequest(messages, bison()), kEndpoint),
               Catch::Contains("user"));
}

TEST_CASE("palm chat: what it does not have is refused, or leniently left out") {
  struct Row {
    ChatOptions options;
    const char* feature;
  };
  const std::vector<Row> rows = {{bison().max_tokens(5), "max_tokens"},
                                 {bison().stop({"x"}), "stop"},
                                 {bison().seed(1), "seed"},
                                 {bison().tools({ToolSpec("f", "", Json())}), "tools"},
                                 {bison().response_format(ResponseFormat::json_object()), "json"},
                                 {bison().user("u"), "user"},
                                 {bison().reasoning_effort("low"), "reasoning_effort"}};
  for (const Row& row : rows) {
    INFO(row.feature);
    ChatRequest request({user("hi")}, row.options);
    CHECK_THROWS_AS(encoded(chat(), request), UnsupportedError);
    std::vector<std::string> told;
    request.options.lenient(true);
    CHECK(Json::parse(encoded(chat(), request, &told).body) ==
          Json::parse(R"({"prompt":{"messages":[{"author":"0","content":"hi"}]}})"));
    CHECK_FALSE(told.empty());
  }
  CHECK_THAT(
      test::refusal_of(chat(), ChatRequest({user("hi")}, bison().temperature(1.5)), kEndpoint),
      Catch::Contains("between 0 and 1"));
  const Message call(Role::assistant, std::vector<Part>{ToolCall("1", "f", "{}")});
  ChatRequest history({user("a"), call, tool(ToolResult("1", "x")), user("b")}, bison());
  CHECK_THROWS_AS(encoded(chat(), history), UnsupportedError);
  history.options.lenient(true);
  CHECK(Json::parse(encoded(chat(), history).body)["prompt"]["messages"] ==
        Json::parse(R"([{"author":"0","content":"a\nb"}])"));
}

TEST_CASE("palm chat: replies, alternatives and filters") {
  const AIMessage message = chat().decode(reply_of(wire("palm_v1beta2/response.json")));
  CHECK(message.text() == "Green.");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.provider == "palm");
  CHECK_FALSE(message.usage);
  const AIMessage filtered = chat().decode(reply_of(wire("palm_v1beta2/response_filtered.json")));
  CHECK(filtered.finish_reason == FinishReason::content_filter);
  CHECK(filtered.raw_finish_reason == "OTHER");
  CHECK(filtered.text().empty());
  const AIMessage two = chat().decode(
      reply_of(R"({"candidates":[{"content":"a"},{"author":"1","content":"b","new":1}]})"));
  REQUIRE(two.alternatives.size() == 1);
  CHECK(two.alternatives[0].text() == "b");
  CHECK(two.alternatives[0].extra["new"] == Json(1));
  for (const char* body : {"{}", "[]", "", R"({"candidates":[1]})", "<html>"})
    CHECK_THROWS_AS(chat().decode(reply_of(body)), ParseError);
  CHECK_THROWS_AS(chat().decode(reply_of(wire("palm_v1beta2/error.json"))), ApiError);
}

TEST_CASE("palm text: requests and replies, as the fixtures have them") {
  const Json expected = fixture("palm_v1beta2/generate_text_request.json");
  const ChatRequest request({user("Write one line about rain.")},
                            ChatOptions()
                                .model("text-bison-001")
                                .temperature(0.7)
                                .max_tokens(64)
                                .top_p(0.95)
                                .stop({"\n\n"})
                                .extra("candidateCount", 1)
                                .extra("topK", 40)
                                .extra("safetySettings", expected["safetySettings"]));
  const HttpRequest http = encoded(text(), request);
  CHECK(Json::parse(http.body) == expected);
  CHECK(http.url.ends_with("/v1beta2/models/text-bison-001:generateText"));
  const AIMessage message =
      text().decode(reply_of(wire("palm_v1beta2/generate_text_response.json")));
  CHECK(message.text() == "Rain taps the window like a patient friend.");
  CHECK(message.extra["safetyRatings"].size() == 6);
  CHECK(message.extra["citationMetadata"]["citationSources"].size() == 1);
  const AIMessage blocked =
      text().decode(reply_of(wire("palm_v1beta2/generate_text_blocked.json")));
  CHECK(blocked.finish_reason == FinishReason::content_filter);
  CHECK(blocked.raw_finish_reason == "SAFETY");
  CHECK(blocked.extra["safetyFeedback"].size() == 1);
  CHECK_THROWS_AS(encoded(text(), ChatRequest({user("a"), assistant("b"), user("c")},
                                              ChatOptions().model("text-bison-001"))),
                  Error);
}

TEST_CASE("palm: counting tokens, embeddings of both eras, models") {
  const ChatRequest question({user("How many tokens?")}, bison());
  const HttpRequest count = chat().encode_count(question, kEndpoint);
  CHECK(Json::parse(count.body) == fixture("palm_v1beta2/count_message_tokens_request.json"));
  CHECK(count.url.ends_with(":countMessageTokens"));
  CHECK(chat().decode_count(reply_of(wire("palm_v1beta2/count_message_tokens_response.json"))) ==
        7);
  CHECK_THROWS_AS(text().encode_count(question, kEndpoint), UnsupportedError);
  const Endpoint later = test::palm_endpoint("v1beta3");
  const PalmCodec later_text(PalmCodec::Kind::text, later);
  CHECK(Json::parse(later_text.encode_count(question, later).body) ==
        Json::parse(R"({"prompt":{"text":"How many tokens?"}})"));

  EmbeddingRequest request;
  request.model = "embedding-gecko-001";
  request.texts = {"alpha"};
  const PalmEmbeddingCodec one(kEndpoint), many(later);
  CHECK(one.max_batch("m") == 1);
  CHECK(Json::parse(one.encode(request, kEndpoint).body) ==
        fixture("palm_v1beta2/embed_text_request.json"));
  using Rows = std::vector<std::vector<float>>;
  CHECK(one.decode(reply_of(wire("palm_v1beta2/embed_text_response.json")), 1) ==
        Rows{{0.5F, -0.25F, 0.125F, 1.0F}});
  request.texts = {"alpha", "beta"};
  CHECK(Json::parse(many.encode(request, later).body) ==
        fixture("palm_v1beta2/batch_embed_text_v1beta3_request.json"));
  CHECK(many.decode(reply_of(wire("palm_v1beta2/batch_embed_text_v1beta3_response.json")), 2) ==
        Rows{{0.5F, -0.25F}, {1.0F, 0.0F}});
  request.texts = {"alpha"};
  request.dimensions = 4;
  CHECK_THROWS_AS(one.encode(request, kEndpoint), UnsupportedError);

  const auto page =
      GoogleModelListCodec("palm").decode(reply_of(wire("palm_v1beta2/models_response.json")));
  REQUIRE(page.models.size() == 3);
  CHECK(page.models[0].id == "chat-bison-001");
  CHECK(page.models[0].input_tokens == 4096);
  CHECK(page.next.empty());
}

}  // namespace
}  // namespace lian
