#include <string>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/model/model_list.hpp"
#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/qwen_server.hpp"

namespace lian {
namespace {

using test::invoke;
using test::Outcome;
using test::QwenServer;
using test::Reply;
using test::Script;
using test::stream;

Context plain(Runtime& runtime) { return Context::root().with(runtime); }

Script thoughtful() {
  Script script;
  script.pieces = {"你", "好,", "world 🌍"};
  script.reasoning = "想一想";
  script.cached_tokens = 3;
  script.reasoning_tokens = 2;
  return script;
}

TEST_CASE("qwen engine: invoke and stream give the same message") {
  Runtime runtime;
  QwenServer server;
  server.answer(thoughtful());
  const Outcome whole = invoke(server.model(), plain(runtime));
  REQUIRE(whole.ok);
  CHECK(whole.message.text() == "你好,world 🌍");
  CHECK(whole.message.usage->cached_tokens == 3);
  CHECK(whole.message.usage->reasoning_tokens == 2);
  CHECK(stream(server.model(), plain(runtime)).message == whole.message);
  const ChatModel whole_events =
      server.model().bind(ChatOptions().extra("incremental_output", false));
  CHECK(stream(whole_events, plain(runtime)).message == whole.message);
  server.deliver([](Reply& reply) { reply.slices(1); });
  CHECK(stream(server.model(), plain(runtime)).message == whole.message);
  CHECK(server.refused().empty());
  CHECK(server.server().problems().empty());
}

TEST_CASE("qwen engine: a conversation with tools and images as the vendor wants it") {
  Runtime runtime;
  QwenServer server;
  Script calling;
  calling.calls = {{"weather", R"({"city":"杭州"})"}, {"now", "{}"}};
  server.answer(calling);
  const Json schema = Json::parse(R"({"type":"object","properties":{"city":{"type":"string"}}})");
  const ChatModel model = server.model().bind_tools(
      {ToolSpec("weather", "The weather.", schema), ToolSpec("now", "The time.", Json())});
  Messages talk{system("Be brief."), user("Weather?")};
  for (const bool streamed : {false, true}) {
    AIMessage reply;
    if (streamed) {
      for (ChatPiece& piece : model.stream(talk, plain(runtime))) append(reply, std::move(piece));
      finish(reply);
    } else {
      reply = model.invoke(talk, plain(runtime));
    }
    CHECK(reply.finish_reason == FinishReason::tool_calls);
    REQUIRE(reply.tool_calls().size() == 2);
    CHECK(reply.tool_calls()[1].arguments == "{}");
  }
  const AIMessage reply = model.invoke(talk, plain(runtime));
  talk.push_back(reply);
  for (const ToolCall& call : reply.tool_calls()) talk.push_back(tool(ToolResult(call.id, "18")));
  server.answer(Script());
  CHECK(model.invoke(talk, plain(runtime)).text() == "Hello, world");
  test::Seen seen = server.seen();
  CHECK(seen.system == "Be brief.");
  REQUIRE(seen.turns.size() == 3);
  CHECK(seen.turns[1].calls.size() == 2);
  CHECK(seen.turns[2].results == std::vector<std::string>{"18", "18"});
  CHECK(seen.tools == std::vector<std::string>{"weather", "now"});

  const std::vector<Part> parts{TextPart("?"),
                                ImagePart(MediaSource::from_bytes("x", "image/png"))};
  CHECK(server.model().invoke(user(parts), plain(runtime)).text() == "Hello, world");
  CHECK(server.seen().turns[0].images == 1);
  CHECK(server.refused().empty());
}

TEST_CASE("qwen engine: a stream cut at any byte is never an answer") {
  Runtime runtime;
  QwenServer server;
  std::size_t size = 0;
  server.deliver([&size](Reply& reply) { size = reply.framed_body().size(); });
  REQUIRE(stream(server.model(), plain(runtime)).ok);
  for (std::size_t at = 0; at + 8 < size; at += 37) {
    server.deliver([at](Reply& reply) { reply.cut_body(at, test::Ending::close); });
    const Outcome cut = stream(server.model(), test::once(runtime));
    INFO("cut at " << at << " of " << size);
    // Behind the last event only the end of the HTTP message is missing.
    if (cut.ok) {
      CHECK(cut.message.text() == "Hello, world");
      CHECK(cut.message.finish_reason == FinishReason::stop);
    } else {
      CHECK((cut.kind == ErrorKind::truncated || cut.kind == ErrorKind::network));
    }
    if (cut.ok) CHECK(size - at < 64);
  }
}

TEST_CASE("qwen engine: errors, a wrong key, and one more try when it is overloaded") {
  Runtime runtime;
  QwenServer server;
  const Outcome refused = invoke(server.model_with_wrong_key(), test::once(runtime));
  CHECK(refused.kind == ErrorKind::authentication);
  CHECK_THAT(refused.what, !Catch::Contains("sk-wrong-key"));
  for (const ErrorKind kind :
       {ErrorKind::permission, ErrorKind::not_found, ErrorKind::rate_limited, ErrorKind::quota,
        ErrorKind::overloaded, ErrorKind::server, ErrorKind::invalid_request,
        ErrorKind::context_length, ErrorKind::content_filter}) {
    INFO(to_string(kind));
    REQUIRE(static_cast<test::SimulatedProvider&>(server).fail(kind));
    CHECK(invoke(server.model(), test::once(runtime)).kind == kind);
    CHECK(stream(server.model(), test::once(runtime)).kind == kind);
  }
  server.fail(ErrorKind::overloaded, 1);
  const auto before = server.server().requests().size();
  CHECK(invoke(server.model(), plain(runtime)).ok);
  CHECK(server.server().requests().size() == before + 2);
}

TEST_CASE("qwen engine: embeddings keep their order over many requests") {
  Runtime runtime;
  QwenServer server;
  std::vector<std::string> texts;
  for (int i = 0; i < 23; ++i) texts.push_back("text " + std::to_string(i));
  const EmbeddingModel model = *server.embeddings(ModelConfig().dimensions(64));
  const auto rows = model.embed_documents(texts, plain(runtime));
  REQUIRE(rows.size() == texts.size());
  CHECK(server.server().requests().size() == 3);
  for (std::size_t i = 0; i < texts.size(); ++i)
    CHECK(model.embed_query(texts[i], plain(runtime)) == rows[i]);
  CHECK(server.refused().empty());
}

TEST_CASE("qwen engine: the list of models stands in compatible mode") {
  QwenServer server;
  const auto models =
      list_models("qwen", ModelConfig().base_url(server.url()).api_key(QwenServer::key()));
  REQUIRE(models.size() == 1);
  CHECK(models[0].id == "qwen-plus");
}

}  // namespace
}  // namespace lian
