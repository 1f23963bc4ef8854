// One agent program over the simulated servers of several providers, whole and streamed: the same
// steps, and nothing that a vendor refuses.
#include <memory>
#include <string>
#include <vector>

#include "agent/agent_support.hpp"
#include "support/catch.hpp"
#include "support/claude_server.hpp"
#include "support/google_server.hpp"
#include "support/ollama_server.hpp"
#include "support/vendor_server.hpp"
#include "support/qwen_server.hpp"

namespace lian {
namespace {

using namespace test;

Script calls(std::vector<Script::Call> wanted) {
  Script script;
  script.pieces.clear();
  script.calls = std::move(wanted);
  return script;
}

// Has the provider answer the next part of the script when the model is about to be asked.
class Director final : public Handler {
 public:
  explicit Director(SimulatedProvider& provider) : provider_(provider) {
    parts_.push_back(calls({{"subtract", R"({"a":1})"}}));
    parts_.push_back(calls({{"add", R"({"a":"x","b":1})"}}));
    parts_.push_back(calls({{"add", R"({"a":2,"b":3})"}, {"add", R"({"a":40,"b":2})"}}));
    Script last;
    last.pieces = {"5 and ", "42"};
    parts_.push_back(last);
  }
  void on_event(const Event& event) override {
    if (event.kind != StepKind::chat_model || event.type != EventType::start) return;
    provider_.answer(parts_.at(next_++));
  }

 private:
  SimulatedProvider& provider_;
  std::vector<Script> parts_;
  std::size_t next_ = 0;
};

// A line for each step, and the answer.
std::vector<std::string> program(SimulatedProvider& provider, bool streamed) {
  const Context context = root().with_tries(1).with_handler(std::make_shared<Director>(provider));
  const AgentExecutor agent = create_tool_calling_agent(provider.model(), {adder()},
                                                        AgentOptions().prompt("Use the tools."));
  const AgentResult result = streamed ? stream_run(agent, "2 + 3, 40 + 2?", context).result
                                      : agent.invoke("2 + 3, 40 + 2?", context);
  std::vector<std::string> lines;
  for (const AgentStep& step : result.intermediate_steps)
    lines.push_back(std::to_string(step.iteration) + " " + step.call.name +
                    Json::parse(step.call.arguments).dump() + " = " + step.result.content());
  lines.push_back(result.output);
  lines.push_back("tokens " + std::to_string(result.usage.total_tokens));
  return lines;
}

TEST_CASE("agent: the same program over five providers takes the same steps") {
  const std::vector<std::string> expected{
      R"(1 subtract{"a":1} = subtract is not a valid tool, try one of [add].)",
      R"(2 add{"a":"x","b":1} = Error: arguments.a: expected an integer, got "x")"
      "\nPlease fix the error and try again.",
      R"(3 add{"a":2,"b":3} = 5)",
      R"(3 add{"a":40,"b":2} = 42)",
      "5 and 42",
      "tokens 72"};
  std::vector<std::unique_ptr<SimulatedProvider>> providers;
  providers.push_back(make_vendor_server("openai"));
  providers.push_back(make_claude_server());
  providers.push_back(make_gemini_server());
  providers.push_back(make_qwen_server());
  providers.push_back(make_ollama_server());
  for (const auto& provider : providers) {
    for (const bool streamed : {false, true}) {
      INFO(provider->provider() << (streamed ? ", streamed" : ""));
      CHECK(program(*provider, streamed) == expected);
      CHECK(provider->refused().empty());
      // The last request held the whole conversation: three replies, their answers in order.
      const Seen seen = provider->seen();
      std::vector<std::string> results;
      for (const Seen::Turn& turn : seen.turns)
        results.insert(results.end(), turn.results.begin(), turn.results.end());
      REQUIRE(results.size() == 4);
      CHECK(results[2].find('5') != std::string::npos);
      CHECK(results[3].find("42") != std::string::npos);
      CHECK(seen.stream == streamed);
    }
  }
}

}  // namespace
}  // namespace lian
