/// The vendors of OpenAI's dialect: what each is sent, what it refuses, and what it answers.
/// Samples lie in tests/data/wire/<vendor>, rules in tests/data/vendors.

#include <algorithm>
#include <string>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/request_rules.hpp"
#include "support/vendor_server.hpp"

namespace lian {
namespace {

using nlohmann::json;
using test::RawServer;
using test::Reply;
using test::Request;
using test::Script;
using test::VendorServer;

const std::vector<std::string> vendors = {"deepseek", "moonshot", "minimax", "openrouter", "groq",
                                          "together", "mistral",  "xai",     "siliconflow"};

json sample(const std::string& vendor, const std::string& file) {
  return json::parse(test::read_data("wire/" + vendor + "/" + file));
}

std::string text_sample(const std::string& vendor, const std::string& file) {
  return test::read_data("wire/" + vendor + "/" + file);
}

Context once() { return Context::root().with_tries(1); }

AIMessage streamed(const ChatModel& model, const ChatInput& input) {
  AIMessage message;
  auto pieces = model.stream(input, once());
  while (ChatPiece* piece = pieces.next()) append(message, std::move(*piece));
  finish(message);
  return message;
}

ToolSpec weather() {
  return ToolSpec("get_weather", "The weather of a city",
                  Json::parse(R"({"type":"object","properties":{"city":{"type":"string"}},)"
                              R"("required":["city"]})"));
}

std::string reasoning_of(const AIMessage& message) {
  std::string text;
  for (const Part& part : message.parts)
    if (const auto* thought = std::get_if<ReasoningPart>(&part)) text += thought->text;
  return text;
}

// A server that answers with a vendor's samples, and lian's model of that vendor.
class Sampled {
 public:
  explicit Sampled(std::string vendor, std::string reply = "response.json",
                   std::string stream = "stream.sse")
      : vendor_(std::move(vendor)),
        reply_(text_sample(vendor_, reply)),
        stream_(text_sample(vendor_, stream)),
        server_([this](const Request& request) { return answer(request); }) {}

  ChatModel model() {
    const json rules = json::parse(test::read_data("vendors/" + vendor_ + ".json"));
    return chat_model(
        vendor_ + ":" + rules["model"].get<std::string>(),
        ModelConfig().base_url(server_.url() + rules["base"].get<std::string>()).api_key("k"));
  }
  void deliver(std::function<void(Reply&)> how) { how_ = std::move(how); }
  std::size_t stream_bytes() const { return Reply::event_stream(stream_).framed_body().size(); }

 private:
  Reply answer(const Request& request) const {
    const bool stream = json::parse(request.body).value("stream", false);
    Reply reply = stream ? Reply::event_stream(stream_) : Reply::json(200, reply_);
    if (how_) how_(reply);
    return reply;
  }

