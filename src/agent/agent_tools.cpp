// The tools of one reply: approved, run side by side, answered in the order of the calls.
#include <algorithm>

#include <fmt/format.h>

#include "agent/agent_run.hpp"
#include "agent/tool_error.hpp"
#include "lian/core/channel.hpp"
#include "lian/core/group.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace detail {

/// The numbers of calls in the order in which they end.
class ToolEnds {
 public:
  explicit ToolEnds(std::size_t calls) : numbers(calls) {}
  Channel<std::size_t> numbers;  // room for all: sending never waits
};

// ------------------------------------------------------------------ what a reply asks for

void AgentRun::begin_turn(AIMessage reply, std::vector<Action> actions) {
  AgentTurn turn;
  turn.reply = std::move(reply);
  turns_.push_back(std::move(turn));
  answered_.assign(actions.size(), false);
  std::vector<AgentStep>& steps = turns_.back().steps;
  for (Action& action : actions) {
    AgentStep step;
    step.iteration = result_.iterations;
    step.call = action.call;
    step.log = action.log;
    steps.push_back(std::move(step));
    if (!action.fault) continue;
    if (!setup_.options.handle_parsing_errors()) std::rethrow_exception(action.fault);
    refuse(steps.size() - 1, fault_text(action));
  }
}

// What the model is told of a reply that cannot be read.
std::string AgentRun::fault_text(const Action& action) const {
  try {
    std::rethrow_exception(action.fault);
  } catch (const ParseError& error) {
    const AmbientContext ambient(context_);
    if (setup_.options.parsing_error()) return (*setup_.options.parsing_error())(error);
    return error.hint.empty() ? "Invalid or incomplete response" : error.hint;
  }
}

void AgentRun::answer(std::size_t index, ToolMessage message) {
  turns_.back().steps[index].result = std::move(message);
  answered_[index] = true;
}

void AgentRun::refuse(std::size_t index, std::string_view text) {
  answer(index, tool_error_message(turns_.back().steps[index].call, text));
}

std::vector<std::size_t> AgentRun::unanswered() const {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < answered_.size(); ++i)
    if (!answered_[i]) open.push_back(i);
  return open;
}

// Every call gets an answer, so that the conversation can be gone on with.
void AgentRun::refuse_rest(std::string_view text) {
  for (const std::size_t index : unanswered()) refuse(index, text);
}

// ------------------------------------------------------------------ approval

std::vector<std::size_t> AgentRun::waiting_for_approval() const {
  std::vector<std::size_t> waiting;
  for (const std::size_t index : unanswered()) {
    const Tool* tool = setup_.find(turns_.back().steps[index].call.name);
    if (tool != nullptr && tool->options().needs_approval()) waiting.push_back(index);
  }
  return waiting;
}

Task<void> AgentRun::decide(std::vector<std::size_t> waiting) {
  std::vector<ToolCall> calls;
  for (const std::size_t index : waiting) calls.push_back(turns_.back().steps[index].call);
  Context context = limited_;
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  Task<ToolDecisions> asking = ask_person(std::move(calls), context);
  const ToolDecisions decisions = co_await std::move(asking);
  if (decisions.size() != waiting.size())
    throw Error(
        ErrorKind::validation,
        fmt::format("the approval gave {} decisions for {} calls; it must give one for each",
                    decisions.size(), waiting.size()));
  for (std::size_t i = 0; i < waiting.size(); ++i) apply(waiting[i], decisions[i]);
}

// A plain function, so that nested blocking calls inherit the context.
Task<ToolDecisions> AgentRun::ask_person(std::vector<ToolCall> calls,
                                         const Context& context) const {
  const AmbientContext ambient(context);
  return (*setup_.options.approval())(std::move(calls), context);
}

void AgentRun::apply(std::size_t index, const ToolDecision& decision) {
  AgentStep& step = turns_.back().steps[index];
  switch (decision.kind()) {
    case ToolDecision::Kind::approve:
      return;
    case ToolDecision::Kind::edit:
      step.call.arguments = decision.text();
      return show_edit(index);
    case ToolDecision::Kind::reject:
      refuse(index, decision.text().empty()
                        ? fmt::format("The user rejected the call of '{}'.", step.call.name)
                        : fmt::format("The user rejected the call of '{}': {}", step.call.name,
                                      decision.text()));
  }
}

// The model is shown the call that ran in place of its own, where that is JSON that can be sent.
void AgentRun::show_edit(std::size_t index) {
  AgentTurn& turn = turns_.back();
  const std::string& arguments = turn.steps[index].call.arguments;
  try {
    if (!Json::parse(arguments).is_object()) return;
  } catch (const ParseError&) {
    return;  // its answer will tell the fault
  }
  std::size_t number = 0;
  for (Part& part : turn.reply.parts) {
    auto* call = std::get_if<ToolCall>(&part);
    if (call != nullptr && number++ == index) call->arguments = arguments;
  }
}

// ------------------------------------------------------------------ running them

