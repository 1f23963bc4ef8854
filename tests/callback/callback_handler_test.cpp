#include "lian/callback/callback_handler.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/agent/agent.hpp"
#include "lian/agent/tool_function.hpp"
#include "lian/callback/custom_event.hpp"
#include "lian/core/pipe.hpp"
#include "lian/data/retriever.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/testing/scripted_chat_model.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Error;
using lian::ErrorKind;
using lian::Event;
using lian::EventType;
using lian::testing::ScriptedChatModel;
using lian::testing::ScriptedReply;

namespace {

using Lines = std::vector<std::string>;

// Writes down each function that is called.
class Notes : public lian::CallbackHandler {
 public:
  void on_chat_model_start(const Event& e) override { add("chat_model_start", e); }
  void on_llm_start(const Event& e) override { add("llm_start", e); }
  void on_llm_new_token(std::string_view token, const Event&) override {
    lines.push_back("token " + std::string(token));
  }
  void on_llm_end(const Event& e) override { add("llm_end", e); }
  void on_llm_error(const Error& error, const Event& e) override { add("llm_error", e, &error); }
  void on_chain_start(const Event& e) override { add("chain_start", e); }
  void on_chain_end(const Event& e) override { add("chain_end", e); }
  void on_chain_error(const Error& error, const Event& e) override {
    add("chain_error", e, &error);
  }
  void on_tool_start(const Event& e) override { add("tool_start", e); }
  void on_tool_end(const Event& e) override { add("tool_end", e); }
  void on_tool_error(const Error& error, const Event& e) override { add("tool_error", e, &error); }
  void on_retriever_start(const Event& e) override { add("retriever_start", e); }
  void on_retriever_end(const Event& e) override { add("retriever_end", e); }
  void on_retriever_error(const Error& error, const Event& e) override {
    add("retriever_error", e, &error);
  }
  void on_agent_action(const Event& e) override {
    const auto* call = e.data.as<lian::ToolCall>();
    lines.push_back("agent_action " + (call ? call->name : std::string("?")));
  }
  void on_agent_finish(const Event& e) override {
    lines.push_back("agent_finish " + e.data.text());
  }
  void on_retry(const Event& e) override { add("retry", e); }
  void on_warning(const Event& e) override { lines.push_back("warning " + std::string(e.message)); }
  void on_custom_event(std::string_view name, const Event& e) override {
    lines.push_back("custom " + std::string(name) + " " + e.data.text());
  }

  Lines lines;

 private:
  void add(const std::string& what, const Event& e, const Error* error = nullptr) {
    std::string line = what + " " + std::string(e.name);
    if (error) line += ": " + error->message();
    lines.push_back(line);
  }
};

class OnlyTokens : public Notes {
 public:
  bool ignore_chat_model() const override { return true; }
  bool ignore_chain() const override { return true; }
  bool ignore_agent() const override { return true; }
  bool ignore_retriever() const override { return true; }
  bool ignore_custom_event() const override { return true; }
};

class OldStyle : public lian::CallbackHandler {
 public:
  void on_llm_start(const Event& e) override { starts.push_back(std::string(e.name)); }
  Lines starts;
};

Lines lines_of(const std::function<void(const Context&)>& run) {
  const auto notes = std::make_shared<Notes>();
  run(Context().with_handler(notes));
  return notes->lines;
}

lian::Tool doubling() {
  return lian::tool("double", "Doubles a number.", [](int number) { return 2 * number; },
                    {"number"});
}

}  // namespace

TEST_CASE("callback handler: a chain with a model, streamed") {
  const ScriptedChatModel model({ScriptedReply("a b")});
  const auto chain = model | lian::StrOutputParser();
  const Lines lines = lines_of([&](const Context& context) {
    for (auto& piece : chain.stream("hi", context)) static_cast<void>(piece);
  });
  const std::string name = model.name();
  REQUIRE(lines.size() >= 5);
  CHECK(std::count(lines.begin(), lines.end(), "chat_model_start " + name) == 1);
  CHECK(std::count(lines.begin(), lines.end(), "llm_end " + name) == 1);
  CHECK(std::count(lines.begin(), lines.end(), "token a") == 1);
  CHECK(std::count(lines.begin(), lines.end(), "token  b") == 1);
  CHECK(std::count(lines.begin(), lines.end(), "llm_start " + name) == 0);
  CHECK(std::count(lines.begin(), lines.end(), "chain_start parser") == 1);
}

