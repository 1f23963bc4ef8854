// GLM and Spark through the engine, over loopback sockets.
#include <algorithm>
#include <memory>

#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/glm_server.hpp"
#include "support/spark_server.hpp"
#include "support/ws_wire.hpp"

namespace lian::test {
namespace {

std::vector<std::unique_ptr<SimulatedProvider>> all_servers() {
  std::vector<std::unique_ptr<SimulatedProvider>> servers;
  servers.push_back(make_glm_server());
  servers.push_back(make_chatglm_server());
  servers.push_back(make_spark_server());
  servers.push_back(make_spark_http_server());
  return servers;
}

const std::vector<std::string> pieces = {"你好", ", ", "Welt 👩‍🚀", "\n!"};
const std::string whole = "你好, Welt 👩‍🚀\n!";

TEST_CASE("glm and spark: whole and streamed, in slices of one byte") {
  for (const auto& server : all_servers()) {
    Runtime runtime;
    Script script;
    script.pieces = pieces;
    server->answer(script);
    for (const std::size_t slice : {std::size_t{0}, std::size_t{1}}) {
      server->deliver([slice](Reply& reply) { reply.slices(slice); });
      for (const bool streamed : {false, true}) {
        INFO(server->provider() << " slice " << slice << " streamed " << streamed);
        const ChatModel model = server->model();
        const Outcome out =
            streamed ? stream(model, once(runtime)) : invoke(model, once(runtime));
        INFO(out.what);
        REQUIRE(out.ok);
        CHECK(out.message.text() == whole);
        CHECK(out.message.finish_reason == FinishReason::stop);
        REQUIRE(out.message.usage);
        CHECK(out.message.usage->input_tokens == 11);
        CHECK(out.message.usage->output_tokens == 7);
        CHECK_FALSE(out.message.id.empty());
      }
    }
    CHECK(server->refused().empty());
    CHECK(server->server().problems().empty());
  }
}

TEST_CASE("glm and spark: a stream that is cut anywhere is never an answer") {
  for (const auto& server : all_servers()) {
    Runtime runtime;
    Script script;
    script.pieces = pieces;
    server->answer(script);
    std::size_t bytes = 0;
    server->deliver([&bytes](Reply& reply) { bytes = reply.framed_body().size(); });
    REQUIRE(stream(server->model(), once(runtime)).ok);
    std::size_t wrong = 0, cut = 0;
    for (std::size_t at = 0; at < bytes; at += 23) {
      server->deliver([at](Reply& reply) { reply.cut_body(at, Ending::close); });
      const Outcome out = stream(server->model(), once(runtime));
      if (!out.ok) {
        ++cut;
        CHECK((out.truncated || out.kind == ErrorKind::network || out.kind == ErrorKind::parse));
        continue;
      }
      if (out.message.text() != whole || out.message.finish_reason != FinishReason::stop) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(cut > 10);
  }
}

TEST_CASE("glm and spark: every kind of error") {
  for (const auto& server : all_servers()) {
    Runtime runtime;
    for (const ErrorKind kind :
         {ErrorKind::authentication, ErrorKind::permission, ErrorKind::not_found,
          ErrorKind::rate_limited, ErrorKind::quota, ErrorKind::overloaded, ErrorKind::server,
          ErrorKind::invalid_request, ErrorKind::context_length, ErrorKind::content_filter}) {
      server->answer(Script());
      if (!server->fail(kind)) continue;
      for (const bool streamed : {false, true}) {
        INFO(server->provider() << " " << to_string(kind) << " streamed " << streamed);
        const Outcome out =
            streamed ? stream(server->model(), once(runtime)) : invoke(server->model(), once(runtime));
        REQUIRE(out.kind);
        INFO(out.what);
        CHECK(to_string(*out.kind) == to_string(kind));
        CHECK(out.provider == server->provider());
      }
    }
    server->answer(Script());
    const Outcome wrong = invoke(server->model_with_wrong_key(), once(runtime));
    CHECK(wrong.kind == ErrorKind::authentication);
    CHECK(wrong.what.find("test-password") == std::string::npos);
    CHECK(server->refused().empty());
  }
}

TEST_CASE("glm and spark: one failure that passes is tried again") {
  for (const auto& server : all_servers()) {
    Runtime runtime;
    auto& scripted = dynamic_cast<ScriptedServer&>(*server);
    for (const bool streamed : {false, true}) {
      scripted.fail(ErrorKind::overloaded, 1);
      const Context context = Context::root().with(runtime).with_tries(2);
      const Outcome out =
          streamed ? stream(server->model(), context) : invoke(server->model(), context);
      INFO(server->provider() << " " << out.what);
      CHECK(out.ok);
    }
  }
}

TEST_CASE("glm and spark: tools, as each of them has them") {
  for (const auto& server : all_servers()) {
    if (server->provider() == "glm" && dynamic_cast<ChatGlmServer*>(server.get())) continue;
    Runtime runtime;
    Script script;
    script.calls = {{"add", R"({"a":1,"b":2})"}};
    server->answer(script);
    ChatOptions options;
    options.tools({ToolSpec("add", "adds", Json::parse(R"({"type":"object","properties":{}})"))});
    const ChatModel model = server->model(ModelConfig().options(options));
    for (const bool streamed : {false, true}) {
      const Outcome out = streamed ? stream(model, once(runtime)) : invoke(model, once(runtime));
      INFO(server->provider() << " " << out.what);
      REQUIRE(out.ok);
      REQUIRE(out.message.tool_calls().size() == 1);
      CHECK(out.message.tool_calls()[0].name == "add");
      CHECK(out.message.tool_calls()[0].arguments == R"({"a":1,"b":2})");
      CHECK_FALSE(out.message.tool_calls()[0].id.empty());
      CHECK(out.message.finish_reason == FinishReason::tool_calls);
      CHECK(server->seen().tools == std::vector<std::string>{"add"});
    }
    CHECK(server->refused().empty());
  }
}

TEST_CASE("glm and spark: embeddings keep the order of their texts") {
  for (const auto& server : all_servers()) {
    auto model = server->embeddings();
    if (!model) continue;
    Runtime runtime;
    std::vector<std::string> texts;
    for (int i = 0; i < 70; ++i) texts.push_back("text " + std::to_string(i));
    const Context context = Context::root().with(runtime);
    const auto rows = model->embed_documents(texts, context);
    REQUIRE(rows.size() == texts.size());
    for (const std::size_t i : {std::size_t{0}, std::size_t{33}, std::size_t{69}})
      CHECK(model->embed_documents({texts[i]}, context).at(0) == rows[i]);
    CHECK(server->refused().empty());
  }
}

TEST_CASE("glm: tokens are made, made anew once when they have expired, and the clock is named") {
  GlmServer server;
  Runtime runtime;
  const ChatModel model = server.model(ModelConfig().option("auth", "jwt"));
  CHECK(invoke(model, once(runtime)).ok);
  CHECK(server.tokens_seen() == 1);
  server.set_clock(std::chrono::minutes(10), 1);
  CHECK(stream(model, once(runtime)).ok);
  CHECK(server.tokens_seen() == 3);
  server.set_clock(std::chrono::minutes(10));
  const Outcome late = invoke(model, once(runtime));
  CHECK(late.kind == ErrorKind::authentication);
  CHECK(late.what.find("clock") != std::string::npos);
  CHECK(server.tokens_seen() == 5);
}

TEST_CASE("spark: a wrong secret names the clock and shows no secret") {
  SparkServer server;
  Runtime runtime;
  const Outcome out = invoke(server.model_with_wrong_key(), once(runtime));
  CHECK(out.kind == ErrorKind::authentication);
  CHECK(out.what.find("clock") != std::string::npos);
  CHECK(out.what.find("authorization=") == std::string::npos);
}

TEST_CASE("spark: ends without the last status, and frames that are wrong") {
  SparkServer server;
  Runtime runtime;
  const std::string first =
      ws_frame(R"({"header":{"code":0,"sid":"s"},"payload":{"choices":{"status":0,"text":[{"content":"a"}]}}})");
  WsFrame masked;
  masked.masked = true;
  for (const std::string& rest :
       {ws_close(), ws_close(1011), ws_frame("{}", masked), ws_frame("\xff")}) {
    server.set_frames(first + rest);
    const Outcome out = stream(server.model(), once(runtime));
    CHECK(out.truncated);
    CHECK(out.kept == "a");
    CHECK_FALSE(invoke(server.model(), once(runtime)).ok);
  }
  server.set_frames(first + ws_frame(R"({"header":{"code":10014,"message":"no","sid":"s"}})"));
  CHECK(stream(server.model(), once(runtime)).kind == ErrorKind::content_filter);
}

TEST_CASE("spark: a whole reply that is cut is tried again") {
  SparkServer server;
  Runtime runtime;
  int deliveries = 0;
  server.deliver([&deliveries](Reply& reply) {
    if (++deliveries == 1) reply.cut_body(reply.framed_body().size() / 2, Ending::reset);
  });
  const Outcome out = invoke(server.model(), Context::root().with(runtime).with_tries(2));
  INFO(out.what);
  CHECK(out.ok);
  CHECK(deliveries == 2);
}

TEST_CASE("spark: says goodbye when the answer is whole, and frees its connection") {
  SparkServer server;
  Runtime runtime;
  REQUIRE(stream(server.model(), once(runtime)).ok);
  CHECK(server.server().wait_for_open(0));
  const auto requests = server.server().requests();
  CHECK(requests.back().method == "CLOSE");
  CHECK(requests.back().body == std::string("\x03\xe8", 2));
}

TEST_CASE("spark: every version reaches its address") {
  SparkServer server;
  Runtime runtime;
  for (const char* version : {"v1.5", "v2.0", "v3.0", "v3.5", "v4.0", "x1", "image"}) {
    INFO(version);
    const Outcome out = invoke(server.model(version, ModelConfig()), once(runtime));
    INFO(out.what);
    CHECK(out.ok);
  }
  CHECK(server.refused().empty());
}

}  // namespace
}  // namespace lian::test