// Calls beyond the limit are not made, and the run ends behind those before it.
void AgentRun::hold_to_tool_limit() {
  const auto& most = setup_.options.max_tool_calls();
  if (!most) return;
  int left = *most - result_.tool_calls;
  for (const std::size_t index : unanswered()) {
    if (left-- > 0) continue;
    refuse(index, "Not run: the limit of tool calls was reached.");
    stop(AgentStop::max_tool_calls);
  }
}

AgentPiece AgentRun::piece_of(AgentPiece::Kind kind, std::size_t index) const {
  const AgentStep& step = turns_.back().steps[index];
  AgentPiece piece;
  piece.kind = kind;
  piece.iteration = step.iteration;
  piece.call = step.call;
  if (kind == AgentPiece::Kind::tool_end) piece.result = step.result;
  return piece;
}

void AgentRun::tell_action(std::size_t index) const {
  if (!context_.observed()) return;
  const AgentStep& step = turns_.back().steps[index];
  Event event;
  event.type = EventType::agent_action;
  event.kind = StepKind::agent;
  event.name = setup_.options.name();
  event.data = Payload(step.call);
  event.message = step.log;
  context_.emit(event);
}

Task<ToolMessage> AgentRun::call_tool(std::size_t index) {
  const ToolCall call = turns_.back().steps[index].call;
  const Tool* tool = setup_.find(call.name);
  std::string text;
  try {
    Task<ToolMessage> running = tool->ainvoke(call, limited_);
    co_return co_await std::move(running);
  } catch (const Error& error) {
    context_.check();
    if (error.kind() == ErrorKind::cancelled) throw;
    const bool out_of_time = error.kind() == ErrorKind::timeout && time_is_up();
    if (!out_of_time && !setup_.options.handle_tool_errors()) throw;
    text = out_of_time ? "Not finished: the time limit of the run was reached."
                       : tool_error_text(error);
  }
  co_return tool_error_message(call, text);
}

// `group` and `run` live in the frame that owns the child.
GroupChild AgentRun::run_tool(Group* group, AgentRun* run, std::size_t index, ToolEnds ends) {
  try {
    Task<ToolMessage> calling = run->call_tool(index);
    ToolMessage message = co_await std::move(calling);
    run->answer(index, std::move(message));
    Task<bool> sending = ends.numbers.send(index);
    static_cast<void>(co_await std::move(sending));
  } catch (...) {
    group->fail(std::current_exception());
    ends.numbers.close();
  }
}

// What needs no tool to be answered: unknown names, calls that a person or a limit refuses.
Task<void> AgentRun::settle() {
  for (const std::size_t index : unanswered()) {
    const std::string& name = turns_.back().steps[index].call.name;
    if (setup_.find(name) == nullptr)
      refuse(index,
             fmt::format("{} is not a valid tool, try one of [{}].", name, setup_.tool_names()));
  }
  std::vector<std::size_t> waiting = waiting_for_approval();
  std::exception_ptr failure;
  if (!waiting.empty()) {
    try {
      Task<void> deciding = decide(std::move(waiting));
      co_await std::move(deciding);
    } catch (const Error&) {
      failure = std::current_exception();
    }
  }
  if (failure) {
    swallow_timeout(failure);
    refuse_rest("Not run: the time limit of the run was reached.");
    stop(AgentStop::max_execution_time);
  }
  hold_to_tool_limit();
}

Stream<AgentPiece> AgentRun::act() {
  AgentStop why = AgentStop::final_answer;
  if (over(why)) {
    refuse_rest("Not run: a limit of the run was reached.");
    stop(why);
    co_return;
  }
  Task<void> settling = settle();
  co_await std::move(settling);
  std::vector<std::size_t> calls = unanswered();
  result_.tool_calls += static_cast<int>(calls.size());
  for (const std::size_t index : calls) {
    tell_action(index);
    AgentPiece piece = piece_of(AgentPiece::Kind::tool_start, index);
    co_yield piece;
  }
  // Plain functions hold the loop, so they start behind what waits.
  std::stable_partition(calls.begin(), calls.end(), [this](std::size_t index) {
    return setup_.find(turns_.back().steps[index].call.name)->suspends();
  });
  const ToolEnds ends(std::max<std::size_t>(calls.size(), 1));
  ChildScope child;
  ScopeRef scope = co_await child;
  Group group(std::move(scope));
  for (const std::size_t index : calls)
    if (!group.failed()) group.start(run_tool(&group, this, index, ends));
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Task<std::optional<std::size_t>> ending = ends.numbers.receive();
    const std::optional<std::size_t> index = co_await std::move(ending);
    if (!index) break;
    AgentPiece piece = piece_of(AgentPiece::Kind::tool_end, *index);
    co_yield piece;
  }
  co_await group.all();
  end_turn();
}

// A tool whose answer is the agent's own ends the run.
void AgentRun::end_turn() {
  if (time_is_up()) return stop(AgentStop::max_execution_time);
  if (ended_) return;
  for (const AgentStep& step : turns_.back().steps) {
    const Tool* tool = setup_.find(step.call.name);
    if (tool == nullptr || !tool->options().return_direct() || step.result.is_error()) continue;
    ended_ = true;
    result_.stop = AgentStop::return_direct;
    result_.output = step.result.content();
    return;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