TEST_CASE("callback handler: without on_chat_model_start, on_llm_start is told") {
  const ScriptedChatModel model({ScriptedReply("hello")});
  const auto old = std::make_shared<OldStyle>();
  model.invoke("hi", Context().with_handler(old));
  CHECK(old->starts == Lines{model.name()});
}

TEST_CASE("callback handler: an agent, its actions, its tools and its end") {
  const ScriptedChatModel model(
      {ScriptedReply("").call("double", R"({"number": 4})", "c1"), ScriptedReply("It is 8.")});
  const auto agent = lian::create_tool_calling_agent(model, {doubling()});
  const std::string name = model.name();
  const Lines lines = lines_of([&](const Context& context) { agent.invoke("twice 4?", context); });
  CHECK(lines == Lines{"chain_start agent", "chat_model_start " + name, "llm_end " + name,
                       "agent_action double", "tool_start double", "tool_end double",
                       "chat_model_start " + name, "llm_end " + name, "agent_finish It is 8.",
                       "chain_end agent"});
}

TEST_CASE("callback handler: errors go to the function of their kind") {
  const ScriptedChatModel model({ScriptedReply(Error(ErrorKind::server, "down"))});
  CHECK(lines_of([&](const Context& context) { CHECK_THROWS(model.invoke("x", context)); }) ==
        Lines{"chat_model_start " + model.name(), "llm_error " + model.name() + ": down"});
  const auto fails =
      lian::step([](std::string) -> std::string { throw Error(ErrorKind::parse, "odd"); }, "fails");
  CHECK(lines_of([&](const Context& context) { CHECK_THROWS(fails.invoke("x", context)); }) ==
        Lines{"chain_start fails", "chain_error fails: odd"});
  const lian::Tool broken =
      lian::tool("broken", "Fails.", [](int) -> std::string { throw Error(ErrorKind::tool, "no"); },
                 {"number"});
  const Lines lines = lines_of([&](const Context& context) {
    CHECK_THROWS(broken.invoke(lian::ToolCall("c1", "broken", R"({"number": 1})"), context));
  });
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "tool_start broken");
  CHECK(lines[1].starts_with("tool_error broken: "));
}

TEST_CASE("callback handler: what is ignored is not told") {
  const ScriptedChatModel model(
      {ScriptedReply("").call("double", R"({"number": 4})", "c1"), ScriptedReply("8")});
  const auto agent = lian::create_tool_calling_agent(model, {doubling()});
  const auto notes = std::make_shared<OnlyTokens>();
  agent.invoke("twice 4?", Context().with_handler(notes));
  CHECK(notes->lines == Lines{"llm_end " + model.name(), "llm_end " + model.name()});
}

TEST_CASE("callback handler: custom events of a step and of a coroutine") {
  const auto plain = lian::step(
      [](std::string text) {
        lian::dispatch_custom_event("progress", 0.5);
        return text;
      },
      "plain");
  CHECK(lines_of([&](const Context& context) { plain.invoke("x", context); }) ==
        Lines{"chain_start plain", "custom progress 0.5", "chain_end plain"});
  const auto coroutine = lian::step(
      [](std::string text, Context context) -> lian::Task<std::string> {
        lian::dispatch_custom_event("found", text, context);
        co_return text;
      },
      "coroutine");
  CHECK(lines_of([&](const Context& context) { coroutine.invoke("链", context); }) ==
        Lines{"chain_start coroutine", "custom found 链", "chain_end coroutine"});
  CHECK_NOTHROW(lian::dispatch_custom_event("unseen", 1));
}

TEST_CASE("callback handler: a local handler sees its run alone, inherited ones all below") {
  const auto inner = lian::step(
      [](std::string text) {
        lian::dispatch_custom_event("inside", text);
        return text;
      },
      "inner");
  const auto outer = lian::step(
      [&](std::string text) {
        lian::dispatch_custom_event("before", text);
        return inner.invoke(text);
      },
      "outer");
  const auto local = std::make_shared<Notes>();
  const auto inherited = std::make_shared<Notes>();
  outer.invoke("x", Context().with_local_handler(local).with_handler(inherited));
  CHECK(local->lines == Lines{"chain_start outer", "custom before x", "chain_end outer"});
  CHECK(inherited->lines == Lines{"chain_start outer", "custom before x", "chain_start inner",
                                  "custom inside x", "chain_end inner", "chain_end outer"});
  local->lines.clear();
  outer.invoke("x", Context().with_local_handler(local));
  CHECK(local->lines == Lines{"chain_start outer", "custom before x", "chain_end outer"});
  CHECK_THROWS_AS(Context().with_local_handler(nullptr), Error);
}

