#include "lian/core/message.hpp"

#include <algorithm>

namespace lian {
inline namespace v0 {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::system:
      return "system";
    case Role::developer:
      return "developer";
    case Role::user:
      return "user";
    case Role::assistant:
      return "assistant";
    case Role::tool:
      return "tool";
    case Role::other:
      return "other";
  }
  return "unknown";
}

std::string_view to_string(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::none:
      return "none";
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::tool_calls:
      return "tool_calls";
    case FinishReason::content_filter:
      return "content_filter";
    case FinishReason::pause:
      return "pause";
    case FinishReason::other:
      return "other";
  }
  return "unknown";
}

MediaSource MediaSource::from_url(std::string url) {
  MediaSource source;
  source.url = std::move(url);
  return source;
}

MediaSource MediaSource::from_bytes(std::string bytes, std::string mime_type) {
  MediaSource source;
  source.data = std::move(bytes);
  source.mime_type = std::move(mime_type);
  return source;
}

MediaSource MediaSource::from_file_id(std::string id) {
  MediaSource source;
  source.file_id = std::move(id);
  return source;
}

Message::Message(Role role_in, std::string text_in) : role(role_in) {
  if (!text_in.empty()) parts.emplace_back(TextPart(std::move(text_in)));
}

std::string Message::text() const {
  std::string out;
  for (const Part& part : parts) {
    if (const auto* text_part = std::get_if<TextPart>(&part)) out += text_part->text;
  }
  return out;
}

namespace {

std::vector<ToolCall> calls_of(const Message& message, bool valid) {
  std::vector<ToolCall> out;
  for (const Part& part : message.parts) {
    const auto* call = std::get_if<ToolCall>(&part);
    if (call != nullptr && call->valid == valid) out.push_back(*call);
  }
  return out;
}

}  // namespace

std::vector<ToolCall> Message::tool_calls() const { return calls_of(*this, true); }
std::vector<ToolCall> Message::invalid_tool_calls() const { return calls_of(*this, false); }

Message system(std::string text) { return Message(Role::system, std::move(text)); }
Message developer(std::string text) { return Message(Role::developer, std::move(text)); }
Message user(std::string text) { return Message(Role::user, std::move(text)); }
Message user(std::vector<Part> parts) { return Message(Role::user, std::move(parts)); }
Message assistant(std::string text) { return Message(Role::assistant, std::move(text)); }

Message tool(ToolResult result) {
  Message message;
  message.role = Role::tool;
  message.parts.emplace_back(std::move(result));
  return message;
}

AIMessage::AIMessage() { role = Role::assistant; }
AIMessage::AIMessage(std::string text) : Message(Role::assistant, std::move(text)) {}

namespace {

std::string_view speaker(const Message& message, std::string_view human, std::string_view ai) {
  switch (message.role) {
    case Role::system:
      return "System";
    case Role::developer:
      return "Developer";
    case Role::user:
      return human;
    case Role::assistant:
      return ai;
    case Role::tool:
      return "Tool";
    case Role::other:
      break;
  }
  return message.role_name;
}

void append_words(std::string& out, const Message& message) {
  for (const Part& part : message.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) out += text->text;
    if (const auto* result = std::get_if<ToolResult>(&part)) out += result->content;
  }
}

}  // namespace

std::string buffer_string(const Messages& messages, std::string_view human, std::string_view ai) {
  std::string out;
  for (const Message& message : messages) {
    if (!out.empty()) out.push_back('\n');
    out.append(speaker(message, human, ai)).append(": ");
    append_words(out, message);
  }
  return out;
}

}  // namespace v0
}  // namespace lian
