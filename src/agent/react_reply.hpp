#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {
namespace detail {

/// What a ReAct reply says: a final answer, or one action.
struct ReactReply {
  ReactReply() = default;
  bool is_final = false;
  std::string answer;         // of a final one
  std::string action, input;  // else: the tool and its input, as LangChain strips them
  std::string log;            // the reply up to where the model began to invent an observation
};

/// Reads a reply as LangChain's ReActSingleInputOutputParser does: `Action: <tool>` and `Action
/// Input: <input>` (numbers and blanks between are allowed, the input goes to the end), or `Final
/// Answer:`, of which the last counts. What follows "\nObservation" is dropped: the model cannot
/// know it. Throws ParseError, its hint for the model, for both at once, for two actions, and for
/// neither.
ReactReply read_react_reply(std::string_view text);

}  // namespace detail
}  // namespace v0
}  // namespace lian
