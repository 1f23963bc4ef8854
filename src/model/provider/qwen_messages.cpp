#include "model/provider/qwen_messages.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base64.hpp"
#include "lian/core/error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

// What becomes one message: of several that follow one another in one role, or one tool's result.
struct Turn {
  std::string_view role;
  std::vector<std::vector<const Part*>> messages;  // the parts of each
  const Message* last = nullptr;
};

class Turns {
 public:
  explicit Turns(std::vector<std::string>& warnings) : warnings_(warnings) {}

  std::vector<Turn> take(const Messages& messages) {
    for (const Message& message : messages) add(message);
    if (!system_.messages.empty()) turns_.insert(turns_.begin(), std::move(system_));
    if (moved_)
      warnings_.push_back(
          "qwen takes one system message, at the start: the others were moved there");
    if (named_) warnings_.push_back("qwen takes no names of speakers: they were left out");
    if (joined_)
      warnings_.push_back(
          "qwen takes user and assistant in turn: messages of one role in a row were joined");
    return std::move(turns_);
  }

 private:
  void add(const Message& message) {
    named_ = named_ || !message.name.empty();
    if (message.role == Role::system || message.role == Role::developer) return add_system(message);
    std::vector<const Part*> rest;
    for (const Part& part : message.parts) {
      if (std::holds_alternative<ToolResult>(part))
        turns_.push_back(Turn{"tool", {{&part}}, &message});
      else
        rest.push_back(&part);
    }
    if (rest.empty() && !message.parts.empty()) return;
    if (message.role == Role::tool)
      refuse_request("a message has the role tool but not only ToolResult parts");
    const std::string_view role =
        message.role == Role::other ? std::string_view(message.role_name) : to_string(message.role);
    if (turns_.empty() || turns_.back().role != role) {
      turns_.push_back(Turn{role, {}, nullptr});
    } else {
      joined_ = true;
    }
    turns_.back().messages.push_back(std::move(rest));
    turns_.back().last = &message;
  }

  void add_system(const Message& message) {
    moved_ = moved_ || !turns_.empty() || !system_.messages.empty();
    system_.role = "system";
    system_.last = &message;
    std::vector<const Part*> parts;
    for (const Part& part : message.parts) parts.push_back(&part);
    system_.messages.push_back(std::move(parts));
  }

  std::vector<std::string>& warnings_;
  Turn system_;
  std::vector<Turn> turns_;
  bool moved_ = false, joined_ = false, named_ = false;
};

class TurnWriter {
 public:
  TurnWriter(const Turn& turn, bool multimodal, JsonWriter& json)
      : turn_(turn), json_(json), in_parts_(multimodal || needs_parts()) {}

  /// `continued`: the model is to go on from what stands there.
  void write(bool continued) {
    check_request_utf8(turn_.role, "role");
    json_.begin_object().key("role").string(turn_.role);
    json_.key("content");
    if (in_parts_)
      write_parts();
    else
      write_text();
    write_calls();
    if (const auto* result = tool_result()) {
      if (result->call_id.empty())
        refuse_request("a ToolResult has no call_id: set the id of the call it answers");
      check_request_utf8(result->call_id, "tool_call_id");
      json_.key("tool_call_id").string(result->call_id);
      write_extra(result->extra);
    } else if (turn_.last->id.empty()) {  // a message with an id is a reply
      write_extra(turn_.last->extra);
    }
    if (continued) json_.key("partial").boolean(true);
    json_.end_object();
  }

  bool is_empty() const {
    for (const auto& parts : turn_.messages)
      for (const Part* part : parts) {
        const auto* text = std::get_if<TextPart>(part);
        const bool thinks = std::holds_alternative<ReasoningPart>(*part);
        if (!thinks && (!text || !text->text.empty())) return false;
      }
    return true;
  }

 private:
  // A part with fields of its own (cache_control) does not fit into a text.
  bool needs_parts() const {
    for (const auto& parts : turn_.messages)
      for (const Part* part : parts) {
        const auto* text = std::get_if<TextPart>(part);
        if (text && !text->extra.empty()) return true;
      }
    return false;
  }

  const ToolResult* tool_result() const {
    const auto& first = turn_.messages.front();
    return first.empty() ? nullptr : std::get_if<ToolResult>(first.front());
  }

  void write_extra(const Json& extra) {
    if (extra.empty()) return;
    for (const std::string& name : extra.keys()) json_.key(name).raw(extra[name].dump());
  }

  static std::string_view text_of(const Part& part) {
    if (const auto* text = std::get_if<TextPart>(&part)) return text->text;
    if (const auto* refusal = std::get_if<RefusalPart>(&part)) return refusal->text;
    if (const auto* result = std::get_if<ToolResult>(&part)) return result->content;
    return {};
  }

