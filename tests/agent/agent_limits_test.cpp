// A run stops exactly at its limits, and says so.
#include <chrono>
#include <string>
#include <vector>

#include "agent/agent_support.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using namespace test;
using namespace std::chrono_literals;

// Calls add for ever; each reply uses 100 tokens.
ScriptedChatModel looping(int calls = 1) {
  ScriptedReply reply;
  for (int i = 0; i < calls; ++i) reply.call("add", R"({"a":1,"b":1})", "c" + std::to_string(i));
  reply.usage(60, 40);
  return ScriptedChatModel({reply}, true);
}

// Every call has its answer, so that the conversation can be gone on with.
void check_whole(const AgentResult& result) {
  std::size_t calls = 0, answers = 0;
  for (const Message& message : result.messages) {
    calls += message.tool_calls().size();
    for (const Part& part : message.parts) answers += std::holds_alternative<ToolResult>(part);
  }
  CHECK(calls == answers);
  CHECK(result.messages.back().role == Role::assistant);
  CHECK(result.messages.back().text() == result.output);
}

TEST_CASE("agent limits: 15 iterations unless told otherwise") {
  const ScriptedChatModel model = looping();
  const AgentResult result = create_tool_calling_agent(model, {adder()}).invoke("?", root());
  CHECK(result.stop == AgentStop::max_iterations);
  CHECK(result.output == "Agent stopped due to iteration limit or time limit.");
  CHECK(model.calls() == 15);
  CHECK(result.iterations == 15);
  CHECK(result.tool_calls == 15);
  check_whole(result);

  const ScriptedChatModel other = looping();
  const StreamedRun streamed = stream_run(
      create_tool_calling_agent(other, {adder()}, AgentOptions().max_iterations(3)), "?");
  CHECK(other.calls() == 3);
  CHECK(streamed.result.stop == AgentStop::max_iterations);
  CHECK(kinds_of(streamed.pieces).back() == "final");
}

TEST_CASE("agent limits: unknown tools for ever end as well") {
  const ScriptedChatModel model({calling("nothing", "{}")}, true);
  const AgentResult result = create_tool_calling_agent(model, {adder()}).invoke("?", root());
  CHECK(result.stop == AgentStop::max_iterations);
  CHECK(result.tool_calls == 0);
  check_whole(result);
}

TEST_CASE("agent limits: tokens; the reply that crosses counts and is the last") {
  struct Case {
    std::int64_t limit;
    std::size_t calls;
    int tools;
  };
  for (const Case& c : {Case{1, 1, 0}, Case{100, 1, 0}, Case{101, 2, 1}, Case{250, 3, 2}}) {
    INFO(c.limit);
    const ScriptedChatModel model = looping();
    const AgentResult result =
        create_tool_calling_agent(model, {adder()}, AgentOptions().max_tokens(c.limit))
            .invoke("?", root());
    CHECK(result.stop == AgentStop::max_tokens);
    CHECK(result.output == "Agent stopped due to token limit.");
    CHECK(model.calls() == c.calls);
    CHECK(result.tool_calls == c.tools);
    CHECK(result.usage.total_tokens == static_cast<std::int64_t>(c.calls) * 100);
    check_whole(result);
  }
}

TEST_CASE("agent limits: an answer that crosses a limit is an answer") {
  const ScriptedChatModel model({ScriptedReply("done").usage(1000, 1000)});
  const AgentResult result =
      create_tool_calling_agent(model, {}, AgentOptions().max_tokens(10)).invoke("?", root());
  CHECK(result.output == "done");
  CHECK(result.stop == AgentStop::final_answer);
  CHECK(result.usage.total_tokens == 2000);
}

class Warned final : public Handler {
 public:
  void on_event(const Event& event) override {
    if (event.type == EventType::warning) ++warnings;
  }
  int warnings = 0;
};

TEST_CASE("agent limits: tokens are estimated where the provider does not tell, with one warning") {
  auto warned = std::make_shared<Warned>();
  const ScriptedChatModel model({calling("add", R"({"a":1,"b":1})")}, true);
  const AgentResult result =
      create_tool_calling_agent(model, {adder()}, AgentOptions().max_tokens(60))
          .invoke(std::string(100, 'x'), root().with_handler(warned));
  CHECK(result.stop == AgentStop::max_tokens);
  CHECK(model.calls() == 2);
  CHECK(result.usage.total_tokens >= 60);
  CHECK(warned->warnings == 1);
}

