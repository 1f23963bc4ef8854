#include "model/provider/ollama_messages.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base64.hpp"
#include "lian/core/error.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

bool is_system(const Message& message) {
  return message.role == Role::system || message.role == Role::developer;
}

std::string_view role_name(const Message& message) {
  if (is_system(message)) return "system";
  return message.role == Role::other ? std::string_view(message.role_name)
                                     : to_string(message.role);
}

std::string_view text_of(const Part& part) {
  if (const auto* text = std::get_if<TextPart>(&part)) return text->text;
  if (const auto* refusal = std::get_if<RefusalPart>(&part)) return refusal->text;
  return {};
}

// The base64 of an image, without the head of a data URL; empty when there is none.
std::string image_data(const MediaSource& source) {
  if (!source.data.empty()) return base64_encode(source.data);
  constexpr std::string_view sign = ";base64,";
  const std::size_t at =
      source.url.starts_with("data:") ? source.url.find(sign) : std::string::npos;
  return at == std::string::npos ? std::string() : source.url.substr(at + sign.size());
}

template <class T>
bool has(const Message& message) {
  return std::any_of(message.parts.begin(), message.parts.end(),
                     [](const Part& part) { return std::holds_alternative<T>(part); });
}

}  // namespace

void OllamaMessages::leave_out(std::string feature) {
  if (!lenient_)
    throw UnsupportedError("ollama does not take " + feature + "; nothing was sent", feature);
  warnings_.push_back("ollama does not take " + feature + ": it was left out");
}

void OllamaMessages::write_messages() {
  if (messages_.empty()) refuse_request("the request has no messages");
  const auto named = [](const Message& message) { return !message.name.empty(); };
  if (std::any_of(messages_.begin(), messages_.end(), named))
    warnings_.push_back("ollama takes no names of speakers: they were left out");
  json_.key("messages").begin_array();
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Message& message = messages_[i];
    bool rest = message.parts.empty();
    for (const Part& part : message.parts) {
      if (const auto* result = std::get_if<ToolResult>(&part))
        write_result(*result, i);
      else
        rest = true;
    }
    if (!rest) continue;
    if (message.role == Role::tool)
      refuse_request("a message has the role tool but not only ToolResult parts");
    write_message(message);
  }
  json_.end_array();
}

void OllamaMessages::write_message(const Message& message) {
  check_request_utf8(role_name(message), "role");
  json_.begin_object().key("role").string(role_name(message)).key("content");
  write_text(message);
  write_thinking(message);
  write_images(message);
  write_calls(message);
  if (message.role != Role::assistant)  // a reply's say what the server said of it
    for (const std::string& name : message.extra.keys())
      json_.key(name).raw(message.extra[name].dump());
  json_.end_object();
}

void OllamaMessages::write_text(const Message& message) {
  std::string& out = json_.begin_string();
  for (const Part& part : message.parts) {
    check_request_utf8(text_of(part), "content");
    append_json_escaped(text_of(part), out);
  }
  json_.end_string();
  if (has<UnknownPart>(message)) leave_out("parts of an unknown kind");
}

void OllamaMessages::write_thinking(const Message& message) {
  std::string thinking;
  for (const Part& part : message.parts)
    if (const auto* thought = std::get_if<ReasoningPart>(&part)) thinking += thought->text;
  if (thinking.empty()) return;
  check_request_utf8(thinking, "thinking");
  json_.key("thinking").string(thinking);
}

void OllamaMessages::write_images(const Message& message) {
  bool any = false;
  for (const Part& part : message.parts) {
    const auto* image = std::get_if<ImagePart>(&part);
    if (!image) continue;
    const std::string data = image_data(image->source);
    if (data.empty()) {
      leave_out("images by URL or file id (pass the bytes)");
      continue;
    }
    check_request_utf8(data, "images");
    if (!std::exchange(any, true)) json_.key("images").begin_array();
    json_.string(data);
  }
  if (any) json_.end_array();
}

void OllamaMessages::write_calls(const Message& message) {
  if (!has<ToolCall>(message)) return;
  json_.key("tool_calls").begin_array();
  int index = 0;
  for (const Part& part : message.parts)
    if (const auto* call = std::get_if<ToolCall>(&part)) write_call(*call, index++);
  json_.end_array();
}

void OllamaMessages::write_call(const ToolCall& call, int index) {
  check_request_utf8(call.id, "tool_calls id");
  check_request_utf8(call.name, "tool_calls name");
  const Json arguments = call.arguments.empty() ? Json::object() : parse_or_null(call.arguments);
  if (!arguments.is_object())
    refuse_request("the arguments of the call of " + call.name +
                   " are no JSON object, which is what ollama takes");
  json_.begin_object();
  if (!call.id.empty()) json_.key("id").string(call.id);
  json_.key("function").begin_object().key("index").integer(index);
  json_.key("name").string(call.name).key("arguments").raw(arguments.dump());
  json_.end_object().end_object();
}

// The last call of that id before the result: servers without ids get the same ones every turn.
std::string OllamaMessages::name_of_call(const std::string& id, std::size_t before) const {
  for (std::size_t i = before; i-- > 0;)
    for (const Part& part : messages_[i].parts)
      if (const auto* call = std::get_if<ToolCall>(&part); call && call->id == id)
        return call->name;
  return {};
}

void OllamaMessages::write_result(const ToolResult& result, std::size_t message) {
  check_request_utf8(result.content, "content");
  check_request_utf8(result.call_id, "tool_call_id");
  const std::string name = name_of_call(result.call_id, message);
  json_.begin_object().key("role").string("tool").key("content").string(result.content);
  if (!name.empty()) json_.key("tool_name").string(name);
  if (!result.call_id.empty()) json_.key("tool_call_id").string(result.call_id);
  for (const std::string& field : result.extra.keys())
    json_.key(field).raw(result.extra[field].dump());
  json_.end_object();
}

void OllamaMessages::write_prompt() {
  const Message* prompt = nullptr;
  std::string system;
  for (const Message& message : messages_) {
    if (is_system(message)) {
      if (!system.empty()) system += '\n';
      system += message.text();
    } else if (prompt || message.role != Role::user) {
      refuse_request("a text model takes one message of the user; for more use chat_model");
    } else {
      prompt = &message;
    }
  }
  if (!system.empty()) {
    check_request_utf8(system, "system");
    json_.key("system").string(system);
  }
  if (!prompt) refuse_request("the request has no prompt");
  json_.key("prompt");
  write_text(*prompt);
  write_images(*prompt);
}

}  // namespace v0
}  // namespace lian
