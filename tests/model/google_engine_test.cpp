// Google's three protocols through the engine, over loopback sockets.
#include <memory>
#include <string>
#include <vector>

#include "lian/model/model_list.hpp"
#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/gemini_server.hpp"
#include "support/palm_server.hpp"
#include "support/vertex_palm_server.hpp"

namespace lian {
namespace {

using test::Ending;
using test::GeminiServer;
using test::once;
using test::Outcome;
using test::PalmServer;
using test::Reply;
using test::Script;
using test::VertexPalmServer;

ModelConfig as_array() { return ModelConfig().option("stream_framing", "json_array"); }

void check_clean(test::SimulatedProvider& provider) {
  CHECK(provider.refused().empty());
  for (const std::string& why : provider.refused()) UNSCOPED_INFO(why);
  CHECK(provider.server().problems().empty());
}

// Invoke and stream, whole and in slices of one byte.
void check_answers(test::SimulatedProvider& provider, const ChatModel& model, bool streams) {
  Runtime runtime;
  for (const std::size_t slice : {0, 1}) {
    provider.deliver([slice](Reply& reply) {
      if (slice > 0) reply.slices(slice);
    });
    const Outcome whole = test::invoke(model, once(runtime));
    INFO(whole.what);
    CHECK(whole.message.text() == "Hello, world");
    CHECK(whole.message.finish_reason == FinishReason::stop);
    CHECK(whole.message.provider == provider.provider());
    CHECK_FALSE(provider.seen().stream);
    const Outcome stream = test::stream(model, once(runtime));
    INFO(stream.what);
    CHECK(stream.ok);
    CHECK(stream.message.text() == "Hello, world");
    CHECK(stream.message.finish_reason == FinishReason::stop);
    CHECK(provider.seen().stream == streams);
  }
  provider.deliver({});
}

// Cut after each byte of the body, both as a close and as a reset.
void check_cuts(test::SimulatedProvider& provider, const ChatModel& model, std::size_t step) {
  Runtime runtime;
  std::size_t size = 0;
  provider.deliver([&size](Reply& reply) { size = reply.framed_body().size(); });
  REQUIRE(test::stream(model, once(runtime)).ok);
  int wrong = 0;
  for (std::size_t at = 0; at < size; at += step) {
    const Ending how = at % 2 == 0 ? Ending::close : Ending::reset;
    provider.deliver([at, how](Reply& reply) { reply.cut_body(at, how); });
    const Outcome out = test::stream(model, once(runtime));
    const bool ends_before = out.ok && out.message.text() == "Hello, world" && at + 8 >= size;
    if (out.ok && !ends_before) ++wrong;
    if (!out.ok && !out.message.text().empty()) CHECK(out.truncated);
  }
  CHECK(wrong == 0);
  provider.deliver({});
}

void check_errors(test::SimulatedProvider& provider) {
  Runtime runtime;
  const Outcome wrong = test::invoke(provider.model_with_wrong_key(), once(runtime));
  CHECK(wrong.kind == ErrorKind::authentication);
  CHECK(wrong.what.find("a-wrong") == std::string::npos);
  for (const ErrorKind kind : {ErrorKind::permission, ErrorKind::not_found, ErrorKind::rate_limited,
                               ErrorKind::quota, ErrorKind::overloaded, ErrorKind::server,
                               ErrorKind::invalid_request, ErrorKind::context_length}) {
    INFO(to_string(kind));
    REQUIRE(provider.fail(kind));
    CHECK(test::invoke(provider.model(), once(runtime)).kind == kind);
    CHECK(test::stream(provider.model(), once(runtime)).kind == kind);
  }
  CHECK_FALSE(provider.fail(ErrorKind::content_filter));
  provider.answer(Script());
}

// The first answer is that the vendor is overloaded.
void check_retry(test::SimulatedProvider& provider) {
  Runtime runtime;
  const auto left = std::make_shared<int>(1);
  provider.deliver([left](Reply& reply) {
    if ((*left)-- == 1)
      reply = Reply::json(503, test::google_error_body(503, "UNAVAILABLE", "overloaded"));
  });
  const Outcome out = test::invoke(provider.model(), Context::root().with(runtime));
  CHECK(out.ok);
  CHECK(*left == -1);
  provider.deliver({});
}

void check_embeddings(test::SimulatedProvider& provider) {
  std::vector<std::string> texts;
  for (int i = 0; i < 13; ++i) texts.push_back("text " + std::to_string(i));
  const EmbeddingModel model = *provider.embeddings(ModelConfig().batch_size(4));
  const auto rows = model.embed_documents(texts);
  REQUIRE(rows.size() == texts.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i] == model.embed_query(texts[i]));
}

TEST_CASE("gemini engine: answers, cuts, errors, embeddings") {
  GeminiServer provider;
  check_answers(provider, provider.model(), true);
  check_answers(provider, provider.model(as_array()), true);
  check_cuts(provider, provider.model(), 7);
  check_cuts(provider, provider.model(as_array()), 13);
  check_retry(provider);
  check_embeddings(provider);
  check_errors(provider);
  CHECK(provider.model().count_tokens("hi") == 11);
  CHECK(provider.model().count_tokens({system("s"), user("hi")}) == 11);
  const auto models =
      list_models("gemini", ModelConfig().base_url(provider.url()).api_key(GeminiServer::key()));
  REQUIRE(models.size() == 2);
  CHECK(models[1].id == "gemini-embedding-001");
  check_clean(provider);
}

TEST_CASE("palm engine: text that does not stream says so, Vertex's does") {
  PalmServer palm;
  CHECK_FALSE(palm.text().step()->streams());
  VertexPalmServer vertex;
  CHECK(vertex.text().step()->streams());
}

TEST_CASE("vertex engine: the list of publishers' models") {
  GeminiServer provider(GeminiServer::Host::vertex);
  const auto models = list_models("vertex", provider.config());
  REQUIRE(models.size() == 1);
  CHECK(models[0].id == "gemini-2.5-flash");
  CHECK_THROWS_AS(list_models("vertex", provider.config().api_key("a-wrong-token")), Error);
  CHECK(provider.refused().empty());
}

TEST_CASE("gemini engine: usage, thoughts, blocks") {
  GeminiServer provider;
  Runtime runtime;
  Script script;
  script.reasoning = "Hm.";
  script.reasoning_tokens = 3;
  script.cached_tokens = 2;
  for (const FinishReason finish :
       {FinishReason::stop, FinishReason::length, FinishReason::content_filter}) {
    script.finish = finish;
    provider.answer(script);
    const Outcome whole = test::invoke(provider.model(), once(runtime));
    Outcome stream = test::stream(provider.model(), once(runtime));
    REQUIRE(whole.ok);
    CHECK(whole.message.finish_reason == finish);
    stream.message.provider = whole.message.provider;
    CHECK(stream.message == whole.message);
    CHECK(whole.message.usage->input_tokens == 11);
    CHECK(whole.message.usage->output_tokens == 7);
    CHECK(whole.message.usage->reasoning_tokens == 3);
    CHECK(whole.message.usage->cached_tokens == 2);
    CHECK(whole.message.usage->total_tokens == 18);
  }
  check_clean(provider);
}

TEST_CASE("gemini engine: a round of tools, signatures and all") {
  GeminiServer provider;
  Runtime runtime;
  Script script;
  script.calls = {{"add", R"({"a":1,"b":2})"}, {"add", R"({"a":3,"b":4})"}};
  provider.answer(script);
  const Json number = Json::object({{"type", "integer"}});
  const ToolSpec tool_spec(
      "add", "Adds",
      Json::object({{"type", "object"},
                    {"properties", Json::object({{"a", number}, {"b", number}})},
                    {"required", Json::array({"a", "b"})}}));
  for (const bool stream : {false, true}) {
    provider.answer(script);
    const ChatModel model = provider.model().bind_tools({tool_spec});
    const Outcome asked =
        stream ? test::stream(model, once(runtime)) : test::invoke(model, once(runtime));
    REQUIRE(asked.ok);
    CHECK(asked.message.finish_reason == FinishReason::tool_calls);
    const auto calls = asked.message.tool_calls();
    REQUIRE(calls.size() == 2);
    provider.answer(Script());
    const Messages messages = {user("hi"), asked.message, tool(ToolResult(calls[1].id, "7")),
                               tool(ToolResult(calls[0].id, "3"))};
    CHECK(model.invoke(messages, once(runtime)).text() == "Hello, world");
    const test::Seen seen = provider.seen();
    REQUIRE(seen.turns.size() == 3);
    CHECK(seen.turns[2].results == std::vector<std::string>{"3", "7"});
    CHECK(seen.tools == std::vector<std::string>{"add"});
    // Without its signature the call is refused, so the simulation does look.
    Message stripped = asked.message;
    for (Part& part : stripped.parts)
      if (auto* call = std::get_if<ToolCall>(&part)) call->extra = Json();
    CHECK_THROWS_AS(model.invoke({user("hi"), stripped, messages[2], messages[3]}, once(runtime)),
                    ApiError);
  }
  CHECK(provider.refused().size() == 2);
}

TEST_CASE("gemini engine: a base URL with and without its version, a slash, an address") {
  GeminiServer provider;
  Runtime runtime;
  const std::string host = provider.server().url();
  for (const std::string& url : {host, host + "/", host + "/v1beta", host + "/v1beta/"}) {
    INFO(url);
    const ChatModel model = chat_model("google:gemini-2.5-flash",
                                       ModelConfig().base_url(url).api_key(GeminiServer::key()));
    CHECK(test::invoke(model, once(runtime)).ok);
  }
  CHECK_THROWS_AS(chat_model("gemini:m", ModelConfig().api_key("k").option("stream_framing", "x")),
                  Error);
}

TEST_CASE("palm engine: answers without streams, errors, embeddings") {
  PalmServer provider;
  check_answers(provider, provider.model(), false);
  check_retry(provider);
  check_embeddings(provider);
  check_errors(provider);
  CHECK(provider.text().invoke("Write") == "Hello, world");
  CHECK(provider.model().count_tokens({system("s"), user("hi")}) == 11);
  const auto models =
      list_models("palm", ModelConfig().base_url(provider.url()).api_key(PalmServer::key()));
  REQUIRE(models.size() == 1);
  CHECK(models[0].id == "chat-bison-001");
  Script script;
  script.finish = FinishReason::content_filter;
  provider.answer(script);
  CHECK(provider.model().invoke("hi").finish_reason == FinishReason::content_filter);
  check_clean(provider);
}

TEST_CASE("vertex engine: answers, cuts, errors, embeddings, tokens of a function") {
  VertexPalmServer provider;
  check_answers(provider, provider.model(), true);
  check_answers(provider, provider.model(as_array()), true);
  check_cuts(provider, provider.model(), 7);
  check_cuts(provider, provider.model(as_array()), 13);
  check_retry(provider);
  check_embeddings(provider);
  check_errors(provider);
  CHECK(provider.text().invoke("Write") == "Hello, world");
  CHECK(provider.model().count_tokens("hi") == 11);
  const std::string url = provider.server().url() + "/v1";
  const ModelConfig config =
      ModelConfig().base_url(url).project("p-1").location("us-central1").bearer_token([] {
        return VertexPalmServer::key();
      });
  CHECK(chat_model("vertex:chat-bison@002", config).invoke("hi").text() == "Hello, world");
  Script script;
  script.finish = FinishReason::content_filter;
  provider.answer(script);
  Runtime runtime;
  CHECK(test::stream(provider.model(), once(runtime)).message.finish_reason ==
        FinishReason::content_filter);
  check_clean(provider);
}

TEST_CASE("vertex: what a model needs to be made") {
  const auto kind_of = [](const std::string& name, const ModelConfig& config, bool text = false) {
    try {
      if (text)
        text_model(name, config);
      else
        chat_model(name, config);
    } catch (const Error& error) {
      return std::string(to_string(error.kind())) + ": " + error.message();
    }
    return std::string("made");
  };
  const ModelConfig config = ModelConfig().api_key("k").project("p");
  CHECK(kind_of("vertex:gemini-2.5-flash", config) == "made");
  CHECK(kind_of("vertex:text-bison", config, true) == "made");
  CHECK(kind_of("vertex:gemini-2.5-flash", config, true) == "made");
  CHECK_THAT(kind_of("vertex:text-bison", config), Catch::Contains("text_model"));
  CHECK_THAT(kind_of("palm:text-bison-001", ModelConfig().api_key("k")),
             Catch::Contains("text_model"));
  CHECK(kind_of("palm:chat-bison-001", ModelConfig().api_key("k"), true) == "made");
  CHECK_THAT(kind_of("vertex:chat-bison", ModelConfig(config).location("evil.com/")),
             Catch::StartsWith("config") && !Catch::Contains("evil"));
}

}  // namespace
}  // namespace lian
