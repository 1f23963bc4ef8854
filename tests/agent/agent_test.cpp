// The loop of an agent: model, tools, model, until it answers.
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "agent/agent_support.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using namespace test;

TEST_CASE("agent: calls a tool and answers") {
  const ScriptedChatModel model(
      {calling("add", R"({"a":2,"b":3})").usage(10, 5), ScriptedReply("It is 5.").usage(20, 4)});
  const AgentExecutor agent =
      create_tool_calling_agent(model, {adder()}, AgentOptions().prompt("Use tools."));
  const AgentResult result = agent.invoke("2 + 3?", root());
  CHECK(result.output == "It is 5.");
  CHECK(result.stop == AgentStop::final_answer);
  CHECK(result.iterations == 2);
  CHECK(result.tool_calls == 1);
  CHECK(result.usage.total_tokens == 39);
  REQUIRE(result.intermediate_steps.size() == 1);
  CHECK(result.intermediate_steps[0].call.name == "add");
  CHECK(result.intermediate_steps[0].result.content() == "5");
  REQUIRE(result.messages.size() == 4);
  CHECK(result.messages[0].text() == "2 + 3?");
  CHECK(result.messages[1].tool_calls().size() == 1);
  CHECK(result.messages[2].role == Role::tool);
  CHECK(result.messages[3].text() == "It is 5.");

  const std::vector<ChatRequest> asked = model.requests();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].messages[0].role == Role::system);
  CHECK(asked[0].options.tools().size() == 1);
  REQUIRE(asked[1].messages.size() == 4);
  CHECK(std::get<ToolResult>(asked[1].messages[3].parts[0]).content == "5");
  CHECK(std::get<ToolResult>(asked[1].messages[3].parts[0]).call_id == "c1");
}

TEST_CASE("agent: streams every event, and gives the same result") {
  const auto script = [] {
    return ScriptedChatModel(
        {ScriptedReply("I add.").call("add", R"({"a":2,"b":3})", "c1"), ScriptedReply("It is 5.")});
  };
  const AgentResult whole = create_tool_calling_agent(script(), {adder()}).invoke("2 + 3?", root());
  const StreamedRun run = stream_run(create_tool_calling_agent(script(), {adder()}), "2 + 3?");
  CHECK(kinds_of(run.pieces) ==
        std::vector<std::string>{"model", "start add", "end add", "model", "final"});
  CHECK(run.result.output == whole.output);
  CHECK(run.result.messages.size() == whole.messages.size());
  CHECK(run.result.intermediate_steps[0].log == "I add.");
  std::string text;
  for (const AgentPiece& piece : run.pieces)
    if (piece.kind == AgentPiece::Kind::model && piece.iteration == 2) text += piece.model.text;
  CHECK(text == "It is 5.");
}

TEST_CASE("agent: the conversation goes on from its messages") {
  const ScriptedChatModel model({"Hello.", "You said hi."});
  const AgentExecutor agent = create_tool_calling_agent(model, {});
  Messages messages = agent.invoke("hi", root()).messages;
  messages.push_back(user("what did I say?"));
  const AgentResult second = agent.invoke(messages, root());
  CHECK(second.output == "You said hi.");
  CHECK(model.requests()[1].messages.size() == 3);
  CHECK(second.messages.size() == 4);
}

TEST_CASE("agent: unknown tools and wrong arguments go back to the model") {
  const ScriptedChatModel model({calling("subtract", "{}"), calling("add", R"({"a":"x","b":1})"),
                                 calling("add", R"({"a":1)"), calling("add", R"({"a":1,"b":1})"),
                                 "2"});
  const AgentResult result = create_tool_calling_agent(model, {adder()}).invoke("?", root());
  CHECK(result.output == "2");
  REQUIRE(result.intermediate_steps.size() == 4);
  const auto& steps = result.intermediate_steps;
  CHECK(steps[0].result.content() == "subtract is not a valid tool, try one of [add].");
  CHECK(steps[1].result.content() ==
        "Error: arguments.a: expected an integer, got \"x\"\nPlease fix the error and try again.");
  CHECK(steps[2].result.content().find("not one whole JSON object") != std::string::npos);
  CHECK(steps[2].call.arguments == R"({"a":1)");
  CHECK(steps[3].result.content() == "2");
  for (int i = 0; i < 3; ++i) CHECK(steps[static_cast<std::size_t>(i)].result.is_error());
  CHECK(result.tool_calls == 2);  // the wrong arguments were a call, the others none
  // What goes back is JSON that every provider takes.
  const std::vector<ChatRequest> asked = model.requests();
  REQUIRE(asked[3].messages.size() == 7);
  const Message& sent = asked[3].messages[5];
  REQUIRE(sent.tool_calls().size() == 1);
  CHECK(Json::parse(sent.tool_calls()[0].arguments)["invalid_arguments"] == Json(R"({"a":1)"));
}

