#include <string>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/model/model_list.hpp"
#include "lian/model/ollama.hpp"
#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/ollama_server.hpp"

namespace lian {
namespace {

using test::invoke;
using test::OllamaServer;
using test::Outcome;
using test::Reply;
using test::Script;
using test::stream;

Context plain(Runtime& runtime) { return Context::root().with(runtime); }

std::vector<ollama::PullProgress> pulled(OllamaServer& server, const std::string& model,
                                         const Context& context) {
  std::vector<ollama::PullProgress> all;
  for (const auto& progress : ollama::pull(model, server.config(), context))
    all.push_back(progress);
  return all;
}

TEST_CASE("ollama engine: invoke and stream give the same message") {
  Runtime runtime;
  OllamaServer server;
  Script script;
  script.pieces = {"你", "好,", "world 🌍"};
  script.reasoning = "think";
  script.input_tokens = 0;
  server.answer(script);
  const Outcome whole = invoke(server.model(), plain(runtime));
  REQUIRE(whole.ok);
  CHECK(whole.message.text() == "你好,world 🌍");
  CHECK(whole.message.usage->input_tokens == 0);
  CHECK(whole.message.usage->output_tokens == 7);
  CHECK(stream(server.model(), plain(runtime)).message == whole.message);
  server.deliver([](Reply& reply) { reply.slices(1); });
  CHECK(stream(server.model(), plain(runtime)).message == whole.message);
  CHECK(server.refused().empty());
  CHECK(server.server().problems().empty());
}

TEST_CASE("ollama engine: tools of new and of old servers") {
  Runtime runtime;
  for (const bool old : {false, true}) {
    OllamaServer server;
    if (old) server.be_old();
    Script calling;
    calling.calls = {{"weather", R"({"city":"Rome"})"}, {"now", "{}"}};
    server.answer(calling);
    const ChatModel model = server.model().bind_tools(
        {ToolSpec("weather", "The weather.", Json::object()), ToolSpec("now", "", Json::object())});
    const Outcome streamed = stream(model, plain(runtime));
    Messages talk{system("Be brief."), user("Weather?")};
    const AIMessage reply = model.invoke(talk, plain(runtime));
    CHECK(streamed.message.tool_calls() == reply.tool_calls());
    CHECK(reply.finish_reason == FinishReason::tool_calls);
    REQUIRE(reply.tool_calls().size() == 2);
    CHECK(reply.tool_calls()[0].id != reply.tool_calls()[1].id);
    talk.push_back(reply);
    for (const ToolCall& call : reply.tool_calls()) talk.push_back(tool(ToolResult(call.id, "18")));
    server.answer(Script());
    CHECK(model.invoke(talk, plain(runtime)).text() == "Hello, world");
    CHECK(server.seen().turns[2].results.size() == 2);
    CHECK(server.refused().empty());
  }
}

TEST_CASE("ollama engine: a stream cut at any byte is never an answer") {
  Runtime runtime;
  OllamaServer server;
  std::size_t size = 0;
  server.deliver([&size](Reply& reply) { size = reply.framed_body().size(); });
  REQUIRE(stream(server.model(), plain(runtime)).ok);
  for (std::size_t at = 0; at + 8 < size; at += 23) {
    server.deliver([at](Reply& reply) { reply.cut_body(at, test::Ending::close); });
    const Outcome cut = stream(server.model(), test::once(runtime));
    INFO("cut at " << at << " of " << size);
    CHECK_FALSE(cut.ok);
    CHECK((cut.kind == ErrorKind::truncated || cut.kind == ErrorKind::network));
  }
}

TEST_CASE("ollama engine: errors, a wrong key, and one more try when it is busy") {
  Runtime runtime;
  OllamaServer server;
  const Outcome refused = invoke(server.model_with_wrong_key(), test::once(runtime));
  CHECK(refused.kind == ErrorKind::authentication);
  CHECK_THAT(refused.what, !Catch::Contains("ollama-wrong-key"));
  for (const ErrorKind kind :
       {ErrorKind::permission, ErrorKind::not_found, ErrorKind::rate_limited, ErrorKind::overloaded,
        ErrorKind::server, ErrorKind::invalid_request, ErrorKind::context_length}) {
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

TEST_CASE("ollama engine: text models, embeddings and the list of models") {
  Runtime runtime;
  OllamaServer server;
  CHECK(server.text_model().invoke("Say hello", plain(runtime)) == "Hello, world");
  std::string text;
  for (const std::string& piece : server.text_model().stream("Say hello", plain(runtime)))
    text += piece;
  CHECK(text == "Hello, world");
  CHECK(server.seen().turns[0].text == "Say hello");
  const EmbeddingModel model = *server.embeddings(ModelConfig().dimensions(16).batch_size(2));
  const auto rows = model.embed_documents({"a", "b", "c"}, plain(runtime));
  REQUIRE(rows.size() == 3);
  CHECK(rows[2] == model.embed_query("c", plain(runtime)));
  CHECK(list_models("ollama", server.config()).at(0).id == "llama3.2:latest");
  CHECK(server.refused().empty());
}

TEST_CASE("ollama engine: pulling a model tells how far it is") {
  Runtime runtime;
  OllamaServer server;
  const auto all = pulled(server, "llama3.2", plain(runtime));
  REQUIRE(all.size() == 5);
  CHECK(all[0].status == "pulling manifest");
  CHECK(all[1].total_bytes == 100);
  CHECK(all[2].completed_bytes == 60);
  CHECK(all[2].digest == "sha256:2181");
  CHECK(all[3].digest.empty());
  CHECK(all[4].status == "success");
  server.deliver([](Reply& reply) { reply.slices(1); });
  CHECK(pulled(server, "llama3.2", plain(runtime)) == all);
}

TEST_CASE("ollama engine: a pull that fails or breaks off is an error") {
  Runtime runtime;
  OllamaServer server;
  const auto kind = [&](const std::string& model) {
    return test::outcome_of([&](Outcome&) { pulled(server, model, test::once(runtime)); });
  };
  CHECK(kind("nope").kind == ErrorKind::not_found);
  CHECK(kind("").kind == ErrorKind::invalid_request);
  std::size_t size = 0;
  server.deliver([&size](Reply& reply) { size = reply.framed_body().size(); });
  CHECK(kind("llama3.2").ok);
  for (std::size_t at = 0; at + 8 < size; at += 31) {
    server.deliver([at](Reply& reply) { reply.cut_body(at, test::Ending::close); });
    const Outcome cut = kind("llama3.2");
    INFO("cut at " << at);
    CHECK_FALSE(cut.ok);
    CHECK((cut.kind == ErrorKind::truncated || cut.kind == ErrorKind::network));
  }
  server.deliver([](Reply&) {});
  server.fail(ErrorKind::overloaded, 1);
  CHECK(pulled(server, "llama3.2", plain(runtime)).size() == 5);
  CHECK_THROWS_AS(
      ollama::pull(
          "m", ModelConfig().base_url("http://127.0.0.1:" + std::to_string(test::closed_port())),
          test::once(runtime))
          .next(),
      Error);
}

}  // namespace
}  // namespace lian
