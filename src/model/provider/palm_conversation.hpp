#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/json.hpp"
#include "lian/model/chat_request.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// What the two PaLM chats call their speakers.
struct PalmAuthors {
  std::string_view user, model;
};

/// A chat as PaLM takes it: {"context", "examples", "messages"}. System messages make the context;
/// two speakers take turns, so that what one says in a row becomes one message; the user has the
/// last word. "examples" comes from `extra`, as does what replaces the others. Throws
/// UnsupportedError for tools in the conversation, which a lenient request leaves out.
Json palm_chat_prompt(const ChatRequest& request, const PalmAuthors& authors,
                      std::string_view provider, std::vector<std::string>& warnings);

/// The prompt of a text completion: the one user message.
std::string palm_text_prompt(const ChatRequest& request, std::string_view provider,
                             std::vector<std::string>& warnings);

/// The settings, as members of an object. Throws Error{invalid_request}.
Json palm_settings(const ChatOptions& options);

/// What both services' chat can carry; the text models take more.
ChatAbilities palm_abilities();

}  // namespace v0
}  // namespace lian