TEST_CASE("agent: a reply that was cut runs no tool") {
  for (const FinishReason reason : {FinishReason::length, FinishReason::content_filter}) {
    const ScriptedChatModel model({calling("add", R"({"a":1,"b":1})").finish(reason), "sorry"});
    const AgentResult result = create_tool_calling_agent(model, {adder()}).invoke("?", root());
    CHECK(result.tool_calls == 0);
    CHECK(result.intermediate_steps[0].result.content().find("cut off") != std::string::npos);
    CHECK(result.output == "sorry");
  }
}

TEST_CASE("agent: a paused reply is sent back as it is") {
  const ScriptedChatModel model({ScriptedReply("Searching").finish(FinishReason::pause), "Found."});
  const AgentResult result = create_tool_calling_agent(model, {}).invoke("?", root());
  CHECK(result.output == "Found.");
  CHECK(model.requests()[1].messages.back().text() == "Searching");
}

TEST_CASE("agent: errors end the run when they are not handled") {
  const Tool bad = tool("bad", "", []() -> int { throw std::runtime_error("broken"); });
  const auto run = [&](const ScriptedReply& reply, AgentOptions options) {
    const ScriptedChatModel model({reply, "done"});
    return create_tool_calling_agent(model, {bad, adder()}, std::move(options)).invoke("?", root());
  };
  const auto strict = AgentOptions().handle_tool_errors(false);
  CHECK(test::kind_of([&] { run(calling("bad", "{}"), strict); }) == ErrorKind::tool);
  CHECK(test::message_of([&] { run(calling("bad", "{}"), strict); }) ==
        "agent > bad: the tool 'bad' failed: broken");
  CHECK(test::kind_of([&] { run(calling("add", R"({"a":1})"), strict); }) == ErrorKind::validation);
  CHECK(run(calling("bad", "{}"), AgentOptions()).output == "done");
  const auto no_parsing = AgentOptions().handle_parsing_errors(false);
  CHECK(test::kind_of([&] { run(calling("add", "{"), no_parsing); }) == ErrorKind::parse);
  const auto fixed = AgentOptions().handle_parsing_errors("Write JSON!");
  CHECK(run(calling("add", "{"), fixed).intermediate_steps[0].result.content() == "Write JSON!");
}

TEST_CASE("agent: an error of the model is thrown, whole and streamed") {
  const auto agent = [] {
    const ScriptedChatModel model({calling("add", R"({"a":1,"b":1})"),
                                   ScriptedReply(Error(ErrorKind::overloaded, "too busy"))});
    return create_tool_calling_agent(model, {adder()});
  };
  CHECK(test::message_of([&] { agent().invoke("?", root()); }) == "agent > scripted: too busy");
  CHECK(test::kind_of([&] { stream_run(agent(), "?"); }) == ErrorKind::overloaded);
  const ScriptedChatModel cut(
      {ScriptedReply("a b c").fail_at_piece(1, Error(ErrorKind::truncated, "cut"))});
  CHECK(test::kind_of([&] { stream_run(create_tool_calling_agent(cut, {}), "?"); }) ==
        ErrorKind::truncated);
}

TEST_CASE("agent: return_direct ends with the tool's answer") {
  const Tool direct = tool(
      "find", "", [](std::string what) { return "found " + what; }, {"what"},
      ToolOptions().return_direct());
  const ScriptedChatModel model(
      {calling("find", R"({"what":1})"), calling("find", R"({"what":"it"})"), "never asked"});
  const AgentResult result = create_tool_calling_agent(model, {direct}).invoke("?", root());
  CHECK(result.output == "found it");
  CHECK(result.stop == AgentStop::return_direct);
  CHECK(model.calls() == 2);  // its failure was not the answer
}

TEST_CASE("agent: what a tool attaches reaches the model as a user's message") {
  const Tool chart = tool("chart", "", [] {
    std::vector<Part> parts;
    parts.push_back(TextPart("see below"));
    parts.push_back(ImagePart(MediaSource::from_bytes("png", "image/png")));
    return ToolOutput(std::move(parts), Json("for the program"));
  });
  const ScriptedChatModel model({calling("chart", "{}"), "nice"});
  const AgentResult result = create_tool_calling_agent(model, {chart}).invoke("?", root());
  CHECK(result.intermediate_steps[0].result.artifact == Json("for the program"));
  const Messages sent = model.requests()[1].messages;
  CHECK(std::get<ToolResult>(sent[2].parts[0]).content == "see below");
  REQUIRE(sent.size() == 4);
  CHECK(sent[3].role == Role::user);
  CHECK(std::holds_alternative<ImagePart>(sent[3].parts[1]));
}

