#include <fmt/format.h>

#include "agent/plan.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

bool was_cut(const AIMessage& reply) {
  return reply.finish_reason == FinishReason::length ||
         reply.finish_reason == FinishReason::content_filter;
}

class ToolCallingPlan final : public AgentPlan {
 public:
  ToolCallingPlan(const ChatModel& model, const std::vector<Tool>& tools, std::string prompt)
      : model_(tools.empty() ? model : model.bind_tools(tool_specs(tools))),
        final_model_(tools.empty() ? model
                                   : model.bind_tools(tool_specs(tools), ToolChoice::Mode::none)),
        prompt_(std::move(prompt)) {}

  const ChatModel& model() const noexcept override { return model_; }
  const ChatModel& final_model() const noexcept override { return final_model_; }

  Messages ask(const AgentInput& input, const AgentTurn* turns, std::size_t count,
               bool) const override {
    Messages messages;
    messages.reserve(1 + input.messages.size() + 2 * count);
    if (!prompt_.empty()) messages.push_back(system(prompt_));
    messages.insert(messages.end(), input.messages.begin(), input.messages.end());
    for (std::size_t i = 0; i < count; ++i) add_turn(messages, turns[i]);
    return messages;
  }

  Reading read(AIMessage& reply, int iteration) const override {
    Reading reading;
    const std::string text = reply.text();
    int number = 0;
    for (Part& part : reply.parts)
      if (auto* call = std::get_if<ToolCall>(&part))
        reading.actions.push_back(action(*call, text, was_cut(reply), iteration, ++number));
    if (reading.actions.empty() && reply.finish_reason != FinishReason::pause)
      reading.answer = text;
    return reading;
  }

  std::string last_answer(const AIMessage& reply) const override { return reply.text(); }

  Messages conversation(const AgentInput& input, std::vector<AgentTurn> turns,
                        const std::string& output) const override {
    Messages messages = input.messages;
    const bool answered =
        !turns.empty() && turns.back().steps.empty() && turns.back().reply.text() == output;
    for (AgentTurn& turn : turns) add_turn(messages, turn);
    if (!answered) messages.push_back(assistant(output));
    return messages;
  }

 private:
  // The call as the reply goes back: with an id, and with arguments that every provider takes.
  static Action action(ToolCall& call, const std::string& log, bool cut, int iteration,
                       int number) {
    if (call.id.empty()) call.id = fmt::format("call_{}_{}", iteration, number);
    Action action;
    action.call = call;
    action.log = log;
    if (cut)
      action.fault = fault(call, "was cut off with the reply and did not run; make it shorter");
    else if (!call.valid)
      action.fault = fault(call, "has arguments that are not one whole JSON object (" + call.error +
                                     ") and did not run; write them anew");
    if (!call.valid) {
      call.arguments = Json::object({{"invalid_arguments", readable(call.arguments)}}).dump();
      call.valid = true;
      call.error.clear();
    }
    return action;
  }

  static std::exception_ptr fault(const ToolCall& call, const std::string& what) {
    const std::string words = fmt::format("the call of '{}' {}", call.name, what);
    return std::make_exception_ptr(
        ParseError(words, readable(call.arguments), 0, "Error: " + words + "."));
  }

  static std::string readable(const std::string& text) {
    return utf8::is_valid(text) ? text : utf8::repair(text);
  }

  static void add_turn(Messages& messages, const AgentTurn& turn) {
    messages.push_back(turn.reply);
    std::vector<Part> attachments;
    for (const AgentStep& step : turn.steps) {
      messages.push_back(step.result);
      const std::vector<Part>& more = step.result.attachments;
      if (more.empty()) continue;
      attachments.push_back(
          TextPart(fmt::format("From the tool call {}:", step.result.result().call_id)));
      attachments.insert(attachments.end(), more.begin(), more.end());
    }
    if (!attachments.empty()) messages.push_back(user(std::move(attachments)));
  }

  ChatModel model_, final_model_;
  std::string prompt_;
};

}  // namespace

std::shared_ptr<const AgentPlan> tool_calling_plan(const ChatModel& model,
                                                   const std::vector<Tool>& tools,
                                                   std::string prompt) {
  return std::make_shared<ToolCallingPlan>(model, tools, std::move(prompt));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
