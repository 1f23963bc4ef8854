// A thousand conversations live at once on one thread.
#include <memory>
#include <string>
#include <vector>

#include "agent/agent_support.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using namespace test;

constexpr int conversations = 1000;

// Lets nobody on before all conversations stand here.
struct Meeting {
  Gate gate;
  int here = 0, most = 0;
};

Task<int> meet(std::shared_ptr<Meeting> meeting, int n) {
  meeting->most = std::max(meeting->most, ++meeting->here);
  if (meeting->here == conversations) meeting->gate.open();
  Gate::Pass pass = meeting->gate.pass();
  co_await pass;
  --meeting->here;
  co_return n * 2;
}

ScriptedReply reply_to(const ChatRequest& request) {
  const Message& last = request.messages.back();
  if (last.role == Role::tool)
    return ScriptedReply("It is " + std::get<ToolResult>(last.parts[0]).content);
  return calling("meet", "{\"n\":" + last.text() + "}");
}

TEST_CASE("agent: 1,000 conversations on one thread, each with its own answer") {
  auto meeting = std::make_shared<Meeting>();
  const Tool meets = tool("meet", "", [meeting](int n) { return meet(meeting, n); }, {"n"});
  const AgentExecutor agent = create_tool_calling_agent(ScriptedChatModel(&reply_to), {meets});
  std::vector<Task<AgentResult>> runs;
  for (int i = 0; i < conversations; ++i) runs.push_back(agent.ainvoke(std::to_string(i), root()));
  const std::vector<AgentResult> results = block_on(when_all(std::move(runs)));
  CHECK(meeting->most == conversations);
  int right = 0;
  for (int i = 0; i < conversations; ++i)
    right += results[static_cast<std::size_t>(i)].output == "It is " + std::to_string(2 * i);
  CHECK(right == conversations);
}

}  // namespace
}  // namespace lian