  void write_text() {
    std::string& out = json_.begin_string();
    bool first = true;
    for (const auto& parts : turn_.messages) {
      if (!std::exchange(first, false)) append_json_escaped("\n", out);
      for (const Part* part : parts) {
        check_request_utf8(text_of(*part), "content");
        append_json_escaped(text_of(*part), out);
      }
    }
    json_.end_string();
  }

  void write_parts() {
    json_.begin_array();
    for (const auto& parts : turn_.messages)
      for (const Part* part : parts) std::visit([this](const auto& p) { write_part(p); }, *part);
    json_.end_array();
  }

  void write_part(const TextPart& part) { text_item(part.text, part.extra); }
  void write_part(const RefusalPart& part) { text_item(part.text, part.extra); }
  void write_part(const ToolResult& part) { text_item(part.content, Json()); }
  void write_part(const UnknownPart& part) { json_.raw(part.value.dump()); }
  void write_part(const ToolCall&) {}
  void write_part(const ReasoningPart&) {}
  void write_part(const FilePart&) {}

  void text_item(std::string_view text, const Json& extra) {
    check_request_utf8(text, "content");
    json_.begin_object().key("text").string(text);
    write_extra(extra);
    json_.end_object();
  }

  void write_part(const ImagePart& part) { media_item("image", part.source, {}, part.extra); }
  void write_part(const AudioPart& part) {
    std::string_view format = part.format;
    if (format == "mp3") format = "mpeg";
    media_item("audio", part.source, format, part.extra);
  }

  void media_item(std::string_view kind, const MediaSource& source, std::string_view format,
                  const Json& extra) {
    if (source.url.empty() && source.data.empty())
      throw UnsupportedError("qwen takes no " + std::string(kind) +
                                 " by file id: pass its URL or its bytes; nothing was sent",
                             std::string(kind) + " by file id");
    json_.begin_object().key(kind);
    if (source.data.empty()) {
      check_request_utf8(source.url, kind);
      json_.string(source.url);
    } else {
      write_bytes(kind, source, format);
    }
    write_extra(extra);
    json_.end_object();
  }

  void write_bytes(std::string_view kind, const MediaSource& source, std::string_view format) {
    std::string type = source.mime_type;
    if (type.empty() && !format.empty()) type.append(kind).append("/").append(format);
    if (type.empty())
      refuse_request("an " + std::string(kind) + " has bytes without a mime_type: set it, e.g. \"" +
                     (kind == "image" ? "image/png" : "audio/wav") + "\"");
    check_request_utf8(type, "mime_type");
    std::string& out = json_.begin_string();
    out += "data:";
    append_json_escaped(type, out);
    out += ";base64,";
    out += base64_encode(source.data);
    json_.end_string();
  }

  void write_calls() {
    int index = 0;
    for (const auto& parts : turn_.messages)
      for (const Part* part : parts) {
        const auto* call = std::get_if<ToolCall>(part);
        if (!call) continue;
        if (index == 0) json_.key("tool_calls").begin_array();
        write_call(*call, index++);
      }
    if (index > 0) json_.end_array();
  }

  void write_call(const ToolCall& call, int index) {
    for (const std::string& text : {call.id, call.name, call.arguments})
      check_request_utf8(text, "tool_calls");
    json_.begin_object().key("index").integer(index).key("id").string(call.id);
    json_.key("type").string("function").key("function").begin_object();
    json_.key("name").string(call.name).key("arguments");
    json_.string(call.arguments.empty() ? std::string_view("{}") : call.arguments);
    json_.end_object();
    write_extra(call.extra);
    json_.end_object();
  }

  const Turn& turn_;
  JsonWriter& json_;
  bool in_parts_;
};

bool has_calls(const Message& message) {
  return std::any_of(message.parts.begin(), message.parts.end(),
                     [](const Part& part) { return std::holds_alternative<ToolCall>(part); });
}

// Ends with words of the assistant that the model is to go on from.
bool is_begun(const Turn& last) {
  return last.role == "assistant" && !has_calls(*last.last) &&
         !last.last->extra.contains("partial");
}

}  // namespace

void write_qwen_messages(const Messages& messages, bool multimodal, JsonWriter& json,
                         std::vector<std::string>& warnings) {
  if (messages.empty()) refuse_request("the request has no messages");
  const std::vector<Turn> turns = Turns(warnings).take(messages);
  const bool begun = is_begun(turns.back());
  if (begun)
    warnings.push_back(
        "the last message is the assistant's: qwen is asked to go on from it (partial)");
  json.begin_array();
  for (const Turn& turn : turns) {
    TurnWriter writer(turn, multimodal, json);
    if (turn.role != "tool" && writer.is_empty())
      refuse_request("a message of the role " + std::string(turn.role) +
                     " is empty, which qwen refuses: leave it out");
    writer.write(begun && &turn == &turns.back());
  }
  json.end_array();
}

}  // namespace v0
}  // namespace lian