  std::string vendor_, reply_, stream_;
  std::function<void(Reply&)> how_;
  RawServer server_;
};

void check_expected(const AIMessage& message, const json& expected) {
  CHECK(message.text() == expected["text"].get<std::string>());
  CHECK(reasoning_of(message) == expected.value("reasoning", ""));
  CHECK(to_string(message.finish_reason) == expected["finish"].get<std::string>());
  REQUIRE(message.usage.has_value());
  CHECK(message.usage->input_tokens == expected["input"].get<int>());
  CHECK(message.usage->output_tokens == expected["output"].get<int>());
  CHECK(message.usage->cached_tokens == expected.value("cached", 0));
  CHECK(message.usage->total_tokens ==
        expected["input"].get<int>() + expected["output"].get<int>());
  REQUIRE(message.tool_calls().size() == (expected.contains("call") ? 1 : 0));
  if (!expected.contains("call")) return;
  const ToolCall call = message.tool_calls()[0];
  CHECK(call.name == expected["call"].get<std::string>());
  CHECK(call.id == expected["call_id"].get<std::string>());
  CHECK(json::parse(call.arguments) == expected["arguments"]);
}

ErrorKind kind_of(const ChatModel& model, bool stream) {
  try {
    if (stream)
      streamed(model, "hi");
    else
      model.invoke("hi", once());
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return ErrorKind::config;
}

}  // namespace

TEST_CASE("vendors: a request is the vendor's own and within its rules") {
  for (const std::string& vendor : vendors) {
    INFO(vendor);
    VendorServer server(vendor);
    const ChatModel model =
        server.model().bind_tools({weather()}).bind(ChatOptions().temperature(0.5).max_tokens(256));
    streamed(model, {system("Be brief."), user("Which is the highest mountain?")});
    const json sent = json::parse(server.server().requests().back().body);
    CHECK(sent == sample(vendor, "request.json"));
    CHECK_FALSE(test::complaint(sent, server.rules()["fields"], server.rules()["messages"]));
    CHECK(server.refused().empty());
  }
}

TEST_CASE("vendors: samples read alike whole, streamed and byte by byte") {
  for (const std::string& vendor : vendors) {
    INFO(vendor);
    Sampled sampled(vendor);
    const json expected = sample(vendor, "expect.json");
    check_expected(sampled.model().invoke("hi", once()), expected);
    check_expected(streamed(sampled.model(), "hi"), expected);
    sampled.deliver([](Reply& reply) { reply.slices(1); });
    check_expected(sampled.model().invoke("hi", once()), expected);
    check_expected(streamed(sampled.model(), "hi"), expected);
  }
}

TEST_CASE("vendors: a stream cut at any byte is an error or the whole") {
  for (const std::string& vendor : vendors) {
    INFO(vendor);
    Sampled sampled(vendor);
    const ChatModel model = sampled.model();
    const std::string whole = sample(vendor, "expect.json")["text"];
    int errors = 0;
    for (std::size_t bytes = 0; bytes < sampled.stream_bytes(); ++bytes) {
      sampled.deliver([bytes](Reply& reply) { reply.cut_body(bytes, test::Ending::truncate); });
      try {
        const AIMessage message = streamed(model, "hi");
        if (message.text() != whole || message.finish_reason == FinishReason::none)
          FAIL_CHECK("cut after " << bytes << " bytes it became an answer: " << message.text());
      } catch (const Error&) {
        ++errors;
      }
    }
    CHECK(errors > 100);
  }
}

TEST_CASE("vendors: errors in the midst of an answer keep what they say") {
  Sampled router("openrouter", "response_error.json", "stream_error.sse");
  CHECK(kind_of(router.model(), true) == ErrorKind::rate_limited);
  try {
    router.model().invoke("hi", once());
    FAIL("no error");
  } catch (const ApiError& error) {
    CHECK(error.kind() == ErrorKind::server);
    CHECK(std::string(error.what()).find("Provider disconnected") != std::string::npos);
  }
  Sampled groq("groq", "response.json", "stream_error.sse");
  CHECK(kind_of(groq.model(), true) == ErrorKind::server);
  Sampled called("xai", "tool_call_response.json");
  CHECK(called.model().invoke("hi", once()).finish_reason == FinishReason::tool_calls);
}

// What a caller forces through `extra`, each vendor's server refuses as the vendor does.
TEST_CASE("vendors: each refuses what its vendor does not take") {
  struct Case {
    const char* vendor;
    const char* field;
    const char* value;
  };
  const std::vector<Case> cases = {
      {"openai", "temperature", "2.5"},
      {"openai", "top_k", "4"},
      {"deepseek", "seed", "1"},
      {"deepseek", "response_format", R"({"type":"x"})"},
      {"moonshot", "temperature", "1.5"},
      {"moonshot", "n", "6"},
      {"minimax", "temperature", "0"},
      {"minimax", "stop", R"(["a"])"},
      {"openrouter", "n", "2"},
      {"groq", "logprobs", "true"},
      {"groq", "n", "2"},
      {"together", "logprobs", "true"},
      {"together", "user", R"("u")"},
      {"mistral", "seed", "1"},
      {"mistral", "stream_options", "{}"},
      {"xai", "stop", R"(["a"])"},
      {"siliconflow", "seed", "1"},
      {"qwen-compatible", "temperature", "2"},
      {"qwen-compatible", "tool_choice", R"("required")"},
      {"llamacpp", "n", "2"},
      {"vllm", "user", R"("u")"},
      {"ernie-v2", "temperature", "0"},
      {"ernie-v2", "max_tokens", "5"},
      {"baichuan", "top_p", "1"},
      {"baichuan", "stop", R"(["a"])"},
      {"azure", "temperature", "\"hot\""},
  };
  for (const Case& one : cases) {
    INFO(one.vendor << " " << one.field);
    VendorServer server(one.vendor);
    const ChatModel model = server.model();
    const ChatModel forced = model.bind(ChatOptions().extra(one.field, Json::parse(one.value)));
    CHECK(kind_of(forced, false) == ErrorKind::invalid_request);
    CHECK(server.refused().size() == 1);
  }
}

TEST_CASE("vendors: Mistral gets ids of tool calls in its own form") {
  VendorServer server("mistral");
  const ToolCall call("call_of-another/vendor", "get_weather", "{}");
  const ChatModel model = server.model().bind_tools({weather()});
  model.invoke({user("hi"), Message(Role::assistant, std::vector<Part>{call}),
                tool(ToolResult(call.id, "fine"))},
               once());
  CHECK(server.refused().empty());
  const json sent = json::parse(server.server().requests().back().body);
  const std::string id = sent["messages"][1]["tool_calls"][0]["id"];
  CHECK(id.size() == 9);
  CHECK(sent["messages"][2]["tool_call_id"] == id);
}

TEST_CASE("vendors: MiniMax embeds for its group, documents and questions apart") {
  VendorServer server("minimax");
  const EmbeddingModel model = *server.embeddings();
  model.embed_query("a question");
  CHECK(json::parse(server.server().requests().back().body)["type"] == "query");
  CHECK(model.embed_documents(std::vector<std::string>{"a", "b"}).size() == 2);
  CHECK(json::parse(server.server().requests().back().body)["type"] == "db");
  CHECK(server.refused().empty());
  const auto alone = embedding_model(
      "minimax:embo-01", ModelConfig().base_url(server.server().url()).api_key(server.key()));
  CHECK_THROWS_AS(alone.embed_query("x"), Error);  // without a group
  server.fail(ErrorKind::quota);
  try {
    model.embed_query("x");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::quota);
  }
}

TEST_CASE("vendors: Mistral's embeddings have their own word for the width") {
  VendorServer server("mistral");
  server.embeddings(ModelConfig().dimensions(256))->embed_query("x");
  CHECK(json::parse(server.server().requests().back().body)["output_dimension"] == 256);
  CHECK(server.refused().empty());
}

TEST_CASE("vendors: reasoning goes back to DeepSeek beside calls of tools alone") {
  VendorServer server("deepseek");
  Script script;
  script.reasoning = "Let me see.";
  server.answer(script);
  const ChatModel model = server.model().bind_tools({weather()});
  const AIMessage thought = model.invoke("hi", once());
  script.calls = {{"get_weather", R"({"city":"Lhasa"})"}};
  script.pieces.clear();
  server.answer(script);
  const AIMessage called = model.invoke({user("hi"), thought, user("and now?")}, once());
  CHECK(server.server().requests().back().body.find("reasoning_content") == std::string::npos);
  server.answer(Script());
  model.invoke({user("hi"), called, tool(ToolResult(called.tool_calls()[0].id, "fine"))}, once());
  const json sent = json::parse(server.server().requests().back().body);
  CHECK(sent["messages"][1]["reasoning_content"] == "Let me see.");
}

TEST_CASE("vendors: what a reply says of itself does not go back, even from one without an id") {
  VendorServer server("together");
  server.deliver([](Reply& reply) {
    json body = json::parse(reply.body());
    body.erase("id");
    reply = Reply::json(200, body.dump());
  });
  const AIMessage reply = server.model().invoke("hi", once());
  CHECK(reply.id.empty());
  CHECK_FALSE(reply.extra.empty());
  server.model().invoke({user("hi"), reply, user("more")}, once());
  CHECK(server.refused().empty());
}

}  // namespace lian
