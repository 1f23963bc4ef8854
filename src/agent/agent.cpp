#include "lian/agent/agent.hpp"

#include <fmt/format.h>

#include "agent/agent_run.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

AgentSetup::AgentSetup(std::shared_ptr<const AgentPlan> agent_plan, std::vector<Tool> agent_tools,
                       AgentOptions agent_options)
    : plan(std::move(agent_plan)),
      tools(std::move(agent_tools)),
      options(std::move(agent_options)) {}

const Tool* AgentSetup::find(const std::string& name) const noexcept {
  for (const Tool& tool : tools)
    if (tool.spec().name == name) return &tool;
  return nullptr;
}

std::string AgentSetup::tool_names() const {
  std::string names;
  for (const Tool& tool : tools) names.append(names.empty() ? "" : ", ").append(tool.spec().name);
  return names;
}

namespace {

void check(const std::vector<Tool>& tools, const AgentOptions& options) {
  const auto refuse = [](const std::string& what) { throw Error(ErrorKind::config, what); };
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::string& name = tools[i].spec().name;
    for (std::size_t k = 0; k < i; ++k)
      if (tools[k].spec().name == name)
        refuse(fmt::format("two tools of the agent are named '{}'; rename one", name));
    if (tools[i].options().needs_approval() && !options.approval())
      refuse(fmt::format("the tool '{}' needs approval: set AgentOptions::approval", name));
  }
  const auto at_least_one = [&](bool fits, std::string_view limit) {
    if (!fits) refuse(fmt::format("AgentOptions::{} must be at least 1", limit));
  };
  at_least_one(options.max_iterations() >= 1, "max_iterations");
  at_least_one(!options.max_tokens() || *options.max_tokens() >= 1, "max_tokens");
  at_least_one(!options.max_tool_calls() || *options.max_tool_calls() >= 1, "max_tool_calls");
  at_least_one(!options.trim_intermediate_steps() || *options.trim_intermediate_steps() >= 1,
               "trim_intermediate_steps");
  if (options.max_cost() && !(*options.max_cost() > 0))
    refuse("AgentOptions::max_cost must be above 0");
  if (options.max_execution_time() && options.max_execution_time()->count() <= 0)
    refuse("AgentOptions::max_execution_time must be above 0");
}

// The one loop of every agent. `setup` outlives it: the verbs keep the step.
Stream<AgentPiece> execute(const AgentSetup& setup, AgentInput in, Context context,
                           bool streaming) {
  AgentRun run(setup, std::move(in), std::move(context));
  while (!run.ended()) {
    Stream<AgentPiece> asking = run.ask(streaming);
    while (AgentPiece* piece = co_await asking.next()) co_yield *piece;
    if (run.ended()) break;
    Stream<AgentPiece> acting = run.act();
    while (AgentPiece* piece = co_await acting.next()) co_yield *piece;
  }
  Stream<AgentPiece> closing = run.close(streaming);
  while (AgentPiece* piece = co_await closing.next()) co_yield *piece;
  AgentPiece end = Pieces<AgentResult>::split(run.result());
  co_yield end;
}

class AgentLoop final : public Step<AgentInput, AgentResult> {
 public:
  explicit AgentLoop(AgentSetup setup) : setup_(std::move(setup)) {}

  Task<AgentResult> run(AgentInput in, Context context) const override {
    Stream<AgentPiece> pieces = execute(setup_, std::move(in), std::move(context), false);
    std::optional<AgentResult> result;
    while (AgentPiece* piece = co_await pieces.next())
      Pieces<AgentResult>::join(result, std::move(*piece));
    co_return Pieces<AgentResult>::finish(std::move(result));
  }
  Stream<AgentPiece> transform(Stream<AgentInput> in, Context context) const override {
    Task<AgentInput> joining = join<AgentInput>(std::move(in));
    AgentInput input = co_await std::move(joining);
    Stream<AgentPiece> pieces = execute(setup_, std::move(input), std::move(context), true);
    while (AgentPiece* piece = co_await pieces.next()) co_yield *piece;
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return setup_.options.name(); }
  StepKind kind() const noexcept override { return StepKind::agent; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), true, depth);
    const Runnable<ChatInput, AIMessage>& model = setup_.plan->model();
    model.step()->describe(lines, depth + 1);
    for (const Tool& tool : setup_.tools) tool.step()->describe(lines, depth + 1);
  }

 private:
  AgentSetup setup_;
};

std::shared_ptr<const AgentLoop> loop_of(std::shared_ptr<const AgentPlan> plan,
                                         std::vector<Tool> tools, AgentOptions options) {
  check(tools, options);
  return std::make_shared<const AgentLoop>(
      AgentSetup(std::move(plan), std::move(tools), std::move(options)));
}

}  // namespace
}  // namespace detail

AgentExecutor::AgentExecutor(std::shared_ptr<const detail::AgentPlan> plan, std::vector<Tool> tools,
                             AgentOptions options)
    : Runnable<AgentInput, AgentResult>(
          detail::loop_of(std::move(plan), std::move(tools), std::move(options))) {}

AgentExecutor create_tool_calling_agent(ChatModel model, std::vector<Tool> tools,
                                        AgentOptions options) {
  auto plan = detail::tool_calling_plan(model, tools, options.prompt());
  return AgentExecutor(std::move(plan), std::move(tools), std::move(options));
}

AgentExecutor create_react_agent(ChatModel model, std::vector<Tool> tools, AgentOptions options) {
  auto plan = detail::react_plan(model, tools, options.prompt());
  return AgentExecutor(std::move(plan), std::move(tools), std::move(options));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