TEST_CASE("agent: calls without an id get one") {
  AIMessage reply;
  reply.parts.push_back(ToolCall("", "add", R"({"a":1,"b":2})"));
  reply.parts.push_back(ToolCall("", "add", R"({"a":3,"b":4})"));
  const ScriptedChatModel model({ScriptedReply(reply), "ok"});
  create_tool_calling_agent(model, {adder()}).invoke("?", root());
  const Messages sent = model.requests()[1].messages;
  CHECK(sent[1].tool_calls()[0].id == "call_1_1");
  CHECK(std::get<ToolResult>(sent[3].parts[0]).call_id == "call_1_2");
  CHECK(std::get<ToolResult>(sent[3].parts[0]).content == "7");
}

TEST_CASE("agent: shows the model the last replies only, when told so") {
  std::vector<ScriptedReply> replies;
  for (int i = 0; i < 5; ++i) replies.push_back(calling("add", R"({"a":1,"b":1})"));
  replies.push_back("2");
  const ScriptedChatModel model(replies);
  const AgentResult result =
      create_tool_calling_agent(model, {adder()}, AgentOptions().trim_intermediate_steps(2))
          .invoke("?", root());
  CHECK(model.requests().back().messages.size() == 1 + 2 * 2);
  CHECK(result.messages.size() == 1 + 5 * 2 + 1);  // all of it is in the result
}

TEST_CASE("agent: wrong settings are refused when it is made") {
  const ScriptedChatModel model({"hi"});
  const auto refused = [&](std::vector<Tool> tools, AgentOptions options) {
    return test::message_of([&] { create_tool_calling_agent(model, tools, options); });
  };
  CHECK(refused({adder(), adder()}, AgentOptions()).find("two tools") != std::string::npos);
  CHECK(refused({}, AgentOptions().max_iterations(0)).find("max_iterations") != std::string::npos);
  CHECK(refused({}, AgentOptions().max_tokens(0)).find("max_tokens") != std::string::npos);
  CHECK(refused({}, AgentOptions().max_cost(0, TokenPrice(1, 1))).find("max_cost") !=
        std::string::npos);
  CHECK(refused({adder().with_options(ToolOptions().needs_approval())}, AgentOptions())
            .find("needs approval") != std::string::npos);
  CHECK(test::kind_of([&] { create_tool_calling_agent(model, {}).invoke(Messages(), root()); }) ==
        ErrorKind::validation);
}

Task<int> hang() {
  Task<void> waiting = test::wait_forever();
  co_await std::move(waiting);
  co_return 1;
}

TEST_CASE("agent: a stop request ends model and tools") {
  const ScriptedChatModel model({calling("hang", "{}")}, true);
  const AgentExecutor agent = create_tool_calling_agent(model, {tool("hang", "", &hang)});
  const auto took = test::time_to_stop([&](std::stop_token token, std::promise<void>& waiting) {
    waiting.set_value();
    agent.invoke("?", Context().with_stop(token));
  });
  CHECK(took < std::chrono::milliseconds(200));
}

TEST_CASE("agent: a dropped stream ends its tools") {
  const ScriptedChatModel model({calling("hang", "{}")}, true);
  const AgentExecutor agent = create_tool_calling_agent(model, {tool("hang", "", &hang)});
  auto pieces = agent.stream("?", root());
  AgentPiece* piece = pieces.next();
  while (piece != nullptr && piece->kind != AgentPiece::Kind::tool_start) piece = pieces.next();
  REQUIRE(piece != nullptr);
  CHECK(piece->call.name == "hang");
}

class Names final : public Handler {
 public:
  void on_event(const Event& event) override {
    if (event.type != EventType::start && event.type != EventType::end) return;
    names.push_back(std::string(to_string(event.type)) + " " + std::string(event.name));
    if (event.name == "add" && event.type == EventType::start) tool_input = event.data.text();
    if (event.type == EventType::start && event.name == "agent") agent = event.run_id;
    if (event.type == EventType::start && event.name != "agent") parents.push_back(event.parent_id);
  }
  std::vector<std::string> names;
  std::vector<RunId> parents;
  RunId agent = 0;
  std::string tool_input;
};

TEST_CASE("agent: its steps are runs below its own") {
  auto names = std::make_shared<Names>();
  const ScriptedChatModel model({calling("add", R"({"a":2,"b":3})"), "5"});
  create_tool_calling_agent(model, {adder()}).invoke("?", root().with_handler(names));
  CHECK(names->names == std::vector<std::string>{"start agent", "start scripted", "end scripted",
                                                 "start add", "end add", "start scripted",
                                                 "end scripted", "end agent"});
  for (const RunId parent : names->parents) CHECK(parent == names->agent);
  CHECK(names->tool_input == R"(add({"a":2,"b":3}))");
}

TEST_CASE("agent: is a step like any other") {
  const ScriptedChatModel model({"hi", "hi"});
  const auto chain =
      create_tool_calling_agent(model, {}) | [](AgentResult result) { return result.output + "!"; };
  CHECK(chain.invoke("?", root()) == "hi!");
}

}  // namespace
}  // namespace lian
