#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lian/agent/agent.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

/// What a reply asks for: a call, or a fault that the model is to be told in its place.
struct Action {
  Action() = default;
  ToolCall call;
  std::string log;
  std::exception_ptr fault;  // the reply cannot be read: a ParseError
};

/// One reply with the answers to what it asked for.
struct AgentTurn {
  AgentTurn() = default;
  AIMessage reply;
  std::vector<AgentStep> steps;
};

/// What a reply means: an answer, or actions.
struct Reading {
  Reading() = default;
  std::optional<std::string> answer;
  std::vector<Action> actions;
};

/// How a kind of agent speaks with its model. Shared and const; thread-safe.
class AgentPlan {
 public:
  AgentPlan() = default;
  AgentPlan(const AgentPlan&) = delete;
  AgentPlan& operator=(const AgentPlan&) = delete;
  virtual ~AgentPlan() = default;

  /// The model, told of tools or of where to stop.
  virtual const ChatModel& model() const noexcept = 0;
  /// The same for an answer that must not use tools.
  virtual const ChatModel& final_model() const noexcept = 0;
  /// What the model is asked next. `last`: it is to answer now.
  virtual Messages ask(const AgentInput& input, const AgentTurn* turns, std::size_t count,
                       bool last) const = 0;
  /// Reads a reply, which it may mend so that it can be sent back; `iteration` from 1.
  virtual Reading read(AIMessage& reply, int iteration) const = 0;
  /// The answer in a last reply.
  virtual std::string last_answer(const AIMessage& reply) const = 0;
  /// The conversation to go on with.
  virtual Messages conversation(const AgentInput& input, std::vector<AgentTurn> turns,
                                const std::string& output) const = 0;
};

/// The recorded name of what could not be read.
inline constexpr const char* exception_action = "_Exception";

std::shared_ptr<const AgentPlan> tool_calling_plan(const ChatModel& model,
                                                   const std::vector<Tool>& tools,
                                                   std::string prompt);
std::shared_ptr<const AgentPlan> react_plan(const ChatModel& model, const std::vector<Tool>& tools,
                                            std::string prompt);

}  // namespace detail
}  // namespace v0
}  // namespace lian
