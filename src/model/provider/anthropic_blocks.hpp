#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_writer.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// How a request that asks for what the API lacks is answered.
struct AnthropicLeniency {
  AnthropicLeniency(bool leaves_out, bool later_version, std::vector<std::string>& sentences)
      : lenient(leaves_out), is_2026(later_version), warnings(sentences) {}
  /// Tells that the feature is left out; throws UnsupportedError unless lenient.
  void leave_out(const std::string& feature) const;
  void say(std::string sentence) const { warnings.push_back(std::move(sentence)); }

  bool lenient, is_2026;  // of the API version 2026-10-21 or later
  std::vector<std::string>& warnings;
};

/// One part of a message and where it stands. Views both.
struct AnthropicBlock {
  AnthropicBlock(const Part& message_part, std::size_t message_index, bool of_assistant)
      : part(&message_part), index(message_index), assistant(of_assistant) {}
  const Part* part;
  std::size_t index;  // of the message, for errors
  bool assistant;
  const Json* message_extra = nullptr;  // the fields of the message: its last block carries them
  bool trimmed = false;                 // without the blanks at the end of its text
};

/// Writes a content block. Throws Error{invalid_request} and UnsupportedError naming the message.
void write_anthropic_block(const AnthropicBlock& block, const AnthropicLeniency& leniency,
                           JsonWriter& json);

/// The text of a text part that is to be sent.
std::string_view anthropic_text(const AnthropicBlock& block);

/// Writes the members of an object; nothing for any other value.
void write_members(const Json& object, JsonWriter& json);

}  // namespace v0
}  // namespace lian
