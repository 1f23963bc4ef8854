#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/plan.hpp"
#include "lian/core/coroutine_warnings.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace detail {

/// What every run of one agent shares.
struct AgentSetup {
  AgentSetup(std::shared_ptr<const AgentPlan> agent_plan, std::vector<Tool> agent_tools,
             AgentOptions agent_options);
  /// Null when there is no such tool.
  const Tool* find(const std::string& name) const noexcept;
  std::string tool_names() const;

  std::shared_ptr<const AgentPlan> plan;
  std::vector<Tool> tools;
  AgentOptions options;
};

/// One run of an agent. Lives in the frame of the coroutine that drives it, which drains each
/// stream it gives before it asks for the next: first `ask`, then, unless `ended`, `act`, and so
/// on.
class AgentRun {
 public:
  AgentRun(const AgentSetup& setup, AgentInput input, Context context);

  bool ended() const noexcept { return ended_; }
  /// One call of the model. Ends the run when it answers or a limit is reached.
  Stream<AgentPiece> ask(bool streaming);
  /// The tools that the last reply asks for.
  Stream<AgentPiece> act();
  /// The answer of a run that a limit ended, by one more call where that is wanted.
  Stream<AgentPiece> close(bool streaming);
  AgentResult result();

 private:
  // ---- limits
  bool time_is_up() const noexcept;
  bool over(AgentStop& stop) const noexcept;
  bool check_limits();
  void stop(AgentStop why);
  void count(const AIMessage& reply, bool last);
  void swallow_timeout(const std::exception_ptr& failure);

  // ---- the model
  Messages question(bool last) const;
  Stream<AgentPiece> call_model(bool streaming, bool last, AIMessage* reply);
  void read(AIMessage reply);

  // ---- tools
  void begin_turn(AIMessage reply, std::vector<Action> actions);
  std::string fault_text(const Action& action) const;
  Task<void> settle();
  Task<void> decide(std::vector<std::size_t> waiting);
  Task<ToolDecisions> ask_person(std::vector<ToolCall> calls, const Context& context) const;
  void apply(std::size_t index, const ToolDecision& decision);
  void show_edit(std::size_t index);
  void answer(std::size_t index, ToolMessage message);
  void refuse(std::size_t index, std::string_view text);
  void refuse_rest(std::string_view text);
  std::vector<std::size_t> unanswered() const;
  std::vector<std::size_t> waiting_for_approval() const;
  void hold_to_tool_limit();
  AgentPiece piece_of(AgentPiece::Kind kind, std::size_t index) const;
  void tell_action(std::size_t index) const;
  Task<ToolMessage> call_tool(std::size_t index);
  static class GroupChild run_tool(class Group* group, AgentRun* run, std::size_t index,
                                   class ToolEnds ends);
  void end_turn();

  const AgentSetup& setup_;
  AgentInput input_;
  Context context_, limited_;
  std::optional<Clock::time_point> deadline_;
  AgentResult result_;
  std::vector<AgentTurn> turns_;
  std::vector<bool> answered_;  // of the calls of the last turn
  bool ended_ = false, estimated_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