TEST_CASE("callback handler: tags and metadata are inherited") {
  struct Tags : lian::Handler {
    void on_event(const Event& event) override {
      if (event.type != EventType::start) return;
      lines.push_back(std::string(event.name) + ":" + (event.tags ? event.tags->back() : "-") +
                      ":" + (event.metadata ? event.metadata->to_json().dump() : "-"));
    }
    Lines lines;
  };
  const auto inner = lian::step([](std::string text) { return text; }, "inner");
  const auto outer = lian::step(
      [&](std::string text) { return inner.invoke(text, Context().with_tag("below")); }, "outer");
  const auto seen = std::make_shared<Tags>();
  outer.invoke("x", Context().with_tag("top").with_metadata("user", "lin").with_handler(seen));
  CHECK(seen->lines == Lines{R"(outer:top:{"user":"lin"})", R"(inner:below:{"user":"lin"})"});
}

TEST_CASE("callback handler: a throw at any event neither reaches the run nor the other handlers") {
  struct Bomb : lian::Handler {
    void on_event(const Event& event) override {
      if (event.type == type && event.type != EventType::warning) throw std::runtime_error("boom");
      if (event.type == type) throw 7;
    }
    EventType type = EventType::start;
  };
  const ScriptedChatModel model(
      {ScriptedReply("").call("double", R"({"number": 4})", "c1"), ScriptedReply("It is 8."),
       ScriptedReply(Error(ErrorKind::server, "down"))},
      true);
  const auto agent = lian::create_tool_calling_agent(model, {doubling()});
  const auto emits = lian::step(
      [](std::string text) {
        Context().warn("emits", "careful");
        lian::dispatch_custom_event("note", text);
        return text;
      },
      "emits");
  const auto run = [&](Context context) {
    std::string answer;
    for (auto& piece : agent.stream("twice 4?", context))
      if (piece.end) answer = piece.end->output;
    CHECK(answer == "It is 8.");
    CHECK_THROWS_AS(agent.invoke("again", context), Error);
    CHECK(emits.invoke("x", context) == "x");
  };
  Lines expected;
  {
    const auto notes = std::make_shared<Notes>();
    run(Context().with_handler(notes));
    expected = notes->lines;
  }
  for (const auto type : {EventType::start, EventType::piece, EventType::end, EventType::error,
                          EventType::warning, EventType::custom, EventType::agent_action}) {
    const auto bomb = std::make_shared<Bomb>();
    bomb->type = type;
    const auto notes = std::make_shared<Notes>();
    run(Context().with_handler(bomb).with_handler(notes));
    Lines lines = notes->lines;
    const auto told = std::erase_if(lines, [](const std::string& line) {
      return line.starts_with("warning a handler threw while it was told");
    });
    CHECK(lines == expected);
    if (type != EventType::warning) CHECK(told > 0);
  }
}

TEST_CASE("callback handler: one that blocks in a call of its own leaves the run as it is") {
  struct Asking : lian::Handler {
    void on_event(const Event& event) override {
      if (event.type == EventType::warning) return;
      answers += model.invoke("meanwhile", Context::root()).text();
    }
    ScriptedChatModel model{{ScriptedReply("+")}, true};
    std::string answers;
  };
  const ScriptedChatModel model(
      {ScriptedReply("").call("double", R"({"number": 4})", "c1"), ScriptedReply("It is 8.")});
  const auto agent = lian::create_tool_calling_agent(model, {doubling()});
  const auto asking = std::make_shared<Asking>();
  const auto notes = std::make_shared<Notes>();
  std::string answer;
  for (auto& piece : agent.stream("twice 4?", Context().with_handler(asking).with_handler(notes)))
    if (piece.end) answer = piece.end->output;
  CHECK(answer == "It is 8.");
  CHECK(asking->answers.size() > 10);
  CHECK(std::none_of(notes->lines.begin(), notes->lines.end(),
                     [](const std::string& line) { return line.starts_with("warning"); }));
}
