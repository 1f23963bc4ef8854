// The tools of one reply: side by side, in order, approved.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "agent/agent_support.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr int side_by_side = 16;

ScriptedReply sixteen(const std::string& name) {
  ScriptedReply reply;
  for (int i = 0; i < side_by_side; ++i)
    reply.call(name, "{\"n\":" + std::to_string(i) + "}", "c" + std::to_string(i));
  return reply;
}

Task<int> wait_200(int n) {
  Sleep sleeping = sleep(200ms);
  co_await sleeping;
  co_return n;
}

// How long 16 calls of 200 ms each take in one turn.
std::chrono::nanoseconds time_of(const Tool& waiting) {
  const ScriptedChatModel model({sixteen(waiting.name()), "done"});
  const AgentExecutor agent = create_tool_calling_agent(model, {waiting});
  const auto begin = Clock::now();
  const AgentResult result = agent.invoke("?", root());
  const auto took = Clock::now() - begin;
  REQUIRE(result.intermediate_steps.size() == side_by_side);
  for (int i = 0; i < side_by_side; ++i) {
    const AgentStep& step = result.intermediate_steps[static_cast<std::size_t>(i)];
    CHECK(step.result.content() == std::to_string(i));
    CHECK(step.result.result().call_id == "c" + std::to_string(i));
  }
  return took;
}

// The best of three, for busy machines.
std::chrono::nanoseconds best_time_of(const Tool& waiting, std::chrono::nanoseconds enough) {
  auto best = time_of(waiting);
  for (int more = 0; more < 2 && best > enough; ++more) best = std::min(best, time_of(waiting));
  return best;
}

TEST_CASE("agent tools: 16 coroutines of 200 ms wait side by side") {
  CHECK(best_time_of(tool("wait", "", &wait_200, {"n"}), 250ms) <= 250ms);
}

TEST_CASE("agent tools: 16 blocking functions of 200 ms block side by side") {
  const Tool blocking = tool(
      "wait", "",
      [](int n) {
        std::this_thread::sleep_for(200ms);
        return n;
      },
      {"n"}, ToolOptions().blocking());
  CHECK(best_time_of(blocking, 250ms) <= 250ms);
}

TEST_CASE("agent tools: 16 plain functions run one after another, never two at once") {
  std::atomic<int> inside{0};
  bool alone = true;
  const Tool plain = tool("wait", "",
                          [&](int n) {
                            alone = alone && inside.fetch_add(1) == 0;
                            std::this_thread::sleep_for(200ms);
                            --inside;
                            return n;
                          },
                          {"n"});
  const auto took = best_time_of(plain, 3300ms);
  CHECK(took >= 3200ms);
  CHECK(took <= 3300ms);
  CHECK(alone);
}

TEST_CASE("agent tools: plain functions do not keep coroutines from starting") {
  ScriptedReply reply;
  reply.call("plain", R"({"n":1})", "a").call("wait", R"({"n":2})", "b");
  const ScriptedChatModel model({reply, "done"});
  const Tool plain = tool("plain", "",
                          [](int n) {
                            std::this_thread::sleep_for(200ms);
                            return n;
                          },
                          {"n"});
  const AgentExecutor agent =
      create_tool_calling_agent(model, {plain, tool("wait", "", &wait_200, {"n"})});
  const auto begin = Clock::now();
  const AgentResult result = agent.invoke("?", root());
  CHECK(Clock::now() - begin <= 300ms);
  CHECK(result.intermediate_steps[0].result.content() == "1");
  CHECK(result.intermediate_steps[1].result.content() == "2");
}

Task<int> wait_for(int ms) {
  Sleep sleeping = sleep(std::chrono::milliseconds(ms));
  co_await sleeping;
  co_return ms;
}

TEST_CASE("agent tools: ends are told as they come, results stand in the order of the calls") {
  ScriptedReply reply;
  reply.call("wait", R"({"ms":60})", "slow").call("wait", R"({"ms":1})", "fast");
  const ScriptedChatModel model({reply, "done"});
  const StreamedRun run =
      stream_run(create_tool_calling_agent(model, {tool("wait", "", &wait_for, {"ms"})}), "?");
  std::vector<std::string> ends;
  for (const AgentPiece& piece : run.pieces)
    if (piece.kind == AgentPiece::Kind::tool_end) ends.push_back(piece.call.id);
  CHECK(ends == std::vector<std::string>{"fast", "slow"});
  CHECK(run.result.intermediate_steps[0].call.id == "slow");
  CHECK(std::get<ToolResult>(model.requests()[1].messages[2].parts[0]).call_id == "slow");
}

TEST_CASE("agent tools: one that fails does not end the others") {
  const Tool bad = tool("bad", "", []() -> int { throw std::runtime_error("broken"); });
  ScriptedReply reply;
  reply.call("wait", R"({"ms":5})", "a")
      .call("bad", "{}", "b")
      .call("add", R"({"a":1,"b":1})", "c");
  const ScriptedChatModel model({reply, "done"});
  const AgentResult result =
      create_tool_calling_agent(model, {tool("wait", "", &wait_for, {"ms"}), bad, adder()})
          .invoke("?", root());
  CHECK(result.intermediate_steps[0].result.content() == "5");
  CHECK(result.intermediate_steps[1].result.is_error());
  CHECK(result.intermediate_steps[2].result.content() == "2");
}

