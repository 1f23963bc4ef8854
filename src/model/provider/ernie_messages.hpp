#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// One message as Qianfan v1 has them.
struct ErnieTurn {
  enum class Role { user, assistant, function };
  ErnieTurn(Role turn_role, std::string turn_text) : role(turn_role), text(std::move(turn_text)) {}
  Role role;
  std::string text, name;
  const ToolCall* call = nullptr;  // of the messages the conversation was made from
  Json extra;
};

struct ErnieConversation {
  ErnieConversation() = default;
  std::string system;
  std::vector<ErnieTurn> turns;
};

/// The messages by v1's rules (see ErnieChatCodec). Throws Error{invalid_request} where they cannot
/// be kept, UnsupportedError for parts v1 does not have.
ErnieConversation ernie_conversation(const Messages& messages, std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
