#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// One message of a protocol that knows text of two or three roles and no more.
struct Turn {
  Turn(Role turn_role, std::string turn_text) : role(turn_role), text(std::move(turn_text)) {}
  Role role;  // system, user or assistant
  std::string text;
};

/// What such a protocol takes.
struct TurnRules {
  constexpr TurnRules() = default;
  std::string_view provider;
  bool system = false;  // one system message, the first; else it goes in front of the user's words
};

/// The conversation as such a protocol takes it: system messages first or folded into the first
/// user message, tool results as the user's words, calls of tools as the JSON the model wrote,
/// neighbours of one role joined by a line break. What loses its role is told by `warnings`. Throws
/// Error{invalid_request} unless the turns begin and end with the user's, and for a message without
/// text; UnsupportedError for parts that are no text.
std::vector<Turn> text_turns(const Messages& messages, const TurnRules& rules,
                             std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
