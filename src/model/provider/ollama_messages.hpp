#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json_writer.hpp"
#include "lian/core/message.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Writes Ollama's messages: contents as texts, images beside them as base64. Throws
/// Error{invalid_request} and, unless `lenient`, UnsupportedError for what has no place there.
class OllamaMessages {
 public:
  OllamaMessages(const Messages& messages, bool lenient, JsonWriter& json,
                 std::vector<std::string>& warnings)
      : messages_(messages), lenient_(lenient), json_(json), warnings_(warnings) {}

  /// The array of /api/chat.
  void write_messages();
  /// `prompt`, `system` and `images` of /api/generate: one message of the user, and the system's.
  void write_prompt();

 private:
  void write_message(const Message& message);
  void write_text(const Message& message);
  void write_thinking(const Message& message);
  void write_images(const Message& message);
  void write_calls(const Message& message);
  void write_call(const ToolCall& call, int index);
  void write_result(const ToolResult& result, std::size_t message);
  void leave_out(std::string feature);
  std::string name_of_call(const std::string& id, std::size_t before) const;

  const Messages& messages_;
  bool lenient_;
  JsonWriter& json_;
  std::vector<std::string>& warnings_;
};

}  // namespace v0
}  // namespace lian
