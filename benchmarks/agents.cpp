// bench_agents [CONVERSATIONS]: agent conversations live at once on one thread. Each calls two
// tools side by side, twice, each of 100 ms, and answers; a model without a network stands in for a
// provider. A unit is a conversation.

#include <lian/agent/agent.hpp>
#include <lian/agent/tool_function.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_all.hpp>
#include <lian/model/chat_model.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "measure.hpp"

namespace {

struct Live {
  long now = 0, most = 0;
};

lian::Task<long> work(std::shared_ptr<Live> live, long n) {
  live->most = std::max(live->most, ++live->now);
  lian::Sleep sleeping = lian::sleep(std::chrono::milliseconds(100));
  co_await sleeping;
  --live->now;
  co_return n + 1;
}

class Model final : public lian::ChatStep {
 public:
  std::string name() const override { return "model"; }
  std::shared_ptr<const lian::ChatStep> with_options(const lian::ChatOptions&) const override {
    return std::make_shared<const Model>();
  }
  lian::Task<lian::AIMessage> run(lian::ChatInput in, lian::Context) const override {
    constexpr std::size_t after_two_turns = 1 + 2 * 3;
    lian::AIMessage reply;
    if (in.messages.size() >= after_two_turns) {
      reply.parts.push_back(lian::TextPart("done"));
      co_return reply;
    }
    const std::string arguments = "{\"n\":" + in.messages.front().text() + "}";
    for (const char* id : {"a", "b"}) reply.parts.push_back(lian::ToolCall(id, "work", arguments));
    co_return reply;
  }
};

int run(long conversations) {
  const auto live = std::make_shared<Live>();
  const lian::Tool tool =
      lian::tool("work", "works", [live](long n) { return work(live, n); }, {"n"});
  const lian::AgentExecutor agent =
      lian::create_tool_calling_agent(lian::ChatModel(std::make_shared<const Model>()), {tool});
  std::vector<lian::Task<lian::AgentResult>> runs;
  for (long i = 0; i < conversations; ++i) runs.push_back(agent.ainvoke(std::to_string(i)));
  const double begin = bench::wall_seconds(), cpu = bench::cpu_seconds();
  const long before = bench::peak_kb();
  const auto results = lian::block_on(lian::when_all(std::move(runs)));
  const double wall = bench::wall_seconds() - begin;
  const auto done = std::count_if(results.begin(), results.end(), [](const auto& result) {
    return result.output == "done" && result.tool_calls == 4;
  });
  bench::Report report("agents", static_cast<double>(conversations), bench::cpu_seconds() - cpu);
  report.add("wall_s", wall);
  report.add("live_tools", static_cast<double>(live->most));
  report.add("kb_per_conversation",
             static_cast<double>(bench::peak_kb() - before) / static_cast<double>(conversations));
  report.print();
  return done == conversations ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? std::atol(argv[1]) : 10'000); }