TEST_CASE("agent limits: cost") {
  const ScriptedChatModel model = looping();
  const AgentResult result =
      create_tool_calling_agent(
          model, {adder()}, AgentOptions().max_cost(0.000'5, TokenPrice(1, 5)))  // 0.00026 a reply
          .invoke("?", root());
  CHECK(result.stop == AgentStop::max_cost);
  CHECK(result.output == "Agent stopped due to cost limit.");
  CHECK(model.calls() == 2);
  CHECK(result.cost == Approx(0.000'52));
}

TEST_CASE("agent limits: calls of tools are made up to the limit exactly") {
  for (const int limit : {1, 3, 4, 5}) {
    INFO(limit);
    int ran = 0;
    const Tool add = tool("add", "", [&ran](int a, int b) { return ++ran, a + b; }, {"a", "b"});
    const ScriptedChatModel model = looping(3);
    const AgentResult result =
        create_tool_calling_agent(model, {add}, AgentOptions().max_tool_calls(limit))
            .invoke("?", root());
    CHECK(ran == limit);
    CHECK(result.tool_calls == limit);
    CHECK(result.stop == AgentStop::max_tool_calls);
    CHECK(result.output == "Agent stopped due to tool call limit.");
    check_whole(result);
  }
  // A model that stops in time may answer.
  const ScriptedChatModel model({calling("add", R"({"a":1,"b":1})"), "2"});
  CHECK(create_tool_calling_agent(model, {adder()}, AgentOptions().max_tool_calls(1))
            .invoke("?", root())
            .output == "2");
}

Task<int> wait_long() {
  Sleep sleeping = sleep(60s);
  co_await sleeping;
  co_return 1;
}

TEST_CASE("agent limits: time ends a tool and a reply that are under way") {
  const auto begin = Clock::now();
  const AgentOptions options = AgentOptions().max_execution_time(30ms);
  const ScriptedChatModel model({calling("wait", "{}")}, true);
  const AgentResult tool_cut =
      create_tool_calling_agent(model, {tool("wait", "", &wait_long)}, options).invoke("?", root());
  CHECK(tool_cut.stop == AgentStop::max_execution_time);
  CHECK(tool_cut.output == "Agent stopped due to iteration limit or time limit.");
  CHECK(tool_cut.intermediate_steps[0].result.content().find("time limit") != std::string::npos);
  check_whole(tool_cut);

  for (const bool streamed : {false, true}) {
    const ScriptedChatModel slow({ScriptedReply("late").after(60s)});
    const AgentExecutor agent = create_tool_calling_agent(slow, {}, options);
    const AgentResult model_cut =
        streamed ? stream_run(agent, "?").result : agent.invoke("?", root());
    CHECK(model_cut.stop == AgentStop::max_execution_time);
  }
  CHECK(Clock::now() - begin < 5s);
}

TEST_CASE("agent limits: time ends an approval that nobody gives") {
  const Tool asked = adder().with_options(ToolOptions().needs_approval());
  AgentOptions options;
  options.max_execution_time(30ms).approval(
      [](std::vector<ToolCall>, Context) -> Task<ToolDecisions> {
        Sleep sleeping = sleep(60s);
        co_await sleeping;
        ToolDecisions none;
        co_return none;
      });
  const ScriptedChatModel model = looping();
  const AgentResult result = create_tool_calling_agent(model, {asked}, options).invoke("?", root());
  CHECK(result.stop == AgentStop::max_execution_time);
  CHECK(result.tool_calls == 0);
  check_whole(result);
}

TEST_CASE("agent limits: the caller's deadline is an error, not the agent's limit") {
  const ScriptedChatModel model({calling("wait", "{}")}, true);
  const AgentExecutor agent = create_tool_calling_agent(model, {tool("wait", "", &wait_long)},
                                                        AgentOptions().max_execution_time(10s));
  CHECK(test::kind_of([&] { agent.invoke("?", root().with_timeout(30ms)); }) == ErrorKind::timeout);
}

TEST_CASE("agent limits: early stopping by one more call of the model") {
  std::vector<ScriptedReply> replies;
  for (int i = 0; i < 3; ++i) replies.push_back(calling("add", R"({"a":1,"b":1})"));
  replies.push_back("It is 2, I think.");
  const AgentOptions options =
      AgentOptions().max_iterations(3).early_stopping_method(EarlyStopping::generate);
  const ScriptedChatModel model(replies);
  const AgentResult result =
      create_tool_calling_agent(model, {adder()}, options).invoke("?", root());
  CHECK(result.output == "It is 2, I think.");
  CHECK(result.stop == AgentStop::max_iterations);
  CHECK(model.calls() == 4);
  CHECK(model.requests().back().options.tool_choice() == ToolChoice(ToolChoice::Mode::none));
  check_whole(result);
  // Not beyond a limit of tokens.
  const ScriptedChatModel spent = looping();
  const AgentOptions both = AgentOptions(options).max_tokens(150);
  CHECK(create_tool_calling_agent(spent, {adder()}, both).invoke("?", root()).output ==
        "Agent stopped due to token limit.");
  CHECK(spent.calls() == 2);
}

TEST_CASE("agent limits: a cut answer is told") {
  auto warned = std::make_shared<Warned>();
  const ScriptedChatModel model({ScriptedReply("half an ans").finish(FinishReason::length)});
  const AgentResult result =
      create_tool_calling_agent(model, {}).invoke("?", root().with_handler(warned));
  CHECK(result.finish_reason == FinishReason::length);
  CHECK(warned->warnings == 1);
}

}  // namespace
}  // namespace lian