Task<int> hang(int) {
  Task<void> waiting = test::wait_forever();
  co_await std::move(waiting);
  co_return 1;
}

TEST_CASE("agent tools: when errors end the run, the others are ended with it") {
  const Tool bad = tool("bad", "", []() -> int { throw std::runtime_error("broken"); });
  ScriptedReply reply;
  reply.call("hang", R"({"n":1})", "a").call("bad", "{}", "b");
  const ScriptedChatModel model({reply});
  const AgentExecutor agent = create_tool_calling_agent(
      model, {tool("hang", "", &hang, {"n"}), bad}, AgentOptions().handle_tool_errors(false));
  CHECK(test::kind_of([&] { agent.invoke("?", root()); }) == ErrorKind::tool);
  CHECK(test::kind_of([&] { stream_run(agent, "?"); }) == ErrorKind::config);  // the script is over
}

TEST_CASE("agent tools: approve, edit and reject, one question for all calls of a reply") {
  int questions = 0;
  ScriptedReply reply;
  reply.call("pay", R"({"sum":1})", "a")
      .call("add", R"({"a":1,"b":1})", "b")
      .call("pay", R"({"sum":20})", "c")
      .call("pay", R"({"sum":300})", "d")
      .call("pay", R"({"sum":4000})", "e");
  std::vector<int> paid;
  const Tool pay = tool(
      "pay", "",
      [&paid](int sum) {
        paid.push_back(sum);
        return sum;
      },
      {"sum"}, ToolOptions().needs_approval());
  const ScriptedChatModel model({reply, "done"});
  AgentOptions options;
  options.approval([&](std::vector<ToolCall> pending, Context) {
    ++questions;
    CHECK(pending.size() == 4);
    ToolDecisions decisions;
    decisions.push_back(ToolDecision::approve());
    decisions.push_back(ToolDecision::edit(R"({"sum":2})"));
    decisions.push_back(ToolDecision::reject("too much"));
    decisions.push_back(ToolDecision::edit(R"({"sum":"x"})"));
    return decisions;
  });
  const AgentResult result =
      create_tool_calling_agent(model, {pay, adder()}, options).invoke("?", root());
  CHECK(questions == 1);
  CHECK(paid == std::vector<int>{1, 2});
  const auto& steps = result.intermediate_steps;
  REQUIRE(steps.size() == 5);
  CHECK(steps[1].result.content() == "2");
  CHECK(steps[2].call.arguments == R"({"sum":2})");
  const std::vector<ToolCall> shown = model.requests()[1].messages[1].tool_calls();
  CHECK(shown[2].arguments == R"({"sum":2})");  // the model sees what ran
  CHECK(shown[3].arguments == R"({"sum":300})");
  CHECK(steps[3].result.content() == "The user rejected the call of 'pay': too much");
  CHECK(steps[3].result.is_error());
  CHECK(steps[4].result.content().find("arguments.sum: expected an integer") != std::string::npos);
}

TEST_CASE("agent tools: a denied tool never runs, however often the model asks") {
  int ran = 0;
  const Tool never = tool(
      "drop", "", [&ran] { return ++ran; }, ToolOptions().needs_approval());
  const ScriptedChatModel model({calling("drop", "{}")}, true);
  AgentOptions options;
  options.max_iterations(1000).approval([](std::vector<ToolCall> pending, Context) {
    return ToolDecisions(pending.size(), ToolDecision::reject());
  });
  const AgentResult result = create_tool_calling_agent(model, {never}, options).invoke("?", root());
  CHECK(ran == 0);
  CHECK(model.calls() == 1000);
  CHECK(result.tool_calls == 0);
}

TEST_CASE("agent tools: an approval must decide every call") {
  const Tool asked = adder().with_options(ToolOptions().needs_approval());
  const ScriptedChatModel model({calling("add", R"({"a":1,"b":1})")});
  AgentOptions options;
  options.approval([](std::vector<ToolCall>, Context) { return ToolDecisions(); });
  CHECK(test::kind_of([&] {
          create_tool_calling_agent(model, {asked}, options).invoke("?", root());
        }) == ErrorKind::validation);
}

TEST_CASE("agent tools: a tool may run an agent of its own") {
  const ScriptedChatModel inner_model({"inner answer"}, true);
  const AgentExecutor inner = create_tool_calling_agent(inner_model, {});
  const Tool ask =
      tool("ask", "",
           [inner](std::string question) {
             return inner.invoke(question).output;  // blocking, inside of the outer run
           },
           {"question"});
  const ScriptedChatModel model({calling("ask", R"({"question":"?"})"), "done"});
  const AgentResult result = create_tool_calling_agent(model, {ask}).invoke("?", root());
  CHECK(result.intermediate_steps[0].result.content() == "inner answer");
}

}  // namespace
}  // namespace lian
