#include <fmt/format.h>

#include "agent/plan.hpp"
#include "agent/react_reply.hpp"

namespace lian {
inline namespace v0 {

std::string_view react_prompt() noexcept {
  return "Answer the following questions as best you can. You have access to the following tools:\n"
         "\n"
         "{tools}\n"
         "\n"
         "Use the following format:\n"
         "\n"
         "Question: the input question you must answer\n"
         "Thought: you should always think about what to do\n"
         "Action: the action to take, should be one of [{tool_names}]\n"
         "Action Input: the input to the action\n"
         "Observation: the result of the action\n"
         "... (this Thought/Action/Action Input/Observation can repeat N times)\n"
         "Thought: I now know the final answer\n"
         "Final Answer: the final answer to the original input question\n"
         "\n"
         "Begin!\n"
         "\n"
         "Question: {input}\n"
         "Thought:{agent_scratchpad}";
}

namespace detail {

namespace {

constexpr std::string_view stop_word = "\nObservation";
constexpr std::string_view last_thought =
    "\n\nI now need to return a final answer based on the previous steps:";

// The template with its four names replaced, each value as it is: one pass, nothing is read twice.
std::string filled(std::string_view text,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto* found = values.end();
    for (const auto* value = values.begin(); value != values.end(); ++value)
      if (text.substr(at).starts_with(value->first)) found = value;
    if (found == values.end()) {
      out += text[at++];
    } else {
      out += found->second;
      at += found->first.size();
    }
  }
  return out;
}

// What an input in text means to a tool: an object as it is, else the value of its only argument.
class InputReader {
 public:
  explicit InputReader(const Tool& tool) : name_(tool.name()) {
    const Json properties = tool.spec().parameters["properties"];
    if (!properties.is_object()) return;
    const std::vector<std::string> keys = properties.keys();
    takes_nothing_ = keys.empty();
    if (keys.size() != 1) return;
    argument_ = keys.front();
    const Json type = properties[argument_]["type"];
    is_text_ = type.is_string() && type.as_string() == "string";
  }
  const std::string& name() const noexcept { return name_; }

  std::string arguments(const std::string& input) const {
    Json value;
    bool parsed = true;
    try {
      value = Json::parse(input);
    } catch (const ParseError&) {
      parsed = false;
    }
    if (parsed && value.is_object() && (argument_.empty() || value.contains(argument_)))
      return input;
    if (takes_nothing_) return "{}";
    if (argument_.empty()) return input;
    if (is_text_) return Json::object({{argument_, Json(input)}}).dump();
    return parsed ? Json::object({{argument_, value}}).dump()
                  : Json::object({{argument_, Json(input)}}).dump();
  }

 private:
  std::string name_, argument_;
  bool is_text_ = false, takes_nothing_ = false;
};

std::string descriptions(const std::vector<Tool>& tools) {
  std::string out;
  for (const Tool& tool : tools) {
    const ToolSpec& spec = tool.spec();
    out += fmt::format("{}{}: {}, args: {}", out.empty() ? "" : "\n", spec.name, spec.description,
                       spec.parameters["properties"].dump());
  }
  return out;
}

std::string names(const std::vector<Tool>& tools) {
  std::string out;
  for (const Tool& tool : tools) out.append(out.empty() ? "" : ", ").append(tool.name());
  return out;
}

class ReactPlan final : public AgentPlan {
 public:
  ReactPlan(const ChatModel& model, const std::vector<Tool>& tools, std::string prompt)
      : model_(model.bind(ChatOptions().stop({std::string(stop_word)}).lenient_about({"stop"}))),
        prompt_(prompt.empty() ? std::string(react_prompt()) : std::move(prompt)),
        descriptions_(descriptions(tools)),
        names_(names(tools)) {
    for (const Tool& tool : tools) readers_.emplace_back(tool);
  }

  const ChatModel& model() const noexcept override { return model_; }
  const ChatModel& final_model() const noexcept override { return model_; }

  Messages ask(const AgentInput& input, const AgentTurn* turns, std::size_t count,
               bool last) const override {
    std::string scratchpad;
    for (std::size_t i = 0; i < count; ++i)
      for (const AgentStep& step : turns[i].steps)
        scratchpad +=
            fmt::format("{}\nObservation: {}\nThought: ", step.log, step.result.content());
    if (last) scratchpad += last_thought;
    Messages messages = input.messages;
    std::string question;
    if (!messages.empty()) {
      question = messages.back().text();
      messages.pop_back();
    }
    messages.push_back(user(filled(prompt_, {{"{tools}", descriptions_},
                                             {"{tool_names}", names_},
                                             {"{input}", question},
                                             {"{agent_scratchpad}", scratchpad}})));
    return messages;
  }

  Reading read(AIMessage& reply, int iteration) const override {
    Reading reading;
    Action action;
    action.call = ToolCall(fmt::format("action_{}", iteration), exception_action, "{}");
    try {
      ReactReply parsed = read_react_reply(reply.text());
      action.log = parsed.log;
      if (parsed.is_final) {
        reading.answer = std::move(parsed.answer);
        return reading;
      }
      if (reply.finish_reason == FinishReason::length)
        throw ParseError("the reply was cut at its length, so its action did not run", reply.text(),
                         0, "The reply was too long and was cut. Be shorter.");
      action.call = ToolCall(action.call.id, parsed.action, arguments(parsed));
    } catch (const ParseError&) {
      if (action.log.empty()) action.log = reply.text();
      action.fault = std::current_exception();
    }
    reading.actions.push_back(std::move(action));
    return reading;
  }

  std::string last_answer(const AIMessage& reply) const override {
    const std::string text = reply.text();
    try {
      ReactReply parsed = read_react_reply(text);
      if (parsed.is_final) return parsed.answer;
    } catch (const ParseError&) {
      return text;  // an answer without its label
    }
    return text;
  }

  Messages conversation(const AgentInput& input, std::vector<AgentTurn>,
                        const std::string& output) const override {
    Messages messages = input.messages;
    messages.push_back(assistant(output));
    return messages;
  }

 private:
  std::string arguments(const ReactReply& parsed) const {
    for (const InputReader& reader : readers_)
      if (reader.name() == parsed.action) return reader.arguments(parsed.input);
    return parsed.input;
  }

  ChatModel model_;
  std::string prompt_, descriptions_, names_;
  std::vector<InputReader> readers_;
};

}  // namespace

std::shared_ptr<const AgentPlan> react_plan(const ChatModel& model, const std::vector<Tool>& tools,
                                            std::string prompt) {
  return std::make_shared<ReactPlan>(model, tools, std::move(prompt));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
