// One agent program over the simulated servers of the providers, whole and streamed: the same
// steps, and nothing that a vendor refuses.
#include <memory>
#include <string>
#include <vector>

#include "agent/agent_support.hpp"
#include "model/conformance_providers.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using namespace test;

Script calls(std::vector<Script::Call> wanted) {
  Script script;
  script.pieces.clear();
  script.calls = std::move(wanted);
  return script;
}

Script says(std::vector<std::string> pieces) {
  Script script;
  script.pieces = std::move(pieces);
  return script;
}

// Has the provider answer the next part of the script when the model is about to be asked.
class Director final : public Handler {
 public:
  Director(SimulatedProvider& provider, std::vector<Script> parts)
      : provider_(provider), parts_(std::move(parts)) {}
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
std::vector<std::string> steps_of(const AgentExecutor& agent, SimulatedProvider& provider,
                                  std::vector<Script> parts, bool streamed) {
  const Context context =
      root().with_tries(1).with_handler(std::make_shared<Director>(provider, std::move(parts)));
  const AgentResult result = streamed ? stream_run(agent, "2 + 3, 40 + 2?", context).result
                                      : agent.invoke("2 + 3, 40 + 2?", context);
  std::vector<std::string> lines;
  for (const AgentStep& step : result.intermediate_steps)
    lines.push_back(std::to_string(step.iteration) + " " + step.call.name +
                    Json::parse(step.call.arguments).dump() + " = " + step.result.content());
  lines.push_back(result.output);
  return lines;
}

AgentExecutor calling_agent(SimulatedProvider& provider) {
  return create_tool_calling_agent(provider.model(), {adder()},
                                   AgentOptions().prompt("Use the tools."));
}

const char* const unknown_tool =
    R"(1 subtract{"a":1} = subtract is not a valid tool, try one of [add].)";
const char* const wrong_argument =
    R"(2 add{"a":"x","b":1} = Error: arguments.a: expected an integer, got "x")"
    "\nPlease fix the error and try again.";

TEST_CASE("agent: tools side by side over five providers take the same steps") {
  const std::vector<Script> parts{
      calls({{"subtract", R"({"a":1})"}}), calls({{"add", R"({"a":"x","b":1})"}}),
      calls({{"add", R"({"a":2,"b":3})"}, {"add", R"({"a":40,"b":2})"}}), says({"5 and ", "42"})};
  const std::vector<std::string> expected{unknown_tool, wrong_argument, R"(3 add{"a":2,"b":3} = 5)",
                                          R"(3 add{"a":40,"b":2} = 42)", "5 and 42"};
  std::vector<std::unique_ptr<SimulatedProvider>> providers;
  providers.push_back(make_vendor_server("openai"));
  providers.push_back(make_claude_server());
  providers.push_back(make_gemini_server());
  providers.push_back(make_qwen_server());
  providers.push_back(make_ollama_server());
  for (const auto& provider : providers) {
    for (const bool streamed : {false, true}) {
      INFO(provider->provider() << (streamed ? ", streamed" : ""));
      CHECK(steps_of(calling_agent(*provider), *provider, parts, streamed) == expected);
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

TEST_CASE("agent: one program takes the same steps over every provider that has tools") {
  const std::vector<Script> parts{calls({{"subtract", R"({"a":1})"}}),
                                  calls({{"add", R"({"a":"x","b":1})"}}),
                                  calls({{"add", R"({"a":2,"b":3})"}}), says({"It is ", "5"})};
  const std::vector<std::string> expected{unknown_tool, wrong_argument, R"(3 add{"a":2,"b":3} = 5)",
                                          "It is 5"};
  std::vector<std::string> without;
  for (const Conforming& conforming : conforming_providers()) {
    const std::unique_ptr<SimulatedProvider> provider = conforming.make();
    for (const bool streamed : {false, true}) {
      INFO(conforming.title << (streamed ? ", streamed" : ""));
      try {
        const std::vector<std::string> steps =
            steps_of(calling_agent(*provider), *provider, parts, streamed);
        CHECK(steps == expected);
      } catch (const UnsupportedError& error) {
        CHECK(error.feature == "tools");
        if (streamed) without.push_back(conforming.title);
      }
      CHECK(provider->refused().empty());
    }
  }
  CHECK(without == std::vector<std::string>{"palm", "vertex-palm", "baichuan2-53b", "chatglm"});
}

TEST_CASE("agent: a program that reasons in text takes the same steps over every provider") {
  const std::vector<Script> parts{
      says({"Thought: I add.\nAction: add\nAction Input: {\"a\": 2,", " \"b\": 3}\n"}),
      says({"Thought: I know.\nFinal Answer: It is ", "5"})};
  const std::vector<std::string> expected{R"(1 add{"a":2,"b":3} = 5)", "It is 5"};
  for (const Conforming& conforming : conforming_providers()) {
    const std::unique_ptr<SimulatedProvider> provider = conforming.make();
    for (const bool streamed : {false, true}) {
      INFO(conforming.title << (streamed ? ", streamed" : ""));
      const AgentExecutor agent = create_react_agent(provider->model(), {adder()});
      CHECK(steps_of(agent, *provider, parts, streamed) == expected);
      CHECK(provider->refused().empty());
    }
  }
}

}  // namespace
}  // namespace lian
