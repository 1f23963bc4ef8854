#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/agent/agent_options.hpp"
#include "lian/agent/tool.hpp"
#include "lian/core/pieces.hpp"
#include "lian/core/usage.hpp"
#include "lian/model/chat_model.hpp"

namespace lian {
inline namespace v0 {

/// What an agent is asked: made from a string (one user message), a message, or the conversation so
/// far, whose last message is the question. Regular value.
struct AgentInput {
  AgentInput() = default;
  AgentInput(const char* text) : messages{user(text)} {}
  AgentInput(std::string text) : messages{user(std::move(text))} {}
  AgentInput(std::string_view text) : messages{user(std::string(text))} {}
  AgentInput(Message message) : messages{std::move(message)} {}
  AgentInput(Messages messages_in) : messages(std::move(messages_in)) {}
  AgentInput(std::initializer_list<Message> messages_in) : messages(messages_in) {}
  Messages messages;
};

/// One call of a tool and its answer (LangChain's AgentAction with its observation). A reply that
/// could not be read is a step, too: its tool is named "_Exception". Regular value.
struct LIAN_API AgentStep {
  AgentStep() = default;
  int iteration = 0;   ///< from 1
  ToolCall call;       ///< as it ran: after an approver's edit
  ToolMessage result;  ///< what the model was told
  std::string log;     ///< the model's words that led to it
};

/// Why a run ended.
enum class AgentStop {
  final_answer,
  return_direct,  ///< with the answer of a tool of ToolOptions::return_direct
  max_iterations,
  max_execution_time,
  max_tokens,
  max_cost,
  max_tool_calls
};
/// The reason as a lower-case word, e.g. "max_tokens".
LIAN_API std::string_view to_string(AgentStop stop) noexcept;

/// What an agent answers. Regular value.
struct LIAN_API AgentResult {
  AgentResult() = default;
  std::string output;  ///< the answer; where a limit ended the run, a sentence that says so
  AgentStop stop = AgentStop::final_answer;
  FinishReason finish_reason = FinishReason::none;  ///< of the last reply; length: it was cut
  std::vector<AgentStep> intermediate_steps;        ///< in order of the calls
  Messages messages;  ///< the conversation: input, replies, tool messages, answer
  Usage usage;        ///< of all replies; estimated for those whose provider does not tell
  double cost = 0;    ///< by AgentOptions::max_cost's price
  int iterations = 0, tool_calls = 0;  ///< calls of the model and of tools that were made
};

/// One event of a run while it goes on.
struct LIAN_API AgentPiece {
  enum class Kind {
    model,       ///< `model`: a piece of a reply
    tool_start,  ///< `call`: begins, approved
    tool_end,    ///< `call` and `result`, as they end
    final        ///< `end`: the result, once
  };
  AgentPiece() = default;
  Kind kind = Kind::model;
  int iteration = 0;  ///< from 1
  ChatPiece model;
  ToolCall call;
  ToolMessage result;
  std::optional<AgentResult> end;
};

template <>
struct Pieces<AgentResult> {
  using piece = AgentPiece;
  static constexpr bool whole = false;
  LIAN_API static void join(std::optional<AgentResult>& value, AgentPiece&& part);
  LIAN_API static AgentResult finish(std::optional<AgentResult>&& value);
  LIAN_API static AgentPiece split(AgentResult&& value);
};

LIAN_API void append_text(std::string& out, const AgentInput& input);
LIAN_API void append_text(std::string& out, const AgentResult& result);
LIAN_API void append_text(std::string& out, const AgentPiece& piece);

namespace detail {
class AgentPlan;
}

/// Runs an agent: asks the model, calls the tools it asks for, tells it what they gave, until it
/// answers or a limit is reached. The tools of one reply run side by side on one loop (plain
/// functions one after another), and their answers stand in the order of the calls. What the model
/// gets wrong (an unknown tool, wrong arguments, a reply that cannot be read) it is told, and may
/// mend. A reply that was cut off, or broke a limit, runs no tool. Streams every event as
/// AgentPiece. A handle: cheap to copy; thread-safe; thousands of runs may be under way on a
/// thread.
///
/// Throws what the model throws; ToolError and Error{validation} where tools' errors are not
/// handled, ParseError where the model's are not; Error{cancelled, timeout} as the Context says.
class LIAN_API AgentExecutor : public Runnable<AgentInput, AgentResult> {
 public:
  /// To be made by `create_tool_calling_agent` or `create_react_agent`.
  AgentExecutor(std::shared_ptr<const detail::AgentPlan> plan, std::vector<Tool> tools,
                AgentOptions options);
};

/// An agent whose model calls tools by its provider's protocol. Throws Error{config} for two tools
/// of one name, a tool that needs approval where nobody gives it, and a limit below 1.
LIAN_API AgentExecutor create_tool_calling_agent(ChatModel model, std::vector<Tool> tools,
                                                 AgentOptions options = AgentOptions());

/// An agent that reasons and acts in text (ReAct), for models without tool calls: "Thought: …
/// Action: … Action Input: …", a tool at a time, until "Final Answer: …". As above.
LIAN_API AgentExecutor create_react_agent(ChatModel model, std::vector<Tool> tools,
                                          AgentOptions options = AgentOptions());

/// What `create_react_agent` tells the model unless AgentOptions::prompt says otherwise: {tools}
/// becomes their descriptions, {tool_names} their names, {input} the question, {agent_scratchpad}
/// what was done so far.
LIAN_API std::string_view react_prompt() noexcept;

}  // namespace v0
}  // namespace lian
