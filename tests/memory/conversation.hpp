/// Conversations that the tests of the memory room share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lian/core/message.hpp"

namespace lian::test {

inline Message with_id(Message message, std::string id) {
  message.id = std::move(id);
  return message;
}

inline Message calling(std::vector<std::string> ids, std::string text = {}) {
  Message message = assistant(std::move(text));
  for (std::string& id : ids)
    message.parts.emplace_back(ToolCall(std::move(id), "look_up", R"({"word": "lian"})"));
  return message;
}

inline Message result_of(std::string id, std::string content = "found") {
  return tool(ToolResult(std::move(id), std::move(content)));
}

/// A turn with two tools: user, call, two results, answer.
inline Messages tool_turn(const std::string& name) {
  return {user("ask " + name), calling({name + "1", name + "2"}), result_of(name + "1"),
          result_of(name + "2"), assistant("answer " + name)};
}

/// Whether every result has its call before it and every call, but those of the last message, all
/// its results.
inline bool pairs_are_whole(const Messages& messages) {
  std::vector<std::string> open, answered;
  for (const Message& message : messages) {
    for (const Part& part : message.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part)) open.push_back(call->id);
      if (const auto* result = std::get_if<ToolResult>(&part)) answered.push_back(result->call_id);
    }
  }
  return open == answered;
}

}  // namespace lian::test
